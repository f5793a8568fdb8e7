/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ladder: a journey in a terminal, line by line. */
#include "report/ladder.h"

#include <string.h>

#include "small_report.h"

static void test_names(void)
{
    static const struct {
        const char *name;
        gsize width;
        const char *shown;
    } rows[] = {{"dpp:///alice", 12, "dpp:///alice"},
                {"dpp:///alice", 11, "alice"},
                {"grooveDNS://relay1.example", 14, "relay1.example"},
                {"grooveDNS://relay1.example", 10, "relay..ple"},
                {"no scheme at all", 8, "no s..ll"},
                {"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", 4, "\xc3\xa9\xc3\xa9.."},
                {"a\nb", 20, "a\\x0ab"}};
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        GString *text = g_string_new(NULL);
        ladder_append_name(text, rows[i].name, rows[i].width);
        g_assert_cmpstr(text->str, ==, rows[i].shown);
        g_string_free(text, TRUE);
    }
}

static void assert_printed(guint journey, const char *expected)
{
    struct report *report = small_report();
    struct output *output = nowhere();
    ladder_print(output, report, journey);
    g_assert_cmpstr(output_text(output)->str, ==, expected);
    g_assert_true(output_close(output));
    report_free(report);
}

static void test_delivered(void)
{
    assert_printed(
        SMALL_DELIVERED,
        "Journey 0 \"ref<1>\", 1,100 bytes, to 1 recipient, seen first at 2020-09-13 "
        "12:26:40.000000\n"
        "                            dpp:///alice        relay1.example      ?\n"
        "2020-09-13 12:26:40.000000  o------------------>|                   |  sent on #0, frame "
        "3 "
        "of a.pcap\n"
        "2020-09-13 12:26:40.100000  |< - - - - - - - - -o                   |  acknowledged after "
        "100 ms, frame 5 of a.pcap\n"
        "2020-09-13 12:26:40.150000  |                   o------------------>|  sent on #1, frame "
        "2 "
        "of b\\x0a.pcap (likely)\n"
        "2020-09-13 12:26:40.400000  |                   |< - - - - - - - - -o  acknowledged after "
        "250 ms, frame 4 of b\\x0a.pcap\n"
        "  delivered, likely: to grooveIdentity://bob since 2020-09-13 12:26:40.400000\n");
}

static void test_waiting(void)
{
    assert_printed(
        SMALL_WAITING,
        "Journey 1 \"ref 2\", 1,100 bytes, to 2 recipients, seen first at 2020-09-13 "
        "12:26:41.000000\n"
        "                            dpp:///alice        relay1.example\n"
        "2020-09-13 12:26:41.000000  o------------------>|  sent on #0, frame 7 of a.pcap: the "
        "connection ended before it was acknowledged\n"
        "2020-09-13 12:26:45.000000  o------------------>|  sent again on #0, frame 9 of a.pcap\n"
        "2020-09-13 12:26:46.000000  |< - - - - - - - - -o  acknowledged after 1 s, frame 10 of "
        "a.pcap\n"
        "  waiting: to grooveIdentity://bob by grooveDNS://relay1.example; "
        "grooveDNS://relay1.example has it since 2020-09-13 12:26:46.000000, 4 s before the end\n"
        "  refused (SessionStatus LockedOut): to grooveIdentity://carol\\x1b[31m\n");
}

/* Without those whose device has it, and as many as there is room for. */
static void test_branches(void)
{
    struct report *report = small_report();
    struct output *output = nowhere();
    ladder_print_branches(output, report, SMALL_DELIVERED, TRUE);
    g_assert_cmpstr(output_text(output)->str, ==, "");
    REPORT_AT(report->journeys, struct report_journey, SMALL_WAITING)->num_branches =
        LADDER_EVENTS_MAX + 3;
    const guint first = report->branches->len;
    for (guint i = 0; i < LADDER_EVENTS_MAX + 3; i++)
        (void)report_add(report, report->branches, G_MAXUINT);
    for (guint i = 0; i < LADDER_EVENTS_MAX + 3; i++)
        REPORT_AT(report->branches, struct report_branch, first + i)->outcome =
            SSTP_STORY_NOT_KNOWN;
    REPORT_AT(report->journeys, struct report_journey, SMALL_WAITING)->first_branch = first;
    ladder_print_branches(output, report, SMALL_WAITING, TRUE);
    g_assert_true(g_str_has_prefix(output_text(output)->str, "  not known: to somebody unknown\n"));
    g_assert_true(g_str_has_suffix(output_text(output)->str, "\n  and 3 more\n"));
    g_assert_true(output_close(output));
    report_free(report);
}

/* More parties than columns: names in each line. */
static void test_many_parties(void)
{
    static const char *const names[] = {"r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9"};
    struct report *report = small_report();
    struct output *output = nowhere();
    struct report_journey *journey =
        REPORT_AT(report->journeys, struct report_journey, SMALL_DELIVERED);
    journey->first_hop = report->hops->len;
    journey->num_hops = LADDER_PARTIES_MAX;
    for (guint i = 0; i < LADDER_PARTIES_MAX; i++) {
        struct report_hop *hop = report_add(report, report->hops, G_MAXUINT);
        *hop = *REPORT_AT(report->hops, struct report_hop, SMALL_TRY_1);
        hop->attempt_of = hop->sight_of = report->hops->len - 1;
        hop->sender = names[i];
        hop->receiver = names[i + 1];
    }
    ladder_print(output, report, SMALL_DELIVERED);
    g_assert_nonnull(strstr(output_text(output)->str, "  r0 -> r1  sent"));
    g_assert_nonnull(strstr(output_text(output)->str, "  r7 -> r8  sent"));
    g_assert_null(strstr(output_text(output)->str, "|"));
    g_assert_true(output_close(output));
    report_free(report);
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ladder/names", test_names);
    g_test_add_func("/ladder/delivered", test_delivered);
    g_test_add_func("/ladder/waiting", test_waiting);
    g_test_add_func("/ladder/branches", test_branches);
    g_test_add_func("/ladder/many-parties", test_many_parties);
    return g_test_run();
}
