/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is kept as rows comes back as it was, extremes and all. */
#include <glib.h>

#include "state/observed_rows.h"

static void test_messages(void)
{
    static const struct sstp_observed_message all[] = {
        {0, 0, false}, {7, 1, true}, {UINT32_MAX, INT32_MAX, false}, {3, 2, true}};
    struct sstp_rows rows;

    sstp_rows_init(&rows, &sstp_mem_libc, SSTP_OBSERVED_MESSAGE_COLUMNS);
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
        g_assert_true(sstp_observed_message_add(&rows, &all[i]));
    for (uint32_t i = 0; i < G_N_ELEMENTS(all); i++) {
        const struct sstp_observed_message message = sstp_observed_message_at(&rows, i);
        g_assert_cmpuint(message.session, ==, all[i].session);
        g_assert_cmpuint(message.number, ==, all[i].number);
        g_assert_cmpint(message.wants_acknowledgement, ==, all[i].wants_acknowledgement);
    }
    sstp_rows_clear(&rows);
}

static void test_entries(void)
{
    static const struct sstp_observed_entry all[] = {
        {0, 1, 0}, {INT64_MIN, 2, UINT32_MAX}, {INT64_MAX, UINT32_MAX, 1}, {-1, 3, 2}};
    struct sstp_rows rows;

    sstp_rows_init(&rows, &sstp_mem_libc, SSTP_OBSERVED_ENTRY_COLUMNS);
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
        g_assert_true(sstp_observed_entry_add(&rows, &all[i]));
    for (uint32_t i = 0; i < G_N_ELEMENTS(all); i++) {
        const struct sstp_observed_entry entry = sstp_observed_entry_at(&rows, i);
        g_assert_cmpint(entry.time_ns, ==, all[i].time_ns);
        g_assert_cmpuint(entry.frame, ==, all[i].frame);
        g_assert_cmpuint(entry.message, ==, all[i].message);
    }
    sstp_rows_clear(&rows);
}

static void test_acknowledgements(void)
{
    static const struct sstp_observed_acknowledgement all[] = {
        {-5, 1, 2, 3, UINT32_MAX}, {INT64_MAX, UINT32_MAX, 5, 0, 1}, {7, 8, 5, UINT32_MAX - 5, 9}};
    struct sstp_observed_acknowledgement found;
    struct sstp_rows rows;

    sstp_rows_init(&rows, &sstp_mem_libc, SSTP_OBSERVED_ACKNOWLEDGEMENT_COLUMNS);
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
        g_assert_true(sstp_observed_acknowledgement_add(&rows, &all[i]));
    for (uint32_t i = 0; i < G_N_ELEMENTS(all); i++) {
        found = sstp_observed_acknowledgement_at(&rows, i);
        g_assert_cmpint(found.time_ns, ==, all[i].time_ns);
        g_assert_cmpuint(found.frame, ==, all[i].frame);
        g_assert_cmpuint(found.first, ==, all[i].first);
        g_assert_cmpuint(found.covered, ==, all[i].covered);
        g_assert_cmpuint(found.remaining, ==, all[i].remaining);
    }
    g_assert_false(sstp_observed_acknowledgement_find(&rows, 1, &found));
    g_assert_true(sstp_observed_acknowledgement_find(&rows, 4, &found));
    g_assert_cmpuint(found.frame, ==, 1);
    g_assert_true(sstp_observed_acknowledgement_find(&rows, 5, &found)); /* the last of them */
    g_assert_cmpuint(found.frame, ==, 8);
    sstp_rows_clear(&rows);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/state/observed-rows/messages", test_messages);
    g_test_add_func("/state/observed-rows/entries", test_entries);
    g_test_add_func("/state/observed-rows/acknowledgements", test_acknowledgements);
    return g_test_run();
}
