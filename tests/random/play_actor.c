/* SPDX-License-Identifier: GPL-2.0-or-later */
/* play_actor.c: a higher layer that does whatever the seed says, within the rules. */
#include "play_internal.h"

/* ------------------------------------------------------------------------
 * A character
 */

static enum sstp_ep_role random_role(struct play *play)
{
    return play_chance(play, 1, 3) ? SSTP_EP_RELAY : SSTP_EP_CLIENT;
}

/* Of the acceptor. */
static void choose_connect_answer(struct play *play, struct sstp_ep_connect_answer *answer)
{
    static const uint8_t refusals[] = {
        SSTP_CONNECT_RESPONSE_TRY_LATER, SSTP_CONNECT_RESPONSE_AUTHENTICATION_FAILED,
        SSTP_CONNECT_RESPONSE_CONNECT_REJECTED, SSTP_CONNECT_RESPONSE_NEW_VERSION_REQUIRED};

    *answer = (struct sstp_ep_connect_answer){.token = sstp_span_of_string("token")};
    if (!play_chance(play, 1, 30))
        return;
    if (play_chance(play, 1, 3)) {
        answer->is_crossed = true;
        return;
    }
    answer->response_id = refusals[rng_below(&play->rng, sizeof refusals)];
    answer->retry_time = 60;
}

static void choose_weights(struct play *play, struct actor *actor)
{
    static const unsigned usual[ACT_COUNT] = {
        [ACT_OPEN] = 6,          [ACT_SEND] = 20, [ACT_BEGIN] = 15,
        [ACT_DATA] = 15,         [ACT_END] = 15,  [ACT_COMPLETE] = 20,
        [ACT_CLOSE_SESSION] = 3, [ACT_NOOP] = 2,  [ACT_AVAILABILITY] = 10,
        [ACT_STATUS] = 5,        [ACT_EVENT] = 4, [ACT_AUTHENTICATE] = 1};
    for (int i = 0; i < ACT_COUNT; i++)
        actor->weights[i] = usual[i] * (unsigned)play_between(play, 0, 3);
    actor->weights[ACT_OPEN] += 2;
    actor->max_open = play_between(play, 1, play_chance(play, 1, 4) ? 60 : 8);
    actor->holds = (unsigned)play_between(play, 0, 8);
    actor->refuses = (unsigned)play_between(play, 0, 3);
    actor->stops = (unsigned)play_between(play, 0, 8);
    actor->reacts = (unsigned)play_between(play, 0, 3);
    actor->reuses = (unsigned)play_between(play, 0, 5);
    actor->has_twins = play_chance(play, 1, 4);
    actor->max_message = play_between(play, 0, play_chance(play, 1, 10) ? 6000 : 100);
}

/* Tight limits and short deadlines, now and then. */
static void choose_limits(struct play *play, struct sstp_ep_config *config)
{
    static const size_t ack_counts[] = {1, 2, 5, 32, SIZE_MAX};
    static const uint8_t minors[] = {5, 6, 6, 7};

    config->minor_version = minors[rng_below(&play->rng, sizeof minors)];
    config->ack_count = ack_counts[rng_below(&play->rng, G_N_ELEMENTS(ack_counts))];
    config->ack_delay_ms = (int64_t)play_between(play, 1, 3000);
    config->supports_multi_drop = !play_chance(play, 1, 8);
    config->supports_single_hop = !play_chance(play, 1, 4);
    config->limits.max_fanout_entries = 10;
    if (play_chance(play, 1, 5))
        config->limits.max_sessions = play_between(play, 2, 12);
    if (play_chance(play, 1, 8))
        config->limits.max_message = 64;
    if (play_chance(play, 1, 40))
        config->connect_timeout_ms = 500;
    if (play_chance(play, 1, 4))
        config->first_session_id = play_chance(play, 1, 2) ? 0x7ffffffau : 0x21;
}

void play_actor_init(struct play *play, bool is_initiator)
{
    static const char *const urls[2][2] = {{"dpp:///acceptor", "grooveDNS://acceptor"},
                                           {"dpp:///initiator", "grooveDNS://initiator"}};
    struct actor *actor = &play->actors[is_initiator];
    struct sstp_ep_config *config = &play->configs[is_initiator];
    const enum sstp_ep_role role = is_initiator              ? random_role(play)
                                   : play_chance(play, 1, 3) ? SSTP_EP_CLIENT
                                                             : SSTP_EP_RELAY;

    actor->play = play;
    actor->is_initiator = is_initiator;
    actor->device_url = urls[is_initiator][role == SSTP_EP_RELAY];
    *config = (struct sstp_ep_config){.mem = &sstp_mem_libc,
                                      .role = role,
                                      .is_originator = is_initiator,
                                      .device_urls = &actor->device_url,
                                      .num_device_urls = 1,
                                      .major_version = 1,
                                      .product_version = "Groove Client 14.0 4006",
                                      .upgrade_retry_time = 60,
                                      .event = play_actor_on_event,
                                      .witness = {.sent = play_on_sent, .cookie = actor},
                                      .cookie = actor};
    choose_limits(play, config);
    choose_weights(play, actor);
    if (!is_initiator)
        choose_connect_answer(play, &actor->connect_answer);
    actor->ep = sstp_ep_new(config);
    actor->held = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    actor->used_ids = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    actor->events = g_hash_table_new(NULL, NULL);
    actor->pending = g_array_new(FALSE, FALSE, sizeof(struct pending));
    sstp_stream_init(&actor->framing, &sstp_mem_libc, SSTP_STREAM_ENDPOINT);
}

void play_actor_clear(struct actor *actor)
{
    sstp_ep_free(actor->ep);
    g_array_unref(actor->held);
    g_array_unref(actor->used_ids);
    g_hash_table_unref(actor->events);
    g_array_unref(actor->pending);
    sstp_stream_clear(&actor->framing);
}

/* ------------------------------------------------------------------------
 * All of it
 */

static void connect_to_peer(struct actor *actor)
{
    const bool is_wrong = play_chance(actor->play, 1, 40);
    (void)sstp_ep_connect(actor->ep, is_wrong ? "dpp:///nobody" : actor->play->actors[0].device_url,
                          sstp_span_of_string("token"));
}

bool play_actor_complete_all(struct actor *actor)
{
    const bool has_some =
        actor->held->len > 0 && sstp_ep_state(actor->ep) == SSTP_CONNECTION_ESTABLISHED;
    while (actor->held->len > 0) {
        actor->play->step++;
        play_acts[ACT_COMPLETE](actor);
        play_end_step(actor);
    }
    return has_some;
}

void play_actor_close_connection(struct actor *actor)
{
    /* Before the Connect there is nothing to close but the transport. */
    if (sstp_ep_state(actor->ep) == SSTP_CONNECTION_TRANSPORT_CONNECTED)
        sstp_ep_transport_lost(actor->ep);
    else
        sstp_ep_close_connection(actor->ep, SSTP_CONNECT_CLOSE_IDLE, 0);
    play_end_step(actor);
}

static void any_act(struct actor *actor)
{
    unsigned sum = 0, which = 0;
    for (int i = 0; i < ACT_COUNT; i++)
        sum += actor->weights[i];
    size_t drawn = rng_below(&actor->play->rng, sum);
    while (drawn >= actor->weights[which])
        drawn -= actor->weights[which++];
    play_acts[which](actor);
}

void play_actor_act(struct actor *actor)
{
    actor->play->step++;
    switch (sstp_ep_state(actor->ep)) {
    case SSTP_CONNECTION_TRANSPORT_CONNECTED:
        if (actor->is_initiator && play_chance(actor->play, 1, 2))
            connect_to_peer(actor);
        break;
    case SSTP_CONNECTION_ESTABLISHED:
        any_act(actor);
        break;
    case SSTP_CONNECTION_CONNECTING:
        if (actor->is_initiator && play_chance(actor->play, 1, 400))
            sstp_ep_close_connection(actor->ep, SSTP_CONNECT_CLOSE_NO_REASON, 0);
        break;
    case SSTP_CONNECTION_UNKNOWN:
    case SSTP_CONNECTION_ABORTING:
    case SSTP_CONNECTION_CLOSED:
    case SSTP_CONNECTION_STATE_COUNT:
        break;
    }
    play_end_step(actor);
}

/* ------------------------------------------------------------------------
 * What the endpoint tells
 */

static enum sstp_availability random_answer(struct actor *actor)
{
    if (play_chance(actor->play, actor->refuses, 16))
        return SSTP_HANDLER_FAULT;
    return play_chance(actor->play, actor->stops, 16) ? SSTP_HANDLER_NOT_READY : SSTP_HANDLER_READY;
}

/* Things to do inside a callback; none of them touches a session whose fate the
 * event is about. */
static void react(struct actor *actor, const struct sstp_ep_event *event)
{
    struct play *play = actor->play;

    const bool is_closing = actor->receiving != NULL && actor->receiving->id == SSTP_CONNECT_CLOSE;
    if (sstp_ep_state(actor->ep) != SSTP_CONNECTION_ESTABLISHED || is_closing ||
        !play_chance(play, actor->reacts, 8))
        return;
    switch (play_between(play, 0, 4)) {
    case 0:
        play_acts[ACT_COMPLETE](actor);
        break;
    case 1:
        if (event->kind == SSTP_EP_EVENT_MESSAGE || event->kind == SSTP_EP_EVENT_OPENED)
            (void)sstp_ep_close_session(actor->ep, event->session_id, SSTP_CLOSE_NO_REASON);
        break;
    case 2:
        if (event->kind == SSTP_EP_EVENT_MESSAGE || event->kind == SSTP_EP_EVENT_OPENED)
            (void)sstp_ep_set_availability(
                actor->ep, event->session_id,
                play_chance(play, 1, 2) ? SSTP_HANDLER_READY : SSTP_HANDLER_NOT_READY, 0);
        break;
    case 3:
        play_acts[ACT_SEND](actor);
        break;
    default:
        play_acts[ACT_OPEN](actor);
        break;
    }
}

static void on_message(struct actor *actor, const struct sstp_ep_event *event)
{
    const struct course_command *command = actor->receiving;

    g_assert_cmpuint(event->number, ==, command->entered);
    if (play_chance(actor->play, actor->holds, 8))
        g_array_append_val(actor->held, event->number);
    else
        (void)sstp_ep_complete(actor->ep, event->number);
}

/* The ledger has the last word on who acknowledged what; the event agrees. */
static void on_fate(struct actor *actor, const struct sstp_ep_event *event)
{
    struct course_command *end =
        course_entered(actor->play->course, actor->is_initiator, event->number);

    g_assert_cmpuint(GPOINTER_TO_UINT(event->tag), ==, end->number);
    g_assert_false(end->is_told_acknowledged || end->is_told_lost);
    if (event->kind == SSTP_EP_EVENT_ACKNOWLEDGED) {
        g_assert_true(end->acknowledged_by == actor->receiving);
        end->is_told_acknowledged = true;
    } else {
        end->is_told_lost = true;
    }
}

/* The other side asks, or answers. */
static void on_event_session(struct actor *actor, const struct sstp_ep_event *event)
{
    const bool is_registered =
        event->kind == SSTP_EP_EVENT_REGISTER_RESPONSE && !event->is_attach_session;
    const bool is_answer = event->kind == SSTP_EP_EVENT_ATTACH_RESPONSE ||
                           event->kind == SSTP_EP_EVENT_REGISTER_RESPONSE;
    play_set_phase(actor, event->session_id,
                   is_registered                           ? EVENT_IS_REGISTERED
                   : is_answer                             ? EVENT_IS_ATTACHED
                   : event->kind == SSTP_EP_EVENT_REGISTER ? EVENT_AWAITS_REGISTER_RESPONSE
                                                           : EVENT_AWAITS_ATTACH_RESPONSE);
}

void play_actor_on_event(void *cookie, struct sstp_ep *ep, const struct sstp_ep_event *event)
{
    struct actor *actor = cookie;

    switch (event->kind) {
    case SSTP_EP_EVENT_CONNECT:
        *event->connect_answer = actor->connect_answer;
        break;
    case SSTP_EP_EVENT_OPEN:
        *event->availability = random_answer(actor);
        if (play_chance(actor->play, 1, 60))
            (void)sstp_ep_close_session(ep, event->session_id, SSTP_CLOSE_INTERNAL_ERROR);
        break;
    case SSTP_EP_EVENT_MESSAGE:
        on_message(actor, event);
        react(actor, event);
        break;
    case SSTP_EP_EVENT_ACKNOWLEDGED:
        on_fate(actor, event);
        react(actor, event);
        break;
    case SSTP_EP_EVENT_UNACKNOWLEDGED:
        on_fate(actor, event);
        break;
    case SSTP_EP_EVENT_ATTACH:
    case SSTP_EP_EVENT_ATTACH_RESPONSE:
    case SSTP_EP_EVENT_ATTACH_AUTHENTICATE:
    case SSTP_EP_EVENT_REGISTER:
    case SSTP_EP_EVENT_REGISTER_RESPONSE:
        on_event_session(actor, event);
        break;
    case SSTP_EP_EVENT_ACKNOWLEDGED_LATE: /* its fate was told with the Close */
        break;
    case SSTP_EP_EVENT_OPENED:
    case SSTP_EP_EVENT_SESSION_STATE:
    case SSTP_EP_EVENT_SESSION_CLOSED:
    case SSTP_EP_EVENT_ESTABLISHED:
        react(actor, event);
        break;
    case SSTP_EP_EVENT_REFUSED:
    case SSTP_EP_EVENT_CONNECT_AUTHENTICATE:
    case SSTP_EP_EVENT_FANOUT_OPEN:
    case SSTP_EP_EVENT_SESSION_STATUS:
        break;
    case SSTP_EP_EVENT_CLOSED:
        /* Whatever happens here is within the rules, and the endpoints know it. */
        g_assert_cmpint(event->end, !=, SSTP_EP_END_VIOLATION);
        break;
    }
}
