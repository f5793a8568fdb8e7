/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * outlet: where a program that serves writes its lines, without ever waiting for whoever
 * reads them, or for a disk.
 *
 * A line goes out in one write, or is dropped and counted: to a pipe whose reader has
 * stopped or gone, a terminal that is held, a disk that is full.  Lines are short enough
 * for a pipe to take them whole; where a disk has taken the beginning of one, the next
 * begins on a line of its own.
 */
#ifndef RELAYSIM_BASE_OUTLET_H
#define RELAYSIM_BASE_OUTLET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OUTLET_LINE_MAX 4096u /* with its end; PIPE_BUF */

struct outlet {
    int fd;
    bool is_torn;         /* the last line has no end */
    uint64_t num_dropped; /* lines, since this was last set to 0 */
    int error;            /* of the last that was dropped; EAGAIN: nobody reads */
};

/* Writes a line, with its end, waiting at most `patience_ms` for a reader.  False when it
 * was dropped. */
bool outlet_put(struct outlet *outlet, const char *line, size_t len, int patience_ms);

/* Opens a file for appending, also a FIFO that nobody reads yet.  -1 with errno set. */
int outlet_open(const char *path);

#endif
