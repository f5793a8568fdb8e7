/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wait: the chunks that wait, each direction's by their numbers.  First pass only.
 *
 * What waits is shown as what it looks like for now; its frame keeps a plan, and what is in it
 * changes when the chunk is divided.
 */
#ifndef GRVHENC_WAIT_H
#define GRVHENC_WAIT_H

#include "http/chunk.h"

/* Has the chunk of the frame at hand wait.  Its plan for now. */
struct grvhenc_plan *grvhenc_wait(struct grvhenc_chunk *chunk);

/* Keeps a chunk of the frame at hand of which nobody knows yet whose it is; and when it is known,
 * which is at another frame. */
struct grvhenc_chunk *grvhenc_wait_hold(struct grvhenc_chunk *chunk);
void grvhenc_wait_held(struct grvhenc_chunk *chunk);

/* A chunk that stopped at a message keeps what it was divided into so far; `before` is what it
 * kept till now, `num_before` of them. */
void grvhenc_wait_put_by(struct grvhenc_chunk *chunk, struct grvhenc_item *before,
                         unsigned num_before);

/* The first chunk of a direction waits no longer. */
void grvhenc_wait_remove_first(struct grvhenc_side *side);

/* How many bytes wait in all directions of the capture. */
uint64_t grvhenc_wait_num_bytes(void);

/* Forgets the capture before. */
void grvhenc_wait_reset(void);

#endif
