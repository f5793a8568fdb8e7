/* SPDX-License-Identifier: GPL-2.0-or-later */
/* relay_deliver: what is stored goes to the clients that are there, each queue
 * over a session of its own (GRVSSTP 1.3.5.2.1, 4.2.3). */
#include "relay_hop.h"

/* Messages of one queue under way without an acknowledgement. */
#define WINDOW 256u

struct relay_delivery {
    struct sstp_relay_connection *connection;
    struct sstp_store_queue *queue;
    uint32_t session_id;
    uint32_t number; /* the holder of what is under way */
    unsigned num_unacknowledged;
    bool has_been_acknowledged; /* something on this session was */
    bool is_idle;
    int64_t idle_deadline_ms;
    GList idle_link;
};

static void set_idle(struct relay_delivery *delivery, bool is_idle)
{
    struct sstp_relay *relay = delivery->connection->relay;
    if (delivery->is_idle == is_idle)
        return;
    delivery->is_idle = is_idle;
    if (is_idle) {
        delivery->idle_deadline_ms = relay->now_ms + relay->config.idle_ms;
        g_queue_push_tail_link(&relay->idle, &delivery->idle_link);
    } else {
        g_queue_unlink(&relay->idle, &delivery->idle_link);
    }
}

/* Ends the bookkeeping of a delivery, whose session is gone, and gives up the
 * queue, which may be gone with that. */
static void end(struct relay_delivery *delivery)
{
    struct sstp_relay_connection *connection = delivery->connection;
    set_idle(delivery, false);
    struct sstp_store_queue *queue = delivery->queue;
    sstp_store_take_back(connection->relay->store, queue, delivery->number);
    g_hash_table_remove(connection->deliveries, GUINT_TO_POINTER(delivery->session_id));
    sstp_store_release(connection->relay->store, queue);
}

/* The connection that a queue can go to; NULL when nobody is there. */
static struct sstp_relay_connection *find_connection(const struct sstp_relay *relay,
                                                     const struct sstp_store_queue *queue)
{
    const GPtrArray *connections =
        g_hash_table_lookup(relay->online, queue->recipient->identity_url);
    for (guint i = 0; connections != NULL && i < connections->len; i++) {
        struct sstp_relay_connection *connection = g_ptr_array_index(connections, i);
        if (connection != queue->held_for &&
            sstp_ep_state(connection->ep) == SSTP_CONNECTION_ESTABLISHED &&
            (queue->device_url[0] == '\0' ||
             strcmp(queue->device_url, connection->device_url) == 0))
            return connection;
    }
    return NULL;
}

static struct relay_delivery *begin(struct sstp_relay *relay, struct sstp_store_queue *queue)
{
    struct sstp_relay_connection *connection = find_connection(relay, queue);
    uint32_t session_id;

    if (connection == NULL)
        return NULL;
    if (sstp_ep_open(connection->ep, sstp_span_of_string(queue->resource_url),
                     sstp_span_of_string(queue->recipient->identity_url),
                     sstp_span_of_string(queue->device_url), NULL, &session_id) != SSTP_EP_OK)
        return NULL;
    struct relay_delivery *delivery = g_new0(struct relay_delivery, 1);
    delivery->connection = connection;
    delivery->queue = queue;
    delivery->session_id = session_id;
    delivery->number = ++relay->last_delivery != 0 ? relay->last_delivery : ++relay->last_delivery;
    delivery->idle_link.data = delivery;
    queue->delivery = delivery;
    g_hash_table_insert(connection->deliveries, GUINT_TO_POINTER(session_id), delivery);
    relay_wake(connection);
    return delivery;
}

/* Sends as much as the session, the window and the output allow. */
static void pump(struct relay_delivery *delivery)
{
    struct sstp_relay_connection *connection = delivery->connection;
    struct sstp_store_queue *queue = delivery->queue;
    enum sstp_session_state state;
    bool has_sent = false;

    while (queue->next_unsent != NULL && delivery->num_unacknowledged < WINDOW &&
           sstp_ep_session_state(connection->ep, delivery->session_id, &state) &&
           state == SSTP_SESSION_READY) {
        struct sstp_store_message *stored = queue->next_unsent->data;
        /* Without memory, too, there is nothing to do but wait. */
        const struct sstp_ep_message *message = sstp_store_get(connection->relay->store, stored);
        if (message == NULL)
            break;
        struct sstp_payload *lender = sstp_payload_ref(stored->payload);
        if (sstp_ep_lend_message(connection->ep, delivery->session_id, message, stored, lender) !=
            SSTP_EP_OK) {
            sstp_payload_unref(lender);
            break;
        }
        sstp_store_sent(connection->relay->store, stored, delivery->number);
        delivery->num_unacknowledged++;
        has_sent = true;
    }
    set_idle(delivery, queue->messages.length == 0);
    if (has_sent)
        relay_wake(connection);
}

void relay_deliver(struct sstp_relay *relay, struct sstp_store_queue *queue)
{
    struct relay_delivery *delivery = queue->delivery;
    if (delivery == NULL && queue->messages.length > 0)
        delivery = begin(relay, queue);
    if (delivery != NULL)
        pump(delivery);
}

void relay_on_loaded(void *cookie, struct sstp_store_queue *queue)
{
    relay_deliver(cookie, queue);
}

void relay_deliver_all(struct sstp_relay *relay, const char *identity_url)
{
    struct sstp_store_recipient *recipient = sstp_store_find(relay->store, identity_url);
    for (guint i = 0; recipient != NULL && i < recipient->queues->len; i++) {
        struct sstp_store_queue *queue = g_ptr_array_index(recipient->queues, i);
        queue->held_for = NULL;
        relay_deliver(relay, queue);
    }
}

static struct relay_delivery *find(const struct sstp_relay_connection *connection,
                                   uint32_t session_id)
{
    return g_hash_table_lookup(connection->deliveries, GUINT_TO_POINTER(session_id));
}

void relay_on_session_state(struct sstp_relay_connection *connection,
                            const struct sstp_ep_event *event)
{
    struct relay_delivery *delivery = find(connection, event->session_id);
    if (delivery != NULL)
        pump(delivery);
}

void relay_on_acknowledged(struct sstp_relay_connection *connection,
                           const struct sstp_ep_event *event)
{
    struct relay_delivery *delivery = find(connection, event->session_id);
    /* A delivery that is over has given its queue back, the message with it. */
    if (delivery == NULL)
        return;
    delivery->num_unacknowledged--;
    delivery->has_been_acknowledged = true;
    connection->relay->counters.num_delivered++;
    sstp_store_remove(connection->relay->store, event->tag);
    pump(delivery);
}

bool relay_on_delivery_closed(struct sstp_relay_connection *connection,
                              const struct sstp_ep_event *event)
{
    struct relay_delivery *delivery = find(connection, event->session_id);
    if (delivery == NULL)
        return false;
    /* Who will not have the messages is not asked again until it registers anew;
     * otherwise both would open and close for ever. */
    struct sstp_store_queue *queue = delivery->queue;
    const bool has_messages = queue->messages.length > 0;
    if (!delivery->has_been_acknowledged)
        queue->held_for = connection;
    end(delivery);
    if (has_messages)
        relay_deliver(connection->relay, queue);
    return true;
}

void relay_stop_deliveries(struct sstp_relay_connection *connection)
{
    GList *deliveries = g_hash_table_get_values(connection->deliveries);
    for (GList *d = deliveries; d != NULL; d = d->next) {
        struct relay_delivery *delivery = d->data;
        struct sstp_store_queue *queue = delivery->queue;
        const bool has_messages = queue->messages.length > 0;
        end(delivery);
        if (has_messages)
            relay_deliver(connection->relay, queue);
    }
    g_list_free(deliveries);
}

void sstp_relay_output_is_empty(struct sstp_relay_connection *connection)
{
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, connection->deliveries);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        struct relay_delivery *delivery = value;
        if (delivery->queue->next_unsent != NULL)
            pump(delivery);
    }
    if (connection->peer != NULL)
        relay_hops_pump(connection->peer);
}

/* ------------------------------------------------------------------------
 * Idle sessions
 */

int64_t relay_next_idle(const struct sstp_relay *relay)
{
    const struct relay_delivery *delivery = g_queue_peek_head((GQueue *)(uintptr_t)&relay->idle);
    return delivery != NULL ? delivery->idle_deadline_ms : SSTP_EP_NEVER;
}

void relay_close_idle(struct sstp_relay *relay)
{
    struct relay_delivery *delivery;
    while ((delivery = g_queue_peek_head(&relay->idle)) != NULL &&
           delivery->idle_deadline_ms <= relay->now_ms) {
        struct sstp_relay_connection *connection = delivery->connection;
        const uint32_t session_id = delivery->session_id;
        end(delivery);
        (void)sstp_ep_close_session(connection->ep, session_id, SSTP_CLOSE_IDLE);
        relay_wake(connection);
    }
}
