/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wear_start: whoever captured has begun in the middle.  What was told of before is not told. */
#include "record/wear_stage.h"

struct start {
    struct wear_stage stage;
    int num_before;
};

static void take(struct wear_stage *stage, const struct segment *segment)
{
    struct start *start = (struct start *)stage;
    if (start->num_before < stage->values[WEAR_START_AFTER])
        start->num_before++;
    else
        wear_pass(stage, segment);
}

const struct wear_ops wear_start = {WEAR_START, sizeof(struct start), take, NULL};
