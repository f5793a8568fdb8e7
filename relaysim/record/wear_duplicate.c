/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wear_duplicate: segments that are captured twice.
 *
 * Those with data alone; or, at the mirrored port of a switch that routes between VLANs, any
 * segment: the second time it has passed a router, and is tagged.
 */
#include "record/wear_stage.h"

static void take(struct wear_stage *stage, const struct segment *segment)
{
    const uint16_t vlan = (uint16_t)stage->values[WEAR_DUPLICATE_VLAN];
    const bool is_twice = (segment->len > 0 || vlan != 0) && wear_is_chosen(stage);
    wear_pass(stage, segment);
    if (!is_twice)
        return;
    struct segment again = *segment;
    again.comments = NULL;
    if (vlan != 0) {
        again.vlan = vlan;
        again.num_hops++;
    }
    wear_pass(stage, &again);
}

const struct wear_ops wear_duplicate = {WEAR_DUPLICATE, sizeof(struct wear_stage), take, NULL};
