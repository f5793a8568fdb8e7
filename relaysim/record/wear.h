/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wear: what becomes of segments between the sockets and the file: a row of stages, one for each
 * kind that a plan (base/wear_plan.h) has, each a file wear_*.c.
 *
 * What befalls the network befalls all who capture: those stages are on the way.  What befalls one
 * who captures is at its point.  Comments go with their segment; of one that is not in the capture
 * they go with the next that is.
 *
 *     struct wear *wear = wear_new(&plan, WEAR_AT_POINT, seed, (struct wear_sink){take, cookie});
 *     wear_take(wear, &segment);
 *     wear_flush(wear);
 */
#ifndef RELAYSIM_RECORD_WEAR_H
#define RELAYSIM_RECORD_WEAR_H

#include "base/wear_plan.h"
#include "record/segment.h"

/* Where segments go in the end. */
struct wear_sink {
    void (*take)(void *cookie, const struct segment *segment);
    void *cookie;
};

enum wear_place {
    WEAR_ON_THE_WAY,
    WEAR_AT_POINT,       /* the only one, or that of the initiators */
    WEAR_AT_OTHER_POINT, /* that of the acceptors */
    WEAR_PLACES
};

struct wear;

/* A row for this place; without any of its kinds, what comes goes straight to the sink. */
struct wear *wear_new(const struct wear_plan *plan, enum wear_place place, uint64_t seed,
                      struct wear_sink sink);

void wear_take(struct wear *wear, const struct segment *segment);

/* What is kept back goes on: nothing more comes for now. */
void wear_flush(struct wear *wear);

/* With what is kept back.  NULL is fine. */
void wear_free(struct wear *wear);

#endif
