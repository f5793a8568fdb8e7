/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * client_input: standard input for a loop that must not wait for it.
 *
 * A thread of its own reads it, whatever it is, and hands on what came, one piece at a time:
 * nothing more is read before the loop asks for more.  Whether the descriptor blocks is left
 * as it is, for it may be shared with other programs.
 */
#ifndef RELAYSIM_CMD_CLIENT_INPUT_H
#define RELAYSIM_CMD_CLIENT_INPUT_H

#include <stddef.h>
#include <uv.h>

struct client_input;

/* In the loop: a piece has come, good until client_input_more(); or with `len` 0 the end,
 * where `error` is 0 or why no more can be read (errno).  The last one there is. */
typedef void client_input_came(void *cookie, const void *data, size_t len, int error);

/* Begins to read; NULL when there is no thread or pipe to be had. */
struct client_input *client_input_start(uv_loop_t *loop, client_input_came *came, void *cookie);

/* The piece that came last, if any, is dealt with. */
void client_input_more(struct client_input *input);

/* Reads no more, and frees it when the loop runs for the next time.  NULL is fine. */
void client_input_stop(struct client_input *input);

#endif
