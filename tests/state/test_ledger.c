/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>

#include "state/ledger.h"

/* One row a step; MessageCounts are deltas (GRVSSTP 4.3.1). */
static void test_steps(void)
{
    enum step { ENTER, ACKNOWLEDGE, FORGET };
    static const struct {
        enum step step;
        uint32_t message_count;
        uint64_t position, covered, outstanding; /* position entered, or the first covered */
    } rows[] = {
        {ACKNOWLEDGE, 1, 0, 0, 0}, /* of nothing */
        {ENTER, 0, 0, 0, 1},        {ACKNOWLEDGE, 0, 0, 0, 1},
        {ENTER, 0, 1, 0, 2},        {ENTER, 0, 2, 0, 3},
        {ENTER, 0, 3, 0, 4},        {ACKNOWLEDGE, 2, 0, 2, 2},
        {ACKNOWLEDGE, 2, 2, 2, 0},  {ACKNOWLEDGE, 1, 4, 0, 0},
        {ENTER, 0, 4, 0, 1},        {ENTER, 0, 5, 0, 2},
        {ENTER, 0, 6, 0, 3},        {ACKNOWLEDGE, 1, 4, 1, 2},
        {ACKNOWLEDGE, 2, 5, 2, 0}, /* exactly all */
        {ENTER, 0, 7, 0, 1},        {ENTER, 0, 8, 0, 2},
        {ACKNOWLEDGE, 3, 7, 2, 0}, /* one more than there are */
        {ENTER, 0, 9, 0, 1},        {ACKNOWLEDGE, UINT32_MAX, 9, 1, 0},
        {ENTER, 0, 10, 0, 1},       {FORGET, 0, 0, 0, 0},
        {ACKNOWLEDGE, 1, 11, 0, 0}, {ENTER, 0, 11, 0, 1}, /* positions go on */
        {ACKNOWLEDGE, 1, 11, 1, 0},
    };
    struct sstp_ledger ledger = {0, 0};

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint64_t first = UINT64_MAX;
        switch (rows[i].step) {
        case ENTER:
            g_assert_cmpuint(sstp_ledger_enter(&ledger), ==, rows[i].position);
            break;
        case ACKNOWLEDGE:
            g_assert_cmpuint(sstp_ledger_acknowledge(&ledger, rows[i].message_count, &first), ==,
                             rows[i].covered);
            g_assert_cmpuint(first, ==, rows[i].position);
            break;
        case FORGET:
            sstp_ledger_forget(&ledger);
            break;
        }
        g_assert_cmpuint(sstp_ledger_outstanding(&ledger), ==, rows[i].outstanding);
    }
}

/* More than a count can say at once. */
static void test_large(void)
{
    struct sstp_ledger ledger = {UINT64_C(0x200000001), 0};
    uint64_t first;
    g_assert_cmpuint(sstp_ledger_acknowledge(&ledger, UINT32_MAX, &first), ==, UINT32_MAX);
    g_assert_cmpuint(sstp_ledger_outstanding(&ledger), ==, UINT64_C(0x100000002));
    g_assert_cmpuint(sstp_ledger_acknowledge(&ledger, UINT32_MAX, &first), ==, UINT32_MAX);
    g_assert_cmpuint(first, ==, UINT32_MAX);
    g_assert_cmpuint(sstp_ledger_outstanding(&ledger), ==, 3);
    g_assert_cmpuint(sstp_ledger_acknowledge(&ledger, UINT32_MAX, &first), ==, 3);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/state/ledger/steps", test_steps);
    g_test_add_func("/state/ledger/large", test_large);
    return g_test_run();
}
