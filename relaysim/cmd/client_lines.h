/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * client_lines: bytes that come in pieces, cut into lines.
 *
 * A line is what stands before a newline, any bytes, none at all included; and what stands
 * after the last newline, unless that is nothing.
 */
#ifndef RELAYSIM_CMD_CLIENT_LINES_H
#define RELAYSIM_CMD_CLIENT_LINES_H

#include <glib.h>

struct client_lines;

enum client_lines_result {
    CLIENT_LINES_LINE,
    CLIENT_LINES_NONE,    /* until more bytes come */
    CLIENT_LINES_TOO_LONG /* the next one is longer than `max`; so it stays */
};

/* For lines of at most `max` bytes, the newline not counted.  Free it with
 * client_lines_free(); NULL is fine there. */
struct client_lines *client_lines_new(gsize max);
void client_lines_free(struct client_lines *lines);

/* More bytes; not after client_lines_end(). */
void client_lines_add(struct client_lines *lines, const void *data, gsize len);

/* No more come: what is left is the last line. */
void client_lines_end(struct client_lines *lines);

/* Takes the next line out; *line is the caller's then. */
enum client_lines_result client_lines_next(struct client_lines *lines, GBytes **line);

#endif
