/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * html: the report as one page that asks nobody for anything.  It works without its script, which
 * sorts and filters tables; on paper; and on a phone, where the rows of tables are stacked.
 */
#ifndef ANALYZE_REPORT_HTML_H
#define ANALYZE_REPORT_HTML_H

#include "base/output.h"
#include "record/store.h"
#include "report/pick.h"

/* Journeys that are drawn, of those not delivered and of the slowest. */
#define HTML_DRAWN_MAX 200u
#define HTML_SLOWEST 5u
/* Rows of each table. */
#define HTML_ROWS_MAX 5000u

/* With a pick, those journeys are drawn instead. */
void html_print(struct output *output, const struct report *report, const struct pick *pick);

#endif
