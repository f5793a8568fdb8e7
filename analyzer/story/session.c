/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session.c: whom a session is for, and what has become of them. */
#define _GNU_SOURCE /* qsort_r() */
#include "story/internal.h"

#include <stdlib.h>

uint32_t story_find_session(const struct sstp_story *story, const struct sstp_story_event *event)
{
    const struct story_connection *connection = story_connection(story, event->connection);

    if (event->session >= connection->sessions.num)
        return NONE;
    return *(const uint32_t *)sstp_array_at(&connection->sessions, event->session);
}

/* Room for the observer's number. */
static uint32_t *reserve(struct story_connection *connection, uint32_t index)
{
    while (connection->sessions.num <= index) {
        uint32_t *slot = sstp_array_add(&connection->sessions);
        if (slot == NULL)
            return NULL;
        *slot = NONE;
    }
    return sstp_array_at(&connection->sessions, index);
}

/* An observer counts its sessions one by one; that it skips some is for those of which it
 * alone knows. */
#define SKIPPED_MAX 1000000u

static struct story_session *add_session(struct sstp_story *story,
                                         const struct sstp_story_event *event)
{
    struct story_connection *connection = story_connection(story, event->connection);

    if (event->session == NONE || event->session > connection->sessions.num + SKIPPED_MAX)
        return NULL;
    uint32_t *slot =
        story->sessions.num < SSTP_STORY_SESSIONS_MAX ? reserve(connection, event->session) : NULL;
    struct story_session *session = slot != NULL ? sstp_array_add(&story->sessions) : NULL;
    if (session == NULL) {
        story->is_full = true;
        return NULL;
    }
    *slot = story->sessions.num - 1;
    session->connection = event->connection;
    session->index = event->session;
    session->way = NONE;
    session->from_initiator = event->from_initiator;
    session->resource = sstp_texts_put(&story->texts, event->command->resource_url);
    return session;
}

static void put_recipient(struct sstp_story *story, struct story_recipient *recipient,
                          const struct sstp_fanout_entry *entry)
{
    *recipient =
        (struct story_recipient){.identity = sstp_texts_put(&story->texts, entry->identity_url),
                                 .device = sstp_texts_put(&story->texts, entry->device_url),
                                 .relay = sstp_texts_put(&story->texts, entry->relay_url),
                                 .way = NONE};
}

static bool reserve_recipients(struct sstp_story *story, struct story_session *session,
                               uint32_t num)
{
    if (num > story->config.max_places - story->num_places) {
        story->is_full = true;
        return false;
    }
    session->recipients = story_resize(story, NULL, num * sizeof *session->recipients);
    if (session->recipients != NULL)
        story->num_places += num;
    return session->recipients != NULL;
}

static void on_open(struct sstp_story *story, struct story_session *session,
                    const struct sstp_command *open)
{
    const struct sstp_fanout_entry entry = {.identity_url = open->identity_url,
                                            .device_url = open->device_url};

    if ((entry.identity_url.len == 0 && entry.device_url.len == 0) ||
        !reserve_recipients(story, session, 1))
        return;
    put_recipient(story, &session->recipients[0], &entry);
    session->num_recipients = 1;
}

static void keep_fanout(struct sstp_story *story, struct story_session *session,
                        const struct sstp_command *open)
{
    session->fanout = story_resize(story, NULL, sizeof *session->fanout);
    if (session->fanout != NULL && !sstp_fanout_init(session->fanout, story->mem, open)) {
        story->mem->resize(story->mem->cookie, session->fanout, 0);
        session->fanout = NULL;
    }
}

static void on_fanout_open(struct sstp_story *story, struct story_session *session,
                           const struct sstp_command *open)
{
    session->is_fanout = true;
    keep_fanout(story, session, open);
    if (session->fanout == NULL || session->fanout->num_entries == 0 ||
        !reserve_recipients(story, session, session->fanout->num_entries))
        return;
    struct sstp_reader r =
        sstp_reader(sstp_span(session->fanout->entries, session->fanout->entries_len));
    for (unsigned i = 0; i < session->fanout->num_entries; i++) {
        const struct sstp_fanout_entry entry = sstp_fanout_entry_read(&r, session->fanout->form);
        put_recipient(story, &session->recipients[i], &entry);
    }
    session->num_recipients = session->fanout->num_entries;
}

static void drop_fanout(struct sstp_story *story, struct story_session *session)
{
    if (session->fanout == NULL)
        return;
    sstp_fanout_clear(session->fanout);
    story->mem->resize(story->mem->cookie, session->fanout, 0);
    session->fanout = NULL;
}

/* The first leg of the session that its receiver has not acknowledged: the count goes in
 * order. */
static uint32_t first_open_leg(const struct sstp_story *story, const struct story_session *session)
{
    const struct story_direction *direction =
        &story_connection(story, session->connection)->directions[session->from_initiator];

    return direction->head < direction->num ? direction->outstanding[direction->head]
                                            : story->legs.num;
}

static void on_status(struct sstp_story *story, struct story_session *session,
                      const struct sstp_command *status)
{
    struct sstp_fanout_status names;

    if (session->fanout == NULL || !sstp_fanout_apply(session->fanout, status, &names))
        return;
    for (unsigned i = sstp_fanout_next_leaving(session->fanout, 0);
         i < session->fanout->num_entries; i = sstp_fanout_next_leaving(session->fanout, i + 1)) {
        if (i >= session->num_recipients)
            break;
        session->recipients[i].is_gone = true;
        session->recipients[i].gone = status->status_id;
        session->recipients[i].gone_at = first_open_leg(story, session);
        struct story_onward *onward = story_find_onward(session, session->recipients[i].way);
        if (onward != NULL)
            onward->num--;
    }
}

/* The contents begin with what a Message says of its message beside the payload, as far as every
 * hop has to say the same: not how soon it wants to be acknowledged, nor how long it may live. */
static void on_message(struct sstp_story *story, struct story_session *session,
                       const struct sstp_command *message)
{
    const uint8_t kept = SSTP_MESSAGE_FLAG_FRAGMENT | SSTP_MESSAGE_FLAG_STREAM_SIZE;
    struct sstp_digesting *contents = &session->contents;

    session->message_flags = message->flags;
    session->tells_by_user_ref = message->user_ref.len >= SSTP_STORY_TELLING_LEN;
    sstp_digest_begin(contents, story->config.key);
    sstp_digest_add_number(contents, (uint64_t)session->resource << 32 |
                                         (uint64_t)(message->flags & kept) << 16 |
                                         message->user_ref.len);
    if ((message->flags & kept) != 0) {
        sstp_digest_add_number(contents, message->byte_stream_size);
        sstp_digest_add_number(contents, message->session_size);
        sstp_digest_add_number(contents, message->message_size);
        sstp_digest_add_number(contents,
                               (uint64_t)message->num_fragments << 32 | message->this_fragment);
        sstp_digest_add_number(contents, message->fragment_offset);
        sstp_digest_add_number(contents, message->fragment_id.len);
        sstp_digest_add(contents, message->fragment_id);
    }
    sstp_digest_add(contents, message->user_ref);
}

static void on_response(struct story_session *session, uint8_t response_id)
{
    const bool is_acceptance = response_id == SSTP_OPEN_RESPONSE_OK ||
                               response_id == SSTP_OPEN_RESPONSE_OK_STOP_SENDING ||
                               response_id == SSTP_OPEN_RESPONSE_START_SENDING ||
                               response_id == SSTP_OPEN_RESPONSE_STOP_SENDING;

    if (is_acceptance || session->is_closed)
        return;
    session->was_refused = true;
    session->response = response_id;
    session->is_closed = true;
}

void story_take_session(struct sstp_story *story, const struct sstp_story_event *event)
{
    const struct sstp_command *command = event->command;
    const uint32_t index = story_find_session(story, event);
    struct story_session *session = index != NONE ? story_session(story, index) : NULL;

    switch (command->id) {
    case SSTP_OPEN:
    case SSTP_FANOUT_OPEN:
        if (session != NULL) /* which is what the command collided with */
            break;
        session = add_session(story, event);
        if (session != NULL && command->id == SSTP_OPEN)
            on_open(story, session, command);
        else if (session != NULL)
            on_fanout_open(story, session, command);
        break;
    case SSTP_OPEN_RESPONSE:
        if (session != NULL && session->from_initiator != event->from_initiator)
            on_response(session, command->response_id);
        break;
    case SSTP_SESSION_STATUS:
        if (session != NULL && session->from_initiator != event->from_initiator)
            on_status(story, session, command);
        break;
    case SSTP_CLOSE:
        if (session != NULL) {
            session->is_closed = true;
            drop_fanout(story, session);
        }
        break;
    case SSTP_MESSAGE:
        if (session == NULL) /* its Open was not seen */
            session = add_session(story, event);
        if (session != NULL && session->from_initiator == event->from_initiator)
            on_message(story, session, command);
        break;
    }
}

/* ------------------------------------------------------------------------
 * Ways
 */

bool story_is_there(const struct sstp_story *story, const struct story_session *session,
                    const struct story_recipient *recipient)
{
    const struct story_connection *connection = story_connection(story, session->connection);

    return story_has_name(connection, !session->from_initiator, recipient->device) ||
           story_is_device(connection, !session->from_initiator);
}

/* Recipients of a session in an order of their own: all that have one relay side by side, or
 * without regard to relays. */
struct sorting {
    const struct story_recipient *recipients;
    bool has_relays;
};

static int compare_recipients(const struct story_recipient *a, uint32_t identity, uint32_t device)
{
    if (a->identity != identity)
        return a->identity < identity ? -1 : 1;
    return a->device < device ? -1 : a->device > device;
}

static int compare_sorted(const void *a, const void *b, void *cookie)
{
    const struct sorting *sorting = cookie;
    const uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    const struct story_recipient *first = &sorting->recipients[left];
    const struct story_recipient *second = &sorting->recipients[right];

    if (sorting->has_relays && first->relay != second->relay)
        return first->relay < second->relay ? -1 : 1;
    const int order = compare_recipients(first, second->identity, second->device);
    return order != 0 ? order : left < right ? -1 : left > right;
}

/* NULL without memory. */
static uint32_t *sort(struct sstp_story *story, const struct story_session *session,
                      bool has_relays)
{
    struct sorting sorting = {session->recipients, has_relays};
    uint32_t *sorted = story_resize(story, NULL, session->num_recipients * sizeof *sorted);

    if (sorted == NULL)
        return NULL;
    for (uint32_t i = 0; i < session->num_recipients; i++)
        sorted[i] = i;
    qsort_r(sorted, session->num_recipients, sizeof *sorted, compare_sorted, &sorting);
    return sorted;
}

/* A text that stands for those of some recipients that are left: what several senders send to
 * others at one relay are different queues. */
static uint32_t set_of(struct sstp_story *story, const struct story_session *session,
                       const uint32_t *sorted, uint32_t num)
{
    struct sstp_digesting digesting;

    sstp_digest_begin(&digesting, story->config.key);
    for (uint32_t i = 0; i < num; i++) {
        const struct story_recipient *recipient = &session->recipients[sorted[i]];
        if (!recipient->is_gone)
            sstp_digest_add_number(&digesting,
                                   recipient->identity | (uint64_t)recipient->device << 32);
    }
    const uint64_t set = sstp_digest_end_half(&digesting);
    return sstp_texts_put(&story->texts, sstp_span(&set, sizeof set));
}

/* The way of the session's messages, from its originator to the next. */
static uint32_t way_in(struct sstp_story *story, struct story_session *session)
{
    const struct story_connection *connection = story_connection(story, session->connection);
    struct story_way_key key = {.sender = story_party(connection, session->from_initiator),
                                .resource = session->resource};

    if (key.sender == SSTP_TEXT_NONE || session->num_recipients == 0)
        return NONE;
    if (session->is_fanout) {
        if (session->sorted == NULL)
            session->sorted = sort(story, session, false);
        if (session->sorted == NULL)
            return NONE;
        key.identity = set_of(story, session, session->sorted, session->num_recipients);
        key.device = session->recipients[0].relay != SSTP_TEXT_NONE
                         ? session->recipients[0].relay
                         : story_party(connection, !session->from_initiator);
    } else {
        key.identity = session->recipients[0].identity;
        key.device = session->recipients[0].device;
    }
    return story_way_of(story, &key);
}

/* Whether the recipient is at another relay than the session's receiver. */
static bool is_elsewhere(const struct sstp_story *story, const struct story_session *session,
                         const struct story_recipient *recipient)
{
    return recipient->relay != SSTP_TEXT_NONE &&
           !story_has_name(story_connection(story, session->connection), !session->from_initiator,
                           recipient->relay);
}

/* The way on from the session's receiver to one recipient. */
static uint32_t way_to_recipient(struct sstp_story *story, const struct story_session *session,
                                 const struct story_recipient *recipient)
{
    const struct story_connection *connection = story_connection(story, session->connection);
    const struct story_way_key key = {story_party(connection, !session->from_initiator),
                                      recipient->identity, recipient->device, session->resource};

    if (key.sender == SSTP_TEXT_NONE || story_is_there(story, session, recipient))
        return NONE;
    return story_way_of(story, &key);
}

/* The way on to another relay, for `num` recipients there. */
static uint32_t way_to_relay(struct sstp_story *story, const struct story_session *session,
                             const uint32_t *sorted, uint32_t num)
{
    const struct story_connection *connection = story_connection(story, session->connection);
    const struct story_way_key key = {story_party(connection, !session->from_initiator),
                                      set_of(story, session, sorted, num),
                                      session->recipients[sorted[0]].relay, session->resource};

    return key.sender == SSTP_TEXT_NONE ? NONE : story_way_of(story, &key);
}

static int compare_onward(const void *a, const void *b)
{
    const struct story_onward *left = a, *right = b;
    return left->way < right->way ? -1 : left->way > right->way;
}

struct story_onward *story_find_onward(const struct story_session *session, uint32_t way)
{
    const struct story_onward wanted = {way, 0};

    if (session->num_ways == 0)
        return NULL;
    return bsearch(&wanted, session->ways, session->num_ways, sizeof *session->ways,
                   compare_onward);
}

/* One for each way. */
static void gather(struct story_session *session, uint32_t num)
{
    if (num > 1)
        qsort(session->ways, num, sizeof *session->ways, compare_onward);
    for (uint32_t i = 0; i < num; i++) {
        struct story_onward *last =
            session->num_ways > 0 ? &session->ways[session->num_ways - 1] : NULL;
        if (last != NULL && last->way == session->ways[i].way)
            last->num += session->ways[i].num;
        else
            session->ways[session->num_ways++] = session->ways[i];
    }
}

void story_find_ways(struct sstp_story *story, struct story_session *session)
{
    if (session->has_ways)
        return;
    session->has_ways = true;
    session->way = way_in(story, session);
    const uint32_t num = session->num_recipients;
    uint32_t *sorted = num > 0 ? sort(story, session, true) : NULL;
    if (sorted == NULL)
        return;
    session->ways = story_resize(story, NULL, num * sizeof *session->ways);
    uint32_t num_ways = 0, way = NONE;
    for (uint32_t i = 0, end = 0; i < num && session->ways != NULL; i++) {
        struct story_recipient *recipient = &session->recipients[sorted[i]];
        if (!is_elsewhere(story, session, recipient)) {
            way = way_to_recipient(story, session, recipient);
        } else if (i >= end) {
            for (end = i; end < num && session->recipients[sorted[end]].relay == recipient->relay;)
                end++;
            way = way_to_relay(story, session, &sorted[i], end - i);
        }
        recipient->way = way;
        if (way != NONE)
            session->ways[num_ways++] = (struct story_onward){way, !recipient->is_gone};
    }
    story->mem->resize(story->mem->cookie, sorted, 0);
    gather(session, num_ways);
}

/* ------------------------------------------------------------------------
 * Recipients
 */

const struct story_recipient *story_find_recipient(struct sstp_story *story,
                                                   struct story_session *session, uint32_t identity,
                                                   uint32_t device)
{
    uint32_t low = 0, high = session->num_recipients;

    if (high > 0 && session->sorted == NULL)
        session->sorted = sort(story, session, false);
    if (high == 0 || session->sorted == NULL)
        return NULL;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (compare_recipients(&session->recipients[session->sorted[middle]], identity, device) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == session->num_recipients)
        return NULL;
    const struct story_recipient *found = &session->recipients[session->sorted[low]];
    return compare_recipients(found, identity, device) == 0 ? found : NULL;
}
