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

/* With a pick, those journeys are drawn instead. */
void html_print(struct output *output, const struct report *report, const struct pick *pick);

#endif
