/* SPDX-License-Identifier: GPL-2.0-or-later */
/* connection: what everybody in the relay needs of one: to make it and drop it, to wake its
 * socket, to say a word of it. */
#include "relay/internal.h"
#include "relay/relay.h"

void relay_log(const struct sstp_relay_connection *connection, const char *format, ...)
{
    const struct sstp_relay_config *config = &connection->relay->config;
    if (config->log == NULL)
        return;
    va_list args;
    va_start(args, format);
    char *text = g_strdup_vprintf(format, args);
    va_end(args);
    config->log(config->cookie, connection->socket, text);
    g_free(text);
}

void relay_tell(struct sstp_relay_connection *connection, enum relay_refusal refusal,
                const char *format, ...)
{
    struct sstp_relay *relay = connection->relay;
    if (relay->config.tell == NULL)
        return;
    va_list args;
    va_start(args, format);
    char *line = log_seldom_v(&relay->refusals[refusal], relay->now_ms, format, args);
    va_end(args);
    if (line != NULL)
        relay->config.tell(relay->config.cookie, connection->socket, line);
    g_free(line);
}

void relay_wake(const struct sstp_relay_connection *connection)
{
    connection->relay->config.wake(connection->relay->config.cookie, connection->socket);
}

bool relay_is_locked_out(const struct sstp_relay *relay, const char *url)
{
    return g_hash_table_contains(relay->locked_out, url);
}

char *relay_string(struct sstp_span span)
{
    return g_strndup(span.len > 0 ? (const char *)span.data : "", span.len);
}

static void on_limited(void *cookie, struct sstp_ep *ep, enum sstp_ep_limit limit)
{
    struct sstp_relay_connection *connection = cookie;
    (void)ep;
    switch (limit) {
    case SSTP_EP_LIMIT_SESSIONS:
        relay_tell(connection, RELAY_REFUSAL_SESSION,
                   "%s is refused a session, it has too many: see --max-sessions",
                   connection->device_url);
        break;
    case SSTP_EP_LIMIT_ATTACHES:
        relay_tell(connection, RELAY_REFUSAL_EVENT,
                   "%s is refused an Attach or Register, it has too many: see --max-events",
                   connection->device_url);
        break;
    case SSTP_EP_LIMIT_FANOUT_ENTRIES:
        relay_tell(connection, RELAY_REFUSAL_FANOUT,
                   "%s is refused a fanout session to too many recipients: see --max-fanout",
                   connection->device_url);
        break;
    case SSTP_EP_LIMIT_MESSAGE:
        relay_tell(connection, RELAY_REFUSAL_MESSAGE,
                   "a message of %s is too long: see --max-message", connection->device_url);
        break;
    case SSTP_EP_LIMIT_ASSEMBLING:
        relay_tell(connection, RELAY_REFUSAL_ASSEMBLING,
                   "a message of %s has no room beside the unfinished ones of others: see "
                   "--max-assembling",
                   connection->device_url);
        break;
    }
}

static void on_release(void *cookie, void *payload)
{
    (void)cookie;
    sstp_payload_unref(payload);
}

struct sstp_relay_connection *relay_connection_new(struct sstp_relay *relay, void *socket,
                                                   int64_t now_ms, bool is_originator)
{
    struct sstp_relay_connection *connection = g_new0(struct sstp_relay_connection, 1);
    const struct sstp_ep_config config = {.mem = relay->config.mem,
                                          .role = SSTP_EP_RELAY,
                                          .is_originator = is_originator,
                                          .device_urls = relay->config.urls,
                                          .num_device_urls = relay->config.num_urls,
                                          .major_version = 1,
                                          .minor_version = relay->config.minor_version,
                                          .product_version = relay->config.product_version,
                                          .supports_multi_drop = relay->config.supports_multi_drop,
                                          .supports_single_hop = relay->config.supports_single_hop,
                                          .upgrade_retry_time = relay->config.retry_time,
                                          .now_ms = now_ms,
                                          .ack_delay_ms = relay->config.ack_delay_ms,
                                          .connect_timeout_ms = relay->config.connect_timeout_ms,
                                          .open_timeout_ms = relay->config.open_timeout_ms,
                                          .outbound_idle_ms = is_originator
                                                                  ? relay->config.peer_idle_ms
                                                                  : relay->config.outbound_idle_ms,
                                          .inbound_idle_ms = relay->config.inbound_idle_ms,
                                          .limits = relay->config.limits,
                                          .assembling = &relay->assembling,
                                          .event = relay->on_event,
                                          .release = on_release,
                                          .limited = on_limited,
                                          .cookie = connection,
                                          .witness = {.sent = relay->config.witness.sent,
                                                      .noted = relay->config.witness.noted,
                                                      .cookie = socket}};
    connection->ep = sstp_ep_new(&config);
    if (connection->ep == NULL) {
        g_free(connection);
        return NULL;
    }
    connection->relay = relay;
    connection->number = ++relay->last_connection;
    connection->socket = socket;
    connection->is_dialed = is_originator;
    connection->device_urls = g_ptr_array_new_with_free_func(g_free);
    connection->attaches = g_hash_table_new_full(NULL, NULL, NULL, relay_attach_free);
    connection->identities = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    connection->inbound = g_hash_table_new_full(NULL, NULL, NULL, relay_inbound_free);
    connection->deliveries = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    g_hash_table_add(relay->connections, connection);
    return connection;
}

struct sstp_relay_connection *sstp_relay_accept(struct sstp_relay *relay, void *socket,
                                                int64_t now_ms)
{
    return relay_connection_new(relay, socket, now_ms, false);
}

void sstp_relay_refuse(struct sstp_relay_connection *connection)
{
    connection->is_unwelcome = true;
}

struct sstp_ep *sstp_relay_connection_ep(struct sstp_relay_connection *connection)
{
    return connection->ep;
}

void relay_connection_drop(struct sstp_relay_connection *connection)
{
    if (connection != NULL)
        g_hash_table_remove(connection->relay->connections, connection);
}
