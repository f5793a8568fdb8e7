/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drawing: what the page has as SVG: the ladder of a journey, who has it when, and how long
 * acknowledgements took. */
#ifndef ANALYZE_REPORT_DRAWING_H
#define ANALYZE_REPORT_DRAWING_H

#include "record/store.h"

/* Parties and steps of a journey that are drawn; what is more is said. */
#define DRAWING_PARTIES_MAX 24u
#define DRAWING_STEPS_MAX 200u

void drawing_ladder(GString *html, const struct report *report, guint journey);
void drawing_custody(GString *html, const struct report *report, guint journey);

/* An SVG as wide as the page, `height` units high; the caller closes it. */
void drawing_open_chart(GString *html, guint height, const char *title);
/* x and width of a bar there, for what lasted, all of the chart being from begin_ns to end_ns. */
void drawing_append_bar(GString *html, gint64 from_ns, gint64 until_ns, gint64 begin_ns,
                        gint64 end_ns);

/* What a colour means. */
void drawing_append_key(GString *html, const char *class, const char *what);

/* A histogram of the times to acknowledgement. */
void drawing_delays(GString *html, const struct report *report);

/* Connections over time, the first of them. */
#define DRAWING_CONNECTIONS_MAX 100u
void drawing_connections(GString *html, const struct report *report);

#endif
