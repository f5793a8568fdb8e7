/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * run: the load that `relaysim bench` puts on a relay, and what came of it.
 *
 * Some senders, one as a rule, and as many receivers as the fanout says, each on a
 * connection of its own, all in one thread.  Every sender sends to every receiver, and
 * every delivery is checked (bench/tally.h): its order, its length and its contents.
 */
#ifndef RELAYSIM_BENCH_RUN_H
#define RELAYSIM_BENCH_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/tally.h"
#include "carrier/http_options.h"
#include "bench/latency.h"

struct carrier_ops;
struct recording;

struct bench_config {
    const struct recording *recording; /* of the bench's own sockets */
    const char *address;               /* of the relay, "ADDRESS:PORT" */
    const char *relay_url;             /* its device URL */
    const struct carrier_ops *carrier; /* of all connections; NULL: TCP */
    struct http_options http;          /* for one over HTTP */
    unsigned num_senders;
    unsigned num_messages; /* of all senders together, at least one of each */
    size_t size;           /* bytes of each */
    unsigned fanout;       /* receivers; 1: a plain session */
    bool is_offline;       /* all is stored before the receivers come */
    bool is_proven;        /* senders attach, too, and so prove who they are */
    const char *secret;    /* that all keys are made of */
    unsigned rate;         /* messages a second of all; 0: as many as there is room for */
    unsigned window;       /* messages that each sender has under way at most */
    int64_t hold_ms;       /* from when all are there until the first message */
    int64_t patience_ms;   /* without any progress */
};

/* The sender who was worst off, and the one who was best off. */
struct bench_spread {
    double min, max;
};

struct bench_result {
    uint64_t num_deliveries;
    double seconds;         /* from the first message to the last delivery; or: */
    double store_seconds;   /* is_offline: to the last acknowledgement to the sender */
    double drain_seconds;   /* and from the receivers' Connect until the relay has taken all
                               their acknowledgements */
    struct latency latency; /* from the hand-over of a message to each of its deliveries */
    /* What a second brought each sender until its own last delivery, or is_offline: its last
     * acknowledgement and, of the drain, its last delivery. */
    struct bench_spread per_second, store_per_second, drain_per_second;
    struct bench_spread latency_ms; /* the mean of each */
};

/* False with a sentence on stderr. */
bool bench_run(const struct bench_config *config, struct bench_result *result);

#endif
