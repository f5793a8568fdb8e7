/* SPDX-License-Identifier: GPL-2.0-or-later */
/* play_acts.c: the things that a higher layer does, each within the rules. */
#include "play_internal.h"

#include <stdio.h>

/* ------------------------------------------------------------------------
 * Choosing
 */

static bool is_relay(const struct play *play, bool is_initiator)
{
    return play->configs[is_initiator].role == SSTP_EP_RELAY;
}

enum which { OURS, OURS_SENDING, OURS_READY, THEIRS, THEIRS_FANOUT, ANY_SESSION };

static bool is_wanted(const struct sstp_ep_session *session, enum which which)
{
    switch (which) {
    case OURS:
        return session->is_ours;
    case OURS_SENDING:
        return session->is_ours && session->is_sending;
    case OURS_READY:
        return session->is_ours && !session->is_sending && session->state == SSTP_SESSION_READY;
    case THEIRS:
        return !session->is_ours;
    case THEIRS_FANOUT:
        return !session->is_ours && session->is_fanout;
    case ANY_SESSION:
        return true;
    }
    return false;
}

/* A session of this kind, or NULL. */
static struct sstp_ep_session *any_session(struct actor *actor, enum which which)
{
    const struct sstp_ep *ep = actor->ep;
    if (ep->num_sessions == 0)
        return NULL;
    const size_t first = rng_below(&actor->play->rng, ep->num_sessions);
    for (size_t i = 0; i < ep->num_sessions; i++) {
        struct sstp_ep_session *session = ep->sessions[(first + i) % ep->num_sessions];
        if (is_wanted(session, which))
            return session;
    }
    return NULL;
}

static size_t num_open(const struct actor *actor)
{
    size_t num = 0;
    for (size_t i = 0; i < actor->ep->num_sessions; i++)
        num += actor->ep->sessions[i]->is_ours;
    return num;
}

/* ------------------------------------------------------------------------
 * Sessions
 */

/* Has the endpoint take an id again that neither side has or will hear of, now and
 * then.  Returns the id that it would have taken, to go on with. */
static uint32_t reuse_id(struct actor *actor)
{
    struct play *play = actor->play;
    const struct sstp_ep *other = play->actors[!actor->is_initiator].ep;
    const uint32_t next = actor->ep->next_id;

    if (actor->used_ids->len == 0 || !play_chance(play, actor->reuses, 8))
        return next;
    const uint32_t id =
        g_array_index(actor->used_ids, uint32_t, rng_below(&play->rng, actor->used_ids->len));
    if (course_session(play->course, id)->num_in_flight > 0 ||
        sstp_ep_find_session(actor->ep, id) != NULL || sstp_ep_find_attach(actor->ep, id) != NULL ||
        sstp_ep_find_session(other, id) != NULL || sstp_ep_find_attach(other, id) != NULL)
        return next;
    actor->ep->next_id = id & 0x7fffffffu;
    return next;
}

static void note_opened(struct actor *actor, enum sstp_ep_err err, uint32_t id, uint32_t next)
{
    const uint32_t taken = id & 0x7fffffffu;
    /* Unless it was that one which it took, in its turn. */
    if (err != SSTP_EP_OK || taken != next)
        actor->ep->next_id = next;
    if (err == SSTP_EP_OK)
        g_array_append_val(actor->used_ids, id);
}

#define ENTRIES_MAX 14u
#define URL_SIZE 48u

/* The destinations of a FanoutOpen, no two alike unless they are to be. */
static size_t make_entries(struct actor *actor, struct sstp_fanout_entry *entries,
                           char urls[][2][URL_SIZE], bool *has_twins)
{
    struct play *play = actor->play;
    const bool has_many = play_chance(play, 1, 12);
    const size_t num = has_many                   ? play_between(play, 9, ENTRIES_MAX)
                       : play_chance(play, 1, 12) ? 0
                                                  : play_between(play, 1, 6);
    const char *const relays[] = {"", play->actors[!actor->is_initiator].device_url,
                                  "grooveDNS://far", "grooveDNS://farther"};
    const size_t num_relays = play_chance(play, 1, 2) ? 2 : 4;

    for (size_t i = 0; i < num; i++) {
        if (i > 0 && actor->has_twins && play_chance(play, 1, 4)) {
            entries[i] = entries[rng_below(&play->rng, i)];
            *has_twins = true;
        } else {
            (void)snprintf(urls[i][0], URL_SIZE, "grooveIdentity://i%zu", i / 2);
            (void)snprintf(urls[i][1], URL_SIZE, "dpp:///d%zu", i);
            if (i % 2 == 0 && play_chance(play, 1, 3))
                urls[i][1][0] = '\0';
            entries[i] = (struct sstp_fanout_entry){.identity_url = sstp_span_of_string(urls[i][0]),
                                                    .device_url = sstp_span_of_string(urls[i][1])};
        }
        entries[i].relay_url = sstp_span_of_string(relays[rng_below(&play->rng, num_relays)]);
    }
    return num;
}

static void open_fanout(struct actor *actor, struct sstp_span resource_url)
{
    struct sstp_fanout_entry entries[ENTRIES_MAX];
    char urls[ENTRIES_MAX][2][URL_SIZE];
    bool has_twins = false;
    uint32_t id = 0;

    const size_t num = make_entries(actor, entries, urls, &has_twins);
    const uint32_t next = reuse_id(actor);
    const enum sstp_ep_err err = sstp_ep_fanout_open(actor->ep, resource_url, entries, num, &id);
    note_opened(actor, err, id, next);
    if (err == SSTP_EP_OK)
        course_session(actor->play->course, id)->has_twins = has_twins;
}

static void act_open(struct actor *actor)
{
    struct play *play = actor->play;
    char name[32];
    uint32_t id = 0;

    if (num_open(actor) >= actor->max_open)
        return;
    (void)snprintf(name, sizeof name, "resource-%c%u", actor->is_initiator ? 'a' : 'b',
                   ++actor->num_resources);
    const struct sstp_span resource_url =
        sstp_span_of_string(play_chance(play, 1, 20) ? "grooveWanDPP" : name);
    if (is_relay(play, !actor->is_initiator) && play_chance(play, 1, 2)) {
        open_fanout(actor, resource_url);
        return;
    }
    const uint32_t next = reuse_id(actor);
    const enum sstp_ep_err err =
        sstp_ep_open(actor->ep, resource_url, sstp_span_of_string("grooveIdentity://somebody"),
                     sstp_span_of_string(play_chance(play, 1, 2) ? "" : "dpp:///device"), &id);
    note_opened(actor, err, id, next);
}

static void act_close_session(struct actor *actor)
{
    const struct sstp_ep_session *session = any_session(actor, ANY_SESSION);
    if (session != NULL)
        (void)sstp_ep_close_session(actor->ep, session->id, SSTP_CLOSE_IDLE);
}

static void act_availability(struct actor *actor)
{
    const struct sstp_ep_session *session = any_session(actor, THEIRS);
    if (session == NULL)
        return;
    const enum sstp_availability availability = play_chance(actor->play, 1, 20) ? SSTP_HANDLER_FAULT
                                                : play_chance(actor->play, 1, 3)
                                                    ? SSTP_HANDLER_NOT_READY
                                                    : SSTP_HANDLER_READY;
    (void)sstp_ep_set_availability(actor->ep, session->id, availability, SSTP_CLOSE_INTERNAL_ERROR);
}

/* All destinations of one relay at once (GRVSSTP 3.1.5.8). */
static void give_up_relay(struct actor *actor, const struct sstp_ep_session *session)
{
    const unsigned chosen = (unsigned)rng_below(&actor->play->rng, session->fanout.num_entries);
    const struct sstp_fanout_entry entry = sstp_fanout_entry_at(&session->fanout, chosen);

    if (entry.relay_url.len > 0)
        (void)sstp_ep_relay_status(actor->ep, session->id, SSTP_SESSION_STATUS_DNS_LOOKUP_FAILED,
                                   entry.relay_url);
}

/* A destination that is gone is named once more (note <9>), which the endpoint
 * itself does not do.  Whether there was one. */
static bool repeat_status(struct actor *actor, const struct sstp_ep_session *session)
{
    uint8_t bytes[2];
    struct sstp_writer w = sstp_writer(bytes, sizeof bytes);
    unsigned index = 0;

    while (index < session->fanout.num_entries && sstp_fanout_is_active(&session->fanout, index))
        index++;
    if (index == session->fanout.num_entries || sstp_ep_version(actor->ep) != SSTP_VERSION_1_6)
        return false;
    sstp_write_uint(&w, 2, index);
    (void)sstp_ep_queue(actor->ep,
                        &(struct sstp_command){.id = SSTP_SESSION_STATUS,
                                               .form = SSTP_VERSION_1_6,
                                               .session_id = session->id,
                                               .status_id = SSTP_SESSION_STATUS_CONNECTION_CLOSED,
                                               .fanout_indexes = {1, sstp_writer_span(&w)}});
    return true;
}

static void act_status(struct actor *actor)
{
    struct sstp_ep_session *session = any_session(actor, THEIRS_FANOUT);
    uint16_t indexes[ENTRIES_MAX];
    size_t num = 0;

    if (session == NULL)
        return;
    if (play_chance(actor->play, 1, 4)) {
        give_up_relay(actor, session);
        return;
    }
    if (play_chance(actor->play, 1, 3) && repeat_status(actor, session))
        return;
    const unsigned wanted = (unsigned)play_between(actor->play, 1, 6);
    for (uint16_t i = 0; i < session->fanout.num_entries; i++)
        if (sstp_fanout_is_active(&session->fanout, i) && play_chance(actor->play, wanted, 8))
            indexes[num++] = i;
    if (num > 0)
        (void)sstp_ep_session_status(actor->ep, session->id,
                                     SSTP_SESSION_STATUS_QUOTA_WOULD_BE_EXCEEDED, indexes, num);
}

/* ------------------------------------------------------------------------
 * Messages
 */

/* Text, so that whoever comes in the middle of it finds no command there. */
static struct sstp_span random_payload(struct actor *actor)
{
    static const char text[] = "The quick brown fox jumps over the lazy dog, again and again. ";
    static uint8_t payload[6001];
    if (payload[0] == 0)
        for (size_t i = 0; i < sizeof payload; i++)
            payload[i] = (uint8_t)text[i % (sizeof text - 1)];
    return sstp_span(payload, play_between(actor->play, 0, actor->max_message));
}

static struct sstp_ep_message random_message(struct actor *actor)
{
    static const uint8_t reserved[] = {0, 4, 5};
    struct play *play = actor->play;
    struct sstp_ep_message message = {.data = random_payload(actor)};

    if (play_chance(play, 1, 8))
        message.flags |= SSTP_MESSAGE_FLAG_ACK_IMMEDIATELY;
    if (play_chance(play, 1, 8)) {
        message.flags |= SSTP_MESSAGE_FLAG_EPHEMERAL;
        message.ttl = 3600;
        message.ephemeral_reserved_len = reserved[rng_below(&play->rng, sizeof reserved)];
    }
    if (play_chance(play, 1, 8)) {
        message.flags |= SSTP_MESSAGE_FLAG_FRAGMENT;
        message.num_fragments = 3;
        message.this_fragment = 1;
        message.fragment_id = sstp_span_of_string("fragment");
    }
    if (play_chance(play, 1, 4))
        message.user_ref = sstp_span_of_string("user");
    return message;
}

/* The tag is the message's number by its Message, to be given back. */
static void *tag_of(const struct actor *actor, uint32_t session_id)
{
    return GUINT_TO_POINTER(course_session(actor->play->course, session_id)->message);
}

static void act_send(struct actor *actor)
{
    const struct sstp_ep_session *session = any_session(actor, OURS_READY);
    if (session == NULL)
        return;
    const struct sstp_ep_message message = random_message(actor);
    void *tag = GUINT_TO_POINTER(actor->play->course->num_messages[actor->is_initiator] + 1);
    const enum sstp_ep_err err = sstp_ep_send_message(actor->ep, session->id, &message, tag);
    g_assert_true(err == SSTP_EP_OK || err == SSTP_EP_TOO_LONG);
}

static void act_begin(struct actor *actor)
{
    const struct sstp_ep_session *session = any_session(actor, OURS_READY);
    if (session == NULL)
        return;
    const struct sstp_ep_message message = random_message(actor);
    g_assert_cmpint(sstp_ep_message_begin(actor->ep, session->id, &message), ==, SSTP_EP_OK);
}

static void act_data(struct actor *actor)
{
    const struct sstp_ep_session *session = any_session(actor, OURS_SENDING);
    if (session != NULL)
        g_assert_cmpint(sstp_ep_message_data(actor->ep, session->id, random_payload(actor)), ==,
                        SSTP_EP_OK);
}

static void act_end(struct actor *actor)
{
    const struct sstp_ep_session *session = any_session(actor, OURS_SENDING);
    if (session != NULL)
        g_assert_cmpint(sstp_ep_message_end(actor->ep, session->id, tag_of(actor, session->id)), ==,
                        SSTP_EP_OK);
}

/* A few of the messages that are held back, in any order or the right one. */
static void act_complete(struct actor *actor)
{
    const bool is_in_order = play_chance(actor->play, 1, 2);
    for (size_t left = play_between(actor->play, 1, 6); left > 0 && actor->held->len > 0; left--) {
        const guint at = is_in_order ? 0 : (guint)rng_below(&actor->play->rng, actor->held->len);
        const uint64_t number = g_array_index(actor->held, uint64_t, at);
        g_array_remove_index(actor->held, at);
        (void)sstp_ep_complete(actor->ep, number);
    }
}

/* ------------------------------------------------------------------------
 * Attach and register sessions
 */

void play_set_phase(struct actor *actor, uint32_t id, enum event_phase phase)
{
    g_hash_table_insert(actor->events, GUINT_TO_POINTER(id), GINT_TO_POINTER(phase));
}

static void begin_event(struct actor *actor)
{
    uint32_t id = 0;
    if (play_chance(actor->play, 1, 2)) {
        const uint32_t next = reuse_id(actor);
        const enum sstp_ep_err err = sstp_ep_attach(
            actor->ep, sstp_span_of_string(actor->play->actors[0].device_url),
            sstp_span_of_string("grooveAccount://account"), sstp_span_of_string("token"), &id);
        note_opened(actor, err, id, next);
        if (err == SSTP_EP_OK)
            play_set_phase(actor, id, EVENT_AWAITS_ATTACH_RESPONSE);
    } else if (sstp_ep_register_new(actor->ep, sstp_span_of_string("token"), &id) == SSTP_EP_OK) {
        /* Its id is not used again: a relay could not tell the new Register from one
         * that crossed its Close. */
        play_set_phase(actor, id, EVENT_AWAITS_REGISTER_RESPONSE);
    }
}

static void client_event(struct actor *actor, uint32_t id, enum event_phase phase)
{
    const struct sstp_span token = sstp_span_of_string("token");

    if (play_chance(actor->play, 1, 5)) {
        (void)sstp_ep_close_session(actor->ep, id, SSTP_CLOSE_NO_REASON);
    } else if (phase == EVENT_IS_ATTACHED && play_chance(actor->play, 1, 2)) {
        (void)sstp_ep_attach_authenticate(actor->ep, id, token);
        play_set_phase(actor, id, EVENT_AWAITS_ATTACH_RESPONSE);
    } else if (phase == EVENT_IS_ATTACHED) {
        (void)sstp_ep_register(actor->ep, id, token);
        play_set_phase(actor, id, EVENT_AWAITS_REGISTER_RESPONSE);
    }
}

static void relay_event(struct actor *actor, uint32_t id, enum event_phase phase)
{
    const struct sstp_span token = sstp_span_of_string("token");

    if (play_chance(actor->play, 1, 8)) {
        (void)sstp_ep_close_session(actor->ep, id, SSTP_CLOSE_STALE_ATTACH_AUTHENTICATE);
        return;
    }
    if (phase == EVENT_AWAITS_ATTACH_RESPONSE)
        (void)sstp_ep_attach_response(actor->ep, id, SSTP_ATTACH_RESPONSE_OK, token);
    else if (phase == EVENT_AWAITS_REGISTER_RESPONSE)
        (void)sstp_ep_register_response(actor->ep, id, token);
    play_set_phase(actor, id, EVENT_IS_ATTACHED);
}

static void act_event(struct actor *actor)
{
    const struct play *play = actor->play;
    const struct sstp_ep *ep = actor->ep;

    if (is_relay(play, true) || !is_relay(play, false))
        return;
    if (actor->is_initiator && (ep->num_attaches == 0 || play_chance(actor->play, 1, 6))) {
        if (ep->num_attaches < 8)
            begin_event(actor);
        return;
    }
    if (ep->num_attaches == 0)
        return;
    const uint32_t id = ep->attaches[rng_below(&actor->play->rng, ep->num_attaches)].id;
    const enum event_phase phase =
        (enum event_phase)GPOINTER_TO_INT(g_hash_table_lookup(actor->events, GUINT_TO_POINTER(id)));
    if (actor->is_initiator)
        client_event(actor, id, phase);
    else
        relay_event(actor, id, phase);
}

/* ------------------------------------------------------------------------
 * All of them
 */

static void act_noop(struct actor *actor)
{
    (void)sstp_ep_noop(actor->ep);
}

static void act_authenticate(struct actor *actor)
{
    /* A client takes it for a violation (GRVSSTP 3.2.5.3). */
    if (is_relay(actor->play, false))
        (void)sstp_ep_connect_authenticate(actor->ep, sstp_span_of_string("token"));
}

void (*const play_acts[ACT_COUNT])(struct actor *actor) = {
    [ACT_OPEN] = act_open,
    [ACT_SEND] = act_send,
    [ACT_BEGIN] = act_begin,
    [ACT_DATA] = act_data,
    [ACT_END] = act_end,
    [ACT_COMPLETE] = act_complete,
    [ACT_CLOSE_SESSION] = act_close_session,
    [ACT_AVAILABILITY] = act_availability,
    [ACT_STATUS] = act_status,
    [ACT_NOOP] = act_noop,
    [ACT_EVENT] = act_event,
    [ACT_AUTHENTICATE] = act_authenticate,
};
