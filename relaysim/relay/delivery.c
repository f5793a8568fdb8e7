/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "relay/delivery.h"

/* Whether the connection has something to answer for it. */
static bool is_owed(const struct relay_delivery *delivery)
{
    return delivery->num_unacknowledged > 0 || delivery->awaits_open_response;
}

void relay_delivery_owe(struct relay_delivery *delivery)
{
    if (delivery->connection->num_owed++ == 0)
        relay_watch_owed(delivery->connection);
}

void relay_delivery_set_opened(struct relay_delivery *delivery)
{
    delivery->connection->num_owed -= delivery->awaits_open_response;
    delivery->awaits_open_response = false;
}

void relay_delivery_put_into(struct relay_delivery *delivery, GQueue *list)
{
    if (delivery->list == list)
        return;
    if (delivery->list != NULL)
        g_queue_unlink(delivery->list, &delivery->link);
    delivery->list = list;
    if (list != NULL)
        g_queue_push_tail_link(list, &delivery->link);
}

void relay_delivery_set_idle(struct relay_delivery *delivery, bool is_idle)
{
    struct sstp_relay *relay = delivery->connection->relay;
    if (is_idle && delivery->list == NULL)
        delivery->deadline_ms = relay->now_ms + relay->config.idle_ms;
    relay_delivery_put_into(delivery, is_idle ? &relay->idle : NULL);
}

void relay_delivery_let_go(struct relay_delivery *delivery)
{
    if (delivery->is_handed)
        delivery->queue->num_handed--;
    delivery->is_handed = false;
}

void relay_delivery_end(struct relay_delivery *delivery)
{
    struct sstp_relay_connection *connection = delivery->connection;
    struct sstp_store *store = connection->relay->store;
    struct sstp_store_queue *queue = delivery->queue;
    const bool is_current = delivery->stage != CLOSED;

    relay_delivery_put_into(delivery, NULL);
    relay_delivery_let_go(delivery);
    relay_delivery_set_opened(delivery);
    connection->num_owed -= delivery->num_unacknowledged;
    if (delivery->num_unacknowledged > 0)
        sstp_store_take_back(store, queue, delivery->number);
    if (delivery->stage == WAITING)
        g_free(delivery);
    else
        g_hash_table_remove(connection->deliveries, GUINT_TO_POINTER(delivery->session_id));
    if (is_current)
        sstp_store_release(store, queue);
}

/* The newest that it can go to, but for one. */
static struct sstp_relay_connection *find_but(const struct sstp_relay *relay,
                                              const struct sstp_store_queue *queue,
                                              const struct sstp_relay_connection *except)
{
    const GPtrArray *connections =
        g_hash_table_lookup(relay->online, queue->recipient->identity_url);
    struct sstp_relay_connection *newest = NULL;
    for (guint i = 0; connections != NULL && i < connections->len; i++) {
        struct sstp_relay_connection *connection = g_ptr_array_index(connections, i);
        /* What another relay acknowledges is its hops' alone. */
        if (connection != except && connection->peer == NULL &&
            (newest == NULL || connection->number > newest->number) &&
            (queue->held_from == 0 || connection->number < queue->held_from) &&
            sstp_ep_state(connection->ep) == SSTP_CONNECTION_ESTABLISHED &&
            (queue->device_url[0] == '\0' ||
             relay_connection_is_device(connection, queue->device_url)))
            newest = connection;
    }
    return newest;
}

struct sstp_relay_connection *relay_delivery_target(const struct sstp_relay *relay,
                                                    const struct sstp_store_queue *queue)
{
    return find_but(relay, queue, NULL);
}

bool relay_deliveries_are_awaited(const struct sstp_relay_connection *connection)
{
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, connection->deliveries);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const struct relay_delivery *delivery = value;
        if (is_owed(delivery) && (delivery->is_handed ||
                                  find_but(connection->relay, delivery->queue, connection) != NULL))
            return true;
    }
    return false;
}
