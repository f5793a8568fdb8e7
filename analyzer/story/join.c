/* SPDX-License-Identifier: GPL-2.0-or-later */
/* join.c: which message a leg carries: one that was seen before, or a new one. */
#include "story/internal.h"

/* ------------------------------------------------------------------------
 * Contents
 */

static uint64_t hash_of_contents(const void *owner, uint32_t number)
{
    return story_contents(owner, number)->digest.halves[0];
}

static bool is_contents(const void *owner, uint32_t number, const void *wanted)
{
    return sstp_digest_is_equal(story_contents(owner, number)->digest,
                                *(const struct sstp_digest *)wanted);
}

const struct sstp_index_of story_contents_of = {hash_of_contents, is_contents};

/* The payload after what the Message said. */
static struct sstp_digest digest_of(const struct sstp_story_event *event,
                                    const struct story_session *session)
{
    struct sstp_digesting digesting = session->contents;

    sstp_digest_add_number(&digesting, event->digest.halves[0]);
    sstp_digest_add_number(&digesting, event->digest.halves[1]);
    sstp_digest_add_number(&digesting, event->length);
    return sstp_digest_end(&digesting);
}

uint32_t story_contents_of_event(struct sstp_story *story, const struct sstp_story_event *event,
                                 const struct story_session *session)
{
    const struct sstp_digest digest = digest_of(event, session);
    const uint32_t found = sstp_index_find(&story->contents_index, digest.halves[0], &digest);

    if (found != SSTP_INDEX_NONE)
        return found;
    struct story_contents *contents =
        sstp_index_reserve(&story->contents_index) ? sstp_array_add(&story->contents) : NULL;
    if (contents == NULL) {
        story->is_full = true;
        return NONE;
    }
    contents->digest = digest;
    contents->newest = STORY_LEGS_MAX;
    contents->tells = event->length >= SSTP_STORY_TELLING_LEN || session->tells_by_user_ref;
    sstp_index_add(&story->contents_index, digest.halves[0], story->contents.num - 1);
    return story->contents.num - 1;
}

/* ------------------------------------------------------------------------
 * A leg that looks for its place
 */

struct joining {
    struct sstp_story *story;
    uint32_t index; /* of the leg, which begins a journey unless it is joined */
    struct story_leg *leg;
    struct story_session *session;
    struct story_contents *contents;
    struct story_way *way; /* by which it came; NULL: not known */
};

/* Contents with which one journey began, and that only it can have. */
static bool is_unmistakable(const struct joining *joining)
{
    return joining->contents->tells && joining->contents->roots <= 1;
}

static bool is_deep(const struct joining *joining, uint32_t from)
{
    uint32_t num_hops;

    (void)story_root_of(joining->story, from, &num_hops);
    return num_hops >= STORY_DEPTH_MAX;
}

static void put(const struct joining *joining, enum story_kind kind, uint32_t from,
                enum sstp_story_certainty certainty)
{
    joining->leg->kind = (unsigned)kind & 3u;
    joining->leg->from = from;
    joining->leg->certainty = (unsigned)certainty & 3u;
    if (kind == STORY_ATTEMPT)
        story_leg(joining->story, from)->has_others = true;
}

/* ------------------------------------------------------------------------
 * Attempts
 */

/* How sure it is that the leg tries again what `before`, of the same contents, tried last. */
static enum sstp_story_certainty repeats_attempt(const struct joining *joining, uint32_t before)
{
    const struct sstp_story *story = joining->story;
    const struct story_leg *last = story_leg(story, before);
    const struct story_session *session = story_session(story, last->session);
    const struct story_leg *hop = story_leg(story, story_hop_of(story, before));

    if (last->kind == STORY_SIGHT || last->is_repeated || session->way != joining->session->way ||
        last->session == joining->leg->session)
        return SSTP_STORY_OPEN;
    const bool was_given_up = last->passage == SSTP_STORY_CUT_OFF && !hop->is_passed;
    if (was_given_up)
        return is_unmistakable(joining) ? SSTP_STORY_CERTAIN : SSTP_STORY_LIKELY;
    /* What repeats may be anything else; and a sender of its own that has an acknowledgement,
     * or may have one, says the same thing again. */
    if (!is_unmistakable(joining) || (hop->kind == STORY_ROOT && last->passage != SSTP_STORY_SENT))
        return SSTP_STORY_OPEN;
    const bool is_over = session->is_closed || session->connection != joining->session->connection;
    return is_over ? SSTP_STORY_LIKELY : SSTP_STORY_OPEN;
}

/* The oldest of the last legs of this contents that the leg may try again; of those that were
 * given up, if it is one. */
static uint32_t find_attempt(const struct joining *joining, bool only_given_up,
                             enum sstp_story_certainty *certainty)
{
    uint32_t found = NONE, before = joining->leg->link;

    /* What repeats may be one that was given up, and nothing else. */
    if (joining->way == NULL ||
        ((only_given_up || !is_unmistakable(joining)) && joining->way->num_given_up == 0))
        return NONE;
    for (unsigned i = 0; i < STORY_LOOK_BACK && before != NONE; i++) {
        const struct story_leg *leg = story_leg(joining->story, before);
        const enum sstp_story_certainty is = repeats_attempt(joining, before);
        if (is != SSTP_STORY_OPEN && (!only_given_up || leg->passage == SSTP_STORY_CUT_OFF)) {
            found = before;
            *certainty = is;
        }
        before = leg->link;
    }
    return found;
}

static bool join_attempt(const struct joining *joining, bool only_given_up)
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
    put(joining, STORY_ATTEMPT, story_hop_of(joining->story, before), certainty);
    return true;
}

/* ------------------------------------------------------------------------
 * Hops
 */

/* Whether the session before had named all recipients of this one.  Where it is no fanout,
 * the way says so. */
static bool are_recipients_named(const struct joining *joining, uint32_t before)
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

static bool fits(const struct joining *joining, uint32_t place)
{
    const uint32_t before = joining->way->places[place];

    return (before & STORY_TAKEN) == 0 &&
           story_leg(joining->story, before)->contents == joining->leg->contents &&
           are_recipients_named(joining, story_leg(joining->story, before)->session);
}

/* Whether a place may stay in the queue for good: the message may be dropped without a word,
 * or its receiver had it from another attempt alone. */
static bool may_be_passed_over(const struct joining *joining, uint32_t before)
{
    const struct story_leg *leg = story_leg(joining->story, before);

    return leg->may_vanish || leg->kind == STORY_ATTEMPT || leg->has_others ||
           leg->passage == SSTP_STORY_CUT_OFF;
}

/* The first place from the head on that fits. */
static uint32_t find_next(const struct joining *joining)
{
    const struct story_way *way = joining->way;

    for (uint32_t i = way->head; i < way->num && i < way->head + STORY_LOOK_AHEAD; i++)
        if (fits(joining, i))
            return i;
    return NONE;
}

/* Whether it is the turn of a place: whatever came before it has gone, or need not go, or may be
 * among those that went and could not be told.  Between relays each session has its own turn. */
static bool is_in_turn(const struct joining *joining, uint32_t place)
{
    const struct sstp_story *story = joining->story;
    const struct story_way *way = joining->way;
    const uint32_t session = story_leg(story, way->places[place])->session;
    uint32_t num_open = is_unmistakable(joining) ? way->num_open : 0;

    if (place > way->head + STORY_LOOK_AHEAD)
        return false;
    for (uint32_t i = way->head; i < place; i++) {
        const uint32_t before = way->places[i];
        if ((before & STORY_TAKEN) != 0 || may_be_passed_over(joining, before) ||
            (joining->session->is_fanout && story_leg(story, before)->session != session))
            continue;
        if (num_open == 0)
            return false;
        num_open--;
    }
    return true;
}

/* The way to the relay by which `before` goes on to all recipients of the session and more, for
 * some were lost before it was opened; NONE. */
static uint32_t wider_way(const struct joining *joining, uint32_t before)
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
static uint32_t find_unmistakable(struct joining *joining)
{
    uint32_t before = joining->leg->link;

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
        before = story_leg(joining->story, before)->link;
    }
    return NONE;
}

/* Whether another one like that at `place` may have come before it, by other clocks. */
static bool is_turn_doubtful(const struct joining *joining, uint32_t place)
{
    const struct story_way *way = joining->way;

    for (uint32_t i = place + 1; i < way->num && i <= place + STORY_LOOK_AHEAD; i++)
        if (fits(joining, i) && story_may_cross(joining->story, way->places[place], way->places[i]))
            return true;
    return false;
}

/* Of the attempts of a hop the one that a leg went on from: the last that was acknowledged, or
 * the last. */
static uint32_t attempt_before(const struct joining *joining, uint32_t hop)
{
    const struct sstp_story *story = joining->story;
    uint32_t before = joining->leg->link, last = hop;

    if (!story_leg(story, hop)->has_others)
        return hop;
    for (unsigned i = 0; i < STORY_LOOK_BACK && before != NONE && before != hop; i++) {
        const struct story_leg *leg = story_leg(story, before);
        if (leg->kind == STORY_ATTEMPT && leg->from == hop) {
            if (leg->passage == SSTP_STORY_ACKNOWLEDGED)
                return before;
            last = last == hop ? before : last;
        }
        before = leg->link;
    }
    return last;
}

/* The hop that has gone on from the same one for the same recipient: its receiver had two
 * attempts of it, and sent on both. */
static uint32_t find_sibling(const struct joining *joining, uint32_t hop)
{
    const struct sstp_story *story = joining->story;
    uint32_t before = joining->leg->link;

    if (!story_leg(story, hop)->has_others)
        return NONE;
    for (unsigned i = 0; i < STORY_LOOK_BACK && before != NONE && before != hop; i++) {
        const struct story_leg *leg = story_leg(story, before);
        if (leg->kind == STORY_HOP && story_hop_of(story, leg->from) == hop &&
            story_session(story, leg->session)->way == joining->session->way)
            return before;
        before = leg->link;
    }
    return NONE;
}

static bool join_hop(struct joining *joining)
{
    const bool is_unique = is_unmistakable(joining);

    if (joining->way == NULL)
        return false;
    uint32_t place = find_next(joining);
    if (place == NONE && is_unique)
        place = find_unmistakable(joining);
    if (place == NONE || is_deep(joining, joining->way->places[place]))
        return false;
    const bool has_turn = is_in_turn(joining, place);
    if (!is_unique && (!has_turn || joining->way->num_open > 0 || is_turn_doubtful(joining, place)))
        return false;
    const enum sstp_story_certainty certainty =
        is_unique && has_turn ? SSTP_STORY_CERTAIN : SSTP_STORY_LIKELY;
    const uint32_t hop = story_hop_of(joining->story, joining->way->places[place]);
    story_way_take(joining->way, place);
    if (is_unique)
        joining->way->num_open = 0;
    const uint32_t sibling = find_sibling(joining, hop);
    if (sibling == NONE)
        put(joining, STORY_HOP, attempt_before(joining, hop), certainty);
    else
        put(joining, STORY_ATTEMPT, sibling, certainty);
    return true;
}

/* ------------------------------------------------------------------------
 * Roots
 */

static void begin_journey(const struct joining *joining)
{
    struct sstp_story *story = joining->story;
    struct story_journey *journey = sstp_array_add(&story->journeys);

    put(joining, STORY_ROOT, NONE, SSTP_STORY_OPEN);
    if (journey == NULL) {
        story->is_full = true;
        return;
    }
    journey->leg = joining->index & STORY_LEGS_MAX;
    joining->leg->from = story->journeys.num - 1;
}

static void begin(const struct joining *joining)
{
    const struct story_session *session = joining->session;
    const struct story_connection *connection =
        story_connection(joining->story, session->connection);

    begin_journey(joining);
    if (joining->contents != NULL && joining->contents->roots < STORY_ROOTS_MANY)
        joining->contents->roots++;
    /* What leaves a relay has come to it, seen or not. */
    if (joining->way != NULL &&
        !story_is_device(joining->story, connection, session->from_initiator))
        joining->way->num_open++;
}

/* A leg after this one that was told before it, for the clocks of their points differ. */
static bool is_next(const struct joining *joining, uint32_t after)
{
    const struct sstp_story *story = joining->story;
    const struct story_leg *leg = story_leg(story, after);
    const uint32_t way = story_session(story, leg->session)->way;

    return leg->kind == STORY_ROOT && leg->session != joining->leg->session && way != NONE &&
           story_find_onward(joining->session, way) != NULL &&
           story_may_cross(story, after, joining->index);
}

/* The journey of `number` begins with the leg now, which had another. */
static void take_journey(const struct joining *joining, uint32_t number)
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
static void adopt(const struct joining *joining)
{
    struct sstp_story *story = joining->story;
    uint32_t after = joining->leg->link;

    for (unsigned i = 0; i < STORY_LOOK_BACK && after != NONE; i++) {
        struct story_leg *leg = story_leg(story, after);
        if (is_next(joining, after) && joining->contents->roots <= 2) {
            if (leg->from != NONE)
                take_journey(joining, leg->from);
            joining->contents->roots--;
            leg->kind = STORY_HOP;
            leg->from = joining->index;
            leg->certainty = is_unmistakable(joining) ? SSTP_STORY_CERTAIN : SSTP_STORY_LIKELY;
        }
        after = leg->link;
    }
}

/* ------------------------------------------------------------------------
 * Queues
 */

/* The message waits at its receiver for all recipients that are left: also what is tried again,
 * for the receiver may have had both. */
static void enter_queues(const struct joining *joining)
{
    const struct story_session *session = joining->session;

    for (uint32_t i = 0; i < session->num_ways; i++)
        if (session->ways[i].num > 0)
            story_way_enter(joining->story, story_way(joining->story, session->ways[i].way),
                            joining->index);
}

/* Those that were there before it have left the queue. */
static void leave_queues(const struct joining *joining)
{
    const struct sstp_story *story = joining->story;
    uint32_t after = joining->leg->link;

    for (unsigned i = 0; i < STORY_LOOK_BACK && after != NONE; i++) {
        const struct story_leg *leg = story_leg(story, after);
        if (leg->kind == STORY_HOP && leg->from == joining->index) {
            struct story_way *way = story_way(story, story_session(story, leg->session)->way);
            const uint32_t place = story_way_find(way, joining->index);
            if (place != NONE)
                story_way_take(way, place);
        }
        after = leg->link;
    }
}

void story_join(struct sstp_story *story, uint32_t index)
{
    struct story_leg *leg = story_leg(story, index);
    struct story_session *session = story_session(story, leg->session);
    struct joining joining = {story, index, leg, session, NULL, NULL};

    story_find_ways(story, session);
    if (session->way != NONE)
        joining.way = story_way(story, session->way);
    leg->may_vanish = (session->message_flags & (SSTP_MESSAGE_FLAG_EPHEMERAL |
                                                 SSTP_MESSAGE_FLAG_DO_NOT_DELIVER_IF_OFFLINE)) != 0;
    leg->link = NONE;
    if (leg->contents == NONE) {
        begin(&joining);
        return;
    }
    joining.contents = story_contents(story, leg->contents);
    const bool is_new = joining.contents->newest == STORY_LEGS_MAX;
    leg->link = is_new ? NONE : joining.contents->newest;
    joining.contents->newest = index & STORY_LEGS_MAX;
    if (is_new ||
        (!join_attempt(&joining, true) && !join_hop(&joining) && !join_attempt(&joining, false)))
        begin(&joining);
    const bool may_adopt = !is_new && leg->kind != STORY_ATTEMPT && story->uncertainties.num > 0 &&
                           joining.contents->roots <= 2;
    if (may_adopt)
        adopt(&joining);
    enter_queues(&joining);
    if (may_adopt)
        leave_queues(&joining);
}

/* ------------------------------------------------------------------------
 * What is known at the end
 */

/* A hop by order alone, over a way that something left which was not seen to come. */
static bool is_worthless(const struct sstp_story *story, const struct story_leg *leg)
{
    const uint32_t way = story_session(story, leg->session)->way;

    return leg->kind == STORY_HOP && leg->certainty == SSTP_STORY_LIKELY && way != NONE &&
           story_way(story, way)->num_open > 0 && story_contents(story, leg->contents)->roots > 1;
}

void story_revise(struct sstp_story *story)
{
    for (uint32_t i = 0; i < story->legs.num; i++) {
        struct story_leg *leg = story_leg(story, i);
        struct joining joining = {story, i, leg, NULL, NULL, NULL};
        if (is_worthless(story, leg))
            begin_journey(&joining);
    }
}
