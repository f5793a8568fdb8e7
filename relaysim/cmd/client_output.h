/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * client_output: lines that go out to a file that may not take them, for a loop that must not
 * wait for it.
 *
 * A thread of its own writes them, in order, and tells the loop when they are out.  A reader
 * that has closed its end is noticed even while there is nothing to write.  Whether the
 * descriptor blocks is left as it is, for it may be shared with other programs.
 */
#ifndef RELAYSIM_CMD_CLIENT_OUTPUT_H
#define RELAYSIM_CMD_CLIENT_OUTPUT_H

#include <glib.h>
#include <stdbool.h>
#include <uv.h>

/* Bytes that wait, with which it is full: the caller lets nothing more come then. */
#define CLIENT_OUTPUT_MAX (1u << 20)

struct client_output;

/* In the loop: `num` more lines are out; then, where `error` is not 0, no more will be, and why
 * (errno). */
typedef void client_output_written(void *cookie, size_t num, int error);

/* Begins; NULL when there is no thread or pipe to be had. */
struct client_output *client_output_start(uv_loop_t *loop, int fd, client_output_written *written,
                                          void *cookie);

/* One more line; it is the output's then. */
void client_output_add(struct client_output *output, GBytes *line);

/* Whether CLIENT_OUTPUT_MAX is reached; and whether half of it has gone again. */
bool client_output_is_full(struct client_output *output);
bool client_output_has_room(struct client_output *output);

/* Tells `written` now of all that is out: what a reader has seen already may not have been told
 * yet. */
void client_output_take_notice(struct client_output *output);

/* Writes no more, wherever it is, and frees it when the loop runs for the next time.  NULL is
 * fine. */
void client_output_stop(struct client_output *output);

#endif
