/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * apart: a listener to whom the two directions do not come in the order in which they were
 * sent.  It has what TCP's acknowledgement numbers say, which bytes the sender of each
 * segment had received, and the engine's causal order (state/order.h) has to make of that
 * what a listener in the middle hears: it has to be right about everything.
 */
#ifndef TESTS_RANDOM_APART_H
#define TESTS_RANDOM_APART_H

#include "listener.h"
#include "state/order.h"

struct apart {
    struct listener listener; /* in the middle */
    struct rng rng;
    struct sstp_order order;
    struct sstp_order_budget budget;
    GArray *segments;     /* struct apart_segment, as they were sent, then as captured */
    GArray *early;        /* indices of those that were captured before what they go on from */
    uint64_t sent[2];     /* bytes of each direction */
    uint64_t received[2]; /* of them, by its receiver */
    uint64_t joined[2];   /* of them, as they were put together here */
};

/* What `listener_init` takes. */
void apart_init(struct apart *apart, enum listener_kind kind, const struct course *course,
                struct listener_verdict *verdict, struct rng rng);
void apart_clear(struct apart *apart);

/* Bytes pass one of the ends. */
void apart_hear(struct apart *apart, enum play_point point, bool from_initiator,
                const uint8_t *data, size_t len, int64_t time_ns);

/* The connection is over: now it is listened to. */
void apart_end(struct apart *apart);

#endif
