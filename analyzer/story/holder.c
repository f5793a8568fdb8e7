/* SPDX-License-Identifier: GPL-2.0-or-later */
/* holder.c: which relays have sent on what nobody saw come to them. */
#include "story/internal.h"

static uint32_t holder_of(const struct sstp_story *story, uint32_t leg, bool is_sender)
{
    const struct story_session *session = story_session(story, story_leg(story, leg)->session);

    return story_party(story_connection(story, session->connection),
                       session->from_initiator == is_sender);
}

/* Whether a leg of the same contents had come to who sends this one, for the same recipients: what
 * had for one that it sent to them has for the later ones. */
static bool has_come(const struct sstp_story *story, uint32_t index)
{
    const struct story_leg *leg = story_leg(story, index);
    const uint32_t holder = holder_of(story, index, true);
    const uint32_t way = story_session(story, leg->session)->way;
    uint32_t before = story_before(leg);

    for (unsigned i = 0; i < STORY_LOOK_BACK && before != NONE; i++) {
        const struct story_leg *other = story_leg(story, before);
        const struct story_session *session = story_session(story, other->session);
        if (session->way == way && holder_of(story, before, true) == holder
                ? other->has_come
                : holder_of(story, before, false) == holder && way != NONE &&
                      story_find_onward(session, way) != NULL)
            return true;
        before = story_before(other);
    }
    return before != NONE;
}

void story_note_unseen(struct sstp_story *story, uint32_t index)
{
    struct story_leg *leg = story_leg(story, index);
    const struct story_session *session = story_session(story, leg->session);
    const uint32_t holder = holder_of(story, index, true);

    leg->has_come = false;
    if (leg->kind == STORY_HOP || leg->kind == STORY_SIGHT ||
        (!leg->is_alone && leg->contents == NONE) || holder == SSTP_TEXT_NONE ||
        !story_is_relay(story, story_connection(story, session->connection),
                        session->from_initiator))
        return;
    leg->has_come = has_come(story, index);
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
    const uint32_t holder = holder_of(story, hop, false);

    return holder < story->unseen.num &&
           hop < *(const uint32_t *)sstp_array_at(&story->unseen, holder);
}
