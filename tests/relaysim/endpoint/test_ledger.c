/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "endpoint/ledger.h"

#include <glib.h>

static const struct sstp_ep_ledger_entry plain;

static void test_order(void)
{
    struct sstp_ep_ledger ledger;
    sstp_ep_ledger_init(&ledger, &sstp_mem_libc);
    uint64_t next = 1, oldest = 1;
    /* Far more than fit at once, a few at a time. */
    for (unsigned i = 0; i < 1000; i++) {
        for (unsigned n = 0; n < 3; n++) {
            g_assert_true(sstp_ep_ledger_reserve(&ledger));
            g_assert_cmpuint(sstp_ep_ledger_add(&ledger, plain), ==, next++);
        }
        sstp_ep_ledger_drop(&ledger, i % 4);
        oldest += MIN(i % 4, (unsigned)(next - oldest));
        g_assert_cmpuint(sstp_ep_ledger_oldest(&ledger), ==, oldest);
        g_assert_null(sstp_ep_ledger_find(&ledger, oldest - 1));
        g_assert_null(sstp_ep_ledger_find(&ledger, next));
        if (next > oldest)
            g_assert_nonnull(sstp_ep_ledger_find(&ledger, next - 1));
    }
    sstp_ep_ledger_drop(&ledger, 1000000);
    g_assert_cmpuint(sstp_ep_ledger_num(&ledger), ==, 0);
    g_assert_cmpuint(sstp_ep_ledger_oldest(&ledger), ==, next);
    sstp_ep_ledger_clear(&ledger);
}

static void test_complete(void)
{
    struct sstp_ep_ledger ledger;
    sstp_ep_ledger_init(&ledger, &sstp_mem_libc);
    for (unsigned i = 0; i < 4; i++) {
        g_assert_true(sstp_ep_ledger_reserve(&ledger));
        (void)sstp_ep_ledger_add(&ledger, (struct sstp_ep_ledger_entry){.wants_ack = i == 1});
    }
    g_assert_false(sstp_ep_ledger_complete(&ledger, 0));
    g_assert_false(sstp_ep_ledger_complete(&ledger, 5));
    g_assert_true(sstp_ep_ledger_complete(&ledger, 2));
    g_assert_cmpuint(ledger.num_leading, ==, 0);
    g_assert_false(ledger.leading_wants_ack);
    g_assert_true(sstp_ep_ledger_complete(&ledger, 1));
    g_assert_cmpuint(ledger.num_leading, ==, 2);
    g_assert_true(ledger.leading_wants_ack);
    sstp_ep_ledger_drop(&ledger, 2);
    g_assert_cmpuint(ledger.num_leading, ==, 0);
    g_assert_false(ledger.leading_wants_ack);
    g_assert_true(sstp_ep_ledger_complete(&ledger, 3));
    g_assert_true(sstp_ep_ledger_complete(&ledger, 4));
    g_assert_cmpuint(ledger.num_leading, ==, 2);
    sstp_ep_ledger_clear(&ledger);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ledger/order", test_order);
    g_test_add_func("/ledger/complete", test_complete);
    return g_test_run();
}
