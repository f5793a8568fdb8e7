/* SPDX-License-Identifier: GPL-2.0-or-later */
/* grid: a table of records as aligned columns for a terminal. */
#ifndef ANALYZE_REPORT_GRID_H
#define ANALYZE_REPORT_GRID_H

#include "base/output.h"
#include "report/tables.h"

/* Rows whose widths are looked at first; a wider one later breaks its line's alignment. */
#define GRID_MEASURED 1000u

/* The cell of a name, which the record has. */
const struct record_cell *grid_cell(const struct record *record, const char *name);

/* What a column says of a record, in words. */
void grid_format(GString *text, const struct record *record, const struct table_column *column);

/* Prints the rows that `wanted` has (indexes; NULL: all `num` from the first). */
void grid_print(struct output *output, const struct report *report, const struct table *table,
                const guint *wanted, guint num);

#endif
