/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recording_clock: the time in captures and truth files.
 *
 * It is that of the system's clock when it was started, and goes on by itself: whatever
 * becomes of the system's clock, what happened later has a later time, and what is between
 * two events is what has passed.
 */
#ifndef RELAYSIM_RECORD_RECORDING_CLOCK_H
#define RELAYSIM_RECORD_RECORDING_CLOCK_H

#include <stdint.h>

struct recording_clock {
    uint64_t wall_ns, passed_ns;  /* of the two clocks, when it was started */
    const uint64_t *simulated_ns; /* instead of them; NULL */
};

void recording_clock_start(struct recording_clock *clock);

/* It is a simulated one from here on, whose time stands there. */
void recording_clock_simulate(struct recording_clock *clock, const uint64_t *simulated_ns);

/* Nanoseconds since 1970. */
uint64_t recording_clock_ns(const struct recording_clock *clock);

#endif
