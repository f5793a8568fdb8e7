/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * truth: what really was sent, as JSON lines, for checking a decoder.
 *
 * Each line is made from the struct sstp_command that was sent, not from its
 * bytes.  Beside what every line has (t, stream, event, from, command) it holds
 * every field on the wire under its name behind `sstp.` (core/fields.h): numbers
 * as numbers, strings as strings, lists as arrays beside their count, tokens and
 * data in hexadecimal.
 */
#ifndef RELAYSIM_TRUTH_H
#define RELAYSIM_TRUTH_H

#include "command.h"

struct truth;
struct truth_stream;

/* NULL with errno set when the file cannot be made. */
struct truth *truth_open(const char *path);

/* False when something could not be written. */
bool truth_close(struct truth *truth);

/* The stream of a connection, known by a name that both its ends agree on.  It
 * gets its number with its first command.  Give it back with _leave(). */
struct truth_stream *truth_enter(struct truth *truth, const char *name);
void truth_leave(struct truth_stream *stream);

/* A command was sent at `time_ns` since the epoch. */
void truth_command(struct truth_stream *stream, bool from_initiator,
                   const struct sstp_command *command, uint64_t time_ns);

#endif
