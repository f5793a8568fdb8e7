/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store: the messages that the relay holds for its recipients, in memory.
 *
 * A queue for each recipient and resource: an identity, a device of it (empty
 * for identity-targeted messages), a resource.  A queue is in order; what has
 * been sent of it and not been acknowledged is always at its front.  It knows
 * neither connections nor time, and never decides what is delivered where.
 *
 * Payloads of a fanout are shared between its recipients.  As in all of GLib,
 * there is no return without memory; what a peer can make grow has limits.
 */
#ifndef RELAYSIM_STORE_H
#define RELAYSIM_STORE_H

#include <glib.h>

#include "endpoint.h"

struct sstp_store;
struct sstp_payload;

struct sstp_store_queue {
    struct sstp_store_recipient *recipient;
    char *device_url; /* "" when identity-targeted */
    char *resource_url;
    GQueue messages;      /* struct sstp_store_message, oldest first */
    GList *next_unsent;   /* NULL when all are sent */
    void *delivery;       /* the relay's: who is sending it, keeps the queue alive */
    const void *held_for; /* the relay's: the connection that would not have it */
};

struct sstp_store_recipient {
    char *identity_url;
    uint64_t num_bytes;
    GPtrArray *queues; /* struct sstp_store_queue */
};

struct sstp_store_message {
    struct sstp_store_queue *queue;
    struct sstp_payload *payload;
    const struct sstp_ep_message *message; /* the payload's */
    int64_t expires_ms;                    /* SSTP_EP_NEVER */
    GList link;                            /* in queue->messages */
};

enum sstp_store_result { SSTP_STORE_OK, SSTP_STORE_OVER_QUOTA, SSTP_STORE_FULL };

/* `quota` bytes for each identity, 0 for no limit; `max_bytes` in all. */
struct sstp_store *sstp_store_new(uint64_t quota, uint64_t max_bytes);
void sstp_store_free(struct sstp_store *store);

/* A copy of a message, with one reference. */
struct sstp_payload *sstp_payload_new(const struct sstp_ep_message *message);
struct sstp_payload *sstp_payload_ref(struct sstp_payload *payload); /* returns it */
void sstp_payload_unref(struct sstp_payload *payload);

/* The message, as long as somebody has a reference. */
const struct sstp_ep_message *sstp_payload_message(const struct sstp_payload *payload);

/* Whether an identity has used up its quota. */
bool sstp_store_is_over_quota(const struct sstp_store *store, const char *identity_url);

/* Appends to the recipient's queue; *message is set with SSTP_STORE_OK. */
enum sstp_store_result sstp_store_put(struct sstp_store *store, const char *identity_url,
                                      const char *device_url, const char *resource_url,
                                      struct sstp_payload *payload, int64_t expires_ms,
                                      struct sstp_store_message **message);

/* Removes a message; its queue goes too when that was its last and nobody is
 * delivering it. */
void sstp_store_remove(struct sstp_store *store, struct sstp_store_message *message);

/* Nobody delivers the queue any more: all of it is unsent, and it goes when it
 * is empty. */
void sstp_store_release(struct sstp_store *store, struct sstp_store_queue *queue);

/* The recipient of an identity, or NULL. */
struct sstp_store_recipient *sstp_store_find(const struct sstp_store *store,
                                             const char *identity_url);

/* Discards the unsent messages whose time is over; returns how many. */
unsigned sstp_store_expire(struct sstp_store *store, int64_t now_ms);
int64_t sstp_store_next_expiry(const struct sstp_store *store);

uint64_t sstp_store_num_messages(const struct sstp_store *store);

#endif
