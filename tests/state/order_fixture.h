/* SPDX-License-Identifier: GPL-2.0-or-later */
/* order_fixture: an order (state/order.h), and who takes what it lets pass, with an observer that
 * looks at it where there is one. */
#ifndef TESTS_STATE_ORDER_FIXTURE_H
#define TESTS_STATE_ORDER_FIXTURE_H

#include <glib.h>

#include "counting_mem.h"
#include "state/observer.h"
#include "state/order.h"

/* A command of a history: its bytes are its number in it. */
struct said {
    bool from_initiator;
    uint64_t position, known;
    struct sstp_command command; /* for the observer */
};

/* Takes what comes, and has the observer look at it where there is one. */
struct hearer {
    GArray *taken; /* unsigned: numbers in the history */
    unsigned num_lost, num_told, num_refused;
    const struct said *history;
    struct sstp_observer *observer;
    GArray *seen; /* struct sstp_observation, by number */
};

struct order_fixture {
    struct counting_mem counting;
    struct sstp_order_budget budget;
    struct sstp_order order;
    struct hearer hearer;
};

void order_set_up(struct order_fixture *fixture);

/* Asserts that no memory is left. */
void order_tear_down(struct order_fixture *fixture);

/* Both directions begin at position 1. */
void order_start(struct order_fixture *fixture);

/* A command comes, alone in its chunk: where it ends, and what its sender had received. */
void order_say_at(struct order_fixture *fixture, bool from_initiator, unsigned number,
                  uint64_t position, uint64_t known, int64_t time_ns);
void order_say(struct order_fixture *fixture, bool from_initiator, unsigned number,
               uint64_t position, uint64_t known);

/* These have been taken, and no others. */
void order_check_taken(const struct order_fixture *fixture, const unsigned *wanted, size_t num);

#define order_assert_taken(fixture, ...)                                                           \
    order_check_taken((fixture), (const unsigned[]){__VA_ARGS__},                                  \
                      sizeof((const unsigned[]){__VA_ARGS__}) / sizeof(unsigned))

#endif
