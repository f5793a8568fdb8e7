/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ladder: one journey in a terminal: who is on its way, and line by line what went between them.
 */
#ifndef ANALYZE_REPORT_LADDER_H
#define ANALYZE_REPORT_LADDER_H

#include "base/output.h"
#include "record/store.h"

/* Parties that get a column; a journey with more is told in lines without columns. */
#define LADDER_PARTIES_MAX 8u
#define LADDER_WIDTH 20u /* of a column */
/* Events and recipients that are told of one journey. */
#define LADDER_EVENTS_MAX 400u

/* A name as there is room for it: as it is, without its scheme, or "abcd..wxyz", for its beginning
 * and its end both tell something. */
void ladder_append_name(GString *text, const char *name, gsize width);

/* "Journey 7 "ref", 1,100 bytes, to 2 recipients" */
void ladder_append_title(GString *text, const struct report *report, guint journey);

/* "waiting: to bob; relay1 has it since ..." */
void ladder_append_branch(GString *text, const struct report *report,
                          const struct report_branch *branch);

void ladder_print_title(struct output *output, const struct report *report, guint journey);

void ladder_print(struct output *output, const struct report *report, guint journey);

/* One line a recipient: outcome, who has it and since when.  With open_only not those whose
 * device has it. */
void ladder_print_branches(struct output *output, const struct report *report, guint journey,
                           gboolean open_only);

#endif
