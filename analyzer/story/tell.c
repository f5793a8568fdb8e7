/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tell.c: the life of a story, and what it is told. */
#include "story/internal.h"

#include <string.h>

void *story_resize(struct sstp_story *story, void *block, size_t size)
{
    void *resized = story->mem->resize(story->mem->cookie, block, size);

    if (resized == NULL)
        story->is_full = true;
    return resized;
}

/* ------------------------------------------------------------------------
 * Life
 */

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
    return value != 0 && value < otherwise ? value : otherwise;
}

struct sstp_story *sstp_story_new(const struct sstp_story_config *config)
{
    const struct sstp_mem *mem = config->mem != NULL ? config->mem : &sstp_mem_libc;
    struct sstp_story *story = mem->resize(mem->cookie, NULL, sizeof *story);

    if (story == NULL)
        return NULL;
    memset(story, 0, sizeof *story);
    story->mem = mem;
    story->config = *config;
    story->newest_unread = NONE;
    story->config.max_legs = or_default(config->max_legs, SSTP_STORY_LEGS_MAX);
    story->config.max_places = or_default(config->max_places, SSTP_STORY_PLACES_MAX);
    sstp_texts_init(&story->texts, mem, config->key,
                    or_default(config->max_text, SSTP_STORY_TEXT_MAX));
    sstp_array_init(&story->uncertainties, mem, sizeof(int64_t));
    sstp_array_init(&story->connections, mem, sizeof(struct story_connection));
    sstp_array_init(&story->sessions, mem, sizeof(struct story_session));
    sstp_array_init(&story->legs, mem, sizeof(struct story_leg));
    sstp_array_init(&story->times, mem, sizeof(struct story_times));
    sstp_array_init(&story->contents, mem, sizeof(struct story_contents));
    sstp_array_init(&story->ways, mem, sizeof(struct story_way));
    sstp_array_init(&story->journeys, mem, sizeof(struct story_journey));
    sstp_array_init(&story->unseen, mem, sizeof(uint32_t));
    sstp_index_init(&story->contents_index, mem, &story_contents_of, story);
    sstp_index_init(&story->ways_index, mem, &story_ways_of, story);
    return story;
}

static void give_back(struct sstp_story *story, void *block)
{
    if (block != NULL)
        story->mem->resize(story->mem->cookie, block, 0);
}

static void clear_session(struct sstp_story *story, struct story_session *session)
{
    give_back(story, session->recipients);
    give_back(story, session->sorted);
    give_back(story, session->ways);
    if (session->fanout != NULL)
        sstp_fanout_clear(session->fanout);
    give_back(story, session->fanout);
}

static void clear_connection(struct sstp_story *story, struct story_connection *connection)
{
    story_free_likeness(story, connection);
    sstp_array_clear(&connection->sessions);
    for (int i = 0; i < 2; i++) {
        sstp_array_clear(&connection->directions[i].legs);
        give_back(story, connection->directions[i].outstanding);
    }
}

void sstp_story_free(struct sstp_story *story)
{
    if (story == NULL)
        return;
    for (uint32_t i = 0; i < story->sessions.num; i++)
        clear_session(story, story_session(story, i));
    for (uint32_t i = 0; i < story->connections.num; i++)
        clear_connection(story, story_connection(story, i));
    for (uint32_t i = 0; i < story->ways.num; i++)
        give_back(story, story_way(story, i)->places);
    sstp_texts_clear(&story->texts);
    struct sstp_array *const arrays[] = {
        &story->uncertainties, &story->connections, &story->sessions, &story->legs,  &story->times,
        &story->contents,      &story->ways,        &story->journeys, &story->unseen};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++)
        sstp_array_clear(arrays[i]);
    sstp_index_clear(&story->contents_index);
    sstp_index_clear(&story->ways_index);
    give_back(story, story->order);
    give_back(story, story);
}

void sstp_story_set_uncertainty(struct sstp_story *story, uint32_t point, int64_t uncertainty_ns)
{
    if (point > SSTP_STORY_POINTS_MAX)
        return;
    while (story->uncertainties.num <= point)
        if (sstp_array_add(&story->uncertainties) == NULL) {
            story->is_full = true;
            return;
        }
    *(int64_t *)sstp_array_at(&story->uncertainties, point) = uncertainty_ns;
}

bool sstp_story_is_finished(const struct sstp_story *story)
{
    return story->is_finished;
}

bool sstp_story_is_full(const struct sstp_story *story)
{
    return story->is_full || story->texts.is_full;
}

/* ------------------------------------------------------------------------
 * What is told to it
 */

void sstp_story_observed(struct sstp_story_event *event, const struct sstp_observer *observer,
                         const struct sstp_observation *seen)
{
    const bool from_initiator = event->from_initiator;

    event->session = event->message = event->entry = NONE;
    event->first = event->covered = 0;
    event->has_digest = false;
    if (seen->has_message) {
        event->message = seen->message;
        event->session =
            seen->has_session
                ? seen->session
                : sstp_observer_message(observer, from_initiator, seen->message).session;
    } else if (seen->has_session) {
        event->session = seen->session;
    }
    if (seen->has_entry)
        event->entry = seen->entry;
    if (seen->has_acknowledgement) {
        const struct sstp_observed_acknowledgement acknowledgement =
            sstp_observer_acknowledgement(observer, from_initiator, seen->acknowledgement);
        event->first = acknowledgement.first;
        event->covered = acknowledgement.covered;
    }
}

/* The legs of a direction are found by the observer's numbers of their messages. */
static bool enter_message(struct sstp_story *story, const struct sstp_story_event *event,
                          uint32_t leg)
{
    struct sstp_array *legs =
        &story_connection(story, event->connection)->directions[event->from_initiator].legs;

    if (event->message > legs->num && event->message - legs->num > story->config.max_legs)
        return false;
    while (legs->num <= event->message) {
        uint32_t *slot = sstp_array_add(legs);
        if (slot == NULL) {
            story->is_full = true;
            return false;
        }
        *slot = NONE;
    }
    *(uint32_t *)sstp_array_at(legs, event->message) = leg;
    return true;
}

static struct story_leg *add_leg(struct sstp_story *story, const struct sstp_story_event *event)
{
    if (story->legs.num >= story->config.max_legs) {
        story->is_full = true;
        return NULL;
    }
    struct story_times *times = story->config.keeps_times ? sstp_array_add(&story->times) : NULL;
    if (story->config.keeps_times && times == NULL) {
        story->is_full = true;
        return NULL;
    }
    struct story_leg *leg = sstp_array_add(&story->legs);
    if (leg == NULL) {
        story->is_full = true;
        if (times != NULL)
            story->times.num--;
        return NULL;
    }
    if (times != NULL)
        times->end_ns = event->time_ns;
    leg->label = event->label;
    leg->when = (uint64_t)event->time_ns >> STORY_WHEN_SHIFT & STORY_WHEN_MASK;
    return leg;
}

/* A message has ended: a leg. */
static uint32_t end_message(struct sstp_story *story, const struct sstp_story_event *event,
                            bool is_sight, uint32_t seen)
{
    const uint32_t session = story_find_session(story, event);

    if (session == NONE || event->message == NONE ||
        story_session(story, session)->from_initiator != event->from_initiator)
        return NONE;
    struct story_saying saying = {.contents = NONE};
    if (event->has_digest && !is_sight)
        saying = story_saying_of(story, event, story_session(story, session));
    struct story_leg *leg = add_leg(story, event);
    if (leg == NULL)
        return NONE;
    const uint32_t index = story->legs.num - 1;
    leg->session = session & STORY_SESSIONS_MASK;
    story_say(story, index, &saying);
    if (is_sight && seen != NONE) {
        leg->kind = STORY_SIGHT;
        leg->from = seen;
        leg->certainty = SSTP_STORY_CERTAIN;
    } else {
        story_join(story, index);
    }
    (void)enter_message(story, event, index);
    story_send(story, event, index);
    return index;
}

uint32_t sstp_story_command(struct sstp_story *story, const struct sstp_story_event *event)
{
    uint32_t leg = NONE, seen = NONE;

    if (event->connection == NONE || story->is_finished || event->command->id == SSTP_DATA)
        return NONE;
    const bool is_sight = story_see(story, event, &seen);
    if (event->covered > 0)
        story_acknowledge(story, event);
    story_take_ends(story, event);
    story_take_session(story, event);
    if (event->command->id == SSTP_CONNECT_CLOSE) /* who says it acknowledges nothing more */
        story_cut_off(
            story, &story_connection(story, event->connection)->directions[!event->from_initiator]);
    if (event->command->id == SSTP_END_MESSAGE)
        leg = end_message(story, event, is_sight, seen);
    if (!is_sight)
        story_show(story, event, leg);
    return leg;
}

void sstp_story_gap(struct sstp_story *story, uint32_t connection)
{
    if (connection != NONE)
        story_miss(story, story_connection(story, connection));
}

void sstp_story_end(struct sstp_story *story, uint32_t connection)
{
    if (connection == NONE)
        return;
    struct story_connection *ended = story_connection(story, connection);
    ended->is_over = true;
    story_cut_off(story, &ended->directions[0]);
    story_cut_off(story, &ended->directions[1]);
}

void sstp_story_finish(struct sstp_story *story)
{
    if (!story->config.keeps_numbers && !story->is_finished)
        story_revise(story);
    if (story->uncertainties.num > 0 && !story->is_finished)
        story_note_all_unseen(story);
    story->is_finished = true;
    story->num_ordered = NONE;
}
