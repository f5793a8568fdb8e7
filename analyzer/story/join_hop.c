/* SPDX-License-Identifier: GPL-2.0-or-later */
/* join_hop.c: which leg a leg goes on from, on the next connection. */
#include "story/joining.h"

static bool is_deep(const struct story_joining *joining, uint32_t from)
{
    uint32_t num_hops;

    (void)story_root_of(joining->story, from, &num_hops);
    return num_hops >= STORY_DEPTH_MAX;
}

/* Whether the session before had named all recipients of this one.  Where it is no fanout,
 * the way says so. */
static bool are_recipients_named(const struct story_joining *joining, uint32_t before)
{
    struct story_session *session = joining->session;
    struct story_session *source = story_session(joining->story, before);

    if (!session->is_fanout || session->source == before + 1)
        return true;
    for (uint32_t i = 0; i < session->num_recipients; i++)
        if (story_find_recipient(joining->story, source, session->recipients[i].identity,
                                 session->recipients[i].device) == NULL)
            return false;
    session->source = before + 1;
    return true;
}

static bool fits(const struct story_joining *joining, uint32_t place)
{
    const uint32_t before = joining->way->places[place];

    if ((before & STORY_TAKEN) != 0)
        return false;
    const struct story_leg *leg = story_leg(joining->story, before);
    return !leg->is_alone && leg->contents == joining->leg->contents &&
           are_recipients_named(joining, leg->session);
}

/* Whether a place may stay in the queue for good: the message may be dropped without a word,
 * or its receiver had it from another attempt alone. */
static bool may_be_passed_over(const struct story_joining *joining, uint32_t before)
{
    const struct story_leg *leg = story_leg(joining->story, before);

    return leg->may_vanish || leg->kind == STORY_ATTEMPT || leg->has_others ||
           leg->passage == SSTP_STORY_CUT_OFF;
}

/* The first place from the head on that fits. */
static uint32_t find_next(const struct story_joining *joining)
{
    const struct story_way *way = joining->way;

    for (uint32_t i = way->head; i < way->num && i < way->head + STORY_LOOK_AHEAD; i++)
        if (fits(joining, i))
            return i;
    return NONE;
}

/* Whether it is the turn of a place: whatever came before it has gone, or need not go.  Between
 * relays each session has its own turn. */
static bool is_in_turn(const struct story_joining *joining, uint32_t place)
{
    const struct sstp_story *story = joining->story;
    const struct story_way *way = joining->way;
    const uint32_t session = story_leg(story, way->places[place])->session;

    if (place > way->head + STORY_LOOK_AHEAD)
        return false;
    for (uint32_t i = way->head; i < place; i++) {
        const uint32_t before = way->places[i];
        if ((before & STORY_TAKEN) == 0 && !may_be_passed_over(joining, before) &&
            (!joining->session->is_fanout || story_leg(story, before)->session == session))
            return false;
    }
    return true;
}

/* The way to the relay by which `before` goes on to all recipients of the session and more, for
 * some were lost before it was opened; NONE. */
static uint32_t wider_way(const struct story_joining *joining, uint32_t before)
{
    const struct story_session *source =
        story_session(joining->story, story_leg(joining->story, before)->session);
    const struct story_way_key *own = &joining->way->key;

    if (!joining->session->is_fanout)
        return NONE;
    for (uint32_t i = 0; i < source->num_ways; i++) {
        const struct story_way_key *key = &story_way(joining->story, source->ways[i].way)->key;
        if (key->sender == own->sender && key->device == own->device &&
            key->resource == own->resource)
            return source->ways[i].way;
    }
    return NONE;
}

/* The place of contents that can be nothing else. */
static uint32_t find_unmistakable(struct story_joining *joining)
{
    uint32_t before = story_before(joining->leg);

    for (unsigned i = 0; i < STORY_LOOK_BACK && before != NONE; i++) {
        const uint32_t ways[] = {joining->session->way, wider_way(joining, before)};
        for (int k = 0; k < 2 && ways[k] != NONE; k++) {
            joining->way = story_way(joining->story, ways[k]);
            const uint32_t place = story_way_find(joining->way, before);
            if (place != NONE && fits(joining, place)) {
                joining->session->way = ways[k]; /* what follows takes it, too */
                return place;
            }
        }
        joining->way = story_way(joining->story, ways[0]);
        before = story_before(story_leg(joining->story, before));
    }
    return NONE;
}

/* Whether another one like that at `place` may have come before it, by other clocks. */
static bool is_turn_doubtful(const struct story_joining *joining, uint32_t place)
{
    const struct story_way *way = joining->way;

    for (uint32_t i = place + 1; i < way->num && i <= place + STORY_LOOK_AHEAD; i++)
        if (fits(joining, i) && story_may_cross(joining->story, way->places[place], way->places[i]))
            return true;
    return false;
}

/* Whether one that came later by the same session as that at `place` has left. */
static bool is_left_behind(const struct story_joining *joining, uint32_t place)
{
    const struct sstp_story *story = joining->story;
    const struct story_way *way = joining->way;
    const uint32_t session = story_leg(story, way->places[place])->session;

    for (uint32_t i = place + 1; i < way->num && i <= place + STORY_LOOK_AHEAD; i++)
        if ((way->places[i] & STORY_TAKEN) != 0 &&
            story_leg(story, way->places[i] & ~STORY_TAKEN)->session == session)
            return true;
    return false;
}

/* Whether it may as well be another one like that at `place`, which came by another session:
 * between relays nothing says whose turn it is. */
static bool is_turn_shared(const struct story_joining *joining, uint32_t place)
{
    const struct sstp_story *story = joining->story;
    const struct story_way *way = joining->way;
    const uint32_t session = story_leg(story, way->places[place])->session;
    const uint32_t first = place > STORY_LOOK_AHEAD ? place - STORY_LOOK_AHEAD : 0;

    if (!joining->session->is_fanout)
        return false;
    for (uint32_t i = first; i < way->num && i <= place + STORY_LOOK_AHEAD; i++)
        if (i != place && fits(joining, i) &&
            story_leg(story, way->places[i])->session != session && !is_left_behind(joining, i))
            return true;
    return false;
}

/* Of the attempts of a hop the one that a leg went on from: the last that was acknowledged, or
 * the last. */
static uint32_t attempt_before(const struct story_joining *joining, uint32_t hop)
{
    const struct sstp_story *story = joining->story;
    uint32_t before = story_before(joining->leg), last = hop;

    if (!story_leg(story, hop)->has_others)
        return hop;
    for (unsigned i = 0; i < STORY_LOOK_BACK && before != NONE && before != hop; i++) {
        const struct story_leg *leg = story_leg(story, before);
        if (leg->kind == STORY_ATTEMPT && leg->from == hop) {
            if (leg->passage == SSTP_STORY_ACKNOWLEDGED)
                return before;
            last = last == hop ? before : last;
        }
        before = story_before(leg);
    }
    return last;
}

/* The hop that has gone on from the same one for the same recipient: its receiver had two
 * attempts of it, and sent on both. */
static uint32_t find_sibling(const struct story_joining *joining, uint32_t hop)
{
    const struct sstp_story *story = joining->story;
    uint32_t before = story_before(joining->leg);

    if (!story_leg(story, hop)->has_others)
        return NONE;
    for (unsigned i = 0; i < STORY_LOOK_BACK && before != NONE && before != hop; i++) {
        const struct story_leg *leg = story_leg(story, before);
        if (leg->kind == STORY_HOP && story_hop_of(story, leg->from) == hop &&
            story_session(story, leg->session)->way == joining->session->way)
            return before;
        before = story_before(leg);
    }
    return NONE;
}

bool story_join_hop(struct story_joining *joining)
{
    const bool is_unique = story_is_unmistakable(joining);

    if (joining->way == NULL)
        return false;
    uint32_t place = find_next(joining);
    if (place == NONE && is_unique)
        place = find_unmistakable(joining);
    if (place == NONE || is_deep(joining, joining->way->places[place]))
        return false;
    /* What only one message can be is that one also where it overtook others, or those left unseen;
     * everything else is told apart by its turn. */
    if (!is_unique && (!is_in_turn(joining, place) || joining->way->num_open > 0 ||
                       is_turn_doubtful(joining, place) || is_turn_shared(joining, place)))
        return false;
    const enum sstp_story_certainty certainty = is_unique ? SSTP_STORY_CERTAIN : SSTP_STORY_LIKELY;
    const uint32_t hop = story_hop_of(joining->story, joining->way->places[place]);
    story_way_take(joining->way, place);
    if (is_unique)
        joining->way->num_open = 0;
    const uint32_t sibling = find_sibling(joining, hop);
    if (sibling == NONE)
        story_put(joining, STORY_HOP, attempt_before(joining, hop), certainty);
    else
        story_put(joining, STORY_ATTEMPT, sibling, certainty);
    return true;
}
