/* SPDX-License-Identifier: GPL-2.0-or-later */
/* html_journey.c: which journeys the page draws, how, and what has not been delivered. */
#include <string.h>

#include "report/drawing.h"
#include "report/html_page.h"
#include "report/ladder.h"
#include "report/markup.h"
#include "report/moment.h"

static const struct report_journey *journey_at(const struct report *report, guint index)
{
    return REPORT_AT(report->journeys, struct report_journey, index);
}

static const struct report_branch *branch_at(const struct report *report,
                                             const struct report_journey *journey, guint index)
{
    return REPORT_AT(report->branches, struct report_branch, journey->first_branch + index);
}

/* ------------------------------------------------------------------------
 * Which are drawn
 */

static gint64 lasting(const struct report *report, guint index)
{
    const struct report_journey *journey = journey_at(report, index);

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

static void choose_wanted(struct html_page *page)
{
    static const struct pick undelivered = {.undelivered = TRUE};
    const struct pick *pick = pick_is_empty(page->pick) ? &undelivered : page->pick;

    for (guint i = 0; i < page->report->journeys->len; i++) {
        if (!pick_fits(pick, page->report, i))
            continue;
        page->num_wanted++;
        if (page->order->len < HTML_DRAWN_MAX)
            g_array_append_val(page->order, i);
    }
    page->num_first = page->order->len;
}

/* Those that took longest until everybody had them, as far as there is room. */
static void choose_slowest(struct html_page *page)
{
    GArray *delivered = g_array_new(FALSE, FALSE, sizeof(guint));

    for (guint i = 0; i < page->report->journeys->len; i++)
        if (journey_at(page->report, i)->outcomes == 1u << SSTP_STORY_DELIVERED)
            g_array_append_val(delivered, i);
    g_array_sort_with_data(delivered, compare_lasting, (gpointer)page->report);
    g_array_append_vals(page->order, delivered->data,
                        MIN(delivered->len, HTML_DRAWN_MAX - page->order->len));
    g_array_free(delivered, TRUE);
}

void html_choose(struct html_page *page)
{
    page->order = g_array_new(FALSE, FALSE, sizeof(guint));
    page->is_drawn = g_new0(gboolean, MAX(page->report->journeys->len, 1));
    choose_wanted(page);
    if (pick_is_empty(page->pick))
        choose_slowest(page);
    for (guint i = 0; i < page->order->len; i++)
        page->is_drawn[g_array_index(page->order, guint, i)] = TRUE;
}

void html_clear(struct html_page *page)
{
    g_array_free(page->order, TRUE);
    g_free(page->is_drawn);
}

void html_append_link(GString *html, const struct html_page *page, guint journey)
{
    if (page->is_drawn[journey])
        g_string_append_printf(html, "<a href=\"#j%u\">%u</a>", journey, journey);
    else
        g_string_append_printf(html, "%u", journey);
}

/* ------------------------------------------------------------------------
 * What has not been delivered
 */

static const char *const undelivered_headings[] = {
    ">journey", "to", "state", "who has it", ">since", ">before the end", NULL};

/* Of a cell: as in the head. */
static const char *heading_of(guint column)
{
    const char *heading = undelivered_headings[column];
    return *heading == HTML_RIGHT ? heading + 1 : heading;
}

static void append_recipient(GString *html, const struct report_branch *branch)
{
    GString *text = g_string_new(NULL);
    const char *name = branch->identity_url != NULL ? branch->identity_url : branch->device_url;

    if (name != NULL)
        ladder_append_name(text, name, 60);
    html_append_text(html, heading_of(1), name != NULL ? text->str : "somebody unknown");
    g_string_free(text, TRUE);
}

static void append_state(GString *html, const struct report_branch *branch)
{
    GString *text = g_string_new(sstp_story_outcome_name(branch->outcome));

    if (branch->reason != NULL)
        g_string_append_printf(text, ": %s", branch->reason);
    if (branch->certainty == SSTP_STORY_LIKELY)
        g_string_append(text, ", likely");
    else if (report_may_have_gone_on(branch))
        g_string_append(text, ", or gone on unseen");
    html_append_text(html, heading_of(2), text->str);
    g_string_free(text, TRUE);
}

static void append_branch_row(struct html_page *page, guint index,
                              const struct report_branch *branch)
{
    GString *html = output_text(page->output), *text = g_string_new(NULL);

    g_string_append_printf(html, "<tr><td class=\"n\" data-head=\"journey\" data-value=\"%u\">",
                           index);
    html_append_link(html, page, index);
    g_string_append(html, "</td>");
    append_recipient(html, branch);
    append_state(html, branch);
    if (branch->holder != NULL)
        ladder_append_name(text, branch->holder, 60);
    html_append_text(html, heading_of(3), branch->holder != NULL ? text->str : "-");
    g_string_truncate(text, 0);
    if (branch->since_ns != 0) {
        moment_append(text, branch->since_ns);
        html_append_number(html, heading_of(4), branch->since_ns, text->str);
        g_string_truncate(text, 0);
        moment_append_span(text, page->report->last_ns - branch->since_ns);
        html_append_number(html, heading_of(5), page->report->last_ns - branch->since_ns,
                           text->str);
    } else {
        html_append_text(html, heading_of(4), "-");
        html_append_text(html, heading_of(5), "-");
    }
    g_string_append(html, "</tr>\n");
    g_string_free(text, TRUE);
    output_flush(page->output);
}

static gboolean is_open(const struct report_branch *branch)
{
    return branch->outcome != SSTP_STORY_DELIVERED && branch->outcome != SSTP_STORY_NOT_KNOWN;
}

static guint count_open(const struct report *report)
{
    guint num = 0;

    for (guint i = 0; i < report->branches->len; i++)
        num += is_open(REPORT_AT(report->branches, struct report_branch, i)) ? 1 : 0;
    return num;
}

void html_undelivered(struct html_page *page)
{
    const struct report *report = page->report;
    const guint num = count_open(report);
    guint row = 0;

    if (num == 0)
        return;
    html_begin_table(page, "Not delivered", num, undelivered_headings);
    for (guint i = 0; i < report->journeys->len && row < HTML_ROWS_MAX; i++) {
        const struct report_journey *journey = journey_at(report, i);
        for (guint k = 0; k < journey->num_branches && row < HTML_ROWS_MAX; k++) {
            if (!is_open(branch_at(report, journey, k)))
                continue;
            append_branch_row(page, i, branch_at(report, journey, k));
            row++;
        }
    }
    html_end_table(page);
}

/* ------------------------------------------------------------------------
 * Drawings
 */

/* The first of those that were asked for are open. */
#define OPEN_MAX 10u

static void append_outcome(GString *html, const struct report *report,
                           const struct report_journey *journey)
{
    guint num_delivered = 0, num_open = 0;

    for (guint i = 0; i < journey->num_branches; i++) {
        const struct report_branch *branch = branch_at(report, journey, i);
        num_delivered += branch->outcome == SSTP_STORY_DELIVERED;
        num_open += is_open(branch) ? 1 : 0;
    }
    g_string_append_printf(html, "<span class=\"%s\">%u of %u delivered</span>",
                           num_open > 0 ? "bad" : "soft", num_delivered, journey->num_branches);
}

static void append_branches(GString *html, const struct report *report, guint index)
{
    const struct report_journey *journey = journey_at(report, index);
    GString *text = g_string_new(NULL);

    /* A browser opens what a link leads into. */
    g_string_append_printf(html, "<ul class=\"branches\" id=\"j%u\">", index);
    for (guint i = 0; i < journey->num_branches && i < LADDER_EVENTS_MAX; i++) {
        g_string_truncate(text, 0);
        ladder_append_branch(text, report, branch_at(report, journey, i));
        g_string_append(html, "<li>");
        markup_append(html, text->str);
        g_string_append(html, "</li>");
    }
    if (journey->num_branches > LADDER_EVENTS_MAX)
        g_string_append_printf(html, "<li>and %u more</li>",
                               journey->num_branches - LADDER_EVENTS_MAX);
    g_string_append(html, "</ul>\n");
    g_string_free(text, TRUE);
}

static void print_journey(struct html_page *page, guint index, gboolean opens)
{
    GString *html = output_text(page->output), *text = g_string_new(NULL);
    const struct report *report = page->report;

    ladder_append_title(text, report, index);
    g_string_append_printf(html, "<details%s><summary><h3>", opens ? " open" : "");
    markup_append(html, text->str);
    g_string_append(html, "</h3> ");
    append_outcome(html, report, journey_at(report, index));
    g_string_append(html, "</summary>\n");
    append_branches(html, report, index);
    g_string_append(html, "<div class=\"wide\">");
    drawing_ladder(html, report, index);
    g_string_append(html, "</div>\n");
    drawing_custody(html, report, index);
    g_string_append(html, "</details>\n");
    g_string_free(text, TRUE);
    output_flush(page->output);
}

static void append_legend(GString *html)
{
    static const char *const keys[][2] = {{"sent", "sent"},
                                          {"ack", "acknowledged, after so long"},
                                          {"lost", "not acknowledged"},
                                          {"held", "had it and passed it on"},
                                          {"holds", "has it for somebody"},
                                          {"has", "has got it"}};

    g_string_append(html, "<p class=\"legend\">");
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
        drawing_append_key(html, keys[i][0], keys[i][1]);
    g_string_append(html, "</p>\n");
}

void html_journeys(struct html_page *page)
{
    GString *html = output_text(page->output);
    const gboolean was_asked = !pick_is_empty(page->pick);

    g_string_append_printf(html, "<h2>%s</h2>\n",
                           was_asked ? "Journeys"
                           : page->num_first > 0
                               ? "Journeys: what was not delivered, and the slowest"
                               : "Journeys: the slowest");
    if (page->order->len == 0) {
        g_string_append_printf(html, "<p>%s</p>\n", was_asked ? "No journey fits." : "None.");
        return;
    }
    if (page->num_wanted > page->num_first || page->report->journeys->len > page->order->len)
        g_string_append_printf(html, "<p class=\"soft\">Drawn are %u of %u.</p>\n",
                               page->order->len,
                               was_asked ? page->num_wanted : page->report->journeys->len);
    append_legend(html);
    for (guint i = 0; i < page->order->len; i++)
        print_journey(page, g_array_index(page->order, guint, i),
                      i < OPEN_MAX && (i < page->num_first || page->num_first == 0) &&
                          (page->num_first > 0 || i < 3));
}
