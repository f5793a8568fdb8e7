/* SPDX-License-Identifier: GPL-2.0-or-later */
/* client_peer: the connections of a client, how they begin, what is told of them, and their end. */
#include "client/hint.h"
#include "cmd/client_internal.h"
#include "cmd/client_print.h"
#include "base/random.h"
#include "base/log.h"
#include "cmd/options.h"
#include "base/reason.h"
#include "base/url.h"

#include <stdlib.h>

/* ------------------------------------------------------------------------
 * Events
 */

const char *client_hint_of_relay(const struct run *run, const char *hint)
{
    const char *url = run->config->target_url;
    return url != NULL && sstp_url_is_relay(sstp_span_of_string(url)) ? hint : "";
}

static void on_closed_by_peer(struct run *run, const struct sstp_ep_event *event)
{
    char *why = g_strdup_printf(
        "the other side closed the connection: %s%s",
        reason_of(sstp_connect_close_reason_name(event->reason_id), event->reason_id).text,
        client_hint_of_relay(run, client_hint_connect_close(event->reason_id)));
    if (run->config->listens != NULL) {
        /* A device that has said all it had to is no failure of who listens. */
        log_info("%s", why);
    } else if (client_retry_may_go_on(&run->retry, event->reason_id, net_now_ms(run->net))) {
        client_lose(run, why, event->wait_time);
    } else {
        client_give_up(run, "%s", why);
    }
    g_free(why);
}

/* The way has led nowhere: whether there is another one, which is then told of. */
static bool change_way(struct run *run, const char *why)
{
    const struct client_ways *ways = &run->config->ways;
    const char *name = ways->ways[run->way.current].carrier->name;
    run->is_next_way =
        run->config->listens == NULL && !run->is_ending && client_way_failed(&run->way, ways, why);
    if (run->is_next_way)
        log_error("no way by %s: %s; trying %s", name, why,
                  ways->ways[run->way.current].carrier->name);
    return run->is_next_way;
}

/* Why a connection was lost that might have been had on another way; NULL where none could. */
static const char *why_nowhere(const struct sstp_ep_event *event)
{
    switch (event->end) {
    case SSTP_EP_END_VIOLATION:
        return "what is there does not speak SSTP";
    case SSTP_EP_END_TIMEOUT:
        return "there was no answer in time";
    case SSTP_EP_END_TRANSPORT_LOST:
        return "the connection was lost before the answer";
    case SSTP_EP_END_PEER:
    case SSTP_EP_END_NO_MEMORY:
    case SSTP_EP_END_LOCAL:
    case SSTP_EP_END_REFUSED:
    case SSTP_EP_END_COUNT:
        break;
    }
    return NULL;
}

static void on_closed(struct peer *peer, const struct sstp_ep_event *event)
{
    struct run *run = peer->run;
    const char *nowhere = why_nowhere(event);
    peer->has_session = peer->is_ready = false;
    if (peer->is_refused)
        return; /* which was all there is to say */
    if (!peer->was_established && nowhere != NULL && change_way(run, nowhere))
        return;
    switch (event->end) {
    case SSTP_EP_END_PEER:
        on_closed_by_peer(run, event);
        break;
    case SSTP_EP_END_VIOLATION:
        client_give_up(
            run, "the other side broke a rule of SSTP: %s%s%s",
            reason_of(sstp_connect_close_reason_name(event->reason_id), event->reason_id).text,
            event->what != NULL ? ", " : "", event->what != NULL ? event->what : "");
        break;
    case SSTP_EP_END_TIMEOUT:
        client_lose(run, "the other side did not answer", 0);
        break;
    case SSTP_EP_END_TRANSPORT_LOST:
        client_lose(run, "the connection was lost", 0);
        break;
    case SSTP_EP_END_NO_MEMORY:
        client_give_up(run, "memory is out");
        break;
    case SSTP_EP_END_LOCAL:
    case SSTP_EP_END_REFUSED:
    case SSTP_EP_END_COUNT:
        break;
    }
}

static void on_refused(struct peer *peer, const struct sstp_ep_event *event)
{
    struct run *run = peer->run;
    const bool is_for_now = event->response_id == SSTP_CONNECT_RESPONSE_TRY_LATER ||
                            event->response_id == SSTP_CONNECT_RESPONSE_WILL_UPGRADE;
    GString *why = g_string_new("the connection was refused: ");

    peer->is_refused = true;
    g_string_append(
        why, reason_of(sstp_connect_response_name(event->response_id), event->response_id).text);
    if (event->wait_time != 0)
        g_string_append_printf(why, ", again in %u seconds", event->wait_time);
    g_string_append(why,
                    client_hint_of_relay(run, client_hint_connect_response(event->response_id)));
    if (is_for_now)
        client_lose(run, why->str, event->wait_time);
    else
        client_give_up(run, "%s", why->str);
    g_string_free(why, TRUE);
}

/* A relay is there. */
static void take_way(struct peer *peer)
{
    struct run *run = peer->run;
    const struct client_ways *ways = &run->config->ways;
    peer->was_established = true;
    if (run->config->listens != NULL)
        return;
    client_way_taken(&run->way);
    if (ways->num > 1)
        log_error("the way to the relay is %s", ways->ways[run->way.current].carrier->name);
}

static void on_event(void *cookie, struct sstp_ep *ep, const struct sstp_ep_event *event)
{
    struct peer *peer = cookie;
    struct run *run = peer->run;
    (void)ep;

    switch (event->kind) {
    case SSTP_EP_EVENT_ESTABLISHED:
        take_way(peer);
        client_receive_established(peer, event);
        break;
    case SSTP_EP_EVENT_REFUSED:
        on_refused(peer, event);
        break;
    case SSTP_EP_EVENT_OPEN:
        client_receive_open(peer, event);
        break;
    case SSTP_EP_EVENT_OPENED:
        client_receive_opened(peer, event);
        break;
    case SSTP_EP_EVENT_SESSION_STATE:
        client_send_pump(peer);
        break;
    case SSTP_EP_EVENT_SESSION_STATUS:
        client_send_session_status(peer, event);
        break;
    case SSTP_EP_EVENT_SESSION_CLOSED:
        client_send_session_closed(peer, event);
        break;
    case SSTP_EP_EVENT_MESSAGE:
        client_receive_message(peer, event);
        break;
    case SSTP_EP_EVENT_ACKNOWLEDGED:
        client_retry_acknowledged(&run->retry);
        client_send_acknowledged(peer);
        break;
    case SSTP_EP_EVENT_CLOSED:
        on_closed(peer, event);
        break;
    case SSTP_EP_EVENT_UNACKNOWLEDGED: /* what ended its session is told, too */
    case SSTP_EP_EVENT_ACKNOWLEDGED_LATE:
    case SSTP_EP_EVENT_CONNECT: /* whoever comes is welcome */
    case SSTP_EP_EVENT_CONNECT_AUTHENTICATE:
    case SSTP_EP_EVENT_FANOUT_OPEN:
    case SSTP_EP_EVENT_ATTACH:
    case SSTP_EP_EVENT_ATTACH_RESPONSE:
    case SSTP_EP_EVENT_ATTACH_AUTHENTICATE:
    case SSTP_EP_EVENT_REGISTER:
    case SSTP_EP_EVENT_REGISTER_RESPONSE:
        break;
    }
}

/* It is the one to send on from now on, where there is none: what was not acknowledged on the
 * last one is sent again. */
static void offer_sender(struct peer *peer)
{
    struct run *run = peer->run;
    if (run->sender != NULL || run->is_ending || !peer->is_ready)
        return;
    run->sender = peer;
    client_outbox_rewind(run->outbox);
    client_send_open(peer);
}

static void on_ready(void *cookie)
{
    struct peer *peer = cookie;
    log_info("ready");
    peer->is_ready = true;
    client_retry_ready(&peer->run->retry, net_now_ms(peer->run->net));
    offer_sender(peer);
}

static void on_failed(void *cookie, const char *why)
{
    struct peer *peer = cookie;
    client_give_up(peer->run, "%s", why);
}

/* ------------------------------------------------------------------------
 * Connections
 */

static void on_output_is_empty(void *cookie)
{
    struct peer *peer = cookie;
    if (peer->has_session)
        client_send_pump(peer);
}

static void on_again(uv_timer_t *timer);

/* The next attempt, after a pause. */
static void connect_again(struct run *run)
{
    uint32_t chance;
    random_system(NULL, &chance, sizeof chance);
    const int64_t wait_ms =
        client_retry_pause(&run->retry, run->wait_time, net_now_ms(run->net), chance);
    run->wait_time = 0;
    log_info("trying again in %.3f seconds", (double)wait_ms / 1000);
    uv_timer_start(&run->again, on_again, (uint64_t)wait_ms, 0);
}

/* The sender is gone: one of those who are there takes its place. */
static void replace_sender(struct run *run)
{
    run->sender = NULL;
    for (guint i = 0; i < run->peers->len && run->sender == NULL; i++)
        offer_sender(g_ptr_array_index(run->peers, i));
    if (run->sender != NULL)
        live_client_wake(run->sender->client);
}

/* The connection is gone, or there was none: another one, or the end. */
static void go_on(struct run *run)
{
    if (run->is_given_up)
        run->is_ending = true;
    else if (!run->is_ending && run->is_next_way)
        uv_timer_start(&run->again, on_again, 0, 0);
    else if (!run->is_ending)
        connect_again(run);
    run->is_next_way = false;
    client_stop_if_alone(run);
}

static void free_peer(struct peer *peer)
{
    live_client_free(peer->client);
    g_hash_table_destroy(peer->inbound);
    g_free(peer->device_url);
    g_free(peer);
}

static void on_gone(void *cookie)
{
    struct peer *peer = cookie;
    struct run *run = peer->run;

    client_receive_gone(peer);
    g_ptr_array_remove(run->peers, peer);
    if (run->sender == peer)
        replace_sender(run);
    /* Who listens goes on for the next one. */
    if (run->config->listens == NULL)
        go_on(run);
    else
        client_stop_if_alone(run);
    free_peer(peer);
}

static void on_connected(void *cookie)
{
    struct peer *peer = cookie;
    struct run *run = peer->run;
    g_ptr_array_add(run->peers, peer);
    if (run->is_held)
        live_connection_hold(live_client_connection(peer->client), true);
    if (run->dialing != peer)
        return; /* who has come */
    run->dialing = NULL;
    if (live_client_start(peer->client) != SSTP_EP_OK) {
        client_fail(run, "memory is out, or a URL is too long");
        client_end(run);
    }
}

static void on_not_connected(void *cookie, const char *why)
{
    struct peer *peer = cookie;
    struct run *run = peer->run;
    run->dialing = NULL;
    free_peer(peer);
    if (!change_way(run, why)) {
        char *all = run->config->ways.num > 1 ? client_way_all_failed(&run->way) : g_strdup(why);
        char *sentence = g_strdup_printf("cannot connect to %s: %s", run->config->relay, all);
        client_lose(run, sentence, 0);
        g_free(sentence);
        g_free(all);
    }
    go_on(run);
}

static struct peer *new_peer(struct run *run, bool is_originator)
{
    const struct client_run *config = run->config;
    struct peer *peer = g_new0(struct peer, 1);
    const struct live_client_config client_config = {
        .net = run->net,
        .recording = run->recording,
        .secret = options_secret(),
        .client = {.device_url = config->device_url,
                   .target_url = config->target_url,
                   .is_originator = is_originator,
                   .attaches = is_originator && config->attaches,
                   .account_url = config->account_url != NULL ? config->account_url : "",
                   .identity_urls = config->identity_urls,
                   .num_identities = config->num_identities,
                   .major_version = 1,
                   .minor_version = config->minor_version,
                   .ack_delay_ms = config->timers.ack_delay_ms,
                   .connect_timeout_ms = config->timers.connect_timeout_ms,
                   .open_timeout_ms = config->timers.open_timeout_ms,
                   .auth_timeout_ms = config->timers.auth_timeout_ms,
                   .outbound_idle_ms = config->timers.outbound_idle_ms,
                   .inbound_idle_ms = config->timers.inbound_idle_ms}};
    peer->run = run;
    peer->inbound = g_hash_table_new_full(NULL, NULL, NULL, client_source_free);
    peer->client = live_client_new(
        &client_config, (struct live_client_handler){.connected = on_connected,
                                                     .not_connected = on_not_connected,
                                                     .ready = on_ready,
                                                     .failed = on_failed,
                                                     .event = on_event,
                                                     .output_is_empty = on_output_is_empty,
                                                     .gone = on_gone,
                                                     .cookie = peer});
    if (peer->client != NULL)
        return peer;
    free_peer(peer);
    return NULL;
}

bool client_dial(struct run *run, char **error)
{
    const struct client_way *way = &run->config->ways.ways[run->way.current];
    const int64_t timeout_ms = run->config->timers.transport_timeout_ms;
    const struct live_dial dial = {
        .carrier = way->carrier,
        .address = way->address,
        .proxy = way->proxy,
        .login = run->config->login,
        .http = &run->config->http,
        .timeout_ms = run->config->ways.num > 1 ? MIN(timeout_ms, CLIENT_WAY_TRY_MS) : timeout_ms};
    run->dialing = new_peer(run, true);
    if (run->dialing != NULL && live_client_dial(run->dialing->client, &dial, error))
        return true;
    if (run->dialing == NULL)
        *error = g_strdup("memory is out");
    client_stop_dialing(run);
    return false;
}

void client_stop_dialing(struct run *run)
{
    if (run->dialing != NULL)
        free_peer(run->dialing);
    run->dialing = NULL;
}

void client_free_peers(struct run *run)
{
    client_stop_dialing(run);
    while (run->peers->len > 0) {
        struct peer *peer = g_ptr_array_remove_index(run->peers, 0);
        client_receive_gone(peer);
        free_peer(peer);
    }
}

static void on_again(uv_timer_t *timer)
{
    struct run *run = timer->data;
    char *error = NULL;
    if (!run->is_ending && !client_dial(run, &error)) {
        client_fail(run, "%s", error);
        g_free(error);
        client_end(run);
    }
    net_settle(run->net);
}

void client_accepted(void *cookie, struct net_connection *socket)
{
    struct peer *peer = new_peer(cookie, false);
    if (peer != NULL)
        live_client_accept(peer->client, socket);
}
