/* SPDX-License-Identifier: GPL-2.0-or-later */
/* join_attempt.c: which leg a leg tries again. */
#include "story/joining.h"

/* How sure it is that the leg tries again what `before`, of the same contents, tried last. */
static enum sstp_story_certainty repeats_attempt(const struct story_joining *joining,
                                                 uint32_t before)
{
    const struct sstp_story *story = joining->story;
    const struct story_leg *last = story_leg(story, before);
    const struct story_session *session = story_session(story, last->session);
    const struct story_leg *hop = story_leg(story, story_hop_of(story, before));

    if (last->kind == STORY_SIGHT || last->is_repeated || session->way != joining->session->way ||
        last->session == joining->leg->session)
        return SSTP_STORY_OPEN;
    /* A relay that has had it twice may have sent on one of both already. */
    const bool is_unmistakable = story_is_unmistakable(joining);
    if (last->passage == SSTP_STORY_CUT_OFF &&
        (!hop->is_passed || (is_unmistakable && hop->kind == STORY_HOP)))
        return is_unmistakable ? SSTP_STORY_CERTAIN : SSTP_STORY_LIKELY;
    /* What repeats may be anything else; and a sender of its own that has an acknowledgement,
     * or may have one, says the same thing again. */
    if (!is_unmistakable || (hop->kind == STORY_ROOT && last->passage != SSTP_STORY_SENT))
        return SSTP_STORY_OPEN;
    const bool is_over = session->is_closed || session->connection != joining->session->connection;
    return is_over ? SSTP_STORY_LIKELY : SSTP_STORY_OPEN;
}

/* The oldest of the last legs of this contents that the leg may try again; of those that were
 * given up, if it is one. */
static uint32_t find_attempt(const struct story_joining *joining, bool only_given_up,
                             enum sstp_story_certainty *certainty)
{
    uint32_t found = NONE, before = story_before(joining->leg);

    /* What repeats may be one that was given up, and nothing else. */
    if (joining->way == NULL ||
        ((only_given_up || !story_is_unmistakable(joining)) && joining->way->num_given_up == 0))
        return NONE;
    for (unsigned i = 0; i < STORY_LOOK_BACK && before != NONE; i++) {
        const struct story_leg *leg = story_leg(joining->story, before);
        const enum sstp_story_certainty is = repeats_attempt(joining, before);
        if (is != SSTP_STORY_OPEN && (!only_given_up || leg->passage == SSTP_STORY_CUT_OFF)) {
            found = before;
            *certainty = is;
        }
        before = story_before(leg);
    }
    return found;
}

bool story_join_attempt(const struct story_joining *joining, bool only_given_up)
{
    enum sstp_story_certainty certainty = SSTP_STORY_OPEN;
    const uint32_t before = find_attempt(joining, only_given_up, &certainty);

    if (before == NONE)
        return false;
    struct story_leg *last = story_leg(joining->story, before);
    last->is_repeated = true;
    if (last->passage == SSTP_STORY_CUT_OFF && joining->way->num_given_up > 0)
        joining->way->num_given_up--;
    /* What its recipient has acknowledged comes again: or there were two of them, and one was
     * not seen to come.  Where the last attempt was cut off that is why it comes, though another
     * was acknowledged: its sender had it twice. */
    if (last->passage != SSTP_STORY_CUT_OFF &&
        story_leg(joining->story, story_hop_of(joining->story, before))->is_passed &&
        joining->contents->roots < STORY_ROOTS_MANY)
        joining->contents->roots++;
    story_put(joining, STORY_ATTEMPT, story_hop_of(joining->story, before), certainty);
    return true;
}
