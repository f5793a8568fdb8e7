/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drawing_charts.c: bars over time, as wide as the page allows: what is along is in percent, and
 * text is as large as anywhere. */
#include <math.h>

#include "report/drawing.h"
#include "report/ladder.h"
#include "report/markup.h"
#include "report/moment.h"

void drawing_open_chart(GString *html, guint height, const char *title)
{
    g_string_append_printf(
        html, "<svg class=\"chart\" width=\"100%%\" height=\"%u\" role=\"img\"><title>%s</title>",
        height, title);
}

void drawing_append_key(GString *html, const char *class, const char *what)
{
    g_string_append_printf(html, "<span class=\"keyed\"><span class=\"key %s\"></span>%s</span> ",
                           class, what);
}

/* Of 10,000. */
static guint share_of(gint64 part, gint64 whole)
{
    return (guint)(CLAMP((double)part / (double)MAX(whole, 1), 0.0, 1.0) * 10000);
}

static void append_percent(GString *html, const char *name, guint share)
{
    g_string_append_printf(html, "%s=\"%u.%02u%%\"", name, share / 100, share % 100);
}

/* Something short is seen, too. */
#define SHARE_MIN 40u

/* x and width of what lasted, within `room` after `left`, both of 10,000. */
static void append_lasting(GString *html, gint64 from_ns, gint64 until_ns, gint64 begin_ns,
                           gint64 end_ns, guint left, guint room)
{
    const guint from = MIN(share_of(from_ns - begin_ns, end_ns - begin_ns), 10000 - SHARE_MIN);
    const guint until = MAX(share_of(until_ns - begin_ns, end_ns - begin_ns), from + SHARE_MIN);

    append_percent(html, "x", left + from * room / 10000);
    g_string_append_c(html, ' ');
    append_percent(html, "width", (until - from) * room / 10000);
}

void drawing_append_bar(GString *html, gint64 from_ns, gint64 until_ns, gint64 begin_ns,
                        gint64 end_ns)
{
    append_lasting(html, from_ns, until_ns, begin_ns, end_ns, 0, 10000);
}

static void append_span(GString *html, gint64 span_ns)
{
    GString *text = g_string_new(NULL);

    moment_append_span(text, span_ns);
    markup_append(html, text->str);
    g_string_free(text, TRUE);
}

/* ------------------------------------------------------------------------
 * Delays
 */

/* Each class is ten to the power of a third as long as the one before: from a microsecond up. */
#define CLASSES 33u
#define CLASS_ROW 20u
#define LABEL 2600u /* of 10,000: what stands left of the bars */
#define BARS 6400u  /* the longest of them */

static guint class_of(gint64 delay_ns)
{
    const double us = (double)delay_ns / 1e3;
    return us < 1 ? 0 : MIN((guint)(log10(us) * 3), CLASSES - 1);
}

static void draw_class(GString *html, guint class, guint64 count, guint64 most, guint row)
{
    const guint length = MAX((guint)((double)count / (double)most * BARS), count > 0 ? 20u : 0u);
    const guint y = row * CLASS_ROW;

    g_string_append_printf(html, "<text class=\"name\" x=\"25.5%%\" y=\"%u\">&lt; ", y + 14);
    append_span(html, (gint64)(1e3 * pow(10, (double)(class + 1) / 3) + 0.5));
    g_string_append(html, "</text><rect class=\"held\" ");
    append_percent(html, "x", LABEL);
    g_string_append_c(html, ' ');
    append_percent(html, "width", length);
    g_string_append_printf(html, " y=\"%u\" height=\"%u\"/><text class=\"count\" ", y + 3,
                           CLASS_ROW - 6);
    append_percent(html, "x", LABEL + length + 50);
    g_string_append_printf(html, " y=\"%u\">%" G_GUINT64_FORMAT "</text>", y + 14, count);
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
    if (most == 0) {
        g_string_append(html, "<p>Nothing was acknowledged.</p>\n");
        return;
    }
    drawing_open_chart(html, (last - first + 1) * CLASS_ROW + 4, "How long acknowledgements took");
    for (guint class = first; class <= last; class ++)
        draw_class(html, class, counts[class], most, class - first);
    g_string_append(html, "</svg>\n");
}

/* ------------------------------------------------------------------------
 * Connections
 */

#define CONNECTION_ROW 27u
#define CONNECTION_BAR 7u

/* As there is room for it on a phone. */
static void append_address(GString *html, const char *address)
{
    GString *text = g_string_new(NULL);

    ladder_append_name(text, address != NULL ? address : "?", 16);
    markup_append(html, text->str);
    g_string_free(text, TRUE);
}

static void draw_connection(GString *html, const struct report *report,
                            const struct report_connection *one, guint row)
{
    const guint y = row * CONNECTION_ROW;

    g_string_append_printf(html, "<text x=\"0\" y=\"%u\">#%u<tspan class=\"soft\" dx=\"6\">",
                           y + 13, one->number);
    append_address(html, one->address_texts[1]);
    g_string_append(html, " \342\206\222 ");
    append_address(html, one->address_texts[0]);
    g_string_append(html, ", ");
    markup_append(html, one->encapsulation);
    g_string_append(html, ", ");
    append_span(html, one->last_ns - one->first_ns);
    g_string_append_printf(html, "</tspan></text><rect class=\"%s\" y=\"%u\" height=\"%u\" ",
                           one->num_findings > 0 ? "holds" : "held", y + 17, CONNECTION_BAR);
    append_lasting(html, one->first_ns, one->last_ns, report->first_ns, report->last_ns, 0, 10000);
    g_string_append(html, "/>");
}

void drawing_connections(GString *html, const struct report *report)
{
    const guint num = MIN(report->connections->len, DRAWING_CONNECTIONS_MAX);

    if (num < report->connections->len)
        g_string_append_printf(html, "<p class=\"soft\">The first %u of %u.</p>\n", num,
                               report->connections->len);
    g_string_append(html, "<p class=\"legend\">");
    drawing_append_key(html, "held", "a connection");
    drawing_append_key(html, "holds", "one with findings");
    g_string_append(html, "from left to right ");
    append_span(html, report->last_ns - report->first_ns);
    g_string_append(html, "</p>\n");
    drawing_open_chart(html, num * CONNECTION_ROW + 4, "Connections over time");
    for (guint i = 0; i < num; i++)
        draw_connection(html, report, REPORT_AT(report->connections, struct report_connection, i),
                        i);
    g_string_append(html, "</svg>\n");
}
