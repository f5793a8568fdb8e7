/* SPDX-License-Identifier: GPL-2.0-or-later */
/* html: the page has all of the report, asks nobody for anything, and takes names for text. */
#include "report/html.h"

#include <string.h>

#include "small_report.h"

static char *page(const struct report *report, struct pick pick)
{
    struct output *output = nowhere();
    html_print(output, report, &pick);
    char *text = g_strdup(output_text(output)->str);
    g_assert_true(output_close(output));
    return text;
}

static void assert_has(const char *text, const char *what, gboolean is_there)
{
    if ((strstr(text, what) != NULL) != is_there)
        g_error("%s is%s there: %s", what, is_there ? " not" : "", text);
}

static void test_whole(void)
{
    struct report *report = small_report();
    char *text = page(report, (struct pick){.undelivered = FALSE});
    g_assert_true(g_str_has_prefix(text, "<!DOCTYPE html>\n"));
    g_assert_true(g_str_has_suffix(text, "</html>\n"));
    assert_has(text, "ack_excess", TRUE);
    assert_has(text, "SessionStatus LockedOut", TRUE);
    assert_has(text, "192.0.2.10", TRUE);
    assert_has(text, "What went between whom", TRUE);
    /* From nowhere else. */
    assert_has(text, "http://", FALSE);
    assert_has(text, "https://", FALSE);
    assert_has(text, " src=", FALSE);
    assert_has(text, "<link", FALSE);
    g_free(text);
    report_free(report);
}

static void test_names(void)
{
    struct report *report = small_report();
    REPORT_AT(report->messages, struct report_message, SMALL_TRY_1)->user_ref =
        "\"><script>alert(1)</script>";
    REPORT_AT(report->hops, struct report_hop, SMALL_TRY_1)->sender = "<b onmouseover='x'>";
    g_free(REPORT_AT(report->files, struct report_file, 0)->name);
    REPORT_AT(report->files, struct report_file, 0)->name = g_strdup("<i>.pcap");
    char *text = page(report, (struct pick){.undelivered = FALSE});
    assert_has(text, "<script>alert", FALSE);
    assert_has(text, "&lt;script&gt;alert(1)", TRUE);
    assert_has(text, "<b onmouseover", FALSE);
    assert_has(text, "<i>", FALSE);
    assert_has(text, "&lt;i&gt;.pcap", TRUE);
    g_free(text);
    report_free(report);
}

/* The journeys that were asked for are drawn, and no others. */
static void test_pick(void)
{
    static const char second[] = "ended before it was acknowledged</title>";
    struct report *report = small_report();
    char *text = page(report, (struct pick){.has_number = TRUE, .number = SMALL_DELIVERED});
    assert_has(text, "sent on #1, frame 2", TRUE);
    assert_has(text, second, FALSE);
    g_free(text);
    text = page(report, (struct pick){.undelivered = TRUE});
    assert_has(text, second, TRUE);
    assert_has(text, "sent on #1, frame 2", FALSE);
    g_free(text);
    report_free(report);
}

static void test_nothing(void)
{
    struct report *report = report_new();
    char *text = page(report, (struct pick){.undelivered = FALSE});
    g_assert_true(g_str_has_suffix(text, "</html>\n"));
    g_free(text);
    report_free(report);
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/html/whole", test_whole);
    g_test_add_func("/html/names", test_names);
    g_test_add_func("/html/pick", test_pick);
    g_test_add_func("/html/nothing", test_nothing);
    return g_test_run();
}
