/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tables: the types of records, by the names that --table has for them. */
#ifndef ANALYZE_REPORT_TABLES_H
#define ANALYZE_REPORT_TABLES_H

#include "record/cell.h"
#include "record/store.h"

/* A column for a terminal: one cell, or two with a word between. */
struct table_column {
    const char *heading;
    const char *cell;
    const char *joint, *second; /* NULL: one alone */
};

struct table {
    const char *name; /* "connections" */
    guint (*count)(const struct report *report);
    void (*row)(const struct report *report, guint index, struct record *record);
    const struct table_column *columns; /* ended by a heading of NULL */
};

#define TABLE_COMMANDS "commands" /* is no table: each is told as it comes */

/* All of them, in the order in which they are told; ended by a name of NULL. */
extern const struct table tables[];

/* NULL where there is none of that name. */
const struct table *table_find(const char *name);

#endif
