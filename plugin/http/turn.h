/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * turn: which of the chunks that wait is divided next, on one TCP connection and on all of a
 * virtual connection, and which has waited too long.  First pass only.
 */
#ifndef GRVHENC_TURN_H
#define GRVHENC_TURN_H

#include "http/chunk.h"

/* A message that another TCP connection would make right waits no longer than this.  Two captures
 * are put together with clocks that differ by less, be they set by hand; and nothing stays that
 * long in the queues of one machine that captures. */
#define GRVHENC_TURN_TIME_MAX_NS INT64_C(2000000000)
/* What misses bytes of its own TCP connection waits while no more chunks wait, or no longer than
 * that; for who lost them sends them again, and may take a while. */
#define GRVHENC_TURN_CHUNKS_MIN 64u
/* And in any case no longer than so many chunks and bytes wait in one direction, or in all. */
#define GRVHENC_TURN_CHUNKS_MAX 1024u
#define GRVHENC_TURN_BYTES_MAX (UINT32_C(1) << 20)
#define GRVHENC_TURN_BYTES_ALL_MAX (UINT64_C(32) << 20)
/* TCP connections of one virtual connection that something waits on. */
#define GRVHENC_TURN_LISTED_MAX 64u

/* Something of the TCP connection waits for others of the virtual connection. */
void grvhenc_turn_list(struct grvhenc_tcp *tcp, struct grvhenc_virtual *v);

/* Before something of the virtual connection is looked at: takes what has waited too long for it,
 * or for nobody knows which.  `v` may be NULL. */
void grvhenc_turn_expire(struct grvhenc_virtual *v, wmem_allocator_t *pool);

/* Before a chunk at hand is divided: takes the request that waits for the answer in it, if that was
 * sent after the request whatever the clocks of the capture. */
void grvhenc_turn_note_answer(const struct grvhenc_chunk *chunk);

/* Takes what is ready, or has waited too long, of a TCP connection and of those that wait for the
 * same virtual connection, in the order in which it was captured. */
void grvhenc_turn_settle(struct grvhenc_tcp *tcp, wmem_allocator_t *pool);

/* The first chunk that waits of a direction has waited in vain. */
void grvhenc_turn_force(struct grvhenc_tcp *tcp, bool from_client, wmem_allocator_t *pool);

/* Nothing comes any more: only who is forced has waited too long. */
void grvhenc_turn_finish(void);

/* Forgets the capture before. */
void grvhenc_turn_reset(void);

#endif
