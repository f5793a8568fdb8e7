/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/drawing.h"

#include <string.h>

#include "report/ladder.h"
#include "report/markup.h"
#include "report/moment.h"
#include "report/steps.h"

/* Units of a ladder; the page scales it. Lanes are as wide as the page has room for, between these;
 * what is wider then can be scrolled. */
#define ROOM 1124u
#define LANE_MAX 170u
#define LANE_MIN 120u
#define LETTER 7u /* of a name above a lane */
#define ROW 30u
#define HEAD 34u
#define TIME 110u

/* Scaled as a whole, where it has to be. */
static void open_ladder(GString *html, guint width, guint height)
{
    g_string_append_printf(html,
                           "<svg class=\"ladder\" viewBox=\"0 0 %u %u\" width=\"%u\" "
                           "role=\"img\"><title>What went between whom</title>",
                           width, height, width);
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

static guint lane_width(guint num)
{
    return CLAMP((ROOM - TIME) / MAX(num, 1), LANE_MIN, LANE_MAX);
}

static guint lane_x(guint lane, guint party)
{
    return TIME + lane / 2 + party * lane;
}

static void draw_parties(GString *html, const struct steps *steps, guint num, guint height)
{
    const guint lane = lane_width(num);

    for (guint i = 0; i < num; i++) {
        const char *name = steps_party(steps, i);
        g_string_append_printf(html, "<g><title>");
        markup_append(html, name);
        g_string_append_printf(html, "</title><text class=\"party\" x=\"%u\" y=\"18\">",
                               lane_x(lane, i));
        append_name(html, name, MIN(lane / LETTER, 22));
        g_string_append_printf(html,
                               "</text><line class=\"lane\" x1=\"%u\" y1=\"%u\" x2=\"%u\" "
                               "y2=\"%u\"/></g>",
                               lane_x(lane, i), HEAD - 8, lane_x(lane, i), height - 6);
    }
}

static void draw_step(GString *html, const struct report *report, const struct step *step,
                      guint lane, guint row, gint64 begin_ns)
{
    const guint y = HEAD + row * ROW + ROW / 2;
    const guint from = lane_x(lane, step->sender), to = lane_x(lane, step->receiver);
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

/* The same in words, for a screen that has no room for lanes. */
static void list_steps(GString *html, const struct report *report, const struct steps *steps,
                       guint num)
{
    GString *what = g_string_new(NULL);

    g_string_append(html, "<ol class=\"steps\">");
    for (guint i = 0; i < num; i++) {
        const struct step *step = REPORT_AT(steps->steps, struct step, i);
        g_string_append(html, "<li><b>+");
        append_span(html, step->t_ns - REPORT_AT(steps->steps, struct step, 0)->t_ns);
        g_string_append(html, "</b> ");
        append_name(html, steps_party(steps, step->sender), 22);
        g_string_append(html, " \342\206\222 ");
        append_name(html, steps_party(steps, step->receiver), 22);
        g_string_append_printf(html, "<div class=\"%s\">",
                               step->is_acknowledgement ? "ack" : "soft");
        g_string_truncate(what, 0);
        steps_append_what(what, report, step);
        markup_append(html, what->str);
        g_string_append(html, "</div></li>");
    }
    g_string_append(html, "</ol>");
    g_string_free(what, TRUE);
}

void drawing_ladder(GString *html, const struct report *report, guint index)
{
    struct steps steps;

    steps_collect(&steps, report, index);
    const guint num_parties = MIN(steps.parties->len, DRAWING_PARTIES_MAX);
    const guint num_steps = MIN(steps.steps->len, DRAWING_STEPS_MAX);
    const guint height = HEAD + num_steps * ROW + 8, lane = lane_width(num_parties);
    guint row = 0;

    open_ladder(html, TIME + num_parties * lane, height);
    draw_parties(html, &steps, num_parties, height);
    for (guint i = 0; i < num_steps; i++) {
        const struct step *step = REPORT_AT(steps.steps, struct step, i);
        if (step->sender < num_parties && step->receiver < num_parties)
            draw_step(html, report, step, lane, row++,
                      REPORT_AT(steps.steps, struct step, 0)->t_ns);
    }
    g_string_append(html, "</svg>\n");
    list_steps(html, report, &steps, num_steps);
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
    gint64 since_ns;       /* as he is said to; 0: since it was seen with him */
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
        for (guint k = 0; k < steps->parties->len; k++) {
            if (strcmp(steps_party(steps, k), branch->holder) != 0)
                continue;
            parties[k].is_keeping = TRUE;
            if (parties[k].since_ns == 0 || branch->since_ns < parties[k].since_ns)
                parties[k].since_ns = branch->since_ns;
        }
    }
}

/* How long it was had: who has got it has it for good, and who has it for somebody at least until
 * the end of what was captured, which is later than that of the bars. */
static void append_holding(GString *html, const struct report *report,
                           const struct custody *custody, const char *class, gboolean is_short)
{
    if (strcmp(class, "held") == 0) {
        g_string_append(html, is_short ? "" : "had it for ");
        append_span(html, custody->end_ns - custody->begin_ns);
    } else if (strcmp(class, "has") == 0) {
        g_string_append(html, "has got it");
    } else {
        g_string_append(html, is_short ? "has it, " : "has it, since ");
        append_span(html, report->last_ns -
                              (custody->since_ns != 0 ? custody->since_ns : custody->begin_ns));
        g_string_append(html, is_short ? "" : " before the end");
    }
}

/* A row has a name, and below it a bar as wide as the page allows. */
#define BAR_ROW 34u
#define BAR_HEIGHT 12u

static void draw_bar(GString *html, const struct report *report, const struct custody *custody,
                     const char *name, guint row, gint64 begin_ns, gint64 end_ns)
{
    const gboolean is_open = !custody->is_passed_on || custody->is_keeping;
    const char *class = custody->is_keeping || (is_open && custody->has_sent) ? "holds"
                        : is_open                                             ? "has"
                                                                              : "held";
    const gint64 until_ns = is_open ? end_ns : custody->end_ns;

    g_string_append(html, "<g><title>");
    markup_append(html, name);
    g_string_append_c(html, ' ');
    append_holding(html, report, custody, class, FALSE);
    g_string_append_printf(html, "</title><text x=\"0\" y=\"%u\">", row * BAR_ROW + 13);
    append_name(html, name, 22);
    g_string_append(html, "<tspan class=\"soft\" dx=\"8\">");
    append_holding(html, report, custody, class, TRUE);
    g_string_append_printf(html, "</tspan></text><rect class=\"%s\" ", class);
    drawing_append_bar(html, custody->begin_ns, until_ns, begin_ns, end_ns);
    g_string_append_printf(html, " y=\"%u\" height=\"%u\"/></g>", row * BAR_ROW + 18, BAR_HEIGHT);
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
    drawing_open_chart(html, num * BAR_ROW + 4, "Who had the message when");
    for (guint i = 0; i < num; i++)
        if (parties[i].has_begun)
            draw_bar(html, report, &parties[i], steps_party(&steps, i), row++, begin_ns, end_ns);
    g_string_append(html, "</svg>\n");
    g_free(parties);
    steps_clear(&steps);
}
