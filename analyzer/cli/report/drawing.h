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

/* A histogram of the times to acknowledgement; nothing where there are none. */
void drawing_delays(GString *html, const struct report *report);

/* Connections over time, the first of them. */
#define DRAWING_CONNECTIONS_MAX 100u
void drawing_connections(GString *html, const struct report *report);

#endif
