/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The times of a recording when the system's clock jumps. */
#include "record/recording_clock.h"

#include <glib.h>
#include <time.h>

#define SECOND UINT64_C(1000000000)

/* In place of the system's; the one that is set, and the one that only goes on. */
static uint64_t wall_ns, passed_ns;

int clock_gettime(clockid_t id, struct timespec *now)
{
    const uint64_t ns = id == CLOCK_REALTIME ? wall_ns : passed_ns;
    now->tv_sec = (time_t)(ns / SECOND);
    now->tv_nsec = (long)(ns % SECOND);
    return 0;
}

static void pass(uint64_t ns)
{
    wall_ns += ns;
    passed_ns += ns;
}

static void test_jumps(void)
{
    struct recording_clock clock;
    wall_ns = 1000 * SECOND;
    passed_ns = 70 * SECOND;
    recording_clock_start(&clock);
    g_assert_cmpuint(recording_clock_ns(&clock), ==, 1000 * SECOND);
    pass(SECOND + 1);
    g_assert_cmpuint(recording_clock_ns(&clock), ==, 1001 * SECOND + 1);
    wall_ns += 86400 * SECOND;
    g_assert_cmpuint(recording_clock_ns(&clock), ==, 1001 * SECOND + 1);
    wall_ns = 3 * SECOND;
    pass(1);
    g_assert_cmpuint(recording_clock_ns(&clock), ==, 1001 * SECOND + 2);

    /* Started anew, it is right again. */
    recording_clock_start(&clock);
    pass(5);
    g_assert_cmpuint(recording_clock_ns(&clock), ==, 3 * SECOND + 6);
}

/* A simulated one is no other's business. */
static void test_simulated(void)
{
    struct recording_clock clock;
    uint64_t simulated_ns = 7 * SECOND;
    recording_clock_start(&clock);
    recording_clock_simulate(&clock, &simulated_ns);
    pass(SECOND);
    g_assert_cmpuint(recording_clock_ns(&clock), ==, 7 * SECOND);
    simulated_ns += 3;
    g_assert_cmpuint(recording_clock_ns(&clock), ==, 7 * SECOND + 3);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/recording-clock/jumps", test_jumps);
    g_test_add_func("/recording-clock/simulated", test_simulated);
    return g_test_run();
}
