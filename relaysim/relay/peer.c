/* SPDX-License-Identifier: GPL-2.0-or-later */
/* peer: the connections to other relays (GRVSSTP 3.3.5.2, 3.3.5.4, 3.3.5.6.1,
 * 3.3.7.1). */
#include "base/pause.h"
#include "relay/hop.h"
#include "relay/relay.h"

/* Between attempts to reach a peer: the first pause, which doubles up to the last; chance takes
 * off up to a half. */
#define PAUSE_FIRST_MS 1000
#define PAUSE_LAST_MS 60000
#define RETRY_TIME_MAX 3600u /* seconds of a TryLater that are respected */

static void free_peer(gpointer data)
{
    struct relay_peer *peer = data;
    g_hash_table_destroy(peer->sessions);
    g_free(peer);
}

void relay_peers_new(struct sstp_relay *relay)
{
    relay->peers = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_peer);
    for (size_t i = 0; i < relay->config.num_peers; i++) {
        struct relay_peer *peer = g_new0(struct relay_peer, 1);
        peer->relay = relay;
        peer->url = relay->config.peer_urls[i];
        peer->next_dial_ms = INT64_MIN;
        peer->sessions = g_hash_table_new(NULL, NULL);
        g_hash_table_insert(relay->peers, (char *)(uintptr_t)peer->url, peer);
    }
}

void relay_peers_free(struct sstp_relay *relay)
{
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, relay->peers);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        struct relay_peer *peer = value;
        g_queue_init(&peer->established);
        peer->connection = NULL;
        relay_hops_fail(peer, SSTP_SESSION_STATUS_CONNECTION_CLOSED);
    }
    g_hash_table_destroy(relay->peers);
}

struct relay_peer *relay_peer_find(const struct sstp_relay *relay, const char *url)
{
    return g_hash_table_lookup(relay->peers, url);
}

bool relay_peer_is_established(const struct relay_peer *peer)
{
    return peer->connection != NULL &&
           sstp_ep_state(peer->connection->ep) == SSTP_CONNECTION_ESTABLISHED;
}

/* ------------------------------------------------------------------------
 * Dialing
 */

/* The next attempt waits, longer each time, and at least as long as was asked. */
static void pause_dialing(struct relay_peer *peer, uint32_t wait_time)
{
    const struct sstp_sec_random *random = &peer->relay->config.random;
    uint32_t chance;
    random->fill(random->cookie, &chance, sizeof chance);
    peer->pause_ms = peer->pause_ms == 0 ? PAUSE_FIRST_MS : MIN(2 * peer->pause_ms, PAUSE_LAST_MS);
    const int64_t asked_ms = (int64_t)MIN(wait_time, RETRY_TIME_MAX) * 1000;
    peer->next_dial_ms = peer->relay->now_ms + pause_spread_ms(peer->pause_ms, asked_ms, chance);
}

static void dial(struct relay_peer *peer)
{
    const struct sstp_relay_config *config = &peer->relay->config;
    peer->is_dialing = true;
    peer->dial_deadline_ms = peer->relay->now_ms + config->transport_timeout_ms;
    config->dial(config->cookie, peer->url, ++peer->dial_number);
}

/* The newest connection that is established, if there is one (GRVSSTP 3.3.5.6.1).  Nothing
 * is open on the one before, for that is not, and a transport under way is not waited for. */
static void locate(struct relay_peer *peer)
{
    struct sstp_relay_connection *connection = g_queue_peek_tail(&peer->established);
    if (connection == NULL || sstp_ep_state(connection->ep) != SSTP_CONNECTION_ESTABLISHED)
        return;
    peer->connection = connection;
    peer->is_dialing = false;
}

void relay_peer_want(struct relay_peer *peer)
{
    if (peer->connection != NULL && sstp_ep_state(peer->connection->ep) == SSTP_CONNECTION_CLOSED)
        return; /* what is open on it ends first, with this turn */
    if (!relay_peer_is_established(peer))
        locate(peer);
    if (relay_peer_is_established(peer))
        relay_hops_pump(peer);
    else if (peer->connection == NULL && !peer->is_dialing && peer->hops.length > 0 &&
             peer->next_dial_ms <= peer->relay->now_ms)
        dial(peer);
}

static void join(struct relay_peer *peer, struct sstp_relay_connection *connection)
{
    connection->peer = peer;
    connection->peer_link.data = connection;
    g_queue_push_tail_link(&peer->established, &connection->peer_link);
    relay_peer_want(peer);
}

static void leave(struct relay_peer *peer, struct sstp_relay_connection *connection)
{
    if (connection->peer_link.data == NULL)
        return;
    g_queue_unlink(&peer->established, &connection->peer_link);
    connection->peer_link.data = NULL;
}

void relay_peer_meet(struct sstp_relay_connection *connection)
{
    const struct sstp_relay *relay = connection->relay;
    struct relay_peer *peer = NULL;
    for (guint i = 0; i < connection->device_urls->len && peer == NULL; i++)
        peer = relay_peer_find(relay, g_ptr_array_index(connection->device_urls, i));
    /* Relays cannot prove who they are (GRVSSTP 3.1.4.1), and messages of others must not
     * go to whoever takes a relay's name: only where everybody is believed. */
    if (peer != NULL && relay->config.auth == SSTP_RELAY_AUTH_OFF)
        join(peer, connection);
}

/* Whether somebody waits for the answer to this dial: not when it has been given up, and
 * another may be under way. */
static bool is_dialed(const struct relay_peer *peer, uint64_t number)
{
    return peer != NULL && peer->is_dialing && peer->dial_number == number;
}

static void fail_hops(void *object, const struct sstp_ep_event *event)
{
    struct relay_peer *peer = object;
    (void)event;
    relay_hops_fail(peer, peer->dial_status_id);
}

/* The answer may come in the middle of the work that it was dialed for. */
static void on_not_dialed(struct relay_peer *peer, uint8_t status_id)
{
    peer->is_dialing = false;
    peer->dial_status_id = status_id;
    pause_dialing(peer, 0);
    relay_turn_begin(peer->relay);
    relay_turn_later(peer->relay, fail_hops, peer, NULL);
    relay_turn_end(peer->relay);
}

struct sstp_relay_connection *sstp_relay_dialed(struct sstp_relay *relay, const char *url,
                                                uint64_t number, void *socket, int64_t now_ms)
{
    struct relay_peer *peer = relay_peer_find(relay, url);

    relay->now_ms = MAX(relay->now_ms, now_ms);
    if (!is_dialed(peer, number))
        return NULL;
    peer->is_dialing = false;
    struct sstp_relay_connection *connection = relay_connection_new(relay, socket, now_ms, true);
    if (connection == NULL ||
        sstp_ep_connect(connection->ep, peer->url, sstp_span(NULL, 0)) != SSTP_EP_OK) {
        relay_connection_drop(connection);
        on_not_dialed(peer, SSTP_SESSION_STATUS_HOST_NOT_REACHABLE);
        return NULL;
    }
    connection->peer = peer;
    connection->device_url = g_strdup(peer->url);
    peer->connection = connection;
    return connection;
}

void sstp_relay_not_dialed(struct sstp_relay *relay, const char *url, uint64_t number,
                           uint8_t status_id)
{
    struct relay_peer *peer = relay_peer_find(relay, url);
    if (is_dialed(peer, number))
        on_not_dialed(peer, status_id);
}

void relay_peers_tick(struct sstp_relay *relay)
{
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, relay->peers);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        struct relay_peer *peer = value;
        if (peer->is_dialing && peer->dial_deadline_ms <= relay->now_ms) {
            peer->is_dialing = false;
            pause_dialing(peer, 0);
            relay_hops_fail(peer, SSTP_SESSION_STATUS_HOST_NOT_REACHABLE);
        }
        if (!relay_peer_is_established(peer))
            relay_peer_want(peer);
    }
}

int64_t relay_peers_next_deadline(const struct sstp_relay *relay)
{
    int64_t first_ms = SSTP_EP_NEVER;
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, relay->peers);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const struct relay_peer *peer = value;
        if (peer->is_dialing)
            first_ms = MIN(first_ms, peer->dial_deadline_ms);
        else if (peer->connection == NULL && peer->hops.length > 0)
            first_ms = MIN(first_ms, peer->next_dial_ms);
    }
    return first_ms;
}

/* ------------------------------------------------------------------------
 * Events
 */

static void on_closed(struct sstp_relay_connection *connection, const struct sstp_ep_event *event)
{
    struct relay_peer *peer = connection->peer;
    const bool was_refused = event->end == SSTP_EP_END_REFUSED; /* and paused for that */

    leave(peer, connection);
    if (!was_refused && (connection->is_dialed || event->wait_time > 0))
        pause_dialing(peer, event->wait_time);
    if (peer->connection != connection)
        return;
    peer->connection = NULL;
    /* Who was refused has been told, and who came since waits for the next attempt. */
    if (!was_refused)
        relay_hops_fail(peer, SSTP_SESSION_STATUS_CONNECTION_CLOSED);
}

bool relay_peer_on_event(struct sstp_relay_connection *connection,
                         const struct sstp_ep_event *event)
{
    struct relay_peer *peer = connection->peer;
    const bool is_used = peer->connection == connection;
    /* By the id: the messages of a session that is lost take its hop with them. */
    struct relay_hop *hop =
        is_used ? g_hash_table_lookup(peer->sessions, GUINT_TO_POINTER(event->session_id)) : NULL;
    bool is_done = true;

    switch (event->kind) {
    case SSTP_EP_EVENT_ESTABLISHED:
        connection->relay->counters.num_connections++;
        relay_log(connection, "established with %s", peer->url);
        peer->pause_ms = 0;
        join(peer, connection);
        break;
    case SSTP_EP_EVENT_REFUSED:
        relay_log(connection, "%s refuses: %s", peer->url,
                  sstp_connect_response_name(event->response_id));
        pause_dialing(peer, event->wait_time);
        if (is_used)
            relay_hops_fail(peer, SSTP_SESSION_STATUS_CONNECTION_CLOSED);
        break;
    case SSTP_EP_EVENT_SESSION_STATE:
        relay_hop_on_state(hop, event->session_state);
        break;
    case SSTP_EP_EVENT_SESSION_STATUS:
        relay_hop_on_status(hop, event->entry_index, event->command->status_id);
        break;
    case SSTP_EP_EVENT_ACKNOWLEDGED:
        relay_hop_on_share_over(event->tag, true);
        relay_hops_pump(peer);
        break;
    case SSTP_EP_EVENT_UNACKNOWLEDGED:
        relay_hop_on_share_over(event->tag, false);
        break;
    case SSTP_EP_EVENT_ACKNOWLEDGED_LATE: /* its recipients were lost with the session */
        break;
    case SSTP_EP_EVENT_SESSION_CLOSED:
        is_done = hop != NULL; /* without, the peer's own session */
        if (is_done)
            relay_hop_on_closed(hop);
        break;
    case SSTP_EP_EVENT_CLOSED:
        on_closed(connection, event);
        is_done = false;
        break;
    case SSTP_EP_EVENT_ATTACH:
    case SSTP_EP_EVENT_REGISTER:
        /* A relay has no account (GRVSSTP 3.1.4.1), and gets nothing like a client: what it
         * acknowledges are shares. */
        (void)sstp_ep_close_session(connection->ep, event->session_id,
                                    SSTP_CLOSE_USER_AUTHENTICATION_FAILED);
        relay_wake(connection);
        break;
    case SSTP_EP_EVENT_CONNECT: /* as on any other connection from here on */
    case SSTP_EP_EVENT_CONNECT_AUTHENTICATE:
    case SSTP_EP_EVENT_OPEN:
    case SSTP_EP_EVENT_FANOUT_OPEN:
    case SSTP_EP_EVENT_OPENED:
    case SSTP_EP_EVENT_MESSAGE:
    case SSTP_EP_EVENT_ATTACH_RESPONSE:
    case SSTP_EP_EVENT_ATTACH_AUTHENTICATE:
    case SSTP_EP_EVENT_REGISTER_RESPONSE:
        is_done = false;
        break;
    }
    return is_done;
}
