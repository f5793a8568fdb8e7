/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sight.c: one connection that is captured at two places, on both sides of a proxy or an
 * address translator.
 *
 * Both show the same commands both ways.  Who is nearer to the initiator shows first what
 * comes from there, and last what the acceptor says: so a device that connects twice, and says
 * the same both times, is none, for it gets its answers in the order of its questions.
 */
#include "story/internal.h"

#include <string.h>

/* Commands that have to agree, Connect and its answer among them, before a message does. */
#define SIGHT_COMMANDS 3u
/* Commands of a direction that one view may lack. */
#define SIGHT_LEAD 256u
/* Commands in a row that the view to which they come later may have missed. */
#define SIGHT_LOST 64u

/* ------------------------------------------------------------------------
 * What is compared
 */

static void add_span(struct sstp_digesting *digesting, struct sstp_span span)
{
    sstp_digest_add_number(digesting, span.len);
    sstp_digest_add(digesting, span);
}

static uint64_t hash_of(const struct sstp_story *story, const struct sstp_story_event *event)
{
    const struct sstp_command *command = event->command;
    struct sstp_digesting digesting;

    sstp_digest_begin(&digesting, story->config.key);
    sstp_digest_add_number(
        &digesting, command->id | (uint64_t)command->length << 8 | (uint64_t)command->flags << 24 |
                        (uint64_t)(command->response_id ^ command->reason_id) << 32 |
                        (uint64_t)command->status_id << 40 |
                        (uint64_t)command->minor_version << 48);
    sstp_digest_add_number(&digesting,
                           command->session_id | (uint64_t)command->message_count << 32);
    switch (command->id) {
    case SSTP_END_MESSAGE:
        sstp_digest_add_number(&digesting, event->digest.halves[0]);
        sstp_digest_add_number(&digesting, event->length);
        break;
    case SSTP_NOOP:
    case SSTP_CLOSE:
        break;
    default:
        add_span(&digesting, command->target_device_url);
        add_span(&digesting, command->device_urls.bytes);
        add_span(&digesting, command->token);
        add_span(&digesting, command->product_version);
        add_span(&digesting, command->resource_url);
        add_span(&digesting, command->identity_url);
        add_span(&digesting, command->device_url);
        add_span(&digesting, command->fanout_entries.bytes);
        add_span(&digesting, command->fanout_indexes.bytes);
        add_span(&digesting, command->user_ref);
    }
    return sstp_digest_end_half(&digesting) | 1; /* 0 is none */
}

/* ------------------------------------------------------------------------
 * Pairs
 */

static void free_waiting(struct sstp_story *story, struct story_likeness *likeness)
{
    for (int i = 0; i < 2; i++) {
        if (likeness->waiting[i].shown != NULL)
            story->mem->resize(story->mem->cookie, likeness->waiting[i].shown, 0);
        likeness->waiting[i] = (struct story_shown_queue){NULL, 0, 0, 0};
    }
}

void story_free_likeness(struct sstp_story *story, struct story_connection *connection)
{
    if (connection->likeness == NULL)
        return;
    free_waiting(story, connection->likeness);
    story->mem->resize(story->mem->cookie, connection->likeness, 0);
    connection->likeness = NULL;
}

static void end_likeness(struct sstp_story *story, struct story_connection *connection)
{
    struct story_connection *other = story_connection(story, connection->likeness->other);

    connection->likeness->is_over = true;
    free_waiting(story, connection->likeness);
    if (other->likeness != NULL) {
        other->likeness->is_over = true;
        free_waiting(story, other->likeness);
    }
}

static struct story_likeness *make_likeness(struct sstp_story *story, uint32_t other, bool is_first)
{
    struct story_likeness *likeness = story_resize(story, NULL, sizeof *likeness);

    if (likeness != NULL)
        *likeness = (struct story_likeness){.other = other, .is_first = is_first};
    return likeness;
}

static bool wait(struct sstp_story *story, struct story_shown_queue *queue, uint64_t hash,
                 uint32_t leg)
{
    if (queue->num == queue->size && queue->head > 0) {
        memmove(queue->shown, queue->shown + queue->head,
                (queue->num - queue->head) * sizeof *queue->shown);
        queue->num -= queue->head;
        queue->head = 0;
    }
    if (queue->num == queue->size) {
        const uint32_t size = queue->size == 0 ? 4 : 2 * queue->size;
        struct story_shown *shown =
            size <= SIGHT_LEAD ? story_resize(story, queue->shown, size * sizeof *shown) : NULL;
        if (shown == NULL)
            return false;
        queue->shown = shown;
        queue->size = size;
    }
    queue->shown[queue->num++] = (struct story_shown){hash, leg};
    return true;
}

/* The pair ends before it has begun, without room for what waits. */
static void pair(struct sstp_story *story, uint32_t first, uint32_t second, uint64_t hash)
{
    struct story_connection *before = story_connection(story, first);
    struct story_connection *after = story_connection(story, second);

    before->likeness = make_likeness(story, second, true);
    after->likeness = make_likeness(story, first, false);
    if (before->likeness == NULL || after->likeness == NULL ||
        !wait(story, &before->likeness->waiting[1], hash, NONE)) {
        story_free_likeness(story, before);
        story_free_likeness(story, after);
    }
}

/* A Connect: another connection, between others, may have shown it just now. */
static void on_connect(struct sstp_story *story, uint32_t index, uint64_t hash)
{
    struct story_connection *connection = story_connection(story, index);
    const unsigned size = sizeof story->connecting / sizeof story->connecting[0];

    if (connection->connect_hash != 0 || connection->likeness != NULL)
        return; /* it is not its first */
    connection->connect_hash = hash;
    for (unsigned i = 0; i < size && i < story->num_connecting; i++) {
        const uint32_t before = story->connecting[i];
        struct story_connection *other = story_connection(story, before);
        const bool is_elsewhere =
            memcmp(other->addresses, connection->addresses, sizeof other->addresses) != 0 ||
            other->point != connection->point;
        if (other->connect_hash != hash || other->likeness != NULL || !is_elsewhere ||
            other->is_accepted || other->is_over)
            continue;
        pair(story, before, index, hash);
        break;
    }
    story->connecting[story->num_connecting++ % size] = index;
}

/* ------------------------------------------------------------------------
 * Commands of both
 */

static struct story_likeness *likeness_of(const struct story_connection *connection)
{
    return connection->likeness != NULL && !connection->likeness->is_over ? connection->likeness
                                                                          : NULL;
}

static bool is_in_doubt(const struct sstp_story *story, const struct story_connection *a,
                        const struct story_connection *b)
{
    return a->point != b->point &&
           (a->point < story->uncertainties.num || b->point < story->uncertainties.num);
}

bool story_see(struct sstp_story *story, const struct sstp_story_event *event, uint32_t *leg)
{
    struct story_connection *connection = story_connection(story, event->connection);
    const bool is_connect = event->command->id == SSTP_CONNECT;

    *leg = NONE;
    if (is_connect)
        on_connect(story, event->connection, hash_of(story, event));
    struct story_likeness *likeness = likeness_of(connection);
    if (likeness == NULL)
        return false;
    struct story_likeness *other = story_connection(story, likeness->other)->likeness;
    const bool direction = event->from_initiator;
    struct story_shown_queue *queue = other != NULL ? &other->waiting[direction] : NULL;
    if (queue == NULL || queue->head == queue->num)
        return false;
    const uint64_t hash = hash_of(story, event);
    uint32_t place = queue->head;
    while (place < queue->num && place < queue->head + SIGHT_LOST &&
           queue->shown[place].hash != hash)
        place++;
    if (place == queue->num || queue->shown[place].hash != hash) {
        end_likeness(story, connection);
        return false;
    }
    *leg = queue->shown[place].leg;
    queue->head = place + 1;
    likeness->num_equal++;
    other->num_equal++;
    return true;
}

void story_show(struct sstp_story *story, const struct sstp_story_event *event, uint32_t leg)
{
    struct story_connection *connection = story_connection(story, event->connection);
    struct story_likeness *likeness = likeness_of(connection);

    if (likeness == NULL || (likeness->is_first && event->command->id == SSTP_CONNECT))
        return;
    const struct story_connection *other = story_connection(story, likeness->other);
    const bool leads = likeness->is_first == event->from_initiator;
    if ((!leads && !is_in_doubt(story, connection, other)) ||
        (event->command->id == SSTP_END_MESSAGE && likeness->num_equal < SIGHT_COMMANDS) ||
        !wait(story, &likeness->waiting[event->from_initiator], hash_of(story, event), leg))
        end_likeness(story, connection);
}

uint32_t sstp_story_sight_of(const struct sstp_story *story, uint32_t connection)
{
    const struct story_likeness *likeness = story_connection(story, connection)->likeness;

    if (likeness == NULL || likeness->is_over || likeness->is_first ||
        likeness->num_equal < SIGHT_COMMANDS)
        return NONE;
    return likeness->other;
}
