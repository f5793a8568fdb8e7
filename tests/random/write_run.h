/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * write_run: what was heard at the initiator, as a capture, and the truth about it.
 *
 * PREFIX.pcapng has the bytes in real TCP segments (relaysim/record/capture.h), a connection
 * of its own for each of the run.  PREFIX.jsonl has a line for each command, in the
 * order in which they were complete there:
 *
 *     stream, from_initiator, command, findings, and
 *     what a decoder shows of it by its name after `sstp.` (plugin/FIELDS.md)
 *
 * A field that the line has not must not be shown; one that is null nobody at the
 * initiator knows, and it may be anything.  Where a field is a frame, the line has
 * the place of that command's line in the file, from 0.  "findings" are the experts
 * after `sstp.expert.`, `unacknowledged` on EndMessage as a second pass has it.
 */
#ifndef TESTS_RANDOM_WRITE_RUN_H
#define TESTS_RANDOM_WRITE_RUN_H

#include "play.h"

struct write_run;

/* NULL with errno set when a file cannot be made. */
struct write_run *write_run_open(const char *prefix);

/* False when something could not be written.  NULL is fine. */
bool write_run_close(struct write_run *writer);

/* A connection begins, or has ended with all that it carried.  In between the play
 * has to be there. */
void write_run_connection(struct write_run *writer, const struct play *play);
void write_run_connection_end(struct write_run *writer);

/* Bytes passed at the initiator. */
void write_run_bytes(struct write_run *writer, bool from_initiator, const void *data, size_t len,
                     int64_t time_ns);

#endif
