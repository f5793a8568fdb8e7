/* SPDX-License-Identifier: GPL-2.0-or-later */
/* joining: one leg that looks for its place in a journey, for join.c and its parts alone. */
#ifndef SSTP_STORY_JOINING_H
#define SSTP_STORY_JOINING_H

#include "story/internal.h"

struct story_joining {
    struct sstp_story *story;
    uint32_t index; /* of the leg, which begins a journey unless it is joined */
    struct story_leg *leg;
    struct story_session *session;
    struct story_contents *contents;
    struct story_way *way; /* by which it came; NULL: not known */
};

/* Contents with which one journey began, and that only it can have. */
static inline bool story_is_unmistakable(const struct story_joining *joining)
{
    return joining->contents->tells && joining->contents->roots <= 1;
}

/* ---- join.c ---- */

/* That is its place. */
void story_put(const struct story_joining *joining, enum story_kind kind, uint32_t from,
               enum sstp_story_certainty certainty);

/* ---- join_attempt.c ---- */

/* The leg tries again what another one tried; only one that was given up, or any.  False: it
 * does not. */
bool story_join_attempt(const struct story_joining *joining, bool only_given_up);

/* ---- join_hop.c ---- */

/* The leg goes on from another one, by the queue of its way.  False: from none. */
bool story_join_hop(struct story_joining *joining);

#endif
