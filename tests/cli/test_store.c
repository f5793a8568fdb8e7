/* SPDX-License-Identifier: GPL-2.0-or-later */
/* store: tables and their caps, strings, frames by number, and words for what is known. */
#include "small_report.h"

static void test_strings(void)
{
    struct report *report = report_new();
    char text[] = "abc";
    const char *kept = report_string(report, text, 3);
    text[0] = 'x';
    g_assert_cmpstr(kept, ==, "abc");
    g_assert_true(report_string(report, "abc", 3) == kept);
    g_assert_cmpstr(report_string(report, "a\0b", 3), ==, "a");
    g_assert_null(report_string(report, "", 0));
    report->strings_len = REPORT_STRINGS_MAX + 1;
    g_assert_null(report_string(report, "abc", 3));
    g_assert_cmpuint(report->num_left_out, ==, 1);
    report_free(report);
}

static void test_cap(void)
{
    struct report *report = report_new();
    for (guint i = 0; i < 3; i++) {
        struct report_session *session = report_add(report, report->sessions, 2);
        g_assert_cmpint(session != NULL, ==, i < 2);
        if (session == NULL)
            continue;
        g_assert_cmpuint(session->id, ==, 0); /* all bytes zero, whatever was there */
        session->id = 7;
    }
    g_assert_cmpuint(report->sessions->len, ==, 2);
    g_assert_cmpuint(report->num_left_out, ==, 1);
    report_free(report);
}

static void test_frame(void)
{
    struct report *report = small_report();
    for (guint32 number = 0; number <= 2 * report->frames->len; number++) {
        const struct report_frame *frame = report_frame(report, number);
        g_assert_cmpint(frame != NULL, ==, number % 2);
        g_assert_true(frame == NULL || frame->number == number);
    }
    report_free(report);
}

static void test_ends(void)
{
    static const struct {
        struct packet_end initiator, acceptor;
        const char *initiator_text, *acceptor_text;
        gboolean has_community_id;
    } rows[] = {
        {{{192, 0, 2, 1}, 5000, 4}, {{192, 0, 2, 2}, 2492, 4}, "192.0.2.1", "192.0.2.2", TRUE},
        {{{0x20, 1, 0xd, 0xb8}, 5000, 6}, {{0}, 2492, 6}, "2001:db8::", "::", TRUE},
        {{{192, 0, 2, 1}, 0, 4}, {{192, 0, 2, 2}, 2492, 4}, "192.0.2.1", "192.0.2.2", FALSE},
        {{{0}, 0, 0}, {{192, 0, 2, 2}, 2492, 4}, NULL, "192.0.2.2", FALSE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct report *report = report_new();
        struct report_connection connection = {.ends = {rows[i].acceptor, rows[i].initiator}};
        report_name_ends(report, &connection);
        g_assert_cmpstr(connection.address_texts[1], ==, rows[i].initiator_text);
        g_assert_cmpstr(connection.address_texts[0], ==, rows[i].acceptor_text);
        g_assert_cmpint(connection.community_id != NULL, ==, rows[i].has_community_id);
        report_free(report);
    }
}

static void test_undelivered(void)
{
    static const gboolean is_undelivered[SSTP_STORY_OUTCOMES] = {
        [SSTP_STORY_WAITING] = TRUE, [SSTP_STORY_REFUSED] = TRUE, [SSTP_STORY_UNDER_WAY] = TRUE};
    for (guint i = 0; i < SSTP_STORY_OUTCOMES; i++) {
        struct report_journey journey = {.outcomes = 1u << i};
        g_assert_cmpint(report_is_undelivered(&journey), ==, is_undelivered[i]);
        journey.outcomes |= 1u << SSTP_STORY_DELIVERED;
        g_assert_cmpint(report_is_undelivered(&journey), ==, is_undelivered[i]);
    }
}

/* Each value has a word of its own. */
static void test_words(void)
{
    g_assert_cmpstr(report_message_state_name(REPORT_MESSAGE_INCOMPLETE), ==, "incomplete");
    g_assert_cmpstr(report_recipient_state_name(REPORT_RECIPIENT_BEYOND), ==, "beyond");
    g_assert_cmpstr(report_severity_name(SSTP_SEVERITY_WARNING), ==, "warning");
    g_assert_cmpstr(report_passage_name(SSTP_STORY_NOT_SEEN), ==, "not seen");
    g_assert_cmpstr(report_certainty_name(SSTP_STORY_LIKELY), ==, "likely");
    g_assert_null(report_certainty_name(SSTP_STORY_OPEN));
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/strings", test_strings);
    g_test_add_func("/store/cap", test_cap);
    g_test_add_func("/store/frame", test_frame);
    g_test_add_func("/store/ends", test_ends);
    g_test_add_func("/store/undelivered", test_undelivered);
    g_test_add_func("/store/words", test_words);
    return g_test_run();
}
