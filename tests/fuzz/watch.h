/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watch: what passes between an endpoint under test and whoever is at the other end.
 *
 * Bytes go to the endpoint in the bites of whole commands, so that everybody who looks on
 * sees the two directions in the order in which the endpoint does.  What the endpoint says
 * is checked: it has to decode, without anything that breaks the specification.  An
 * observer is shown all of it, and may find no fault with the endpoint.
 */
#ifndef TESTS_FUZZ_WATCH_H
#define TESTS_FUZZ_WATCH_H

#include "endpoint/endpoint.h"
#include "state/observer.h"
#include "core/stream.h"

struct watch {
    struct sstp_ep *ep;
    bool is_initiator; /* the endpoint under test */
    bool is_in_bulk;   /* it is given several commands at a time */
    bool is_observed;
    uint32_t frame;
    struct sstp_stream in, out;
    struct sstp_observer observer;
    void (*received)(void *cookie, const struct sstp_command *command); /* about to be */
    void (*taken)(void *cookie, const struct sstp_command *command);    /* off its output */
    void *cookie;
};

/* Begins with the members above `frame`, and the last three, as they are set; `ep` and
 * those may be set later, before anything is given or taken. */
void watch_begin(struct watch *watch);
void watch_end(struct watch *watch);

/* Gives the endpoint bytes, of which it keeps none. */
void watch_give(struct watch *watch, const uint8_t *bytes, size_t len);

/* Takes at most `max` bytes of its output; returns how many. */
size_t watch_take(struct watch *watch, size_t max);

/* What the endpoint's `sent` is told. */
void watch_sent(struct watch *watch, const struct sstp_command *command);

#endif
