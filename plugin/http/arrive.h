/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arrive: in which order the chunks of TCP connections are divided, whatever order they were
 * captured in.  First pass only.
 *
 * Within a TCP connection numbers tell: a chunk waits for the bytes before it, and for those
 * that its sender had received.  Between the TCP connections of one virtual connection there is
 * only time: a message that would be wrong if none before it were still to come waits for such a
 * one (henc_virtual_is_early()).
 *
 * What waits is shown as what it looks like for now; its frame keeps a plan, and what is in it
 * changes when the chunk is divided.
 */
#ifndef GRVHENC_ARRIVE_H
#define GRVHENC_ARRIVE_H

#include "http/chunk.h"

/* A message that another TCP connection would make right waits no longer than this.  Two captures
 * are put together with clocks that differ by less, be they set by hand; and nothing stays that
 * long in the queues of one machine that captures. */
#define GRVHENC_ARRIVE_TIME_MAX_NS INT64_C(2000000000)
/* What misses bytes of its own TCP connection waits while no more chunks wait, or no longer than
 * that; for who lost them sends them again, and may take a while. */
#define GRVHENC_ARRIVE_CHUNKS_MIN 64u
/* And in any case no longer than so many chunks and bytes wait in one direction, or in all. */
#define GRVHENC_ARRIVE_CHUNKS_MAX 1024u
#define GRVHENC_ARRIVE_BYTES_MAX (UINT32_C(1) << 20)
#define GRVHENC_ARRIVE_BYTES_ALL_MAX (UINT64_C(32) << 20)
/* TCP connections of one virtual connection that something waits on. */
#define GRVHENC_ARRIVE_LISTED_MAX 64u

/* A TCP connection that was taken. */
void grvhenc_arrive_begin(struct grvhenc_tcp *tcp);

/* Keeps a chunk of the frame at hand of which nobody knows yet whose it is; and when it is known,
 * which is at another frame. */
struct grvhenc_chunk *grvhenc_arrive_hold(struct grvhenc_chunk *chunk);
void grvhenc_arrive_held(struct grvhenc_chunk *chunk);

/* A chunk of the frame at hand.  Its plan, which is NULL for a plain piece of a body. */
const struct grvhenc_plan *grvhenc_arrive(struct grvhenc_chunk *chunk);

/* The frame at hand is over; `has_ended`: the TCP connection has, if what waits is over. */
void grvhenc_arrive_frame_end(struct grvhenc_tcp *tcp, bool has_ended, const packet_info *pinfo);

/* The capture is over: nothing waits any more. */
void grvhenc_arrive_finish(void);

/* Forgets the capture before; for an init routine. */
void grvhenc_arrive_reset(void);

#endif
