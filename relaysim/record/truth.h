/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * truth: what really happened, as JSON lines in the order of time, for checking a
 * decoder.
 *
 * Every line has `t` (seconds since 1970) and `event`; and `stream`, the number of its
 * connection among those of the file, in the order in which their first bytes passed, as
 * sstp.stream counts.  `at` is the end that saw it, `from` the end that sent the
 * command or message, or opened the session: "initiator" or "acceptor" of the
 * connection.  The file has what the ends in this process saw, and each of them told
 * once; with both ends in the process a state is told by both.  Through a proxy in the process a
 * connection is two streams, as in the capture, each with the end that is on it.
 *
 *     command                from, command, session, and every field on the wire under
 *                            its name after `sstp.` (core/fields.h), made from the
 *                            struct sstp_command that was sent, not from its bytes:
 *                            numbers as numbers, strings as strings, lists as arrays
 *                            beside their count, tokens and data in hexadecimal
 *     connection-state       at, state (as sstp.connection.state); closed: why
 *     session-state          at, from, session, state (as sstp.session.state): the
 *                            originator's, or what the receiver takes it to be;
 *                            closed: why
 *     message-sent           at = from, session, number, ordinal, length: its EndMessage
 *                            has entered the output
 *     message-delivered      at, from, session, number, length: the receiver has all of
 *                            it, and hands it to its higher layer
 *     message-acked          at = from, session, number, given_up: a MessageCount took it
 *                            off the sender's list.  given_up: told as unacknowledged before
 *     message-unacknowledged at = from, session, number, why: the sender does not wait for
 *                            its acknowledgement any more; it may have been delivered
 *     message-discarded      at, from, session, number, why: the receiver does not pass it
 *                            on.  By a relay, also length, and for whom: identity_url,
 *                            device_url, resource_url, or relay_url for all recipients at
 *                            another relay; without stream, at, from, session, number and
 *                            length where an earlier run of the relay received it, or this
 *                            one before the file was opened anew
 *     lines-dropped          lines: so many are missing here, for which there was no room
 *     fault                  fault (its kind), text: something was broken on purpose
 *
 * `number` counts the messages of a direction from 1 in the order of their EndMessages,
 * as acknowledgements do (GRVSSTP 3.1.4.2.1); `ordinal` in the order of their Message
 * commands, as sstp.message.number does.  `length` is that of the data.
 *
 * A string that is not UTF-8 has a second member with its bytes (base/json_text.h).
 *
 * A connection has no line before its first command, sent or received; where it ends
 * without any, or before a byte of it has passed, it has none at all.
 */
#ifndef RELAYSIM_RECORD_TRUTH_H
#define RELAYSIM_RECORD_TRUTH_H

#include "core/command.h"
#include "endpoint/note.h"

struct sstp_relay_discard;
struct truth;
struct truth_stream;

/* Into a file that stays the caller's, and into the answers of a capture, which outlives it
 * (capture_begin_answers()); either may be NULL.  In a capture `data` longer than 64 bytes are
 * `data_sha256_of_hex`, of what would have been its hexadecimal digits. */
struct recording_file;
struct capture;
struct truth *truth_new(struct recording_file *file, struct capture *answers);

/* The file is opened anew: what happens from now on goes into another one, in which streams
 * are counted from 0 again.  A stream that goes on gets its number with its first bytes, see
 * truth_passed(), or its first line. */
void truth_reopen(struct truth *truth);

/* Before the file is closed.  NULL is fine. */
void truth_free(struct truth *truth);

/* The stream of a connection, known by a name that both its ends agree on.  It gets its number
 * with its first bytes, see truth_passed(); its lines, and those after them, wait until then.
 * Give it back with _leave(). */
struct truth_stream *truth_enter(struct truth *truth, const char *name);
void truth_leave(struct truth_stream *stream);

/* All times are in nanoseconds since the epoch. */

/* A command was sent. */
void truth_command(struct truth_stream *stream, bool from_initiator,
                   const struct sstp_command *command, uint64_t time_ns);

/* The endpoint at this end took a note. */
void truth_note(struct truth_stream *stream, bool at_initiator, const struct sstp_ep_note *note,
                uint64_t time_ns);

/* Bytes of the connection pass: before a capture beside the file has them. */
void truth_passed(struct truth_stream *stream);

/* A number for the label of an origin (store/store.h), to name a stream that may have been
 * left when something is discarded.  For one with a command. */
uint64_t truth_label(struct truth_stream *stream, bool at_initiator);

/* A relay discarded a message. */
void truth_discarded(struct truth *truth, const struct sstp_relay_discard *discard,
                     uint64_t time_ns);

/* Something was broken on purpose: of what kind, in a word or a few ("cut"), and what
 * exactly, in a sentence.  `stream` is NULL when it concerns no connection; one without
 * a number is left out. */
void truth_fault(struct truth *truth, struct truth_stream *stream, const char *kind,
                 const char *text, uint64_t time_ns);

#endif
