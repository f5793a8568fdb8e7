/* SPDX-License-Identifier: GPL-2.0-or-later */
/* doubt.c: how sure it is that a message has come no further than was seen. */
#include "story/following.h"

/* Whether more than one message has the contents of the branch. */
static bool is_one_of_many(const struct story_following *following)
{
    return story_is_ambiguous(following->story, story_leg(following->story, following->hop));
}

/* Whether a leg of the same contents is for the branch's recipient, as far as that is known. */
static bool is_for_recipient(const struct story_following *following, uint32_t leg)
{
    struct story_session *session =
        story_session(following->story, story_leg(following->story, leg)->session);
    const struct story_recipient *recipient = following->recipient;

    return recipient == NULL || session->num_recipients == 0 ||
           story_find_recipient(following->story, session, recipient->identity,
                                recipient->device) != NULL;
}

/* Whether a leg of the same contents may be the hop after `decisive`, or try it again. */
static bool may_be_after(const struct story_following *following, uint32_t decisive, uint32_t leg)
{
    const struct sstp_story *story = following->story;
    const struct story_session *session = story_session(story, story_leg(story, leg)->session);
    const struct story_session *last = story_session(story, story_leg(story, decisive)->session);
    const bool is_passed = story_leg(story, decisive)->passage == SSTP_STORY_ACKNOWLEDGED;

    return story_hop_of(story, leg) != following->hop &&
           (story_may_send(story, session, last, false) ||
            (!is_passed && story_may_send(story, session, last, true))) &&
           is_for_recipient(following, leg);
}

/* Whether the branch may have gone on with `leg`, or one that its list has before it; with one that
 * begins a journey of its own, for nobody knows where it belongs, or any. */
static bool may_have_gone_on(const struct story_following *following, uint32_t decisive,
                             uint32_t leg, bool only_open)
{
    const struct sstp_story *story = following->story;
    const uint32_t hop = following->hop;

    for (unsigned i = 0; leg != NONE && (leg > hop || story_may_cross(story, leg, hop)); i++) {
        if (i == STORY_LOOK_BACK)
            return true;
        if ((!only_open || story_leg(story, leg)->kind == STORY_ROOT) &&
            may_be_after(following, decisive, leg))
            return true;
        leg = story_leg(story, leg)->link;
    }
    return false;
}

/* Whether it may have gone on among those of unknown contents. */
static bool may_be_unread(const struct story_following *following, uint32_t decisive)
{
    return may_have_gone_on(following, decisive, following->story->newest_unread, false);
}

/* Whether it may have gone on among messages of the same contents. */
static bool may_be_another(const struct story_following *following, uint32_t decisive,
                           bool only_open)
{
    const struct sstp_story *story = following->story;
    const struct story_leg *hop = story_leg(story, following->hop);

    return !hop->is_alone &&
           may_have_gone_on(following, decisive, story_contents(story, hop->contents)->newest,
                            only_open);
}

/* Whether the journey may begin with what its sender had sent before, and not seen acknowledged:
 * then it is that one's branch that may have gone on. */
static bool may_have_begun_before(const struct story_following *following)
{
    const struct sstp_story *story = following->story;
    const struct story_leg *root = story_leg(story, following->hop);
    const struct story_session *session = story_session(story, root->session);
    uint32_t before = story_before(root);

    for (unsigned i = 0; root->kind == STORY_ROOT && before != NONE; i++) {
        const struct story_leg *leg = story_leg(story, before);
        if (i == STORY_LOOK_BACK ||
            (leg->kind != STORY_SIGHT && leg->session != root->session &&
             leg->passage != SSTP_STORY_ACKNOWLEDGED &&
             story_may_send(story, session, story_session(story, leg->session), true) &&
             is_for_recipient(following, before)))
            return true;
        before = story_before(leg);
    }
    return false;
}

/* ------------------------------------------------------------------------
 * The queue in which it waits
 */

static int64_t end_of(const struct sstp_story *story, uint32_t leg)
{
    return ((const struct story_times *)sstp_array_at(&story->times, leg))->end_ns;
}

/* Whether `later` came to the receiver of `first` after that, beyond doubt: by the same session, or
 * when the receiver had acknowledged it.  What comes between two relays has its turn by sessions.
 */
static bool came_after(const struct sstp_story *story, const struct story_way *way,
                       const struct story_recipient *recipient, uint32_t first, uint32_t later)
{
    if (story_leg(story, first)->session == story_leg(story, later)->session)
        return true;
    if (way->key.identity != recipient->identity || way->key.device != recipient->device)
        return false;
    if (first >= story->times.num || later >= story->times.num)
        return true;
    const struct story_times *times = sstp_array_at(&story->times, first);
    return times->acknowledged_label != 0 && times->acknowledged_ns <= end_of(story, later);
}

/* Whether one that came later has left the queue at `place` before it. */
static bool is_overtaken(const struct sstp_story *story, const struct story_way *way,
                         const struct story_recipient *recipient, uint32_t place)
{
    const uint32_t leg = way->places[place] & ~STORY_TAKEN;

    for (uint32_t i = place + 1; i < way->num && i <= place + STORY_LOOK_AHEAD; i++)
        if ((way->places[i] & STORY_TAKEN) != 0 &&
            came_after(story, way, recipient, leg, way->places[i] & ~STORY_TAKEN))
            return true;
    return way->head > place + STORY_LOOK_AHEAD;
}

/* What is known of the queue in which `decisive` waits. */
enum waiting {
    WAITS,        /* what left it had come before, as far as that is known */
    IS_OVERTAKEN, /* one that came later has left it */
    MAY_HAVE_LEFT /* by its turn it left, but so much is not known that its turn says nothing */
};

static enum waiting waits(const struct story_following *following, uint32_t decisive)
{
    struct sstp_story *story = following->story;
    const struct story_recipient *recipient =
        story_recipient_on(story, decisive, following->recipient);

    if (recipient == NULL || recipient->way == NONE ||
        story_leg(story, decisive)->passage != SSTP_STORY_ACKNOWLEDGED)
        return WAITS;
    const struct story_way *way = story_way(story, recipient->way);
    const uint32_t place = story_way_find(way, decisive);
    if (place == NONE || (way->places[place] & STORY_TAKEN) != 0)
        return MAY_HAVE_LEFT;
    return is_overtaken(story, way, recipient, place) ? IS_OVERTAKEN : WAITS;
}

/* ------------------------------------------------------------------------
 * How sure it is
 */

/* Nobody can say where it is. */
static void lose(struct sstp_story_branch *branch)
{
    story_hold(branch, SSTP_STORY_NOT_KNOWN, sstp_span(NULL, 0), 0);
    branch->certainty = SSTP_STORY_OPEN;
}

static void doubt_waiting(const struct story_following *following, uint32_t decisive)
{
    struct sstp_story_branch *branch = following->branch;
    const enum waiting waiting = waits(following, decisive);

    if (is_one_of_many(following)) {
        if (waiting != WAITS || may_be_another(following, decisive, true))
            lose(branch);
        else if (may_be_another(following, decisive, false) || may_be_unread(following, decisive) ||
                 may_have_begun_before(following))
            branch->certainty = SSTP_STORY_LIKELY;
    } else if (waiting == IS_OVERTAKEN) {
        branch->certainty = SSTP_STORY_OPEN;
    } else if (may_be_unread(following, decisive)) {
        branch->certainty = SSTP_STORY_LIKELY;
    }
}

void story_doubt(const struct story_following *following, uint32_t decisive)
{
    struct sstp_story_branch *branch = following->branch;

    if (story_certainty(following->story, decisive) == SSTP_STORY_LIKELY)
        branch->certainty = SSTP_STORY_LIKELY;
    if (branch->outcome == SSTP_STORY_NOT_KNOWN)
        branch->certainty = SSTP_STORY_OPEN;
    else if (branch->outcome == SSTP_STORY_WAITING || branch->outcome == SSTP_STORY_UNDER_WAY)
        doubt_waiting(following, decisive);
}
