/* SPDX-License-Identifier: GPL-2.0-or-later */
/* told.c: what is known of legs and hops. */
#define _GNU_SOURCE /* qsort_r() */
#include "story/internal.h"

#include <stdlib.h>

uint32_t story_hop_of(const struct sstp_story *story, uint32_t index)
{
    const struct story_leg *leg = story_leg(story, index);

    if (leg->kind == STORY_SIGHT) {
        index = leg->from;
        leg = story_leg(story, index);
    }
    return leg->kind == STORY_ATTEMPT ? leg->from : index;
}

uint32_t story_root_of(const struct sstp_story *story, uint32_t index, uint32_t *num_hops)
{
    uint32_t hop = story_hop_of(story, index);

    *num_hops = 0;
    while (story_leg(story, hop)->kind == STORY_HOP) {
        hop = story_hop_of(story, story_leg(story, hop)->from);
        ++*num_hops;
    }
    return hop;
}

static enum sstp_story_certainty certainty_of(const struct sstp_story *story,
                                              const struct story_leg *leg)
{
    const bool is_on = leg->kind == STORY_HOP || leg->kind == STORY_ATTEMPT;

    if (leg->certainty == SSTP_STORY_CERTAIN &&
        (story_is_ambiguous(story, leg) ||
         (is_on && story_may_lack(story, story_hop_of(story, leg->from)))))
        return SSTP_STORY_LIKELY;
    return (enum sstp_story_certainty)leg->certainty;
}

enum sstp_story_certainty story_certainty(const struct sstp_story *story, uint32_t index)
{
    enum sstp_story_certainty certainty = SSTP_STORY_CERTAIN;
    const struct story_leg *leg = story_leg(story, index);

    if (leg->kind == STORY_ROOT)
        return SSTP_STORY_OPEN;
    for (; leg->kind != STORY_ROOT; leg = story_leg(story, leg->from))
        if (certainty_of(story, leg) != SSTP_STORY_CERTAIN)
            certainty = SSTP_STORY_LIKELY;
    return certainty;
}

static int64_t uncertainty_of(const struct sstp_story *story, uint32_t point)
{
    return point < story->uncertainties.num
               ? *(const int64_t *)sstp_array_at(&story->uncertainties, point)
               : 0;
}

static uint32_t point_of(const struct sstp_story *story, uint32_t leg)
{
    const struct story_session *session = story_session(story, story_leg(story, leg)->session);
    return story_connection(story, session->connection)->point;
}

bool story_may_cross(const struct sstp_story *story, uint32_t a, uint32_t b)
{
    const uint32_t points[] = {point_of(story, a), point_of(story, b)};
    const int64_t uncertainty = uncertainty_of(story, points[0]) + uncertainty_of(story, points[1]);

    if (points[0] == points[1] || uncertainty <= 0)
        return false;
    if (story->config.keeps_times) {
        const struct story_times *first = sstp_array_at(&story->times, a);
        const struct story_times *second = sstp_array_at(&story->times, b);
        return llabs(first->end_ns - second->end_ns) <= uncertainty;
    }
    const uint32_t apart =
        (story_leg(story, a)->when - story_leg(story, b)->when) & STORY_WHEN_MASK;
    const uint32_t most = 1 + (uint32_t)(uncertainty >> STORY_WHEN_SHIFT);
    return apart <= most || STORY_WHEN_MASK + 1 - apart <= most;
}

/* ------------------------------------------------------------------------
 * What comes from a leg
 */

/* The leg under which one is found: the hop before it, or that of which it is another attempt
 * or sight. */
static uint32_t parent_of(const struct sstp_story *story, uint32_t index)
{
    const struct story_leg *leg = story_leg(story, index);

    return leg->kind == STORY_SIGHT ? leg->from : story_hop_of(story, leg->from);
}

static uint32_t way_of(const struct sstp_story *story, uint32_t index)
{
    const struct story_leg *leg = story_leg(story, index);
    return leg->kind == STORY_HOP ? story_session(story, leg->session)->way : NONE;
}

/* By parent, those that try or show it again last; then by way and number. */
static int compare_order(const void *a, const void *b, void *cookie)
{
    const struct sstp_story *story = cookie;
    const uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    const uint32_t parents[] = {parent_of(story, left), parent_of(story, right)};
    const uint32_t ways[] = {way_of(story, left), way_of(story, right)};

    if (parents[0] != parents[1])
        return parents[0] < parents[1] ? -1 : 1;
    if (ways[0] != ways[1])
        return ways[0] < ways[1] ? -1 : 1;
    return left < right ? -1 : left > right;
}

static bool make_order(struct sstp_story *story)
{
    uint32_t num = 0;

    if (story->num_ordered == story->legs.num)
        return true;
    for (uint32_t i = 0; i < story->legs.num; i++)
        num += story_leg(story, i)->kind != STORY_ROOT;
    story->num_order = 0;
    if (num > 0) {
        uint32_t *order = story_resize(story, story->order, num * sizeof *order);
        if (order == NULL)
            return false;
        story->order = order;
    }
    for (uint32_t i = 0; i < story->legs.num; i++)
        if (story_leg(story, i)->kind != STORY_ROOT)
            story->order[story->num_order++] = i;
    if (num > 0)
        qsort_r(story->order, num, sizeof *story->order, compare_order, story);
    story->num_ordered = story->legs.num;
    return true;
}

/* The first of the order whose parent is not below this one. */
static uint32_t lower_bound(const struct sstp_story *story, uint32_t parent)
{
    uint32_t low = 0, high = story->num_order;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (parent_of(story, story->order[middle]) < parent)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void story_order_range(struct sstp_story *story, uint32_t leg, uint32_t *first, uint32_t *end)
{
    *first = *end = 0;
    if (!make_order(story))
        return;
    *first = lower_bound(story, leg);
    *end = lower_bound(story, leg + 1);
}

/* The place after that of a leg of the order. */
static uint32_t place_after(const struct sstp_story *story, uint32_t leg)
{
    uint32_t low = 0, high = story->num_order;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (compare_order(&story->order[middle], &leg, (void *)(uintptr_t)story) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The next leg from `leg` that is a hop, or is none. */
static uint32_t next_of(struct sstp_story *story, uint32_t leg, uint32_t after, bool is_hop)
{
    uint32_t first, end;

    story_order_range(story, leg, &first, &end);
    if (after != NONE)
        first = place_after(story, after);
    for (uint32_t i = first; i < end; i++)
        if ((story_leg(story, story->order[i])->kind == STORY_HOP) == is_hop)
            return story->order[i];
    return NONE;
}

uint32_t sstp_story_next_hop(struct sstp_story *story, uint32_t leg, uint32_t after)
{
    if (after == NONE)
        return next_of(story, story_hop_of(story, leg), NONE, true);
    /* Its attempts, one after the other, and then the next one. */
    const uint32_t hop = story_hop_of(story, after);
    const uint32_t attempt = next_of(story, hop, after == hop ? NONE : after, false);
    return attempt != NONE ? attempt : next_of(story, story_hop_of(story, leg), hop, true);
}

uint32_t sstp_story_next_attempt(struct sstp_story *story, uint32_t leg, uint32_t after)
{
    const uint32_t hop = story_hop_of(story, leg);

    if (after == NONE)
        return hop;
    return next_of(story, hop, after == hop ? NONE : after, false);
}

/* ------------------------------------------------------------------------
 * Legs
 */

uint32_t sstp_story_num_legs(const struct sstp_story *story)
{
    return story->legs.num;
}

uint32_t sstp_story_leg_of(const struct sstp_story *story, uint32_t connection, bool from_initiator,
                           uint32_t message)
{
    if (connection == NONE)
        return NONE;
    const struct sstp_array *legs =
        &story_connection(story, connection)->directions[from_initiator].legs;
    return message < legs->num ? *(const uint32_t *)sstp_array_at(legs, message) : NONE;
}

static void tell_times(const struct sstp_story *story, uint32_t index, struct sstp_story_leg *told)
{
    if (index >= story->times.num)
        return;
    const struct story_times *times = sstp_array_at(&story->times, index);
    told->time_ns = times->end_ns;
    told->acknowledged_ns = times->acknowledged_ns;
    told->acknowledged_label = times->acknowledged_label;
}

void sstp_story_leg(const struct sstp_story *story, uint32_t index, struct sstp_story_leg *told)
{
    const struct story_leg *leg = story_leg(story, index);
    const struct story_session *session = story_session(story, leg->session);
    const struct story_connection *connection = story_connection(story, session->connection);
    const uint32_t hop = story_hop_of(story, index);
    const struct story_leg *first = story_leg(story, hop);
    const uint32_t root = story_root_of(story, index, &told->hop);

    told->label = leg->label;
    told->connection = session->connection;
    told->session = session->index;
    told->from_initiator = session->from_initiator;
    told->time_ns = told->acknowledged_ns = 0;
    told->acknowledged_label = 0;
    tell_times(story, index, told);
    told->passage = (enum sstp_story_passage)leg->passage;
    told->journey = story_leg(story, root)->from;
    told->from = first->kind == STORY_HOP ? first->from : NONE;
    told->sight_of = leg->kind == STORY_SIGHT ? leg->from : index;
    told->attempt_of = hop;
    told->certainty = story_certainty(story, index);
    told->sender = sstp_texts_get(&story->texts, story_party(connection, session->from_initiator));
    told->receiver =
        sstp_texts_get(&story->texts, story_party(connection, !session->from_initiator));
    told->resource_url = sstp_texts_get(&story->texts, session->resource);
}

unsigned sstp_story_recipients(const struct sstp_story *story, uint32_t leg, unsigned max,
                               sstp_story_meet meet, void *cookie)
{
    const struct story_session *session = story_session(story, story_leg(story, leg)->session);

    for (uint32_t i = 0; i < session->num_recipients && i < max; i++) {
        const struct story_recipient *recipient = &session->recipients[i];
        const struct sstp_story_recipient told = {
            .identity_url = sstp_texts_get(&story->texts, recipient->identity),
            .device_url = sstp_texts_get(&story->texts, recipient->device),
            .relay_url = sstp_texts_get(&story->texts, recipient->relay),
            .is_there = story_is_there(story, session, recipient),
            .is_gone = recipient->is_gone && recipient->gone_at <= leg,
            .gone = recipient->gone,
        };
        meet(cookie, &told);
    }
    return session->num_recipients;
}

bool story_may_send(const struct sstp_story *story, const struct story_session *session,
                    const struct story_session *other, bool is_sender)
{
    const uint32_t sender =
        story_party(story_connection(story, session->connection), session->from_initiator);
    const uint32_t party =
        story_party(story_connection(story, other->connection), other->from_initiator == is_sender);

    return sender == SSTP_TEXT_NONE || party == SSTP_TEXT_NONE || sender == party;
}

/* Candidates are looked for so far back. */
#define CANDIDATES_LOOK_BACK 4096u

/* Whether `before` may be the hop before the open leg: who received it may be who sends it on,
 * and it may have been for the same recipient. */
static bool may_be_before(const struct sstp_story *story, const struct story_session *session,
                          uint32_t before)
{
    const struct story_leg *leg = story_leg(story, before);
    const struct story_session *source = story_session(story, leg->session);

    if (leg->kind == STORY_ATTEMPT || leg->kind == STORY_SIGHT)
        return false;
    if (!story_may_send(story, session, source, false))
        return false;
    return session->way == NONE || source->num_ways == 0 ||
           story_find_onward(source, session->way) != NULL;
}

unsigned sstp_story_candidates(const struct sstp_story *story, uint32_t index, uint32_t *candidates,
                               unsigned max)
{
    const struct story_leg *leg = story_leg(story, index);
    const struct story_session *session = story_session(story, leg->session);
    unsigned num = 0;

    if (leg->kind != STORY_ROOT)
        return 0;
    uint32_t before = story_before(leg);
    for (unsigned i = 0; i < CANDIDATES_LOOK_BACK && before != NONE && num < max; i++) {
        if (may_be_before(story, session, before))
            candidates[num++] = before;
        before = story_before(story_leg(story, before));
    }
    return num;
}

uint32_t sstp_story_num_journeys(const struct sstp_story *story)
{
    return story->journeys.num;
}

uint32_t sstp_story_journey(const struct sstp_story *story, uint32_t journey)
{
    const uint32_t leg = story_journey(story, journey)->leg;
    return leg != STORY_LEGS_MAX ? leg : NONE;
}
