/* SPDX-License-Identifier: GPL-2.0-or-later */
/* join.c: which message a leg carries: one that was seen before, or a new one. */
#include "story/joining.h"

void story_put(const struct story_joining *joining, enum story_kind kind, uint32_t from,
               enum sstp_story_certainty certainty)
{
    joining->leg->kind = (unsigned)kind & 3u;
    joining->leg->from = from;
    joining->leg->certainty = (unsigned)certainty & 3u;
    if (kind == STORY_ATTEMPT)
        story_leg(joining->story, from)->has_others = true;
}

/* ------------------------------------------------------------------------
 * Roots
 */

static void begin_journey(const struct story_joining *joining)
{
    struct sstp_story *story = joining->story;
    struct story_journey *journey = sstp_array_add(&story->journeys);

    story_put(joining, STORY_ROOT, NONE, SSTP_STORY_OPEN);
    if (journey == NULL) {
        story->is_full = true;
        return;
    }
    journey->leg = joining->index & STORY_LEGS_MAX;
    joining->leg->from = story->journeys.num - 1;
}

static void begin(const struct story_joining *joining)
{
    const struct story_session *session = joining->session;
    const struct story_connection *connection =
        story_connection(joining->story, session->connection);

    begin_journey(joining);
    if (joining->contents != NULL && joining->contents->roots < STORY_ROOTS_MANY)
        joining->contents->roots++;
    /* What leaves a relay has come to it, seen or not. */
    if (joining->way != NULL && !story_is_device(connection, session->from_initiator))
        joining->way->num_open++;
}

/* A leg after this one that was told before it, for the clocks of their points differ. */
static bool is_next(const struct story_joining *joining, uint32_t after)
{
    const struct sstp_story *story = joining->story;
    const struct story_leg *leg = story_leg(story, after);
    const uint32_t way = story_session(story, leg->session)->way;

    return leg->kind == STORY_ROOT && leg->session != joining->leg->session && way != NONE &&
           story_find_onward(joining->session, way) != NULL &&
           story_may_cross(story, after, joining->index);
}

/* The journey of `number` begins with the leg now, which had another. */
static void take_journey(const struct story_joining *joining, uint32_t number)
{
    struct sstp_story *story = joining->story;
    const uint32_t own = joining->leg->from;

    if (joining->leg->kind != STORY_ROOT) {
        story_journey(story, number)->leg = STORY_LEGS_MAX;
        return;
    }
    story_journey(story, number)->leg = joining->index & STORY_LEGS_MAX;
    joining->leg->from = number;
    if (own == story->journeys.num - 1)
        story->journeys.num--;
    else if (own != NONE)
        story_journey(story, own)->leg = STORY_LEGS_MAX;
}

/* Takes them over, with the number of the first one's journey. */
static void adopt(const struct story_joining *joining)
{
    struct sstp_story *story = joining->story;
    uint32_t after = story_before(joining->leg);

    for (unsigned i = 0; i < STORY_LOOK_BACK && after != NONE; i++) {
        struct story_leg *leg = story_leg(story, after);
        if (is_next(joining, after) && joining->contents->roots <= 2) {
            if (leg->from != NONE)
                take_journey(joining, leg->from);
            joining->contents->roots--;
            leg->kind = STORY_HOP;
            leg->from = joining->index;
            leg->certainty =
                story_is_unmistakable(joining) ? SSTP_STORY_CERTAIN : SSTP_STORY_LIKELY;
        }
        after = story_before(leg);
    }
}

/* ------------------------------------------------------------------------
 * Queues
 */

/* The message waits at its receiver for all recipients that are left: also what is tried again,
 * for the receiver may have had both. */
static void enter_queues(const struct story_joining *joining)
{
    const struct story_session *session = joining->session;

    for (uint32_t i = 0; i < session->num_ways; i++)
        if (session->ways[i].num > 0)
            story_way_enter(joining->story, story_way(joining->story, session->ways[i].way),
                            joining->index);
}

/* Those that were there before it have left the queue. */
static void leave_queues(const struct story_joining *joining)
{
    const struct sstp_story *story = joining->story;
    uint32_t after = story_before(joining->leg);

    for (unsigned i = 0; i < STORY_LOOK_BACK && after != NONE; i++) {
        const struct story_leg *leg = story_leg(story, after);
        if (leg->kind == STORY_HOP && leg->from == joining->index) {
            struct story_way *way = story_way(story, story_session(story, leg->session)->way);
            const uint32_t place = story_way_find(way, joining->index);
            if (place != NONE)
                story_way_take(way, place);
        }
        after = story_before(leg);
    }
}

void story_join(struct sstp_story *story, uint32_t index)
{
    struct story_leg *leg = story_leg(story, index);
    struct story_session *session = story_session(story, leg->session);
    struct story_joining joining = {story, index, leg, session, NULL, NULL};

    story_find_ways(story, session);
    if (session->way != NONE)
        joining.way = story_way(story, session->way);
    leg->may_vanish = (session->message_flags & (SSTP_MESSAGE_FLAG_EPHEMERAL |
                                                 SSTP_MESSAGE_FLAG_DO_NOT_DELIVER_IF_OFFLINE)) != 0;
    if (leg->is_alone || leg->contents == NONE) {
        begin(&joining);
        if (leg->is_alone) {
            enter_queues(&joining);
            story_note_unseen(story, index);
        } else {
            leg->link = story->newest_unread;
            story->newest_unread = index;
        }
        return;
    }
    joining.contents = story_contents(story, leg->contents);
    leg->link = joining.contents->newest;
    joining.contents->newest = index & STORY_LEGS_MAX;
    if (!story_join_attempt(&joining, true) && !story_join_hop(&joining) &&
        !story_join_attempt(&joining, false))
        begin(&joining);
    const bool may_adopt =
        leg->kind != STORY_ATTEMPT && story->uncertainties.num > 0 && joining.contents->roots <= 2;
    if (may_adopt)
        adopt(&joining);
    enter_queues(&joining);
    if (may_adopt)
        leave_queues(&joining);
    story_note_unseen(story, index);
}

/* ------------------------------------------------------------------------
 * What is known at the end
 */

/* A hop by order alone, over a way that something left which was not seen to come. */
static bool is_worthless(const struct sstp_story *story, const struct story_leg *leg)
{
    const uint32_t way = story_session(story, leg->session)->way;

    return leg->kind == STORY_HOP && leg->certainty == SSTP_STORY_LIKELY && way != NONE &&
           story_way(story, way)->num_open > 0 && story_is_ambiguous(story, leg);
}

void story_revise(struct sstp_story *story)
{
    for (uint32_t i = 0; i < story->legs.num; i++) {
        struct story_leg *leg = story_leg(story, i);
        struct story_joining joining = {story, i, leg, NULL, NULL, NULL};
        if (is_worthless(story, leg))
            begin_journey(&joining);
    }
}
