/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table: a statistic that is one table with a line for each thing that was seen,
 * in Wireshark's own window for them and in tshark.
 *
 *     static struct grvsstp_table table = {
 *         .ui = {.title = ..., .cli_string = ..., .packet_func = ..., .fields = ...},
 *         .row_size = sizeof(struct counts)};     begins with a struct grvsstp_row
 *     grvsstp_table_register(&table);
 *
 * and in packet_func
 *
 *     struct counts *counts = grvsstp_table_row(grvsstp_table_of(tapdata), key, &is_new);
 *     grvsstp_row_number(&counts->row, COLUMN_FRAMES, ++counts->num_frames);
 *
 * What may be unknown, or larger than 32 bits, is a column of text that is padded to
 * one width, so that it sorts as numbers do; unknown is empty.
 */
#ifndef GRVSSTP_STATISTICS_TABLE_H
#define GRVSSTP_STATISTICS_TABLE_H

#include "fields/compat.h"

#include <epan/stat_tap_ui.h>

/* A line.  The members are private. */
struct grvsstp_row {
    uint64_t key;
    unsigned num_cells;
    stat_tap_table_item_type *cells; /* Wireshark's */
};

struct grvsstp_table {
    stat_tap_table_ui ui; /* has to be the first; group and callbacks are set at registration */
    size_t row_size;
    void (*clear_row)(void *row); /* releases what the row's own members hold; or NULL */
    void (*begin)(void);          /* a window or tshark wants it, before any packet; or NULL */
    /* Called for each row before it is drawn; or NULL.  See grvsstp_table_finish_before_drawing().
     */
    void (*finish_row)(void *row);
    void (*finish)(void); /* likewise, once, before all rows; it may add some; or NULL */
    void (*forget)(void); /* the rows are gone, and so is what is kept beside them; or NULL */
    /* Private. */
    GHashTable *rows; /* by key */
    GSList *spare;    /* cells that windows may still look at */
    bool finishes_before_drawing;
    struct grvsstp_table *next;
};

/* At registration; the table has to live for ever. */
void grvsstp_table_register(struct grvsstp_table *table);

/* The table that a tap's callback is for. */
struct grvsstp_table *grvsstp_table_of(void *tapdata);

/* Whether a window or tshark has it.  A tap beside the table's own asks before it adds lines. */
bool grvsstp_table_is_shown(const struct grvsstp_table *table);

/* The line of this key.  A new one has zeros after its struct grvsstp_row, zeros
 * and empty texts in its cells. */
void *grvsstp_table_row(struct grvsstp_table *table, uint64_t key, bool *is_new);

/* To be called for each packet by a table with finish_row.  tshark, in one pass, draws before
 * anybody is told that the capture is at its end; the listener that came last is asked to draw
 * first: one that comes with the first packet, after the table's own. */
void grvsstp_table_finish_before_drawing(struct grvsstp_table *table);

/* All lines there are. */
void grvsstp_table_for_each(struct grvsstp_table *table, void (*visit)(void *row));

/* Sets a cell of a column TABLE_ITEM_UINT. */
void grvsstp_row_number(struct grvsstp_row *row, unsigned column, uint32_t value);

/* Sets a cell of a column TABLE_ITEM_STRING: to a copy of the text, which may be
 * NULL for none, to a number, to seconds. */
void grvsstp_row_text(struct grvsstp_row *row, unsigned column, const char *text);
void grvsstp_row_big_number(struct grvsstp_row *row, unsigned column, uint64_t value);
void grvsstp_row_seconds(struct grvsstp_row *row, unsigned column, double seconds);

#endif
