/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * party: one of a bench's senders or receivers: a client on a connection of its own,
 * and what it tells the bench.
 */
#ifndef RELAYSIM_BENCH_PARTY_H
#define RELAYSIM_BENCH_PARTY_H

#include <glib.h>

#include "live/client.h"

struct bench_party;

/* Who is told. */
struct bench_party_owner {
    /* What the bench cannot go on with: one sentence. */
    void (*failed)(void *cookie, const char *why);

    /* Connected; established, and registered where it attaches; and the end of that
     * connection. */
    void (*there)(struct bench_party *party);
    void (*ready)(struct bench_party *party);
    void (*gone)(struct bench_party *party);

    /* A sender: its session is ready, there is room for messages, one was acknowledged. */
    void (*session_ready)(struct bench_party *party);
    void (*room)(struct bench_party *party);
    void (*acknowledged)(struct bench_party *party);

    /* A receiver: a message came; false when it is not the one that is due.  Then: it has
     * been completed. */
    bool (*message)(struct bench_party *party, struct sstp_span data);
    void (*completed)(struct bench_party *party);
    void *cookie;
};

struct bench_party {
    const struct bench_party_owner *owner;
    const struct recording *recording;
    struct live_client *client; /* NULL before it is dialed */
    const char *address;        /* that it connects to */
    char *device_url, *identity_url, *account_url;
    const struct carrier_ops *carrier;
    const struct http_options *http; /* for one over HTTP */
    const char *secret;              /* that its keys are made of */
    bool is_sender;
    bool attaches;  /* with its account and its identity */
    unsigned index; /* among the senders, or among the receivers */
    /* A sender's. */
    bool is_open; /* its session has been ready */
    uint32_t session_id;
};

/* One that nobody has connected yet; its role is the caller's to set.  `run` tells this
 * run's parties from all others, and `number` from each other. */
void bench_party_init(struct bench_party *party, const struct bench_party_owner *owner,
                      const char *run, unsigned number);
void bench_party_clear(struct bench_party *party);

/* Connects it to a relay.  False with the bench failed. */
bool bench_party_dial(struct bench_party *party, struct net *net, const char *address,
                      const char *relay_url);

/* Says ConnectClose; harmless without a connection. */
void bench_party_leave(struct bench_party *party);

#endif
