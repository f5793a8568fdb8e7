/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * early: the first chunks of a connection whose SYN was not captured, kept for as long as one
 * can still come (adopt.h).  First pass only.
 */
#ifndef GRVSSTP_EARLY_H
#define GRVSSTP_EARLY_H

#include "follow/connection.h"

struct grvsstp_early_chunk {
    struct grvsstp_early_chunk *next;
    struct grvsstp_chunk chunk; /* its bytes are a copy, its plan is the one that the frame holds */
    bool from_initiator, has_acknowledged;
    uint32_t acknowledged;
};

/* In the order of the capture.  By the bounds of what comes late (follow/late.h). */
struct grvsstp_early {
    struct grvsstp_early_chunk *first, **end;
    unsigned num;
    uint32_t num_bytes;
};

struct grvsstp_early *grvsstp_early_new(void);
void grvsstp_early_free(struct grvsstp_early *early);

/* Keeps a copy of a chunk, whose frame holds the plan; false where a SYN is not to be waited for
 * any longer. */
bool grvsstp_early_keep(struct grvsstp_early *early, bool from_initiator,
                        const struct grvsstp_chunk *chunk, const uint32_t *acknowledged,
                        struct grvsstp_plan *plan);

/* Forgets the capture before; for an init routine. */
void grvsstp_early_reset(void);

#endif
