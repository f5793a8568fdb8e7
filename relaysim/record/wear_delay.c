/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wear_delay: a network that is slow.  Each time the word turns in a connection, so much more time
 * has passed, for all of them: causes stay before what they cause.
 */
#include "record/wear_stage.h"

struct delay {
    struct wear_stage stage;
    uint64_t passed_ns;
};

static void take(struct wear_stage *stage, const struct segment *segment)
{
    struct delay *delay = (struct delay *)stage;
    struct segment late = *segment;
    if (segment->is_turn)
        delay->passed_ns += (uint64_t)stage->values[WEAR_TIME_MS] * 1000000;
    late.time_ns += delay->passed_ns;
    wear_pass(stage, &late);
}

const struct wear_ops wear_delay = {WEAR_DELAY, sizeof(struct delay), take, NULL};
