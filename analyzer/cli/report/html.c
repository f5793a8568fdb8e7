/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/html.h"

#include <string.h>

#include "report/drawing.h"
#include "report/html_page.h"
#include "report/ladder.h"
#include "report/markup.h"
#include "report/moment.h"
#include "report/page.h"

/* ------------------------------------------------------------------------
 * Head
 */

/* The only script that a browser runs is the one that has this digest. */
static void append_policy(GString *html)
{
    guint8 digest[32];
    gsize len = sizeof digest;
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);

    g_checksum_update(sum, (const guchar *)page_js, (gssize)strlen(page_js));
    g_checksum_get_digest(sum, digest, &len);
    g_checksum_free(sum);
    char *encoded = g_base64_encode(digest, len);
    g_string_append_printf(html,
                           "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
                           "'none'; style-src 'unsafe-inline'; script-src 'sha256-%s'; base-uri "
                           "'none'; form-action 'none'\">\n",
                           encoded);
    g_free(encoded);
}

static void append_head(GString *html)
{
    g_string_append(html,
                    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    append_policy(html);
    g_string_append(html, "<meta name=\"viewport\" content=\"width=device-width, "
                          "initial-scale=1\">\n<title>What happened to the messages</title>\n"
                          "<style>\n");
    g_string_append(html, page_css);
    g_string_append(html, "</style>\n</head>\n<body>\n<h1>What happened to the messages</h1>\n");
}

/* ------------------------------------------------------------------------
 * The answer
 */

static void append_reading(GString *html, const struct report *report)
{
    GString *text = g_string_new(NULL);

    moment_append_reading(text, report->files->len, report->num_packets, report->first_ns,
                          report->last_ns);
    if (report->is_interrupted)
        g_string_append(text, "; interrupted, this is what was read until then");
    if (report->num_left_out > 0)
        g_string_append(text, "; there is more than was kept, and some is left out");
    g_string_append(html, "<p class=\"soft\">");
    markup_append(html, text->str);
    g_string_append(html, "</p>\n");
    g_string_free(text, TRUE);
}

/* Who holds most of what is waiting. */
static const char *find_holder(const struct report *report, guint *count)
{
    GHashTable *holders = g_hash_table_new(g_str_hash, g_str_equal);
    const char *most = NULL;

    *count = 0;
    for (guint i = 0; i < report->branches->len; i++) {
        const struct report_branch *branch = REPORT_AT(report->branches, struct report_branch, i);
        if (branch->outcome != SSTP_STORY_WAITING || branch->holder == NULL)
            continue;
        const guint num = GPOINTER_TO_UINT(g_hash_table_lookup(holders, branch->holder)) + 1;
        g_hash_table_insert(holders, (gpointer)branch->holder, GUINT_TO_POINTER(num));
        if (num > *count) {
            *count = num;
            most = branch->holder;
        }
    }
    g_hash_table_destroy(holders);
    return most;
}

static void count_outcomes(const struct report *report, guint counts[SSTP_STORY_OUTCOMES])
{
    memset(counts, 0, SSTP_STORY_OUTCOMES * sizeof counts[0]);
    for (guint i = 0; i < report->branches->len; i++)
        counts[REPORT_AT(report->branches, struct report_branch, i)->outcome]++;
}

/* The copy that has waited longest; NULL. */
static const struct report_branch *find_oldest(const struct report *report, guint *journey)
{
    const struct report_branch *oldest = NULL;

    for (guint i = 0; i < report->journeys->len; i++) {
        const struct report_journey *of = REPORT_AT(report->journeys, struct report_journey, i);
        for (guint k = 0; k < of->num_branches; k++) {
            const struct report_branch *branch =
                REPORT_AT(report->branches, struct report_branch, of->first_branch + k);
            if (branch->outcome != SSTP_STORY_WAITING || branch->since_ns == 0 ||
                branch->certainty == SSTP_STORY_OPEN || /* it may have gone on unseen */
                (oldest != NULL && branch->since_ns >= oldest->since_ns))
                continue;
            oldest = branch;
            *journey = i;
        }
    }
    return oldest;
}

static void append_oldest(GString *html, const struct html_page *page)
{
    guint journey = 0;
    const struct report_branch *oldest = find_oldest(page->report, &journey);

    if (oldest == NULL)
        return;
    GString *text = g_string_new(NULL);
    moment_append_span(text, page->report->last_ns - oldest->since_ns);
    g_string_append_printf(html, " The oldest has waited for %s: journey ", text->str);
    html_append_link(html, page, journey);
    g_string_append_c(html, '.');
    g_string_free(text, TRUE);
}

static void append_answer(GString *html, const struct html_page *page)
{
    const struct report *report = page->report;
    guint counts[SSTP_STORY_OUTCOMES], held;
    const char *holder = find_holder(report, &held);
    GString *text = g_string_new(NULL);

    count_outcomes(report, counts);
    if (report->branches->len == 0) {
        g_string_append(text, "No message was followed.");
    } else if (counts[SSTP_STORY_DELIVERED] == report->branches->len) {
        g_string_append(text, "Everything was delivered.");
    } else {
        moment_append_count(text, counts[SSTP_STORY_DELIVERED]);
        g_string_append(text, " of ");
        moment_append_count(text, report->branches->len);
        g_string_append(text, " copies were delivered");
        for (guint i = SSTP_STORY_DELIVERED + 1; i < SSTP_STORY_OUTCOMES; i++) {
            if (counts[i] == 0)
                continue;
            g_string_append(text, ", ");
            moment_append_count(text, counts[i]);
            g_string_append_printf(text, " %s",
                                   sstp_story_outcome_name((enum sstp_story_outcome)i));
        }
        g_string_append_c(text, '.');
        if (holder != NULL) {
            g_string_append_c(text, ' ');
            ladder_append_name(text, holder, 60);
            g_string_append(text, " has ");
            moment_append_count(text, held);
            g_string_append(text, " of those that wait.");
        }
    }
    g_string_append(html, "<p class=\"answer\">");
    markup_append(html, text->str);
    append_oldest(html, page);
    g_string_append(html, "</p>\n");
    g_string_free(text, TRUE);
}

static void append_number(GString *html, const char *number, const char *what, gboolean is_bad)
{
    g_string_append_printf(html, "<li%s><b>%s</b>%s</li>", is_bad ? " class=\"bad\"" : "", number,
                           what);
}

static void append_count(GString *html, guint64 number, const char *what, gboolean is_bad)
{
    GString *text = g_string_new(NULL);

    moment_append_count(text, number);
    append_number(html, text->str, what, is_bad);
    g_string_free(text, TRUE);
}

static gint compare_spans(gconstpointer a, gconstpointer b)
{
    const gint64 left = *(const gint64 *)a, right = *(const gint64 *)b;
    return left < right ? -1 : left > right;
}

/* Of how long acknowledgements took, in words; "-" where there were none. */
static char *find_median(const struct report *report)
{
    GArray *spans = g_array_new(FALSE, FALSE, sizeof(gint64));
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < report->messages->len; i++) {
        const struct report_message *message =
            REPORT_AT(report->messages, struct report_message, i);
        const gint64 span_ns = message->acked_ns - message->end_ns;
        if (message->state == REPORT_MESSAGE_ACKNOWLEDGED && message->has_ended)
            g_array_append_val(spans, span_ns);
    }
    g_array_sort(spans, compare_spans);
    if (spans->len > 0)
        moment_append_span(text, g_array_index(spans, gint64, (spans->len - 1) / 2));
    else
        g_string_append_c(text, '-');
    g_array_free(spans, TRUE);
    return g_string_free(text, FALSE);
}

static void append_numbers(GString *html, const struct report *report)
{
    guint counts[SSTP_STORY_OUTCOMES];
    char *median = find_median(report);

    count_outcomes(report, counts);
    const guint num_open =
        counts[SSTP_STORY_WAITING] + counts[SSTP_STORY_REFUSED] + counts[SSTP_STORY_UNDER_WAY];
    g_string_append(html, "<ul class=\"numbers\">");
    append_count(html, report->journeys->len, "messages followed", FALSE);
    append_count(html, num_open, "copies not delivered", num_open > 0);
    append_number(html, median, "median to acknowledgement", FALSE);
    append_count(html, report->connections->len, "connections", FALSE);
    append_count(html, report->findings->len, "findings", FALSE);
    g_string_append(html, "</ul>\n");
    g_free(median);
}

static void print_charts(struct html_page *page)
{
    GString *html = output_text(page->output);

    if (page->report->messages->len > 0) {
        g_string_append(html, "<h2>Time to acknowledgement</h2>\n");
        drawing_delays(html, page->report);
    }
    if (page->report->connections->len > 0) {
        g_string_append(html, "<h2>Connections over time</h2>\n");
        drawing_connections(html, page->report);
    }
    output_flush(page->output);
}

void html_print(struct output *output, const struct report *report, const struct pick *pick)
{
    struct html_page page = {.output = output, .report = report, .pick = pick};
    GString *html = output_text(output);

    html_choose(&page);
    append_head(html);
    append_reading(html, report);
    append_answer(html, &page);
    append_numbers(html, report);
    html_table(&page, "Where it was captured", "points");
    if (pick_is_empty(pick))
        html_undelivered(&page);
    html_journeys(&page);
    print_charts(&page);
    html_table(&page, "Findings", "findings");
    html_table(&page, "Connections", "connections");
    html_table(&page, "All journeys", "journeys");
    g_string_append(html, "<script>");
    g_string_append(html, page_js);
    g_string_append(html, "</script>\n</body>\n</html>\n");
    html_clear(&page);
}
