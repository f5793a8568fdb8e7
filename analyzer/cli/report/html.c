/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/html.h"

#include <string.h>

#include "report/drawing.h"
#include "report/grid.h"
#include "report/ladder.h"
#include "report/markup.h"
#include "report/moment.h"
#include "report/page.h"
#include "report/tables.h"

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

    moment_append_things(text, report->files->len, "file");
    if (report->num_packets > 0) {
        g_string_append(text, ", from ");
        moment_append(text, report->first_ns);
        g_string_append(text, " UTC, ");
        moment_append_span(text, report->last_ns - report->first_ns);
        g_string_append(text, " long");
    }
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

static void append_answer(GString *html, const struct report *report)
{
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
    g_string_append(html, "</p>\n");
    g_string_free(text, TRUE);
}

static void append_number(GString *html, guint64 number, const char *what)
{
    g_string_append(html, "<li><b>");
    moment_append_count(html, number);
    g_string_append_printf(html, "</b>%s</li>", what);
}

static void append_numbers(GString *html, const struct report *report)
{
    g_string_append(html, "<ul class=\"numbers\">");
    append_number(html, report->num_packets, "packets");
    append_number(html, report->connections->len, "connections");
    append_number(html, report->messages->len, "messages on them");
    append_number(html, report->journeys->len, "journeys");
    append_number(html, report->findings->len, "findings");
    g_string_append(html, "</ul>\n");
}

/* ------------------------------------------------------------------------
 * Tables
 */

/* Text that may be broken anywhere, for else it would make the table wide. */
#define LONG_TEXT 26u

static void append_cell(GString *html, const struct record *record,
                        const struct table_column *column)
{
    GString *text = g_string_new(NULL);
    const struct record_cell *cell = grid_cell(record, column->cell);
    const gboolean is_number =
        cell->kind == RECORD_SIGNED || cell->kind == RECORD_UNSIGNED || cell->kind == RECORD_REAL;

    grid_format(text, record, column);
    g_string_append_printf(html, "<td%s data-head=\"",
                           is_number               ? " class=\"n\""
                           : text->len > LONG_TEXT ? " class=\"long\""
                                                   : "");
    markup_append(html, column->heading);
    g_string_append_c(html, '"');
    if (cell->kind == RECORD_SIGNED)
        g_string_append_printf(html, " data-value=\"%" G_GINT64_FORMAT "\"", cell->number);
    else if (cell->kind == RECORD_UNSIGNED)
        g_string_append_printf(html, " data-value=\"%" G_GUINT64_FORMAT "\"", cell->count);
    g_string_append_c(html, '>');
    markup_append(html, text->str);
    g_string_append(html, "</td>");
    g_string_free(text, TRUE);
}

static void print_table(struct output *output, const struct report *report, const char *title,
                        const char *name)
{
    GString *html = output_text(output);
    const struct table *table = table_find(name);
    const guint num = table->count(report);
    struct record record;

    if (num == 0)
        return;
    g_string_append_printf(html, "<h2>%s</h2>\n", title);
    if (num > HTML_ROWS_MAX)
        g_string_append_printf(html, "<p class=\"soft\">The first %u of %u.</p>\n", HTML_ROWS_MAX,
                               num);
    g_string_append(html, "<div class=\"wide\"><table>\n<thead><tr>");
    for (const struct table_column *column = table->columns; column->heading != NULL; column++) {
        g_string_append(html, "<th scope=\"col\">");
        markup_append(html, column->heading);
        g_string_append(html, "</th>");
    }
    g_string_append(html, "</tr></thead>\n<tbody>\n");
    for (guint i = 0; i < num && i < HTML_ROWS_MAX; i++) {
        table->row(report, i, &record);
        g_string_append(html, "<tr>");
        for (const struct table_column *column = table->columns; column->heading != NULL; column++)
            append_cell(html, &record, column);
        g_string_append(html, "</tr>\n");
        output_flush(output);
    }
    g_string_append(html, "</tbody></table></div>\n");
}

/* ------------------------------------------------------------------------
 * Journeys
 */

static void print_journey(struct output *output, const struct report *report, guint index)
{
    GString *html = output_text(output), *text = g_string_new(NULL);
    const struct report_journey *journey =
        REPORT_AT(report->journeys, struct report_journey, index);

    ladder_append_title(text, report, index);
    g_string_append_printf(html, "<h3 id=\"j%u\">", index);
    markup_append(html, text->str);
    g_string_append(html, "</h3>\n<ul class=\"branches\">");
    for (guint i = 0; i < journey->num_branches && i < LADDER_EVENTS_MAX; i++) {
        g_string_truncate(text, 0);
        ladder_append_branch(
            text, report,
            REPORT_AT(report->branches, struct report_branch, journey->first_branch + i));
        g_string_append(html, "<li>");
        markup_append(html, text->str);
        g_string_append(html, "</li>");
    }
    g_string_append(html, "</ul>\n<div class=\"wide\">");
    drawing_ladder(html, report, index);
    drawing_custody(html, report, index);
    g_string_append(html, "</div>\n");
    g_string_free(text, TRUE);
    output_flush(output);
}

static void print_picked(struct output *output, const struct report *report,
                         const struct pick *pick, const char *title, const char *none)
{
    guint num = 0;

    g_string_append_printf(output_text(output), "<h2>%s</h2>\n", title);
    for (guint i = 0; i < report->journeys->len; i++)
        if (pick_fits(pick, report, i) && num++ < HTML_DRAWN_MAX)
            print_journey(output, report, i);
    if (num == 0)
        g_string_append_printf(output_text(output), "<p>%s</p>\n", none);
    if (num > HTML_DRAWN_MAX)
        g_string_append_printf(output_text(output), "<p>Drawn are %u of %u.</p>\n", HTML_DRAWN_MAX,
                               num);
}

static gint64 lasting(const struct report *report, guint index)
{
    const struct report_journey *journey =
        REPORT_AT(report->journeys, struct report_journey, index);

    return journey->last_ns - REPORT_AT(report->hops, struct report_hop, journey->first_hop)->t_ns;
}

static gint compare_lasting(gconstpointer a, gconstpointer b, gpointer data)
{
    const guint left = *(const guint *)a, right = *(const guint *)b;
    const gint64 l = lasting(data, left), r = lasting(data, right);

    if (l != r)
        return l > r ? -1 : 1;
    return left < right ? -1 : left > right;
}

static void print_slowest(struct output *output, const struct report *report)
{
    GArray *delivered = g_array_new(FALSE, FALSE, sizeof(guint));

    for (guint i = 0; i < report->journeys->len; i++)
        if (REPORT_AT(report->journeys, struct report_journey, i)->outcomes ==
            1u << SSTP_STORY_DELIVERED)
            g_array_append_val(delivered, i);
    g_array_sort_with_data(delivered, compare_lasting, (gpointer)report);
    if (delivered->len > 0)
        g_string_append(output_text(output), "<h2>Delivered last</h2>\n");
    for (guint i = 0; i < delivered->len && i < HTML_SLOWEST; i++)
        print_journey(output, report, g_array_index(delivered, guint, i));
    g_array_free(delivered, TRUE);
}

void html_print(struct output *output, const struct report *report, const struct pick *pick)
{
    static const struct pick undelivered = {.undelivered = TRUE};
    GString *html = output_text(output);

    append_head(html);
    append_reading(html, report);
    append_answer(html, report);
    append_numbers(html, report);
    if (!pick_is_empty(pick)) {
        print_picked(output, report, pick, "Journeys", "No journey fits.");
    } else {
        print_picked(output, report, &undelivered, "Not delivered", "Nothing, as far as is known.");
        print_slowest(output, report);
    }
    if (report->messages->len > 0)
        g_string_append(html, "<h2>Time to acknowledgement</h2>\n<div class=\"wide\">");
    drawing_delays(html, report);
    g_string_append(html, report->messages->len > 0 ? "</div>\n" : "");
    print_table(output, report, "Capture points", "points");
    print_table(output, report, "Findings", "findings");
    if (report->connections->len > 0)
        g_string_append(html, "<h2>Connections over time</h2>\n<div class=\"wide\">");
    drawing_connections(html, report);
    g_string_append(html, report->connections->len > 0 ? "</div>\n" : "");
    print_table(output, report, "Connections", "connections");
    print_table(output, report, "Journeys", "journeys");
    g_string_append(html, "<script>");
    g_string_append(html, page_js);
    g_string_append(html, "</script>\n</body>\n</html>\n");
}
