/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench/latency.h"

#include <math.h>

/* The first two powers share their steps: there, a step is one microsecond. */
#define EXACT_MAX (2 * LATENCY_STEPS)

static unsigned slot_of(uint64_t us)
{
    if (us < EXACT_MAX)
        return (unsigned)us;
    const unsigned power = 63 - (unsigned)__builtin_clzll(us / LATENCY_STEPS);
    const unsigned slot = power * LATENCY_STEPS + (unsigned)(us >> power);
    const unsigned last = LATENCY_POWERS * LATENCY_STEPS - 1;
    return slot < last ? slot : last;
}

/* The greatest value of a slot. */
static uint64_t end_of(unsigned slot)
{
    if (slot < EXACT_MAX)
        return slot;
    const unsigned power = slot / LATENCY_STEPS - 1;
    const uint64_t step = slot - power * LATENCY_STEPS;
    return ((step + 1) << power) - 1;
}

void latency_add(struct latency *latency, uint64_t us)
{
    latency->num++;
    latency->counts[slot_of(us)]++;
    if (us > latency->max_us)
        latency->max_us = us;
}

uint64_t latency_percentile(const struct latency *latency, double percent)
{
    const uint64_t rank = (uint64_t)ceil(percent / 100 * (double)latency->num);
    uint64_t num = 0;
    for (unsigned slot = 0; slot < LATENCY_POWERS * LATENCY_STEPS; slot++) {
        num += latency->counts[slot];
        if (num > 0 && num >= rank)
            return end_of(slot) < latency->max_us ? end_of(slot) : latency->max_us;
    }
    return latency->max_us;
}
