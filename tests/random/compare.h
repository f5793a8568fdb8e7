/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compare: what an observer says against the course.
 *
 * The first difference of a run is printed, with the seed, the step and the
 * command, and makes the verdict.
 */
#ifndef TESTS_RANDOM_COMPARE_H
#define TESTS_RANDOM_COMPARE_H

#include "listener.h"

/* The findings of a clean run, as SSTP_OBSERVED() bits. */
#define COMPARE_NOTES                                                                              \
    (SSTP_OBSERVED(SSTP_FINDING_BLOCKED_SEND) | SSTP_OBSERVED(SSTP_FINDING_UNACKNOWLEDGED) |       \
     SSTP_OBSERVED(SSTP_FINDING_UNKNOWN_SESSION_IGNORED) |                                         \
     SSTP_OBSERVED(SSTP_FINDING_BAD_INDEX_REPEATED) | SSTP_OBSERVED(SSTP_FINDING_TIMER))

/* The newest observation of the listener. */
void compare_command(struct listener *listener);

/* All of them, once no more will come: acknowledgements and answers. */
void compare_end(struct listener *listener);

/* The listener believes that bytes are missing, and all of them came. */
void compare_lost(struct listener *listener);

/* The listener took bytes for a command that are none. */
void compare_misframed(struct listener *listener);

#endif
