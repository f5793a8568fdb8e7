/* SPDX-License-Identifier: GPL-2.0-or-later */
/* text: the overview for a terminal: what was read, who spoke, what is not acknowledged, what
 * took longest, which rules were broken. */
#ifndef ANALYZE_REPORT_TEXT_H
#define ANALYZE_REPORT_TEXT_H

#include "base/output.h"
#include "record/store.h"

/* Rows of each list of the overview. */
#define TEXT_ROWS 20u

void text_overview(struct output *output, const struct report *report);

#endif
