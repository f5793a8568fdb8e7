/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rows: the records of a report, cell by cell; schema.json says of each what it is.
 *
 * Every record of something that frames brought has `file`, `frame`, `t_ns` and `captured_ns` of
 * the first of them, the number of its connection, its addresses, and in `filter` what shows it
 * in Wireshark when that file is open.
 */
#ifndef ANALYZE_RECORD_ROWS_H
#define ANALYZE_RECORD_ROWS_H

#include "record/cell.h"
#include "record/store.h"

/* Fills a record.  What it points to lives as long as the report, and until the record begins
 * anew. */
void rows_point(const struct report *report, guint index, struct record *record);
void rows_connection(const struct report *report, guint index, struct record *record);
void rows_session(const struct report *report, guint index, struct record *record);
void rows_journey(const struct report *report, guint index, struct record *record);
void rows_message(const struct report *report, guint index, struct record *record);
void rows_finding(const struct report *report, guint index, struct record *record);
void rows_command(const struct report *report, const struct report_command *command,
                  struct record *record);

/* The cells that many have: where it is, of a frame that may be NULL, and whose. */
void rows_add_place(const struct report *report, struct record *record,
                    const struct report_frame *frame);
void rows_add_connection(struct record *record, const struct report_connection *connection);

/* A display filter for the frames of a journey that are in the file of its first one. */
const char *rows_frames_filter(const struct report *report, struct record *record,
                               const struct report_journey *journey);

/* A display filter for all of a connection, in the record. */
const char *rows_connection_filter(struct record *record,
                                   const struct report_connection *connection);

#endif
