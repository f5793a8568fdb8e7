/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wear_lose: segments with data that whoever captured has missed. */
#include "record/wear_stage.h"

static void take(struct wear_stage *stage, const struct segment *segment)
{
    if (segment->len > 0 && wear_is_chosen(stage))
        wear_drop(stage, segment);
    else
        wear_pass(stage, segment);
}

const struct wear_ops wear_lose = {WEAR_LOSE, sizeof(struct wear_stage), take, NULL};
