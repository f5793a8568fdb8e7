/* SPDX-License-Identifier: GPL-2.0-or-later */
/* holder.c: which relays have sent on what nobody saw come to them. */
#include "story/internal.h"

/* Whether it is asked of a leg what had come before it: not where that is known, as of a hop. */
static bool is_judged(const struct story_leg *leg)
{
    return leg->kind != STORY_HOP && leg->kind != STORY_SIGHT &&
           (leg->is_alone || leg->contents != NONE);
}

/* Whether a leg of the same contents had come to who sends this one, `holder`, for the same
 * recipients: what had for one that it sent to them has for the later ones, and what had not, had
 * not in all the time before that one. */
static bool has_come(const struct sstp_story *story, const struct story_leg *leg, uint32_t way,
                     uint32_t holder)
{
    uint32_t before = story_before(leg);

    for (unsigned i = 0; i < STORY_LOOK_BACK && before != NONE; i++) {
        const struct story_leg *other = story_leg(story, before);
        const struct story_session *session = story_session(story, other->session);
        const struct story_connection *connection = story_connection(story, session->connection);
        const bool is_beside =
            session->way == way && story_party(connection, session->from_initiator) == holder;
        if (is_beside && (other->has_come || is_judged(other)))
            return other->has_come;
        if (!is_beside && way != NONE &&
            story_party(connection, !session->from_initiator) == holder &&
            story_find_onward(session, way) != NULL)
            return true;
        before = story_before(other);
    }
    return before != NONE;
}

void story_note_unseen(struct sstp_story *story, uint32_t index)
{
    struct story_leg *leg = story_leg(story, index);

    leg->has_come = false;
    if (!is_judged(leg))
        return;
    const struct story_session *session = story_session(story, leg->session);
    const struct story_connection *connection = story_connection(story, session->connection);
    const uint32_t holder = story_party(connection, session->from_initiator);
    if (holder == SSTP_TEXT_NONE || !story_is_relay(connection, session->from_initiator))
        return;
    leg->has_come = has_come(story, leg, session->way, holder);
    if (leg->has_come)
        return;
    while (story->unseen.num <= holder)
        if (sstp_array_add(&story->unseen) == NULL) {
            story->is_full = true;
            return;
        }
    *(uint32_t *)sstp_array_at(&story->unseen, holder) = index + 1;
}

void story_note_all_unseen(struct sstp_story *story)
{
    for (uint32_t i = 0; i < story->unseen.num; i++)
        *(uint32_t *)sstp_array_at(&story->unseen, i) = 0;
    for (uint32_t i = 0; i < story->legs.num; i++)
        story_note_unseen(story, i);
}

bool story_may_lack(const struct sstp_story *story, uint32_t hop)
{
    const struct story_session *session = story_session(story, story_leg(story, hop)->session);
    const uint32_t holder =
        story_party(story_connection(story, session->connection), !session->from_initiator);

    return holder < story->unseen.num &&
           hop < *(const uint32_t *)sstp_array_at(&story->unseen, holder);
}
