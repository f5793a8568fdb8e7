/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sort: the order in which records are told: that of the frames, whoever has added them. */
#ifndef ANALYZE_RECORD_SORT_H
#define ANALYZE_RECORD_SORT_H

#include "record/store.h"

void report_sort_frames(struct report *report);
void report_sort_findings(struct report *report);
void report_sort_messages(struct report *report);

/* In the order in which they were made.  Where each is then, by where it was; to be freed by the
 * caller, who has to tell those that name it. */
guint32 *report_sort_connections(struct report *report);
guint32 *report_sort_sessions(struct report *report);

#endif
