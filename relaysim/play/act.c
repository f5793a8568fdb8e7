/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "play/act.h"

#include "carrier/keepalive_client.h"
#include "carrier/ways.h"
#include "henc/uri.h"
#include "play/judge.h"
#include "play/puppet.h"
#include "play/stage.h"

static const char *error_text(enum sstp_ep_err err)
{
    switch (err) {
    case SSTP_EP_OK:
        break;
    case SSTP_EP_NO_MEMORY:
        return "there is no memory";
    case SSTP_EP_WRONG_STATE:
        return "the connection or session is in no state that allows it";
    case SSTP_EP_NO_SESSION:
        return "the session is not open";
    case SSTP_EP_FULL:
        return "too much is waiting already";
    case SSTP_EP_TOO_LONG:
        return "it is too long";
    }
    return "it is done";
}

/* The endpoint that does the step; NULL with a failure. */
static struct sstp_ep *ep_of(struct player *player, const struct scenario_step *step)
{
    struct actor *actor = player->devices[step->device].actor;
    if (actor->connection != NULL)
        return actor_ep(actor);
    (void)player_fail(player, step, "%s is not connected", actor->name);
    return NULL;
}

/* What an endpoint did, or would not do. */
static bool done(struct player *player, const struct scenario_step *step, enum sstp_ep_err err)
{
    if (err != SSTP_EP_OK)
        return player_fail(player, step, "\"%s\" cannot be done: %s", step->text, error_text(err));
    actor_wake(player->devices[step->device].actor);
    return true;
}

static bool connect_device(struct player *player, const struct scenario_step *step)
{
    struct device_play *device = &player->devices[step->device];
    struct actor *actor = device->actor;
    const struct scenario_device *declared = &player->scenario->devices[step->device];

    /* One that has said goodbye, or was told, goes first. */
    if (actor->connection != NULL &&
        (!actor->is_closed || !player_await_gone(player, actor, SCENARIO_PATIENCE_MS)))
        return player_fail(player, step, "%s is connected already", actor->name);
    actor->says_nothing = step->kind == SCENARIO_DIAL;
    if (step->relay != SCENARIO_NONE) {
        const struct station *station = &player->cast.stations[step->relay];
        const bool attaches = declared->attaches && step->relay == declared->relay;
        if (station->addresses[STATION_SSTP] == NULL)
            return player_fail(player, step, "%s has never been there",
                               player->scenario->relays[step->relay].name);
        const struct stage_way way = stage_way(player, step);
        actor->carrier = way.carrier;
        actor->proxy = way.proxy;
        return actor_dial(actor, station, step->url != NULL ? step->url : station->url, attaches);
    }
    struct actor *peer = player->devices[step->peer].actor;
    if (peer->connection != NULL &&
        (!peer->is_closed || !player_await_gone(player, peer, SCENARIO_PATIENCE_MS)))
        return player_fail(player, step, "%s is connected already", peer->name);
    peer->is_ready = peer->is_closed = false;
    actor_stop_listening(peer);
    return actor_listen(peer) &&
           actor_dial_peer(actor, peer, step->url != NULL ? step->url : peer->device_url);
}

static void fill_entries(const struct player *player, const struct scenario_session *session,
                         GArray *entries)
{
    for (guint i = 0; i < session->destinations->len; i++) {
        const struct scenario_destination *to =
            &g_array_index(session->destinations, struct scenario_destination, i);
        const struct scenario_device *device = &player->scenario->devices[to->device];
        const struct sstp_fanout_entry entry = {
            .identity_url = sstp_span_of_string(device->identity_url),
            .device_url = sstp_span_of_string(to->is_identity ? "" : device->device_url),
            .relay_url = sstp_span_of_string(to->relay_url)};
        g_array_append_val(entries, entry);
    }
}

static bool open_session(struct player *player, const struct scenario_step *step)
{
    const struct scenario_session *declared = &player->scenario->sessions[step->session];
    struct session_play *session = &player->sessions[step->session];
    struct sstp_ep *ep = ep_of(player, step);
    GArray *entries = g_array_new(FALSE, FALSE, sizeof(struct sstp_fanout_entry));
    enum sstp_ep_err err = SSTP_EP_WRONG_STATE;

    fill_entries(player, declared, entries);
    const struct sstp_fanout_entry *first = (const void *)entries->data;
    if (ep != NULL && declared->is_fanout)
        err = sstp_ep_fanout_open(ep, sstp_span_of_string(step->url), first, entries->len,
                                  &session->id);
    else if (ep != NULL)
        err = sstp_ep_open(ep, sstp_span_of_string(step->url), first->identity_url,
                           first->device_url, &session->id);
    g_array_free(entries, TRUE);
    session->is_known = err == SSTP_EP_OK;
    session->originator_connection = player->devices[step->device].connection;
    if (declared->receiver != SCENARIO_NONE)
        session->receiver_connection = player->devices[declared->receiver].connection;
    return ep != NULL && done(player, step, err);
}

static bool send_message(struct player *player, const struct scenario_step *step)
{
    const struct scenario_message *message = &player->scenario->messages[step->message];
    const uint32_t id = player->sessions[step->session].id;
    void *tag = GUINT_TO_POINTER(step->message + 1);
    struct sstp_ep *ep = ep_of(player, step);
    const struct sstp_span data = message->fields.data;
    enum sstp_ep_err err = SSTP_EP_OK;

    if (ep == NULL)
        return false;
    if (step->kind == SCENARIO_SEND)
        return done(player, step, sstp_ep_send_message(ep, id, &message->fields, tag));
    if (step->kind == SCENARIO_BEGIN)
        return done(player, step, sstp_ep_message_begin(ep, id, &message->fields));
    if (step->number > 0 || (step->kind == SCENARIO_END && data.len == 0))
        err =
            sstp_ep_message_data(ep, id, sstp_span(data.data + step->offset, (size_t)step->number));
    if (err == SSTP_EP_OK && step->kind == SCENARIO_END)
        err = sstp_ep_message_end(ep, id, tag);
    return done(player, step, err);
}

static bool complete_messages(struct player *player, const struct scenario_step *step)
{
    const GPtrArray *facts = player->devices[step->device].facts;
    for (guint i = 0; i < step->items->len; i++) {
        const unsigned message = g_array_index(step->items, unsigned, i);
        const struct fact *found = NULL;
        for (guint f = 0; f < facts->len; f++) {
            const struct fact *fact = g_ptr_array_index(facts, f);
            if (fact->kind == FACT_RECEIVED && fact->message == message)
                found = fact;
        }
        if (found == NULL)
            return player_fail(player, step, "%s has not received %s",
                               player->scenario->devices[step->device].name,
                               player->scenario->messages[message].name);
        struct sstp_ep *ep = ep_of(player, step);
        if (ep == NULL || !done(player, step, sstp_ep_complete(ep, found->number)))
            return false;
    }
    return true;
}

/* Of one session, or of all that are opened to the device, now and later. */
static bool set_availability(struct player *player, const struct scenario_step *step)
{
    struct device_play *device = &player->devices[step->device];
    const enum sstp_availability availability = (enum sstp_availability)step->number;

    if (step->session != SCENARIO_NONE) {
        struct sstp_ep *ep = ep_of(player, step);
        return ep != NULL && done(player, step,
                                  sstp_ep_set_availability(ep, player->sessions[step->session].id,
                                                           availability, step->id));
    }
    device->actor->availability = availability;
    for (guint i = 0; i < device->facts->len && device->actor->connection != NULL; i++) {
        const struct fact *fact = g_ptr_array_index(device->facts, i);
        if (fact->kind == FACT_OPENED && fact->connection == device->connection)
            (void)sstp_ep_set_availability(actor_ep(device->actor), fact->session_id, availability,
                                           step->id);
    }
    actor_wake(device->actor);
    return true;
}

static bool leave(struct player *player, const struct scenario_step *step)
{
    struct actor *actor = player->devices[step->device].actor;
    struct sstp_ep *ep = ep_of(player, step);
    if (ep == NULL)
        return false;
    sstp_ep_close_connection(ep, step->id, 0);
    actor_wake(actor);
    return player_await_gone(player, actor, SCENARIO_PATIENCE_MS) ||
           player_fail(player, step, "the connection of %s does not come to its end", actor->name);
}

/* Into the stream of SSTP's bytes, which only TCP itself is. */
static bool send_bytes(struct player *player, const struct scenario_step *step)
{
    const struct actor *actor = player->devices[step->device].actor;
    if (ep_of(player, step) == NULL)
        return false;
    if (actor->carrier->port == NET_PORT_HTTP && actor->is_dialing)
        return player_fail(player, step, "bytes of one's own can only be sent over TCP");
    net_send_raw(live_connection_socket(actor->connection),
                 sstp_span(step->bytes->data, step->bytes->len));
    return true;
}

/* One of KeepAlive's two TCP connections, which its client opens anew (GRVHENC 3.3.7.1). */
static bool lose_post(struct player *player, const struct scenario_step *step)
{
    const struct actor *actor = player->devices[step->device].actor;
    if (ep_of(player, step) == NULL)
        return false;
    return (actor->carrier == &carrier_keepalive && actor->is_dialing &&
            live_connection_lose(actor->connection, HENC_HALF_POST)) ||
           player_fail(player, step,
                       "%s has no TCP connection for POST of its own: only KeepAlive "
                       "can do without for a while",
                       actor->name);
}

static bool rest(struct player *player, const struct scenario_step *step)
{
    const struct station *station = &player->cast.stations[step->relay];
    if (station->relay == NULL)
        return player_fail(player, step, "%s is not there",
                           player->scenario->relays[step->relay].name);
    live_relay_close(station->relay, SSTP_CONNECT_CLOSE_RESTING, (uint32_t)step->number, false);
    return true;
}

static bool wait_until(struct player *player, int64_t end_ms)
{
    while (player_turn(player, end_ms)) {
    }
    return true;
}

/* Over a carrier: to the port that it leads to. */
static bool ring(struct player *player, const struct scenario_step *step)
{
    struct speaker *speaker = &player->speakers[step->speaker];
    const char *name = player->scenario->speakers[step->speaker].name;
    const uint16_t port = carrier_way_over(scenario_carrier_names[step->carrier])->ops->port;
    if (speaker->socket != NULL)
        return player_fail(player, step, "%s has a connection already", name);
    if (step->relay == SCENARIO_NONE) {
        struct speaker *peer = &player->speakers[step->peer];
        if (peer->socket != NULL)
            return player_fail(player, step, "%s has a connection already",
                               player->scenario->speakers[step->peer].name);
        return speaker_call_peer(speaker, peer, port);
    }
    const struct station *station = &player->cast.stations[step->relay];
    if (station->addresses[STATION_SSTP] == NULL)
        return player_fail(player, step, "%s has never been there",
                           player->scenario->relays[step->relay].name);
    return speaker_call(speaker, station_door(station, port),
                        (struct net_hosts){speaker->host, station->host, port});
}

static bool speak(struct player *player, const struct scenario_step *step)
{
    struct speaker *speaker = &player->speakers[step->speaker];
    if (!speaker_can_speak(speaker))
        return player_fail(player, step, "%s has no connection",
                           player->scenario->speakers[step->speaker].name);
    speaker_say(speaker, sstp_span(step->bytes->data, step->bytes->len));
    return true;
}

static bool await_heard(struct player *player, const struct scenario_step *step)
{
    struct speaker *speaker = &player->speakers[step->speaker];
    const struct sstp_span bytes = sstp_span(step->bytes->data, step->bytes->len);
    const int64_t end_ms = net_now_ms(player->cast.net) + SCENARIO_PATIENCE_MS;
    bool has_heard = speaker_takes(speaker, bytes);
    while (!has_heard && player_turn(player, end_ms))
        has_heard = speaker_takes(speaker, bytes);
    return has_heard || cast_is_stopped(&player->cast) ||
           player_fail(player, step, "%s has not heard that",
                       player->scenario->speakers[step->speaker].name);
}

bool act(struct player *player, const struct scenario_step *step)
{
    struct actor *actor =
        step->device != SCENARIO_NONE ? player->devices[step->device].actor : NULL;
    struct sstp_ep *ep;

    switch (step->kind) {
    case SCENARIO_CONNECT:
    case SCENARIO_DIAL:
        return connect_device(player, step);
    case SCENARIO_OPEN:
    case SCENARIO_FANOUT_OPEN:
        return open_session(player, step);
    case SCENARIO_SEND:
    case SCENARIO_BEGIN:
    case SCENARIO_CONTINUE:
    case SCENARIO_END:
        return send_message(player, step);
    case SCENARIO_COMPLETE:
        return complete_messages(player, step);
    case SCENARIO_AVAILABILITY:
        return set_availability(player, step);
    case SCENARIO_CLOSE:
        ep = ep_of(player, step);
        return ep != NULL &&
               done(player, step,
                    sstp_ep_close_session(ep, player->sessions[step->session].id, step->id));
    case SCENARIO_LEAVE:
        return leave(player, step);
    case SCENARIO_CUT:
        if (ep_of(player, step) == NULL)
            return false;
        player->devices[step->device].is_leaving = true;
        live_connection_reset(actor->connection);
        return true;
    case SCENARIO_LOSE_POST:
        return lose_post(player, step);
    case SCENARIO_NOOP:
        ep = ep_of(player, step);
        return ep != NULL && done(player, step, sstp_ep_noop(ep));
    case SCENARIO_BYTES:
        return send_bytes(player, step);
    case SCENARIO_REST:
        return rest(player, step);
    case SCENARIO_STOP:
        return stage_end_relay(player, step, step->relay, true, step->id);
    case SCENARIO_DIE:
        return step->proxy != SCENARIO_NONE ? stage_end_proxy(player, step, step->proxy)
                                            : stage_end_relay(player, step, step->relay, false, 0);
    case SCENARIO_START:
        return step->proxy != SCENARIO_NONE ? stage_start_proxy(player, step, step->proxy)
                                            : stage_start_relay(player, step, step->relay);
    case SCENARIO_WAIT:
        return wait_until(player, net_now_ms(player->cast.net) + (int64_t)step->number);
    case SCENARIO_AT:
        return wait_until(player, player->begun_ms + (int64_t)step->number);
    case SCENARIO_CALL:
    case SCENARIO_SAY:
    case SCENARIO_HANG_UP:
    case SCENARIO_BREAK_OFF:
        return puppet_act(player, step);
    case SCENARIO_RING:
        return ring(player, step);
    case SCENARIO_SPEAK:
        return speak(player, step);
    case SCENARIO_RING_OFF:
        stage_hang_up(player, step->speaker);
        return true;
    case SCENARIO_EXPECT_HEARD:
        return await_heard(player, step);
    case SCENARIO_EXPECT_CONNECTED:
    case SCENARIO_EXPECT_REFUSED:
    case SCENARIO_EXPECT_DISCONNECTED:
    case SCENARIO_EXPECT_CUT:
    case SCENARIO_EXPECT_FAILED:
    case SCENARIO_EXPECT_STATE:
    case SCENARIO_EXPECT_OPEN_REFUSED:
    case SCENARIO_EXPECT_CLOSED:
    case SCENARIO_EXPECT_LOST:
    case SCENARIO_EXPECT_OPENED:
    case SCENARIO_EXPECT_RECEIVED:
    case SCENARIO_EXPECT_ACKNOWLEDGED:
    case SCENARIO_EXPECT_UNACKNOWLEDGED:
    case SCENARIO_EXPECT_COUNTER:
        return judge(player, step);
    }
    return false;
}
