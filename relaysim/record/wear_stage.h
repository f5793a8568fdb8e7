/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wear_stage: what the wear_*.c files have in common, and nobody else knows. */
#ifndef RELAYSIM_RECORD_WEAR_STAGE_H
#define RELAYSIM_RECORD_WEAR_STAGE_H

#include "base/random.h"
#include "base/wear_plan.h"
#include "record/segment.h"

struct wear;
struct wear_stage;

struct wear_ops {
    enum wear_kind kind;
    size_t size; /* of its own structure, which begins with a struct wear_stage */
    void (*take)(struct wear_stage *stage, const struct segment *segment);
    /* Hands on what it keeps back; NULL for one that keeps nothing. */
    void (*flush)(struct wear_stage *stage);
};

/* One of each so many, at random. */
struct wear_one_of {
    unsigned at, chosen;
};

struct wear_stage {
    const struct wear_ops *ops;
    const int *values; /* of its kind in the plan */
    struct wear *wear;
    struct wear_stage *next;
    struct random_seeded random;
    struct wear_one_of one_of;
};

/* A segment goes on. */
void wear_pass(struct wear_stage *stage, const struct segment *segment);
/* A copy does, and is freed; NULL is fine. */
void wear_pass_copy(struct wear_stage *stage, struct segment *copy);
/* One does not: its comments go with the next that is captured. */
void wear_drop(struct wear_stage *stage, const struct segment *segment);

/* A number from 0 to max. */
unsigned wear_number(struct wear_stage *stage, unsigned max);
/* Whether it is this one of the WEAR_ONE_OF of its kind. */
bool wear_is_chosen(struct wear_stage *stage);

extern const struct wear_ops wear_offload, wear_resend, wear_delay, wear_apart, wear_lose,
    wear_duplicate, wear_reorder, wear_jitter;

#endif
