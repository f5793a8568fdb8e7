/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long a Polling client waits: what the server names, poll after poll. */
#include "carrier/poll_pace.h"

#include <glib.h>

/* The intervals of a row of polls without data, in milliseconds, after an answer that names these
 * values. */
static void assert_intervals(uint32_t max, uint32_t min, uint32_t repetitions,
                             const int64_t *expected, size_t num)
{
    struct poll_pace pace;
    poll_pace_init(&pace);
    poll_pace_set(&pace, &(struct henc_polling){.poll_is_valid = true,
                                                .poll_max = max,
                                                .poll_min = min,
                                                .poll_repetitions = repetitions});
    poll_pace_reset(&pace);
    for (size_t i = 0; i < num; i++) {
        g_assert_cmpint(pace.interval_ms, ==, expected[i]);
        poll_pace_polled(&pace);
    }
    poll_pace_reset(&pace);
    g_assert_cmpint(pace.interval_ms, ==, expected[0]);
    g_assert_cmpuint(pace.num_polls, ==, 0);
}

/* The row of numbers, and how many. */
#define MS(...) (const int64_t[]){__VA_ARGS__}, sizeof((const int64_t[]){__VA_ARGS__}) / 8

static void test_defaults(void)
{
    struct poll_pace pace;
    poll_pace_init(&pace);
    g_assert_cmpint(pace.interval_ms, ==, 5000);
    g_assert_cmpint(pace.max_ms, ==, 120000);
    g_assert_cmpuint(pace.repetitions, ==, 3);
}

static void test_doubled(void)
{
    assert_intervals(120, 5, 3, MS(5000, 5000, 5000, 10000, 10000, 10000, 20000));
}

/* Up to the greatest, and not beyond. */
static void test_greatest(void)
{
    assert_intervals(12, 5, 1, MS(5000, 10000, 12000, 12000, 12000));
}

static void test_no_repetitions(void)
{
    assert_intervals(8, 1, 0, MS(1000, 2000, 4000, 8000, 8000));
}

static void test_equal(void)
{
    assert_intervals(7, 7, 2, MS(7000, 7000, 7000));
}

/* No server makes a client ask again and again without a pause. */
static void test_least(void)
{
    assert_intervals(0, 0, 1, MS(POLL_PACE_LEAST_MS, POLL_PACE_LEAST_MS));
    assert_intervals(1, 0, 1, MS(50, 100, 200, 400, 800, 1000, 1000));
}

/* Nor never. */
static void test_most(void)
{
    assert_intervals(UINT32_MAX, UINT32_MAX, UINT32_MAX, MS(POLL_PACE_MOST_MS, POLL_PACE_MOST_MS));
}

/* Values that are none, and a greatest below the least. */
static void test_not_set(void)
{
    const struct henc_polling wrong[] = {
        {.poll_is_valid = false, .poll_max = 7, .poll_min = 6, .poll_repetitions = 5},
        {.poll_is_valid = true, .poll_max = 6, .poll_min = 7, .poll_repetitions = 5}};
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        struct poll_pace pace, before;
        poll_pace_init(&pace);
        before = pace;
        poll_pace_set(&pace, &wrong[i]);
        g_assert_cmpint(memcmp(&pace, &before, sizeof pace), ==, 0);
    }
}

/* A new greatest shortens the interval that is in force, a new least lengthens it. */
static void test_refreshed(void)
{
    struct poll_pace pace;
    poll_pace_init(&pace);
    struct henc_polling answer = {
        .poll_is_valid = true, .poll_max = 3, .poll_min = 1, .poll_repetitions = 3};
    poll_pace_set(&pace, &answer);
    g_assert_cmpint(pace.interval_ms, ==, 3000);
    answer.poll_max = 60;
    answer.poll_min = 30;
    poll_pace_set(&pace, &answer);
    g_assert_cmpint(pace.interval_ms, ==, 30000);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/poll-pace/defaults", test_defaults);
    g_test_add_func("/poll-pace/doubled", test_doubled);
    g_test_add_func("/poll-pace/greatest", test_greatest);
    g_test_add_func("/poll-pace/no-repetitions", test_no_repetitions);
    g_test_add_func("/poll-pace/equal", test_equal);
    g_test_add_func("/poll-pace/least", test_least);
    g_test_add_func("/poll-pace/most", test_most);
    g_test_add_func("/poll-pace/not-set", test_not_set);
    g_test_add_func("/poll-pace/refreshed", test_refreshed);
    return g_test_run();
}
