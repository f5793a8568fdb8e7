/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/pause.h"

#include <glib.h>

static void test_bounds(void)
{
    static const struct {
        int64_t pause_ms, asked_ms, least_ms, most_ms;
    } rows[] = {{1000, 0, 500, 1000},
                {60000, 0, 30000, 60000},
                {1000, 400, 500, 1000},
                {1000, 700, 700, 1000},
                {1000, 1000, 1000, 1250},
                {1000, 7000, 7000, 8750},
                {1, 0, 0, 1},
                {0, 0, 0, 0},
                {1000, 4294967295000, 4294967295000, 5368709118750}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const uint64_t range = (uint64_t)(rows[i].most_ms - rows[i].least_ms);
        g_assert_cmpint(pause_spread_ms(rows[i].pause_ms, rows[i].asked_ms, 0), ==,
                        rows[i].least_ms);
        if (range <= UINT32_MAX)
            g_assert_cmpint(pause_spread_ms(rows[i].pause_ms, rows[i].asked_ms, (uint32_t)range),
                            ==, rows[i].most_ms);
        const int64_t some = pause_spread_ms(rows[i].pause_ms, rows[i].asked_ms, UINT32_MAX);
        g_assert_cmpint(some, >=, rows[i].least_ms);
        g_assert_cmpint(some, <=, rows[i].most_ms);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pause/bounds", test_bounds);
    return g_test_run();
}
