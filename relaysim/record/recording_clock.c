/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record/recording_clock.h"

#include <time.h>

static uint64_t read_ns(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* The one that does not stand still while the machine sleeps. */
static uint64_t passed_ns(void)
{
    return read_ns(CLOCK_BOOTTIME);
}

void recording_clock_start(struct recording_clock *clock)
{
    clock->passed_ns = passed_ns();
    clock->wall_ns = read_ns(CLOCK_REALTIME);
    clock->simulated_ns = NULL;
}

void recording_clock_simulate(struct recording_clock *clock, const uint64_t *simulated_ns)
{
    clock->simulated_ns = simulated_ns;
}

uint64_t recording_clock_ns(const struct recording_clock *clock)
{
    if (clock->simulated_ns != NULL)
        return *clock->simulated_ns;
    return clock->wall_ns + (passed_ns() - clock->passed_ns);
}
