/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * late: segments that are captured later than they passed, in the order of their new times.
 *
 *     late_put(&late, stage, &segment, more_ns)     what is due before it goes on first
 *     late_flush(&late, stage)
 */
#ifndef RELAYSIM_RECORD_LATE_H
#define RELAYSIM_RECORD_LATE_H

#include "record/wear_stage.h"

struct late {
    GQueue segments; /* copies, by their times; {0} has none */
};

/* It passes `more_ns` later than it says, but not before what the same side sent before it.  In
 * between the times that segments say do not go back. */
void late_put(struct late *late, struct wear_stage *stage, const struct segment *segment,
              uint64_t more_ns);
void late_flush(struct late *late, struct wear_stage *stage);

#endif
