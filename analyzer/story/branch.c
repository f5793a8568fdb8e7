/* SPDX-License-Identifier: GPL-2.0-or-later */
/* branch.c: what has become of a message for each of its recipients, and who has it. */
#include "story/following.h"

#include <stdlib.h>

const char *sstp_story_outcome_name(enum sstp_story_outcome outcome)
{
    static const char *const names[] = {
        [SSTP_STORY_DELIVERED] = "delivered", [SSTP_STORY_WAITING] = "waiting",
        [SSTP_STORY_REFUSED] = "refused",     [SSTP_STORY_UNDER_WAY] = "under way",
        [SSTP_STORY_NOT_KNOWN] = "not known",
    };

    return outcome < SSTP_STORY_OUTCOMES ? names[outcome] : NULL;
}

/* Whether one of two legs was acknowledged before the other, as far as that is known. */
static bool is_acknowledged_before(const struct sstp_story *story, uint32_t one, uint32_t other)
{
    if (one >= story->times.num || other >= story->times.num)
        return one < other;
    const struct story_times *times = sstp_array_at(&story->times, one),
                             *others = sstp_array_at(&story->times, other);
    return times->acknowledged_ns != others->acknowledged_ns
               ? times->acknowledged_ns < others->acknowledged_ns
               : one < other;
}

/* The attempt of a hop that was acknowledged first, or else the last one. */
static uint32_t decisive_leg(struct sstp_story *story, uint32_t hop)
{
    uint32_t first, end, last = hop, acknowledged = NONE;

    story_order_range(story, hop, &first, &end);
    if (story_leg(story, hop)->passage == SSTP_STORY_ACKNOWLEDGED)
        acknowledged = hop;
    for (; end > first && story_leg(story, story->order[end - 1])->kind != STORY_HOP; end--) {
        const uint32_t attempt = story->order[end - 1];
        if (story_leg(story, attempt)->kind != STORY_ATTEMPT)
            continue;
        if (story_leg(story, attempt)->passage == SSTP_STORY_ACKNOWLEDGED &&
            (acknowledged == NONE || is_acknowledged_before(story, attempt, acknowledged)))
            acknowledged = attempt;
        last = attempt > last ? attempt : last;
    }
    return acknowledged != NONE ? acknowledged : last;
}

/* The hop after this one that goes by a way; NONE. */
static uint32_t next_by_way(struct sstp_story *story, uint32_t hop, uint32_t way)
{
    uint32_t low, high, end;

    story_order_range(story, hop, &low, &high);
    end = high;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        const struct story_leg *leg = story_leg(story, story->order[middle]);
        const uint32_t of = leg->kind == STORY_HOP ? story_session(story, leg->session)->way : NONE;
        if (of < way)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == end || way == NONE)
        return NONE;
    const struct story_leg *found = story_leg(story, story->order[low]);
    return found->kind == STORY_HOP && story_session(story, found->session)->way == way
               ? story->order[low]
               : NONE;
}

static struct sstp_span party(const struct sstp_story *story, const struct story_session *session,
                              bool is_sender)
{
    const bool is_initiator = session->from_initiator == is_sender;
    return sstp_texts_get(&story->texts,
                          story_party(story_connection(story, session->connection), is_initiator));
}

/* Whoever acknowledged it: the recipient, or a relay for it. */
static void end_at_receiver(const struct story_following *following,
                            const struct story_session *session, int64_t since_ns)
{
    const struct sstp_story *story = following->story;
    const struct story_connection *connection = story_connection(story, session->connection);
    const bool end = !session->from_initiator;
    const bool is_there = following->recipient != NULL
                              ? story_is_there(story, session, following->recipient)
                              : story_is_device(connection, end);
    const bool is_known = following->recipient != NULL
                              ? story_party(connection, end) != SSTP_TEXT_NONE
                              : story_is_relay(connection, end);

    story_hold(following->branch,
               is_there   ? SSTP_STORY_DELIVERED
               : is_known ? SSTP_STORY_WAITING
                          : SSTP_STORY_NOT_KNOWN,
               is_there || is_known ? party(story, session, false) : sstp_span(NULL, 0), since_ns);
}

/* The hop is the last of its branch that was seen. */
static void end_branch(const struct story_following *following, uint32_t decisive)
{
    const struct sstp_story *story = following->story;
    const struct story_leg *leg = story_leg(story, decisive);
    const struct story_session *session = story_session(story, leg->session);
    const struct story_connection *connection = story_connection(story, session->connection);
    const bool is_at_relay =
        following->has_come || story_is_relay(connection, session->from_initiator);
    const struct story_times *times =
        decisive < story->times.num ? sstp_array_at(&story->times, decisive) : NULL;
    struct sstp_story_branch *branch = following->branch;

    branch->leg = decisive;
    switch ((enum sstp_story_passage)leg->passage) {
    case SSTP_STORY_ACKNOWLEDGED:
        end_at_receiver(following, session, times != NULL ? times->acknowledged_ns : 0);
        break;
    case SSTP_STORY_SENT:
        story_hold(branch, SSTP_STORY_UNDER_WAY, party(story, session, true), branch->since_ns);
        break;
    case SSTP_STORY_CUT_OFF:
        story_hold(branch, is_at_relay ? SSTP_STORY_WAITING : SSTP_STORY_UNDER_WAY,
                   party(story, session, true), branch->since_ns);
        break;
    case SSTP_STORY_DECLINED:
        story_hold(branch, SSTP_STORY_REFUSED, party(story, session, true), branch->since_ns);
        branch->refusal = SSTP_STORY_BY_RESPONSE;
        branch->reason = session->response;
        break;
    case SSTP_STORY_NOT_SEEN:
        story_hold(branch, SSTP_STORY_NOT_KNOWN, sstp_span(NULL, 0), 0);
        break;
    }
    story_doubt(following, decisive);
}

/* The receiver has said that the recipient does not get it: it stays where it had come, `before`,
 * as sure as that is, and whatever he acknowledged for others. */
static void refuse(const struct story_following *following, uint32_t decisive,
                   const struct story_recipient *recipient, const struct sstp_story_branch *before)
{
    const struct sstp_story *story = following->story;

    following->branch->leg = decisive;
    following->branch->certainty = before->certainty;
    following->branch->refusal = SSTP_STORY_BY_STATUS;
    following->branch->reason = recipient->gone;
    story_hold(following->branch, SSTP_STORY_REFUSED,
               party(story, story_session(story, story_leg(story, decisive)->session), true),
               before->since_ns);
}

static void follow(struct story_following following);

/* The branch goes on with the hop after it. */
static void go_on(const struct story_following *following, uint32_t next, uint32_t decisive)
{
    struct sstp_story *story = following->story;
    struct story_following after = *following;
    const struct story_leg *leg = story_leg(story, decisive);

    after.hop = next;
    after.has_come = true;
    if (decisive < story->times.num && leg->passage == SSTP_STORY_ACKNOWLEDGED)
        after.branch->since_ns =
            ((const struct story_times *)sstp_array_at(&story->times, decisive))->acknowledged_ns;
    after.recipient = story_recipient_on(story, next, following->recipient);
    if (story_certainty(story, next) == SSTP_STORY_LIKELY)
        after.branch->certainty = SSTP_STORY_LIKELY;
    follow(after);
}

static void follow(struct story_following following)
{
    struct sstp_story *story = following.story;
    const uint32_t decisive = decisive_leg(story, following.hop);
    const struct story_recipient *recipient =
        story_recipient_on(story, decisive, following.recipient);
    const struct sstp_story_branch before = *following.branch;
    uint32_t next = NONE;

    if (following.recipient != NULL)
        next = next_by_way(story, following.hop, following.recipient->way);
    if (next == NONE && recipient != NULL)
        next = next_by_way(story, following.hop, recipient->way);
    const bool is_named =
        next != NONE && story_recipient_on(story, next, following.recipient) != NULL;
    if (is_named)
        go_on(&following, next, decisive);
    else
        end_branch(&following, decisive);
    if (recipient != NULL && recipient->is_gone && recipient->gone_at <= decisive &&
        following.branch->outcome != SSTP_STORY_DELIVERED)
        refuse(&following, decisive, recipient, &before);
}

unsigned sstp_story_branches(struct sstp_story *story, uint32_t journey, unsigned max,
                             sstp_story_visit visit, void *cookie)
{
    const uint32_t root = sstp_story_journey(story, journey);

    if (root == NONE)
        return 0;
    const struct story_session *session = story_session(story, story_leg(story, root)->session);
    const unsigned num = session->num_recipients > 0 ? session->num_recipients : 1;
    for (unsigned i = 0; i < num && i < max; i++) {
        const struct story_recipient *recipient =
            session->num_recipients > 0 ? &session->recipients[i] : NULL;
        struct sstp_story_branch branch = {.certainty = SSTP_STORY_CERTAIN, .leg = root};
        if (recipient != NULL) {
            branch.identity_url = sstp_texts_get(&story->texts, recipient->identity);
            branch.device_url = sstp_texts_get(&story->texts, recipient->device);
            branch.relay_url = sstp_texts_get(&story->texts, recipient->relay);
        }
        if (root < story->times.num)
            branch.since_ns =
                ((const struct story_times *)sstp_array_at(&story->times, root))->end_ns;
        follow((struct story_following){story, &branch, recipient, root, false});
        visit(cookie, &branch);
    }
    return num;
}

static void add_outcome(void *cookie, const struct sstp_story_branch *branch)
{
    *(unsigned *)cookie |= 1u << branch->outcome;
}

unsigned sstp_story_outcomes(struct sstp_story *story, uint32_t journey)
{
    struct story_journey *known = story_journey(story, journey);
    unsigned outcomes = known->outcomes;

    if (outcomes == 0)
        (void)sstp_story_branches(story, journey, SSTP_STORY_RECIPIENTS_MAX, add_outcome,
                                  &outcomes);
    if (story->is_finished)
        known->outcomes = outcomes & 31u;
    return outcomes;
}
