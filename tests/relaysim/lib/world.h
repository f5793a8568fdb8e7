/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * world: one relay and its clients in memory, with one clock, for what a relay does to
 * whom.  A visitor is a client at one end of a transport, the relay at the other.
 */
#ifndef RELAYSIM_TESTS_WORLD_H
#define RELAYSIM_TESTS_WORLD_H

#include <glib.h>

#include "client/client.h"
#include "security/registry.h"
#include "relay/relay.h"

#define RELAY_URL "grooveDNS://relay"
#define MAX_CLIENTS 8

struct world;

struct visitor {
    struct world *world;
    struct sstp_client *client;
    struct sstp_relay_connection *connection; /* the relay's end; NULL: cut off */
    const char *device_url, *identity_url, *account_url;
    enum sstp_availability availability;
    bool holds;
    GByteArray *unread; /* it hangs: what the transport took for it meanwhile; NULL: it lives */
    bool is_ready, has_failed, is_closed;
    int response_id, open_response_id, close_reason_id, session_reason_id;
    unsigned num_acknowledged, num_unacknowledged, num_lost, num_opened;
    uint32_t wait_time; /* RetryTime or ReturnTime that it was told */
    GString *received;  /* the messages, each with a ";" after it */
    struct sstp_ep_message last;
};

struct world {
    struct sstp_relay *relay;
    int64_t now_ms;
    uint8_t random;
    struct visitor visitors[MAX_CLIENTS];
    size_t num_visitors;
};

struct who {
    const char *device, *identity, *account, *secret;
    bool attaches;
    uint8_t minor;
    enum sstp_availability availability;
    bool holds;
};

extern const struct who alice; /* sends, and attaches nothing */
extern const struct who bob;   /* attaches "account", with grooveIdentity://bob */

/* The relay, without visitors.  What `config` need not set: URLs, version 1.6, random
 * numbers, and what tells of its output. */
struct world *world_new(const struct sstp_relay_config *config);
void world_free(struct world *world);

/* Random numbers that are the same each time; `cookie` is a world. */
void fill(void *cookie, void *bytes, size_t len);

/* Carries bytes between everybody until there are none. */
void exchange(struct world *world);

/* Lets time pass for all, and carries what comes of it. */
void advance(struct world *world, int64_t ms);

/* The same in steps, so that each deadline comes. */
void pass(struct world *world, int64_t ms);

/* A transport to the relay, on which nothing has been said. */
struct visitor *enter(struct world *world, const struct who *who);

/* The same, and all that it takes to be ready, or to be refused. */
struct visitor *visit(struct world *world, const struct who *who);

/* The same with these identities. */
struct visitor *visit_as(struct world *world, const struct who *who,
                         const char *const *identity_urls, size_t num);

/* The same as visit() with these SourceDeviceURLs, of which the first is who->device. */
struct visitor *visit_with(struct world *world, const struct who *who, const char *const *urls,
                           size_t num);

/* It is stopped, and goes on: what is sent to it meanwhile is taken by its transport. */
void hang(struct visitor *visitor);
void go_on(struct visitor *visitor);

/* It completes what it holds, of the messages up to this number. */
void complete(struct visitor *visitor, uint64_t number);

/* The transport breaks. */
void cut_off(struct visitor *visitor);

/* Opens a session for the resource "r"; `device` may be empty. */
uint32_t open_to(struct visitor *from, const char *identity, const char *device);

/* Sends text; `flags` and `ttl` as in Message. */
void send_flagged(struct visitor *from, uint32_t id, const char *text, uint8_t flags, uint32_t ttl);

/* The same, to be acknowledged at once. */
static inline void send(struct visitor *from, uint32_t id, const char *text)
{
    send_flagged(from, id, text, SSTP_MESSAGE_FLAG_ACK_IMMEDIATELY, 0);
}

#endif
