/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drawing: SVG that is well formed, with what it shows said in titles. */
#include "report/drawing.h"

#include <string.h>

#include "small_report.h"

/* That it is one whole element of XML. */
static void assert_well_formed(const GString *html)
{
    static const GMarkupParser parser = {NULL, NULL, NULL, NULL, NULL};
    GMarkupParseContext *context = g_markup_parse_context_new(&parser, 0, NULL, NULL);
    GError *error = NULL;
    if (!g_markup_parse_context_parse(context, html->str, (gssize)html->len, &error) ||
        !g_markup_parse_context_end_parse(context, &error))
        g_error("%s: %s", error->message, html->str);
    g_markup_parse_context_free(context);
}

static guint count(const GString *html, const char *what)
{
    guint num = 0;
    for (const char *at = strstr(html->str, what); at != NULL; at = strstr(at + 1, what))
        num++;
    return num;
}

static GString *drawn(void (*draw)(GString *, const struct report *, guint),
                      const struct report *report, guint journey)
{
    GString *html = g_string_new(NULL);
    draw(html, report, journey);
    assert_well_formed(html);
    return html;
}

static void assert_has(const GString *html, const char *what, guint num)
{
    if (count(html, what) != num)
        g_error("%u times %s: %s", count(html, what), what, html->str);
}

static void test_ladder(void)
{
    struct report *report = small_report();
    GString *html = drawn(drawing_ladder, report, SMALL_WAITING);
    assert_has(html, "class=\"party\"", 2);
    assert_has(html, "<line class=\"lost\"", 1);
    assert_has(html, "<line class=\"sent\"", 1);
    assert_has(html, "<line class=\"ack\"", 1);
    assert_has(html, ">+4 s</text>", 1);
    assert_has(html, "<title>sent again on #0, frame 9 of a.pcap</title>", 1);
    g_string_free(html, TRUE);
    html = drawn(drawing_ladder, report, SMALL_DELIVERED);
    assert_has(html, ">#1 likely</text>", 1);
    g_string_free(html, TRUE);
    report_free(report);
}

/* What somebody calls himself is text. */
static void test_names(void)
{
    struct report *report = small_report();
    REPORT_AT(report->hops, struct report_hop, SMALL_HOP_2)->receiver = "</svg><script>\"&'";
    GString *html = drawn(drawing_ladder, report, SMALL_DELIVERED);
    assert_has(html, "<script>", 0);
    assert_has(html, "&lt;script&gt;", 4);
    g_string_free(html, TRUE);
    html = drawn(drawing_custody, report, SMALL_DELIVERED);
    assert_has(html, "<script>", 0);
    g_string_free(html, TRUE);
    report_free(report);
}

static void test_many_steps(void)
{
    struct report *report = small_report();
    struct report_journey *journey =
        REPORT_AT(report->journeys, struct report_journey, SMALL_WAITING);
    journey->first_hop = report->hops->len;
    journey->num_hops = DRAWING_STEPS_MAX + 5;
    for (guint i = 0; i < journey->num_hops; i++) {
        struct report_hop *hop = report_add(report, report->hops, G_MAXUINT);
        *hop = *REPORT_AT(report->hops, struct report_hop, SMALL_TRY_1);
        hop->attempt_of = journey->first_hop;
        hop->sight_of = report->hops->len - 1;
    }
    GString *html = g_string_new(NULL);
    drawing_ladder(html, report, SMALL_WAITING);
    assert_has(html, "<line class=\"lost\"", DRAWING_STEPS_MAX);
    assert_has(html, "Drawn are 2 of 2 parties and 200 of 205 steps.", 1);
    g_string_free(html, TRUE);
    report_free(report);
}

/* Seven lanes, as of a fanout over two relays to four, fit on a page; of more the page is scrolled.
 */
static void test_many_parties(void)
{
    static const struct {
        guint num;
        const char *width;
    } rows[] = {
        {2, "width=\"450\""}, {7, "width=\"1118\""}, {8, "width=\"1118\""}, {12, "width=\"1550\""}};

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct report *report = small_report();
        struct report_journey *journey =
            REPORT_AT(report->journeys, struct report_journey, SMALL_WAITING);
        journey->first_hop = report->hops->len;
        journey->num_hops = rows[i].num - 1;
        for (guint k = 0; k < journey->num_hops; k++) {
            char name[32];
            struct report_hop *hop = report_add(report, report->hops, G_MAXUINT);
            *hop = *REPORT_AT(report->hops, struct report_hop, SMALL_TRY_1);
            g_snprintf(name, sizeof name, "dpp:///of-a-long-name-%02u", k);
            hop->receiver = report_string(report, name, strlen(name));
            hop->attempt_of = hop->sight_of = report->hops->len - 1;
        }
        GString *html = g_string_new(NULL);
        drawing_ladder(html, report, SMALL_WAITING);
        assert_has(html, "class=\"party\"", rows[i].num);
        assert_has(html, rows[i].width, 1);
        g_string_free(html, TRUE);
        report_free(report);
    }
}

/* Who has it from when to when; whoever has it for somebody still has it at the end. */
static void test_custody(void)
{
    struct report *report = small_report();
    GString *html = drawn(drawing_custody, report, SMALL_DELIVERED);
    assert_has(html, "<title>dpp:///alice had it for 100 ms</title>", 1);
    assert_has(html, "<title>grooveDNS://relay1.example had it for 300 ms</title>", 1);
    assert_has(html, "<title>? has got it</title>", 1);
    g_string_free(html, TRUE);
    report_free(report);
}

/* A second attempt that was acknowledged makes good what became of the first. */
static void test_custody_after_an_attempt(void)
{
    struct report *report = small_report();
    GString *html = drawn(drawing_custody, report, SMALL_WAITING);
    assert_has(html, "<title>dpp:///alice had it for 5 s</title>", 1);
    assert_has(html, "<title>grooveDNS://relay1.example has it, since 4 s before the end</title>",
               1);
    g_string_free(html, TRUE);
    /* One that was not does not. */
    REPORT_AT(report->hops, struct report_hop, SMALL_TRY_2)->passage = SSTP_STORY_SENT;
    html = drawn(drawing_custody, report, SMALL_WAITING);
    assert_has(html, "<title>dpp:///alice has it, since 9 s before the end</title>", 1);
    g_string_free(html, TRUE);
    report_free(report);
}

static void test_delays(void)
{
    struct report *report = small_report();
    GString *html = g_string_new(NULL);
    drawing_delays(html, report);
    assert_well_formed(html);
    assert_has(html, "<rect class=\"held\"", 4);
    assert_has(html, ">&lt; 215 ms</text>", 1);
    assert_has(html, ">&lt; 2.15 s</text>", 1);
    g_array_set_size(report->messages, 0);
    g_string_truncate(html, 0);
    drawing_delays(html, report);
    g_assert_cmpstr(html->str, ==, "<p>Nothing was acknowledged.</p>\n");
    g_string_free(html, TRUE);
    report_free(report);
}

static void test_connections(void)
{
    struct report *report = small_report();
    GString *html = g_string_new(NULL);
    drawing_connections(html, report);
    assert_well_formed(html);
    assert_has(html, ">#0<tspan", 1);
    assert_has(html, ", 6 s</tspan>", 1);
    assert_has(html, ", 250 ms</tspan>", 1);
    for (guint i = 0; i < DRAWING_CONNECTIONS_MAX; i++) {
        struct report_connection *connection = report_add(report, report->connections, G_MAXUINT);
        *connection = *REPORT_AT(report->connections, struct report_connection, 1);
    }
    g_string_truncate(html, 0);
    drawing_connections(html, report);
    assert_has(html, "<rect ", DRAWING_CONNECTIONS_MAX);
    g_string_free(html, TRUE);
    report_free(report);
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/drawing/ladder", test_ladder);
    g_test_add_func("/drawing/names", test_names);
    g_test_add_func("/drawing/many-steps", test_many_steps);
    g_test_add_func("/drawing/many-parties", test_many_parties);
    g_test_add_func("/drawing/custody", test_custody);
    g_test_add_func("/drawing/custody-after-an-attempt", test_custody_after_an_attempt);
    g_test_add_func("/drawing/delays", test_delays);
    g_test_add_func("/drawing/connections", test_connections);
    return g_test_run();
}
