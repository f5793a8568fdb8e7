/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan: what is kept of how a chunk divides (struct grvhenc_plan).  First pass only. */
#ifndef GRVHENC_PLAN_H
#define GRVHENC_PLAN_H

#include "http/chunk.h"

/* What the frame shows until the chunk is divided: what it was divided into so far, and what the
 * rest looks like.  File scope. */
struct grvhenc_plan *grvhenc_plan_for_now(struct grvhenc_chunk *chunk);

/* The plan of a chunk that was divided, of its pool, or NULL for a plain piece of a LongLived
 * body. */
struct grvhenc_plan *grvhenc_plan_of(const struct grvhenc_chunk *chunk);

/* A copy of such a plan in file scope, which may be that of a chunk before it on its side. */
struct grvhenc_plan *grvhenc_plan_copy(const struct grvhenc_plan *plan, struct grvhenc_side *side);

/* Copies such a plan into one of file scope. */
void grvhenc_plan_keep(struct grvhenc_plan *kept, const struct grvhenc_plan *plan);

/* Every pass: what was carried and the chunk after it, for as long as the frame at hand is shown;
 * as much of it as the file gives where it is read again. */
struct sstp_span grvhenc_plan_joined(const struct grvhenc_plan *plan, const packet_info *pinfo);

#endif
