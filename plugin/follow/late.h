/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * late: chunks of one direction that came before bytes that they follow, kept until those are
 * there.  First pass only; what is shown of them until then is a plan for now.
 */
#ifndef GRVSSTP_FOLLOW_LATE_H
#define GRVSSTP_FOLLOW_LATE_H

#include "follow/connection.h"

/* Bytes are waited for while no more chunks wait for them, or no longer than this... */
#define GRVSSTP_LATE_CHUNKS_MIN 64u
#define GRVSSTP_LATE_TIME_MIN_NS INT64_C(2000000000)
/* ...and no longer in any case than so many chunks and bytes wait in one direction, or bytes
 * in all. */
#define GRVSSTP_LATE_CHUNKS_MAX 1024u
#define GRVSSTP_LATE_BYTES_MAX (UINT32_C(1) << 20)
#define GRVSSTP_LATE_BYTES_ALL_MAX (UINT64_C(32) << 20)

struct grvsstp_late_chunk {
    struct grvsstp_late_chunk *next;
    struct grvsstp_chunk chunk; /* its bytes are a copy */
    struct grvsstp_plan *plan;  /* for now; what the frame holds */
};

/* Of one direction; all zero where nothing waits.  The members are private. */
struct grvsstp_late {
    struct grvsstp_late_chunk *first; /* by position */
    unsigned num;
    uint32_t num_bytes;
    struct grvsstp_half half; /* stands for the direction's own */
    uint64_t next;            /* where it stands */
};

/* Keeps a chunk that lies `lost` bytes ahead of `half`; its plan for now. */
struct grvsstp_plan *grvsstp_late_keep(struct grvsstp_late *late,
                                       struct grvsstp_connection *connection,
                                       const struct grvsstp_half *half,
                                       const struct grvsstp_chunk *chunk, uint32_t lost,
                                       wmem_allocator_t *pool);

/* How many bytes at the end of a chunk wait already, with nothing after them that does not. */
uint32_t grvsstp_late_overlap(const struct grvsstp_late *late, const struct grvsstp_chunk *chunk);

/* Whether the bytes before the first one are not to be waited for any longer. */
bool grvsstp_late_has_expired(const struct grvsstp_late *late, int64_t now_ns);

/* The first one goes; the caller frees it with grvsstp_late_free(). */
struct grvsstp_late_chunk *grvsstp_late_remove(struct grvsstp_late *late);

/* The frame holds this plan now, which is NULL where the chunk is nothing but commands. */
void grvsstp_late_free(struct grvsstp_late_chunk *late_chunk, const struct grvsstp_plan *plan);

/* Forgets the capture before; for an init routine. */
void grvsstp_late_reset(void);

#endif
