/* SPDX-License-Identifier: GPL-2.0-or-later */
/* text: the overview for a terminal. */
#include "report/text.h"

#include <string.h>

#include "small_report.h"

static char *overview(const struct report *report)
{
    struct output *output = nowhere();
    text_overview(output, report);
    char *text = g_strdup(output_text(output)->str);
    g_assert_true(output_close(output));
    return text;
}

static void assert_has(const char *text, const char *line)
{
    if (strstr(text, line) == NULL)
        g_error("\"%s\" is not in:\n%s", line, text);
}

static void test_overview(void)
{
    struct report *report = small_report();
    char *text = overview(report);
    g_assert_true(g_str_has_prefix(
        text, "2 files, 21 packets, from 2020-09-13 12:26:40.000000 UTC, 10 s long\n"
              "  at eth0: 10 packets\n"
              "  at eth1: 11 packets, of them 1 captured twice; its clock is 2 ms ahead, right to "
              "1 ms, and gains 0.500 us a second, right to 0.250\n"
              "2 connections, 2 sessions, 30 commands\n"
              "4 messages: 3 acknowledged, 1 outstanding\n"
              "2 journeys to 3 recipients: 1 delivered, 1 waiting, 1 refused\n"
              "\nNot delivered\nJourney 1 \"ref 2\""));
    assert_has(text, "\nwarning      1  ack_excess: MessageCount is larger than the number of "
                     "messages outstanding (GRVSSTP 3.1.5.19); first in frame 5 of a.pcap\n");
    g_assert_null(strstr(text, "Journey 0"));
    /* The longest first. */
    const char *longest = strstr(text, "\nLongest until acknowledged\n");
    g_assert_nonnull(longest);
    g_assert_true(strstr(longest, " 1 s ") < strstr(longest, " 250 ms "));
    g_assert_true(strstr(longest, " 250 ms ") < strstr(longest, " 100 ms "));
    assert_has(text, "\nConnections\n#  initiator ");
    g_assert_null(strchr(text, '\x1b'));
    g_free(text);
    report_free(report);
}

/* Where no journeys are known, what is not acknowledged is told by messages. */
static void test_without_journeys(void)
{
    struct report *report = small_report();
    g_array_set_size(report->journeys, 0);
    char *text = overview(report);
    g_assert_null(strstr(text, "Not delivered"));
    assert_has(text, "\nNot acknowledged\n#  from ");
    assert_has(text, "  outstanding ");
    g_free(text);
    report_free(report);
}

/* What is printed of a clock is as exact as what is said of it, whichever way it is wrong. */
static void test_clock(void)
{
    static const struct {
        gint64 offset_ns, low_ns, high_ns;
        const char *text;
    } rows[] = {
        {419997146590, 419979980000, 420020033917, "6 min 59.997146 s ahead, right to 22.888 ms,"},
        {-40000000500, -40000001000, -39999999000, "40 s late, right to 0.001 ms,"},
        {25200000037000, 25199999721000, 25200000353000,
         "7 h 0.000037 s ahead, right to 0.316 ms,"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct report *report = small_report();
        struct report_point *point = REPORT_AT(report->points, struct report_point, 1);
        point->offset_ns = rows[i].offset_ns;
        point->offset_low_ns = rows[i].low_ns;
        point->offset_high_ns = rows[i].high_ns;
        char *text = overview(report);
        assert_has(text, rows[i].text);
        g_free(text);
        report_free(report);
    }
}

static void test_nothing(void)
{
    struct report *report = report_new();
    char *text = overview(report);
    g_assert_cmpstr(text, ==,
                    "0 files, 0 packets\n0 connections, 0 sessions, 0 commands\n0 messages\n");
    g_free(text);
    report_free(report);
}

static void test_incomplete(void)
{
    struct report *report = report_new();
    report->is_interrupted = TRUE;
    report->num_left_out = 1234;
    char *text = overview(report);
    assert_has(text, "\nInterrupted: this is what was read until then.\n"
                     "1,234 items are left out: there are more than are kept.\n");
    g_free(text);
    report_free(report);
}

/* The lists are short, and say that they are. */
static void test_many(void)
{
    struct report *report = small_report();
    for (guint i = 0; i < TEXT_ROWS; i++) {
        struct report_journey *journey = report_add(report, report->journeys, 100);
        *journey = *REPORT_AT(report->journeys, struct report_journey, SMALL_WAITING);
        struct report_connection *connection = report_add(report, report->connections, 100);
        *connection = *REPORT_AT(report->connections, struct report_connection, 1);
    }
    char *text = overview(report);
    assert_has(text, "and 1 more; --undelivered has all of them\n");
    assert_has(text, "\nConnections (20 of 22)\n");
    g_free(text);
    report_free(report);
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/text/overview", test_overview);
    g_test_add_func("/text/clock", test_clock);
    g_test_add_func("/text/without-journeys", test_without_journeys);
    g_test_add_func("/text/nothing", test_nothing);
    g_test_add_func("/text/incomplete", test_incomplete);
    g_test_add_func("/text/many", test_many);
    return g_test_run();
}
