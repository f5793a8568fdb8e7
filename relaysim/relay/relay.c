/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/reason.h"
#include "relay/hop.h"
#include "relay/relay.h"

#define MAX_BYTES_DEFAULT ((size_t)1 << 30)
#define MAX_ASSEMBLING_DEFAULT ((size_t)256 << 20)
#define MAX_QUEUES_DEFAULT 1024u
#define RETRY_TIME_DEFAULT 60u
#define IDLE_MS_DEFAULT 60000
#define TRANSPORT_TIMEOUT_MS_DEFAULT 180000 /* Appendix A, Transport Connection Timer */
#define AUTH_TIMEOUT_MS_DEFAULT 60000
#define HUNG_MS_DEFAULT 20000         /* four times the acknowledgement delay of the products */
#define OFFLINE_TTL_MS_DEFAULT 300000 /* GRVSSTP 3.3.2.1 */
#define PEER_IDLE_MS_DEFAULT 240000   /* Appendix A, Outbound Idle Timer */

static void free_connection(gpointer data);
static void on_event(void *cookie, struct sstp_ep *ep, const struct sstp_ep_event *event);

/* ------------------------------------------------------------------------
 * Life
 */

static void free_pointer_array(gpointer array)
{
    g_ptr_array_free(array, TRUE);
}

static void set_default(int64_t *member, int64_t value)
{
    if (*member == 0)
        *member = value;
}

static void set_defaults(struct sstp_relay_config *config)
{
    if (config->max_bytes == 0)
        config->max_bytes = MAX_BYTES_DEFAULT;
    if (config->max_assembling == 0)
        config->max_assembling = MAX_ASSEMBLING_DEFAULT;
    if (config->max_queues == 0)
        config->max_queues = MAX_QUEUES_DEFAULT;
    if (config->max_connections == 0)
        config->max_connections = SSTP_RELAY_MAX_CONNECTIONS;
    if (config->retry_time == 0)
        config->retry_time = RETRY_TIME_DEFAULT;
    if (config->mem == NULL)
        config->mem = &sstp_mem_libc;
    set_default(&config->ack_delay_ms, SSTP_EP_ACK_DELAY_MS);
    set_default(&config->idle_ms, IDLE_MS_DEFAULT);
    set_default(&config->hung_ms, HUNG_MS_DEFAULT);
    set_default(&config->transport_timeout_ms, TRANSPORT_TIMEOUT_MS_DEFAULT);
    set_default(&config->auth_timeout_ms, AUTH_TIMEOUT_MS_DEFAULT);
    set_default(&config->offline_ttl_ms, OFFLINE_TTL_MS_DEFAULT);
    set_default(&config->peer_idle_ms, PEER_IDLE_MS_DEFAULT);
}

/* By their numbers, and not by where they are in memory: what is done to all of them is done in the
 * same order each time. */
static guint hash_number(gconstpointer key)
{
    const struct sstp_relay_connection *connection = key;
    return (guint)connection->number;
}

struct sstp_relay *sstp_relay_new(const struct sstp_relay_config *config, int64_t now_ms)
{
    struct sstp_relay *relay = g_new0(struct sstp_relay, 1);
    relay->config = *config;
    relay->now_ms = now_ms;
    set_defaults(&relay->config);
    relay->store = config->store != NULL ? config->store : sstp_store_new();
    sstp_store_set_limits(relay->store,
                          &(struct sstp_store_limits){.quota = config->quota,
                                                      .max_bytes = relay->config.max_bytes,
                                                      .max_queues = relay->config.max_queues});
    if (config->max_cached != 0)
        sstp_store_set_cache(relay->store, config->max_cached);
    sstp_store_set_handler(
        relay->store, (struct sstp_store_handler){.loaded = relay_on_loaded,
                                                  .expired = relay_on_expired,
                                                  .failing = relay_on_failing,
                                                  .registry_failing = relay_on_registry_failing,
                                                  .cookie = relay});
    relay->assembling.max_bytes = relay->config.max_assembling;
    relay->registry = sstp_store_registry(relay->store);
    relay->locked_out = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; i < config->num_locked_out; i++)
        g_hash_table_add(relay->locked_out, (char *)(uintptr_t)config->locked_out[i]);
    relay->connections = g_hash_table_new_full(hash_number, NULL, free_connection, NULL);
    relay->on_event = on_event;
    relay->online = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_pointer_array);
    relay->devices = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_queue_init(&relay->idle);
    g_queue_init(&relay->closed);
    g_queue_init(&relay->handed);
    g_queue_init(&relay->watched);
    g_queue_init(&relay->newcomers);
    relay->again_ms = SSTP_EP_NEVER;
    relay_turns_new(relay);
    g_queue_init(&relay->troubled);
    g_queue_init(&relay->timed);
    relay->next_share_expiry_ms = SSTP_EP_NEVER;
    relay_peers_new(relay);
    return relay;
}

void sstp_relay_free(struct sstp_relay *relay)
{
    if (relay == NULL)
        return;
    GHashTableIter iter;
    gpointer connection;
    relay_turn_begin(relay);
    g_hash_table_iter_init(&iter, relay->connections);
    while (g_hash_table_iter_next(&iter, &connection, NULL))
        relay_forget_receipts(connection); /* so that nothing is said any more */
    relay_peers_free(relay);
    g_hash_table_destroy(relay->connections);
    g_hash_table_destroy(relay->online);
    g_hash_table_destroy(relay->devices);
    g_hash_table_destroy(relay->locked_out);
    sstp_store_free(relay->store);
    relay_turn_end(relay);
    relay_turns_free(relay);
    g_free(relay);
}

static void free_connection(gpointer data)
{
    struct sstp_relay_connection *connection = data;
    relay_forget_receipts(connection);
    relay_auth_timer_stop(connection);
    relay_watch_stop(connection);
    relay_crossed_forget(connection);
    relay_forget_registering(connection);
    relay_hops_forget_shares(connection);
    g_hash_table_destroy(connection->attaches);
    g_hash_table_destroy(connection->identities);
    g_hash_table_destroy(connection->inbound);
    relay_free_deliveries(connection);
    sstp_ep_free(connection->ep);
    g_free(connection->device_url);
    g_ptr_array_free(connection->device_urls, TRUE);
    g_free(connection);
}

void sstp_relay_disconnect(struct sstp_relay_connection *connection)
{
    struct sstp_relay *relay = connection->relay;
    g_assert(!relay_turn_is_on(relay)); /* there may be something left to do with it */
    relay_turn_begin(relay);
    sstp_ep_transport_lost(connection->ep);
    relay_turn_end(relay);
    g_hash_table_remove(relay->connections, connection);
}

/* ------------------------------------------------------------------------
 * Events
 */

static void count_devices(const struct sstp_relay_connection *connection, int change)
{
    GHashTable *devices = connection->relay->devices;
    for (guint i = 0; i < connection->device_urls->len; i++) {
        const char *url = g_ptr_array_index(connection->device_urls, i);
        const int num = GPOINTER_TO_INT(g_hash_table_lookup(devices, url)) + change;
        if (num > 0)
            g_hash_table_insert(devices, g_strdup(url), GINT_TO_POINTER(num));
        else
            g_hash_table_remove(devices, url);
    }
}

static void on_established(struct sstp_relay_connection *connection)
{
    struct sstp_relay *relay = connection->relay;
    connection->is_established = true;
    relay->num_established++;
    relay->counters.num_connections++;
    count_devices(connection, 1);
    if (connection->has_token)
        relay_auth_timer_start(connection);
    relay_log(connection, "established with %s, SSTP 1.%c", connection->device_url,
              sstp_ep_version(connection->ep) == SSTP_VERSION_1_6 ? '6' : '5');
    relay_peer_meet(connection);
    relay_crossed_settled(connection);
}

static void go_offline(struct sstp_relay_connection *connection)
{
    GHashTableIter iter;
    gpointer identity_url;
    g_hash_table_iter_init(&iter, connection->identities);
    while (g_hash_table_iter_next(&iter, &identity_url, NULL)) {
        GPtrArray *connections = g_hash_table_lookup(connection->relay->online, identity_url);
        if (connections != NULL && g_ptr_array_remove(connections, connection) &&
            connections->len == 0)
            g_hash_table_remove(connection->relay->online, identity_url);
    }
    g_hash_table_remove_all(connection->identities);
}

static void on_closed(struct sstp_relay_connection *connection, const struct sstp_ep_event *event)
{
    static const char *const ends[SSTP_EP_END_COUNT] = {
        [SSTP_EP_END_LOCAL] = "closed",
        [SSTP_EP_END_VIOLATION] = "closed for a violation of the protocol",
        [SSTP_EP_END_REFUSED] = "refused",
        [SSTP_EP_END_PEER] = "closed by the peer",
        [SSTP_EP_END_TIMEOUT] = "timed out",
        [SSTP_EP_END_TRANSPORT_LOST] = "lost",
        [SSTP_EP_END_NO_MEMORY] = "given up for want of memory"};
    struct sstp_relay *relay = connection->relay;

    go_offline(connection);
    relay_auth_timer_stop(connection);
    relay_watch_stop(connection);
    relay_crossed_forget(connection);
    relay_stop_deliveries(connection);
    relay_forget_receipts(connection);
    relay_forget_registering(connection);
    g_hash_table_remove_all(connection->inbound);
    g_hash_table_remove_all(connection->attaches);
    if (connection->is_established) {
        connection->is_established = false;
        relay->num_established--;
        count_devices(connection, -1);
    }
    relay_crossed_settled(connection);
    const bool has_reason = event->end != SSTP_EP_END_TRANSPORT_LOST;
    const struct reason reason =
        reason_of(sstp_connect_close_reason_name(event->reason_id), event->reason_id);
    relay_log(connection, "%s%s%s%s%s", ends[event->end], has_reason ? ": " : "",
              has_reason ? reason.text : "", event->what != NULL ? ", " : "",
              event->what != NULL ? event->what : "");
}

static void handle(void *object, const struct sstp_ep_event *event)
{
    struct sstp_relay_connection *connection = object;

    if (relay_watch_on_event(connection, event))
        return;
    if (connection->peer != NULL && relay_peer_on_event(connection, event))
        return;
    switch (event->kind) {
    case SSTP_EP_EVENT_CONNECT:
        relay_on_connect(connection, event);
        break;
    case SSTP_EP_EVENT_ESTABLISHED:
        on_established(connection);
        break;
    case SSTP_EP_EVENT_CONNECT_AUTHENTICATE:
        relay_auth_timer_restart(connection);
        relay_on_connect_authenticate(connection, event);
        break;
    case SSTP_EP_EVENT_OPEN:
        relay_on_open(connection, event);
        break;
    case SSTP_EP_EVENT_OPENED:
        relay_on_opened(connection, event);
        break;
    case SSTP_EP_EVENT_MESSAGE:
        relay_on_message(connection, event);
        break;
    case SSTP_EP_EVENT_SESSION_STATE:
        relay_on_session_state(connection, event);
        break;
    case SSTP_EP_EVENT_ACKNOWLEDGED:
    case SSTP_EP_EVENT_ACKNOWLEDGED_LATE:
        relay_on_acknowledged(connection, event);
        break;
    case SSTP_EP_EVENT_SESSION_CLOSED:
        if (!relay_on_delivery_closed(connection, event)) {
            g_hash_table_remove(connection->inbound, GUINT_TO_POINTER(event->session_id));
            g_hash_table_remove(connection->attaches, GUINT_TO_POINTER(event->session_id));
        }
        relay_open_waiting(connection);
        break;
    case SSTP_EP_EVENT_ATTACH:
        relay_auth_timer_restart(connection);
        relay_on_attach(connection, event);
        break;
    case SSTP_EP_EVENT_ATTACH_AUTHENTICATE:
        relay_auth_timer_restart(connection);
        relay_on_attach_authenticate(connection, event);
        break;
    case SSTP_EP_EVENT_REGISTER:
        relay_auth_timer_restart(connection);
        relay_on_register(connection, event);
        break;
    case SSTP_EP_EVENT_CLOSED:
        on_closed(connection, event);
        break;
    case SSTP_EP_EVENT_FANOUT_OPEN:    /* what there is to refuse, OPENED refuses */
    case SSTP_EP_EVENT_UNACKNOWLEDGED: /* its delivery knows what to do */
    case SSTP_EP_EVENT_REFUSED:
    case SSTP_EP_EVENT_SESSION_STATUS:
    case SSTP_EP_EVENT_ATTACH_RESPONSE:
    case SSTP_EP_EVENT_REGISTER_RESPONSE:
        break; /* the last four only meet who opens connections or fanout sessions */
    }
}

static void on_event(void *cookie, struct sstp_ep *ep, const struct sstp_ep_event *event)
{
    struct sstp_relay_connection *connection = cookie;
    struct sstp_relay *relay = connection->relay;

    /* The endpoint is told the time before what came, the relay after it. */
    relay->now_ms = MAX(relay->now_ms, sstp_ep_now_ms(ep));
    if (relay_turn_is_on(relay)) {
        relay_turn_later(relay, handle, connection, event);
        return;
    }
    relay_turn_begin(relay);
    handle(connection, event);
    relay_turn_end(relay);
}

/* ------------------------------------------------------------------------
 * Time
 */

void sstp_relay_tick(struct sstp_relay *relay, int64_t now_ms)
{
    relay_turn_begin(relay);
    relay->now_ms = now_ms;
    relay->counters.num_discarded += sstp_store_expire(relay->store, now_ms);
    relay_deliveries_tick(relay);
    relay_watches_tick(relay);
    relay_crossed_tick(relay);
    relay_check_room(relay);
    relay_auth_timers_tick(relay);
    relay_hops_expire(relay);
    relay_peers_tick(relay);
    relay_hops_tell(relay, NULL);
    relay_turn_end(relay);
}

int64_t sstp_relay_next_deadline(const struct sstp_relay *relay)
{
    const int64_t deadlines[] = {relay_deliveries_next(relay),
                                 relay_auth_timers_next(relay),
                                 relay_watches_next(relay),
                                 relay_crossed_next(relay),
                                 relay->next_share_expiry_ms,
                                 relay_peers_next_deadline(relay),
                                 sstp_store_next_retry(relay->store),
                                 relay->troubled.length > 0 ? relay->now_ms : SSTP_EP_NEVER};
    int64_t first_ms = sstp_store_next_expiry(relay->store);
    for (size_t i = 0; i < G_N_ELEMENTS(deadlines); i++)
        first_ms = MIN(first_ms, deadlines[i]);
    return first_ms;
}

static void close_connections(struct sstp_relay *relay, bool to_peers, uint8_t reason_id,
                              uint32_t return_time)
{
    GHashTableIter iter;
    gpointer key;
    relay_turn_begin(relay);
    g_hash_table_iter_init(&iter, relay->connections);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        struct sstp_relay_connection *connection = key;
        if ((connection->peer != NULL) != to_peers)
            continue;
        if (sstp_ep_state(connection->ep) == SSTP_CONNECTION_ESTABLISHED)
            sstp_ep_close_connection(connection->ep, reason_id, return_time);
        else
            sstp_ep_transport_lost(connection->ep);
        relay_wake(connection);
    }
    relay_turn_end(relay);
}

void sstp_relay_close(struct sstp_relay *relay, uint8_t reason_id, uint32_t return_time)
{
    relay->is_resting = true;
    if (return_time != 0)
        relay->config.retry_time = return_time;
    /* The clients first, so that their sessions at the peers are closed, not lost. */
    close_connections(relay, false, reason_id, return_time);
    close_connections(relay, true, reason_id, return_time);
}

const struct sstp_relay_counters *sstp_relay_counters(const struct sstp_relay *relay)
{
    return &relay->counters;
}

struct sstp_store *sstp_relay_store(struct sstp_relay *relay)
{
    return relay->store;
}

size_t sstp_relay_num_established(const struct sstp_relay *relay)
{
    return relay->num_established;
}

uint64_t sstp_relay_num_stored(const struct sstp_relay *relay)
{
    return sstp_store_num_messages(relay->store);
}
