/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wear_jitter: each segment is captured late, at random; those of one side of a connection keep
 * their order. */
#include "record/late.h"

struct jitter {
    struct wear_stage stage;
    struct late late;
};

static void take(struct wear_stage *stage, const struct segment *segment)
{
    struct jitter *jitter = (struct jitter *)stage;
    const unsigned max_us = (unsigned)stage->values[WEAR_TIME_MS] * 1000;
    late_put(&jitter->late, stage, segment, (uint64_t)wear_number(stage, max_us) * 1000);
}

static void flush(struct wear_stage *stage)
{
    late_flush(&((struct jitter *)stage)->late, stage);
}

const struct wear_ops wear_jitter = {WEAR_JITTER, sizeof(struct jitter), take, flush};
