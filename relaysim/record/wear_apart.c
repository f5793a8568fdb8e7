/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wear_apart: the second of two points, which is so far from the first.
 *
 * What initiators send comes by later than at the first, what acceptors send earlier.  Nothing can
 * be captured before it is known, so all of it is that much later here, and the clock of the point
 * (record/capture_point.h) takes it off again.
 */
#include "record/late.h"

struct apart {
    struct wear_stage stage;
    struct late late;
};

static void take(struct wear_stage *stage, const struct segment *segment)
{
    struct apart *apart = (struct apart *)stage;
    const uint64_t apart_ns = (uint64_t)stage->values[WEAR_POINTS_APART_MS] * 1000000;
    late_put(&apart->late, stage, segment, segment->from_initiator ? 2 * apart_ns : 0);
}

static void flush(struct wear_stage *stage)
{
    late_flush(&((struct apart *)stage)->late, stage);
}

const struct wear_ops wear_apart = {WEAR_POINTS, sizeof(struct apart), take, flush};
