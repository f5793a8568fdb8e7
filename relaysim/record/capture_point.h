/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capture_point: where somebody captures: segments become frames as they are seen there, with the
 * times of a clock of its own, in a file, or in a ring of files.
 */
#ifndef RELAYSIM_RECORD_CAPTURE_POINT_H
#define RELAYSIM_RECORD_CAPTURE_POINT_H

#include "base/wear_plan.h"
#include "record/recording_file.h"
#include "record/segment.h"

struct capture_point;

/* The other point is that of the acceptors.  `ring_path` is the name that a ring of files is made
 * from, NULL without one; the file is the first of it, has not begun, and stays the caller's.  NULL
 * without memory. */
struct capture_point *capture_point_new(struct recording_file *file, const char *ring_path,
                                        const struct wear_plan *plan, bool is_other);
void capture_point_free(struct capture_point *point);

/* From here on frames are as this says; but for what holds for files. */
void capture_point_set_plan(struct capture_point *point, const struct wear_plan *plan);

/* For struct wear_sink; the cookie is the point. */
void capture_point_take(void *cookie, const struct segment *segment);

/* The file is opened anew, see record/capture.h. */
void capture_point_reopen(struct capture_point *point);

#endif
