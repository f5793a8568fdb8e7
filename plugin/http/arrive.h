/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arrive: in which order the chunks of TCP connections are divided, whatever order they were
 * captured in.  First pass only.
 *
 * Within a TCP connection numbers tell: a chunk waits for the bytes before it, and for those
 * that its sender had received.  Between the TCP connections of one virtual connection there is
 * only time: a message that would be wrong if none before it were still to come waits for such a
 * one (henc_virtual_is_early()).  Here is what comes, and the end; place.h says what is ready,
 * turn.h what is next, wait.h keeps what waits.
 */
#ifndef GRVHENC_ARRIVE_H
#define GRVHENC_ARRIVE_H

#include "http/chunk.h"

/* A TCP connection that was taken. */
void grvhenc_arrive_begin(struct grvhenc_tcp *tcp);

/* A chunk of the frame at hand.  Its plan, which is NULL for a plain piece of a body. */
const struct grvhenc_plan *grvhenc_arrive(struct grvhenc_chunk *chunk);

/* What waits of a TCP connection that TCP has counted as another one, `to`, before its SYN, waits
 * there from now on; false where something of it was divided. */
bool grvhenc_arrive_move(struct grvhenc_tcp *tcp, struct grvhenc_tcp *to);

/* The frame at hand is over; `has_ended`: the TCP connection has, if what waits is over. */
void grvhenc_arrive_frame_end(struct grvhenc_tcp *tcp, bool has_ended, const packet_info *pinfo);

/* The capture is over: nothing waits any more. */
void grvhenc_arrive_finish(void);

/* Forgets the capture before; for an init routine. */
void grvhenc_arrive_reset(void);

#endif
