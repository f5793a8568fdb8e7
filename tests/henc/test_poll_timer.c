/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "henc/poll_timer.h"

#include <glib.h>

#define SECOND INT64_C(1000000000)
#define START (100 * SECOND)

static const struct {
    const char *name;
    bool is_valid; /* what the answer says, and its bounds in seconds */
    uint32_t min, max;
    bool has_data;
    int64_t waited_ns;
    bool is_wrong;
} rows[] = {
    {"at-min", true, 5, 120, false, 5 * SECOND, false},
    {"forgiven-early", true, 5, 120, false, 5 * SECOND - HENC_POLL_EARLY_NS, false},
    {"early", true, 5, 120, false, 5 * SECOND - HENC_POLL_EARLY_NS - 1, true},
    {"early-with-data", true, 5, 120, true, 0, false},
    {"forgiven-late", true, 5, 120, false, 120 * SECOND + HENC_POLL_LATE_NS, false},
    {"late", true, 5, 120, false, 120 * SECOND + HENC_POLL_LATE_NS + 1, true},
    {"late-with-data", true, 5, 120, true, 1000 * SECOND, false},
    {"says-nothing", false, 5, 120, false, 0, false},
    {"cannot-be", true, 121, 120, false, 0, false},
    {"time-goes-back", true, 5, 120, false, -1, false},
    {"at-once-allowed", true, 0, 120, false, 0, false},
};

static void test_row(gconstpointer data)
{
    const size_t row = GPOINTER_TO_SIZE(data);
    const struct henc_polling answer = {
        .poll_is_valid = rows[row].is_valid, .poll_min = rows[row].min, .poll_max = rows[row].max};
    struct henc_poll_timer timer = {false, 0, 0, 0};

    g_assert_false(henc_poll_timer_request(&timer, false, START)); /* it does not run */
    henc_poll_timer_start(&timer, &answer, START);
    g_assert_cmpint(
        henc_poll_timer_request(&timer, rows[row].has_data, START + rows[row].waited_ns), ==,
        rows[row].is_wrong);
    g_assert_false(henc_poll_timer_request(&timer, false, START)); /* the request stopped it */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t row = 0; row < G_N_ELEMENTS(rows); row++) {
        char *path = g_strdup_printf("/henc/poll_timer/%s", rows[row].name);
        g_test_add_data_func(path, GSIZE_TO_POINTER(row), test_row);
        g_free(path);
    }
    return g_test_run();
}
