/* SPDX-License-Identifier: GPL-2.0-or-later */
/* following: one recipient's branch of a journey, on its way down, for branch.c and doubt.c alone.
 */
#ifndef SSTP_STORY_FOLLOWING_H
#define SSTP_STORY_FOLLOWING_H

#include "story/internal.h"

struct story_following {
    struct sstp_story *story;
    struct sstp_story_branch *branch;
    const struct story_recipient *recipient; /* as the session of `hop` names it; NULL */
    uint32_t hop;
    bool has_come; /* a relay has acknowledged it, or sends it */
};

static inline void story_hold(struct sstp_story_branch *branch, enum sstp_story_outcome outcome,
                              struct sstp_span holder, int64_t since_ns)
{
    branch->outcome = outcome;
    branch->holder = holder;
    branch->since_ns = since_ns;
}

/* The recipient as the session of a leg names it; NULL. */
static inline const struct story_recipient *
story_recipient_on(struct sstp_story *story, uint32_t leg, const struct story_recipient *recipient)
{
    struct story_session *session = story_session(story, story_leg(story, leg)->session);

    return recipient != NULL
               ? story_find_recipient(story, session, recipient->identity, recipient->device)
               : NULL;
}

/* ---- doubt.c ---- */

/* How sure it is that the branch ends with `decisive`, the last that was seen of it; where that is
 * anybody's guess, its outcome is not known. */
void story_doubt(const struct story_following *following, uint32_t decisive);

#endif
