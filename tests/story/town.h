/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * town: devices and relays by chance, whose messages are told to a story, beside what is true.
 *
 * Devices send to one or many, over their relay and the relays of the others; are away for
 * days; lose connections, and send again what was not acknowledged. A capture has all of it,
 * or lacks connections, its beginning, its end.
 */
#ifndef TESTS_STORY_TOWN_H
#define TESTS_STORY_TOWN_H

#include "tale.h"

struct town_config {
    uint32_t seed;
    unsigned num_journeys;
    bool lacks_connections; /* the capture lacks some */
    bool begins_late, ends_early;
    bool has_long_repeats; /* beside the tiny messages that repeat */
    bool says_again;       /* the same to the same ones, now and then */
    unsigned num_devices, num_relays;
    struct town_capture *capture; /* town_capture.h; NULL: it is told in memory alone */
};

/* How the joins came out: those of messages whose contents are unique, and the others. */
struct town_count {
    unsigned certain, likely, open;
    unsigned certain_wrong, likely_wrong;
    unsigned outcomes, outcomes_wrong;  /* recipients of whom something is claimed surely */
    unsigned delivered, delivered_seen; /* recipients that have it; of whom that is known */
};

struct town_result {
    struct town_count counts[2]; /* by whether the contents repeat */
    unsigned num_legs, num_journeys, num_attempts;
};

struct town_result town_run(const struct town_config *config);

#endif
