/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/drawing.h"

#include <math.h>
#include <string.h>

#include "report/ladder.h"
#include "report/markup.h"
#include "report/moment.h"
#include "report/steps.h"

/* Units of the drawings; the page scales them. */
#define LANE 170u
#define ROW 30u
#define HEAD 34u
#define TIME 110u
#define BAR_LEFT 180u
#define BAR_WIDTH 800u

static void open_svg(GString *html, guint width, guint height, const char *title)
{
    g_string_append_printf(html, "<svg viewBox=\"0 0 %u %u\" width=\"%u\" role=\"img\"><title>",
                           width, height, width);
    markup_append(html, title);
    g_string_append(html, "</title>");
}

static void append_name(GString *html, const char *name, gsize width)
{
    GString *text = g_string_new(NULL);

    ladder_append_name(text, name, width);
    markup_append(html, text->str);
    g_string_free(text, TRUE);
}

static void append_span(GString *html, gint64 span_ns)
{
    GString *text = g_string_new(NULL);

    moment_append_span(text, span_ns);
    markup_append(html, text->str);
    g_string_free(text, TRUE);
}

/* ------------------------------------------------------------------------
 * The ladder
 */

static guint lane_x(guint party)
{
    return TIME + LANE / 2 + party * LANE;
}

static void draw_parties(GString *html, const struct steps *steps, guint num, guint height)
{
    for (guint i = 0; i < num; i++) {
        const char *name = steps_party(steps, i);
        g_string_append_printf(html, "<g><title>");
        markup_append(html, name);
        g_string_append_printf(html, "</title><text class=\"party\" x=\"%u\" y=\"18\">", lane_x(i));
        append_name(html, name, 22);
        g_string_append_printf(html,
                               "</text><line class=\"lane\" x1=\"%u\" y1=\"%u\" x2=\"%u\" "
                               "y2=\"%u\"/></g>",
                               lane_x(i), HEAD - 8, lane_x(i), height - 6);
    }
}

static void draw_step(GString *html, const struct report *report, const struct step *step,
                      guint row, gint64 begin_ns)
{
    const guint y = HEAD + row * ROW + ROW / 2;
    const guint from = lane_x(step->sender), to = lane_x(step->receiver);
    const struct report_hop *hop = REPORT_AT(report->hops, struct report_hop, step->hop);
    const gboolean is_lost = !step->is_acknowledgement && hop->passage != SSTP_STORY_ACKNOWLEDGED;
    GString *what = g_string_new(NULL);

    steps_append_what(what, report, step);
    g_string_append(html, "<g><title>");
    markup_append(html, what->str);
    g_string_append_printf(html, "</title><text class=\"when\" x=\"%u\" y=\"%u\">+", TIME - 4,
                           y + 4);
    append_span(html, step->t_ns - begin_ns);
    g_string_append_printf(html,
                           "</text><line class=\"%s\" x1=\"%u\" y1=\"%u\" x2=\"%u\" y2=\"%u\"/>",
                           step->is_acknowledgement ? "ack"
                           : is_lost                ? "lost"
                                                    : "sent",
                           from, y, to, y);
    const int side = from < to ? -7 : 7;
    g_string_append_printf(html,
                           "<path class=\"%s\" d=\"M%u %u l%d -4 l0 8 z\"/>"
                           "<text class=\"what\" x=\"%u\" y=\"%u\">",
                           step->is_acknowledgement ? "ack"
                           : is_lost                ? "lost"
                                                    : "sent",
                           to, y, side, (from + to) / 2, y - 4);
    if (step->is_acknowledgement) {
        append_span(html, hop->acked_ns - hop->t_ns);
    } else {
        g_string_append_printf(html, "#%u", hop->connection);
        if (hop->number > 0 && hop->certainty == SSTP_STORY_LIKELY)
            g_string_append(html, " likely");
    }
    g_string_append(html, "</text></g>");
    g_string_free(what, TRUE);
}

void drawing_ladder(GString *html, const struct report *report, guint index)
{
    struct steps steps;

    steps_collect(&steps, report, index);
    const guint num_parties = MIN(steps.parties->len, DRAWING_PARTIES_MAX);
    const guint num_steps = MIN(steps.steps->len, DRAWING_STEPS_MAX);
    const guint height = HEAD + num_steps * ROW + 8;
    guint row = 0;

    open_svg(html, TIME + num_parties * LANE, height, "What went between whom");
    draw_parties(html, &steps, num_parties, height);
    for (guint i = 0; i < num_steps; i++) {
        const struct step *step = REPORT_AT(steps.steps, struct step, i);
        if (step->sender < num_parties && step->receiver < num_parties)
            draw_step(html, report, step, row++, REPORT_AT(steps.steps, struct step, 0)->t_ns);
    }
    g_string_append(html, "</svg>");
    if (steps.parties->len > num_parties || steps.steps->len > num_steps)
        g_string_append_printf(html, "<p>Drawn are %u of %u parties and %u of %u steps.</p>",
                               num_parties, steps.parties->len, row, steps.steps->len);
    steps_clear(&steps);
}

/* ------------------------------------------------------------------------
 * Custody
 */

/* When a party has had the message. */
struct custody {
    gint64 begin_ns, end_ns;
    gboolean has_begun, has_sent;
    gboolean is_passed_on; /* to all that it has sent it to */
    gboolean is_keeping;   /* for somebody who has not got it */
};

/* By each hop of a journey whose first attempt it is: whether one of them was acknowledged. */
static gboolean *find_passed(const struct report *report, const struct report_journey *journey)
{
    gboolean *is_passed = g_new0(gboolean, journey->num_hops);

    for (guint i = 0; i < journey->num_hops; i++) {
        const struct report_hop *hop =
            REPORT_AT(report->hops, struct report_hop, journey->first_hop + i);
        const guint32 first = hop->attempt_of - journey->first_hop;
        if (hop->passage == SSTP_STORY_ACKNOWLEDGED && first < journey->num_hops)
            is_passed[first] = TRUE;
    }
    return is_passed;
}

static void follow_custody(struct custody *parties, const struct report *report,
                           const struct report_journey *journey, const struct steps *steps)
{
    gboolean *is_passed = find_passed(report, journey);

    for (guint i = 0; i < steps->steps->len; i++) {
        const struct step *step = REPORT_AT(steps->steps, struct step, i);
        const struct report_hop *hop = REPORT_AT(report->hops, struct report_hop, step->hop);
        struct custody *sender = &parties[step->is_acknowledgement ? step->receiver : step->sender];
        struct custody *receiver =
            &parties[step->is_acknowledgement ? step->sender : step->receiver];
        if (!sender->has_begun) {
            sender->has_begun = TRUE;
            sender->begin_ns = hop->t_ns;
        }
        if (step->is_acknowledgement) {
            sender->end_ns = MAX(sender->end_ns, step->t_ns);
            if (!receiver->has_begun) {
                receiver->has_begun = TRUE;
                receiver->begin_ns = step->t_ns;
            }
        } else {
            if (!sender->has_sent)
                sender->is_passed_on = TRUE;
            sender->has_sent = TRUE;
            if (hop->attempt_of == step->hop && !is_passed[step->hop - journey->first_hop])
                sender->is_passed_on = FALSE;
        }
    }
    g_free(is_passed);
}

/* Who has passed it on to one may still have it for another. */
static void find_keepers(struct custody *parties, const struct report *report,
                         const struct report_journey *journey, const struct steps *steps)
{
    for (guint i = 0; i < journey->num_branches; i++) {
        const struct report_branch *branch =
            REPORT_AT(report->branches, struct report_branch, journey->first_branch + i);
        if (branch->holder == NULL || branch->outcome == SSTP_STORY_DELIVERED)
            continue;
        for (guint k = 0; k < steps->parties->len; k++)
            if (strcmp(steps_party(steps, k), branch->holder) == 0)
                parties[k].is_keeping = TRUE;
    }
}

static guint bar_x(gint64 t_ns, gint64 begin_ns, gint64 end_ns)
{
    const double span = (double)MAX(end_ns - begin_ns, 1);

    return BAR_LEFT + (guint)(BAR_WIDTH * CLAMP((double)(t_ns - begin_ns) / span, 0.0, 1.0));
}

static void draw_bar(GString *html, const struct custody *custody, const char *name, guint row,
                     gint64 begin_ns, gint64 end_ns)
{
    const gboolean is_open = !custody->is_passed_on || custody->is_keeping;
    const char *class = custody->is_keeping || (is_open && custody->has_sent) ? "holds"
                        : is_open                                             ? "has"
                                                                              : "held";
    const gint64 until_ns = is_open ? end_ns : custody->end_ns;
    const guint from = bar_x(custody->begin_ns, begin_ns, end_ns);
    const guint to = MAX(bar_x(until_ns, begin_ns, end_ns), from + 3);

    g_string_append(html, "<g><title>");
    markup_append(html, name);
    g_string_append(html, is_open ? " has it at the end, for " : " had it for ");
    append_span(html, until_ns - custody->begin_ns);
    g_string_append_printf(html, "</title><text class=\"name\" x=\"%u\" y=\"%u\">", BAR_LEFT - 8,
                           row * ROW + 20);
    append_name(html, name, 22);
    g_string_append_printf(html,
                           "</text><rect class=\"%s\" x=\"%u\" y=\"%u\" width=\"%u\" "
                           "height=\"%u\"/></g>",
                           class, from, row * ROW + 8, to - from, ROW - 14);
}

void drawing_custody(GString *html, const struct report *report, guint index)
{
    const struct report_journey *journey =
        REPORT_AT(report->journeys, struct report_journey, index);
    struct steps steps;
    guint row = 0;

    steps_collect(&steps, report, index);
    const guint num = MIN(steps.parties->len, DRAWING_PARTIES_MAX);
    const gint64 begin_ns = REPORT_AT(steps.steps, struct step, 0)->t_ns;
    const gint64 end_ns = journey->last_ns + MAX((journey->last_ns - begin_ns) / 10, 1000);
    struct custody *parties = g_new0(struct custody, steps.parties->len);

    follow_custody(parties, report, journey, &steps);
    find_keepers(parties, report, journey, &steps);
    open_svg(html, BAR_LEFT + BAR_WIDTH + 20, num * ROW + 6, "Who had the message when");
    for (guint i = 0; i < num; i++)
        if (parties[i].has_begun)
            draw_bar(html, &parties[i], steps_party(&steps, i), row++, begin_ns, end_ns);
    g_string_append(html, "</svg>");
    g_free(parties);
    steps_clear(&steps);
}

/* ------------------------------------------------------------------------
 * Delays
 */

/* Each class is ten to the power of a third as long as the one before: from a microsecond up. */
#define CLASSES 33u

static guint class_of(gint64 delay_ns)
{
    const double us = (double)delay_ns / 1e3;
    return us < 1 ? 0 : MIN((guint)(log10(us) * 3), CLASSES - 1);
}

void drawing_delays(GString *html, const struct report *report)
{
    guint64 counts[CLASSES] = {0}, most = 0;
    guint first = CLASSES, last = 0;

    for (guint i = 0; i < report->messages->len; i++) {
        const struct report_message *message =
            REPORT_AT(report->messages, struct report_message, i);
        if (message->state != REPORT_MESSAGE_ACKNOWLEDGED || !message->has_ended)
            continue;
        const guint class = class_of(message->acked_ns - message->end_ns);
        counts[class]++;
        most = MAX(most, counts[class]);
        first = MIN(first, class);
        last = MAX(last, class);
    }
    if (most == 0)
        return;
    const guint width = 60, num = last - first + 1;
    open_svg(html, num * width + 20, 170, "How long acknowledgements took");
    for (guint i = 0; i < num; i++) {
        const guint64 count = counts[first + i];
        const guint height = (guint)((double)count / (double)most * 100);
        const guint x = 10 + i * width;
        g_string_append_printf(html,
                               "<rect class=\"held\" x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\"/>"
                               "<text class=\"count\" x=\"%u\" y=\"%u\">%" G_GUINT64_FORMAT
                               "</text><text class=\"count\" x=\"%u\" y=\"150\">",
                               x + 4, 130 - height, width - 8, height, x + width / 2, 124 - height,
                               count, x + width / 2);
        append_span(html, (gint64)(1e3 * pow(10, (double)(first + i) / 3)));
        g_string_append(html, "</text>");
    }
    g_string_append(html, "</svg>");
}

/* ------------------------------------------------------------------------
 * Connections
 */

void drawing_connections(GString *html, const struct report *report)
{
    const guint num = MIN(report->connections->len, DRAWING_CONNECTIONS_MAX), row = 16;

    if (num == 0)
        return;
    open_svg(html, BAR_LEFT + BAR_WIDTH + 20, num * row + 6, "Connections over time");
    for (guint i = 0; i < num; i++) {
        const struct report_connection *one =
            REPORT_AT(report->connections, struct report_connection, i);
        const guint from = bar_x(one->first_ns, report->first_ns, report->last_ns);
        const guint to = bar_x(one->last_ns, report->first_ns, report->last_ns);
        g_string_append_printf(html, "<g><title>#%u, ", one->number);
        append_span(html, one->last_ns - one->first_ns);
        g_string_append_printf(html, "</title><text class=\"name\" x=\"%u\" y=\"%u\">#%u %s</text>",
                               BAR_LEFT - 8, i * row + 13, one->number,
                               one->address_texts[1] != NULL ? one->address_texts[1] : "");
        g_string_append_printf(html,
                               "<rect class=\"%s\" x=\"%u\" y=\"%u\" width=\"%u\" "
                               "height=\"%u\"/></g>",
                               one->num_findings > 0 ? "holds" : "held", from, i * row + 4,
                               MAX(to - from, 3), row - 6);
    }
    g_string_append(html, "</svg>");
}
