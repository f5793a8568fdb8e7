/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Percentiles, against a sorted row of all values. */
#include "bench/latency.h"

#include <glib.h>
#include <math.h>

#include "random.h"

static void test_few(void)
{
    struct latency *latency = g_new0(struct latency, 1);
    g_assert_cmpuint(latency_percentile(latency, 50), ==, 0);
    latency_add(latency, 7);
    g_assert_cmpuint(latency_percentile(latency, 0), ==, 7);
    g_assert_cmpuint(latency_percentile(latency, 100), ==, 7);
    latency_add(latency, 200);
    latency_add(latency, 255);
    g_assert_cmpuint(latency_percentile(latency, 50), ==, 200);
    g_assert_cmpuint(latency_percentile(latency, 67), ==, 255);
    g_assert_cmpuint(latency->max_us, ==, 255);
    g_assert_cmpuint(latency->num, ==, 3);
    g_free(latency);
}

/* At each power of two, one below and one above: never below the value, and within
 * 1 part in 128 of it. */
static void test_steps(void)
{
    for (unsigned power = 0; power < 32; power++)
        for (int near = -1; near <= 1; near++) {
            struct latency *latency = g_new0(struct latency, 1);
            const uint64_t value = (UINT64_C(1) << power) + (uint64_t)(int64_t)near;
            latency_add(latency, value);
            latency_add(latency, 2 * value + 4); /* so that the greatest is not its bound */
            const uint64_t told = latency_percentile(latency, 50);
            g_assert_cmpuint(told, >=, value);
            g_assert_cmpuint(told - value, <=, value / 128);
            g_free(latency);
        }
}

static void test_beyond(void)
{
    struct latency *latency = g_new0(struct latency, 1);
    latency_add(latency, 1);
    latency_add(latency, UINT64_MAX);
    g_assert_cmpuint(latency_percentile(latency, 50), ==, 1);
    g_assert_cmpuint(latency->max_us, ==, UINT64_MAX);
    g_free(latency);
}

static gint compare(gconstpointer a, gconstpointer b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void test_random(void)
{
    static const double percents[] = {0, 1, 50, 95, 99, 99.9, 100};
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct latency *latency = g_new0(struct latency, 1);
        struct rng numbers = rng(seed);
        GArray *all = g_array_new(FALSE, FALSE, sizeof(uint64_t));
        for (unsigned i = 0; i < 1000; i++) {
            const uint64_t value = rng_next(&numbers) >> (32 + rng_below(&numbers, 32));
            g_array_append_val(all, value);
            latency_add(latency, value);
        }
        g_array_sort(all, compare);
        for (size_t i = 0; i < G_N_ELEMENTS(percents); i++) {
            const size_t rank = (size_t)fmax(1, ceil(percents[i] / 100 * all->len));
            const uint64_t value = g_array_index(all, uint64_t, rank - 1);
            const uint64_t told = latency_percentile(latency, percents[i]);
            g_assert_cmpuint(told, >=, value);
            g_assert_cmpuint(told - value, <=, value / 128);
        }
        g_array_free(all, TRUE);
        g_free(latency);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/latency/few", test_few);
    g_test_add_func("/latency/steps", test_steps);
    g_test_add_func("/latency/beyond", test_beyond);
    g_test_add_func("/latency/random", test_random);
    return g_test_run();
}
