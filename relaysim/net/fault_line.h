/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fault_line: the faults of one connection (base/fault.h), as net/net.h carries them out.
 *
 * What is to be written goes through fault_line_cut(), which says how much of it goes
 * now; the rest waits until `go_on`.  What has been read goes in by fault_line_arrived(),
 * and comes out again, later and in pieces, by `hand_on`.
 */
#ifndef RELAYSIM_NET_FAULT_LINE_H
#define RELAYSIM_NET_FAULT_LINE_H

#include <sys/types.h>

#include "base/fault.h"

struct fault_line;
struct net;

struct fault_line_handler {
    /* Bytes that are due; a negative `num` is the end, in libuv's words. */
    void (*hand_on)(void *cookie, const void *data, ssize_t num);
    void (*go_on)(void *cookie);
    void *cookie;
};

struct fault_line *fault_line_new(struct faults *faults, struct net *net,
                                  struct fault_line_handler handler);

/* No callback comes any more, and the loop frees it. */
void fault_line_close(struct fault_line *line);

/* How many of `len` bytes may be written now; 0: none, until `go_on`. */
size_t fault_line_cut(struct fault_line *line, size_t len);

/* They are handed on in their order; `num` as in `hand_on`. */
void fault_line_arrived(struct fault_line *line, const void *data, ssize_t num);

/* The connection is to be reset at some moment within the next `num` bytes. */
void fault_line_drop_within(struct fault_line *line, uint64_t num);

/* So many bytes were carried; whether the moment has come. */
bool fault_line_is_over(struct fault_line *line, size_t num);

#endif
