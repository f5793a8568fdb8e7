/* SPDX-License-Identifier: GPL-2.0-or-later */
/* passage.c: what became of each message on its connection (GRVSSTP 3.1.5.19, 3.1.7.1). */
#include "story/internal.h"

#include <string.h>

/* A leg is given up, or not any more. */
static void count_given_up(const struct sstp_story *story, const struct story_leg *leg, bool is)
{
    const uint32_t index = story_session(story, leg->session)->way;
    struct story_way *way = index != NONE ? story_way(story, index) : NULL;

    if (way == NULL || leg->is_repeated || leg->kind == STORY_SIGHT)
        return;
    if (is)
        way->num_given_up++;
    else if (way->num_given_up > 0)
        way->num_given_up--;
}

static void pass(struct sstp_story *story, uint32_t index, enum sstp_story_passage passage,
                 const struct sstp_story_event *event)
{
    struct story_leg *leg = story_leg(story, index);

    if ((leg->passage == SSTP_STORY_CUT_OFF) != (passage == SSTP_STORY_CUT_OFF))
        count_given_up(story, leg, passage == SSTP_STORY_CUT_OFF);
    leg->passage = (unsigned)passage & 7u;
    if (passage == SSTP_STORY_ACKNOWLEDGED)
        story_leg(story, story_hop_of(story, index))->is_passed = true;
    if (event != NULL && index < story->times.num) {
        struct story_times *times = sstp_array_at(&story->times, index);
        times->acknowledged_ns = event->time_ns;
        times->acknowledged_label = event->label;
    }
    /* One connection, two sights of it: what one shows goes for the leg itself. */
    if (leg->kind == STORY_SIGHT && passage == SSTP_STORY_ACKNOWLEDGED &&
        story_leg(story, leg->from)->passage != SSTP_STORY_ACKNOWLEDGED)
        pass(story, leg->from, passage, event);
}

/* Nobody can say what becomes of what is outstanding. */
static void forget(struct sstp_story *story, struct story_direction *direction)
{
    for (uint32_t i = direction->head; i < direction->num; i++)
        pass(story, direction->outstanding[i], SSTP_STORY_NOT_SEEN, NULL);
    direction->head = direction->num = 0;
}

void story_miss(struct sstp_story *story, struct story_connection *connection)
{
    forget(story, &connection->directions[0]);
    forget(story, &connection->directions[1]);
}

void story_cut_off(struct sstp_story *story, struct story_direction *direction)
{
    for (uint32_t i = direction->head; i < direction->num; i++) {
        const uint32_t index = direction->outstanding[i];
        const struct story_leg *leg = story_leg(story, index);
        if (leg->passage == SSTP_STORY_SENT)
            pass(story, index,
                 story_session(story, leg->session)->was_refused ? SSTP_STORY_DECLINED
                                                                 : SSTP_STORY_CUT_OFF,
                 NULL);
    }
}

static bool reserve(struct sstp_story *story, struct story_direction *direction)
{
    if (direction->num < direction->size)
        return true;
    if (direction->head > direction->size / 2) {
        memmove(direction->outstanding, direction->outstanding + direction->head,
                (direction->num - direction->head) * sizeof *direction->outstanding);
        direction->num -= direction->head;
        direction->head = 0;
        return true;
    }
    const uint32_t size = direction->size == 0 ? 8 : direction->size * 2;
    uint32_t *outstanding = story_resize(story, direction->outstanding, size * sizeof *outstanding);
    if (outstanding == NULL)
        return false;
    direction->outstanding = outstanding;
    direction->size = size;
    return true;
}

void story_send(struct sstp_story *story, const struct sstp_story_event *event, uint32_t leg)
{
    struct story_direction *direction =
        &story_connection(story, event->connection)->directions[event->from_initiator];

    if (event->entry == NONE) { /* nobody counts */
        forget(story, direction);
        story_leg(story, leg)->passage = SSTP_STORY_NOT_SEEN;
        return;
    }
    if (event->entry != direction->first + (direction->num - direction->head)) {
        forget(story, direction);
        direction->first = event->entry;
    }
    if (reserve(story, direction))
        direction->outstanding[direction->num++] = leg;
    else
        story_leg(story, leg)->passage = SSTP_STORY_NOT_SEEN;
}

void story_acknowledge(struct sstp_story *story, const struct sstp_story_event *event)
{
    struct story_direction *direction =
        &story_connection(story, event->connection)->directions[!event->from_initiator];
    const uint32_t end = event->first + event->covered;

    while (direction->head < direction->num && direction->first < end) {
        const bool is_covered = direction->first >= event->first;
        pass(story, direction->outstanding[direction->head],
             is_covered ? SSTP_STORY_ACKNOWLEDGED : SSTP_STORY_NOT_SEEN, is_covered ? event : NULL);
        direction->head++;
        direction->first++;
    }
    if (direction->head == direction->num)
        direction->head = direction->num = 0;
}
