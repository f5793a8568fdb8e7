/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * latency: how long things took, counted by length, in a fixed amount of memory.
 *
 * Up to 255 us exact, beyond that to within 1 part in 128, up to some 70 minutes.
 *
 *     struct latency *latency = g_new0(struct latency, 1);
 *     latency_add(latency, 120);
 *     latency_percentile(latency, 99.0);   120
 */
#ifndef RELAYSIM_BENCH_LATENCY_H
#define RELAYSIM_BENCH_LATENCY_H

#include <stdint.h>

#define LATENCY_STEPS 128u /* of each power of two */
#define LATENCY_POWERS 26u

/* Zeroed, it is empty. */
struct latency {
    uint64_t num;
    uint64_t max_us;
    uint64_t counts[LATENCY_POWERS * LATENCY_STEPS];
};

void latency_add(struct latency *latency, uint64_t us);

/* The value at or below which that many percent of all are, by the nearest rank: the
 * upper end of the interval that it was counted in, and never more than the greatest.
 * 0 when there is none. */
uint64_t latency_percentile(const struct latency *latency, double percent);

#endif
