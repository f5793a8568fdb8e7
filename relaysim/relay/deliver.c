/* SPDX-License-Identifier: GPL-2.0-or-later */
/* deliver: what is stored goes to the clients that are there, each queue
 * over a session of its own (GRVSSTP 1.3.5.2.1, 4.2.3). */
#include "relay/delivery.h"
#include "relay/hop.h"
#include "relay/relay.h"

/* Messages of one queue under way without an acknowledgement. */
#define WINDOW 256u

/* Until what there was no memory for is tried again. */
#define AGAIN_MS 1000

/* ------------------------------------------------------------------------
 * Sessions
 */

static void try_again(struct sstp_relay *relay)
{
    relay->again_ms = MIN(relay->again_ms, relay->now_ms + AGAIN_MS);
}

/* With FULL or NO_MEMORY it waits for room, with anything but OK beside these it is no
 * more. */
static enum sstp_ep_err open_session(struct relay_delivery *delivery)
{
    struct sstp_relay_connection *connection = delivery->connection;
    struct sstp_relay *relay = connection->relay;
    const struct sstp_store_queue *queue = delivery->queue;
    const enum sstp_ep_err err =
        sstp_ep_open(connection->ep, sstp_span_of_string(queue->resource_url),
                     sstp_span_of_string(queue->recipient->identity_url),
                     sstp_span_of_string(queue->device_url), &delivery->session_id);
    switch (err) {
    case SSTP_EP_OK:
        relay_delivery_put_into(delivery, NULL);
        delivery->stage = OPEN;
        delivery->awaits_open_response = true;
        relay_delivery_owe(delivery);
        g_hash_table_insert(connection->deliveries, GUINT_TO_POINTER(delivery->session_id),
                            delivery);
        relay_wake(connection);
        break;
    case SSTP_EP_NO_MEMORY:
        try_again(relay);
        relay_delivery_put_into(delivery, &connection->waiting);
        break;
    case SSTP_EP_FULL: /* until output has gone, or another session has */
        relay_delivery_put_into(delivery, &connection->waiting);
        break;
    case SSTP_EP_WRONG_STATE: /* it is about to end */
    case SSTP_EP_NO_SESSION:
    case SSTP_EP_TOO_LONG: /* a fanout has room for names that an Open has not */
        relay_delivery_end(delivery);
        break;
    }
    return err;
}

static void begin(struct sstp_relay *relay, struct sstp_store_queue *queue)
{
    struct sstp_relay_connection *connection = relay_delivery_target(relay, queue);
    if (connection == NULL)
        return;
    struct relay_delivery *delivery = g_new0(struct relay_delivery, 1);
    delivery->connection = connection;
    delivery->queue = queue;
    delivery->stage = WAITING;
    delivery->link.data = delivery;
    relay->last_delivery += relay->last_delivery == UINT32_MAX ? 2 : 1; /* 0 is nobody's */
    delivery->number = relay->last_delivery;
    queue->delivery = delivery;
    (void)open_session(delivery);
}

void relay_open_waiting(struct sstp_relay_connection *connection)
{
    struct relay_delivery *delivery;
    while ((delivery = g_queue_peek_head(&connection->waiting)) != NULL) {
        if (delivery->queue->next_unsent == NULL) {
            relay_delivery_end(delivery); /* the time of its messages was over */
            continue;
        }
        const enum sstp_ep_err err = open_session(delivery);
        if (err == SSTP_EP_FULL || err == SSTP_EP_NO_MEMORY)
            break;
    }
}

/* ------------------------------------------------------------------------
 * Messages
 */

/* Sends as much as the session, the window and the output allow. */
static void pump(struct relay_delivery *delivery)
{
    struct sstp_relay_connection *connection = delivery->connection;
    struct sstp_store_queue *queue = delivery->queue;
    enum sstp_session_state state;
    bool has_sent = false;

    while (queue->next_unsent != NULL && queue->num_under_way < WINDOW &&
           sstp_ep_session_state(connection->ep, delivery->session_id, &state) &&
           state == SSTP_SESSION_READY) {
        struct sstp_store_message *stored = queue->next_unsent->data;
        const struct sstp_ep_message *message = sstp_store_get(connection->relay->store, stored);
        if (message == NULL)
            break;
        struct sstp_payload *lender = sstp_payload_ref(stored->payload);
        const enum sstp_ep_err err =
            sstp_ep_lend_message(connection->ep, delivery->session_id, message, stored, lender);
        if (err != SSTP_EP_OK) {
            sstp_payload_unref(lender);
            if (err == SSTP_EP_NO_MEMORY)
                try_again(connection->relay);
            break;
        }
        sstp_store_sent(connection->relay->store, stored, delivery->number);
        delivery->num_unacknowledged++;
        relay_delivery_owe(delivery);
        has_sent = true;
    }
    relay_delivery_set_idle(delivery, queue->messages.length == 0);
    if (has_sent)
        relay_wake(connection);
}

void relay_deliver(struct sstp_relay *relay, struct sstp_store_queue *queue)
{
    struct relay_delivery *delivery = queue->delivery;
    if (delivery != NULL && delivery->stage == OPEN)
        pump(delivery);
    else if (delivery == NULL && queue->num_handed == 0 && queue->next_unsent != NULL &&
             queue->num_under_way < WINDOW)
        begin(relay, queue);
}

void relay_on_loaded(void *cookie, struct sstp_store_queue *queue)
{
    relay_turn_begin(cookie);
    relay_deliver(cookie, queue);
    relay_turn_end(cookie);
}

static void close_session(struct sstp_relay_connection *connection, uint32_t session_id)
{
    (void)sstp_ep_close_session(connection->ep, session_id, SSTP_CLOSE_NO_REASON);
    relay_wake(connection);
}

/* What is under way stays for a time; the rest goes on from there. */
static void hand_over(struct relay_delivery *delivery)
{
    struct sstp_relay_connection *old = delivery->connection;
    struct sstp_relay *relay = old->relay;
    delivery->stage = CLOSED;
    delivery->is_handed = true;
    delivery->queue->num_handed++;
    delivery->deadline_ms = relay->now_ms + relay->config.hung_ms;
    relay_delivery_put_into(delivery, &relay->handed);
    sstp_store_release(relay->store, delivery->queue);
    close_session(old, delivery->session_id);
    relay_watch_await(old);
}

static bool are_one_device(const struct sstp_relay_connection *a,
                           const struct sstp_relay_connection *b)
{
    return strcmp(a->device_url, b->device_url) == 0;
}

/* A device that has come again has what was left with its old connection, too. */
static void take_handed(struct sstp_relay *relay, const struct sstp_store_queue *queue,
                        const struct sstp_relay_connection *newest)
{
    GList *link = queue->num_handed > 0 ? relay->handed.head : NULL;
    while (link != NULL) {
        struct relay_delivery *delivery = link->data;
        link = link->next;
        if (delivery->queue == queue && delivery->connection != newest &&
            are_one_device(delivery->connection, newest))
            relay_delivery_end(delivery);
    }
}

/* The queue goes to the newest connection.  Who registers its device anew means to be served
 * there: the old connection may be dead without anybody's having noticed.  What it had not
 * acknowledged comes again, and what another device has not, once that has hung. */
static void move_to_newest(struct sstp_relay *relay, struct sstp_store_queue *queue)
{
    struct relay_delivery *delivery = queue->delivery;
    const struct sstp_relay_connection *newest = relay_delivery_target(relay, queue);
    if (newest != NULL)
        take_handed(relay, queue, newest);
    if (delivery == NULL || newest == NULL || newest == delivery->connection)
        return;
    struct sstp_relay_connection *old = delivery->connection;
    const uint32_t session_id = delivery->session_id;
    const bool is_open = delivery->stage == OPEN;
    if (delivery->num_unacknowledged > 0 && !are_one_device(newest, old)) {
        hand_over(delivery);
        return;
    }
    relay_delivery_end(delivery);
    if (is_open)
        close_session(old, session_id);
}

void relay_deliver_all(struct sstp_relay *relay, const char *identity_url)
{
    const struct sstp_store_recipient *recipient = sstp_store_find(relay->store, identity_url);
    /* Backwards, for a queue that goes is replaced by the last. */
    for (guint i = recipient != NULL ? recipient->queues->len : 0; i-- > 0;) {
        struct sstp_store_queue *queue = g_ptr_array_index(recipient->queues, i);
        queue->held_from = 0;
        move_to_newest(relay, queue);
    }
    recipient = sstp_store_find(relay->store, identity_url);
    for (guint i = 0; recipient != NULL && i < recipient->queues->len; i++)
        relay_deliver(relay, g_ptr_array_index(recipient->queues, i));
}

/* ------------------------------------------------------------------------
 * Events
 */

static struct relay_delivery *find(const struct sstp_relay_connection *connection,
                                   uint32_t session_id)
{
    return g_hash_table_lookup(connection->deliveries, GUINT_TO_POINTER(session_id));
}

void relay_on_session_state(struct sstp_relay_connection *connection,
                            const struct sstp_ep_event *event)
{
    struct relay_delivery *delivery = find(connection, event->session_id);
    if (delivery == NULL)
        return;
    relay_delivery_set_opened(delivery);
    pump(delivery);
}

void relay_on_acknowledged(struct sstp_relay_connection *connection,
                           const struct sstp_ep_event *event)
{
    struct relay_delivery *delivery = find(connection, event->session_id);
    /* A delivery that is over has given its queue back, the message with it. */
    if (delivery == NULL)
        return;
    struct sstp_relay *relay = connection->relay;
    struct sstp_store_queue *queue = delivery->queue;
    const bool is_last = queue->messages.length == 1 && queue->delivery == NULL;
    delivery->num_unacknowledged--;
    connection->num_owed--;
    delivery->has_been_acknowledged = true;
    if (delivery->num_unacknowledged == 0)
        relay_delivery_let_go(delivery); /* the queue may go with the message */
    relay->counters.num_delivered++;
    sstp_store_remove(relay->store, event->tag);
    if (delivery->stage == CLOSED && delivery->num_unacknowledged == 0)
        relay_delivery_end(delivery);
    if (!is_last)
        relay_deliver(relay, queue);
}

/* Whether a client that closes a session may have taken what it has not acknowledged: not
 * with the reasons of a handler that has failed (GRVSSTP 3.1.4.5). */
static bool may_have_taken(const struct relay_delivery *delivery, const struct sstp_ep_event *event)
{
    return delivery->num_unacknowledged > 0 && !event->is_local &&
           event->reason_id != SSTP_CLOSE_QUOTA_WOULD_BE_EXCEEDED &&
           event->reason_id != SSTP_CLOSE_INTERNAL_ERROR;
}

/* Who will not have the messages is not asked again until somebody registers anew;
 * otherwise both would open and close for ever. */
static void hold_if_refused(const struct relay_delivery *delivery)
{
    if (!delivery->has_been_acknowledged)
        delivery->queue->held_from = delivery->connection->number;
}

bool relay_on_delivery_closed(struct sstp_relay_connection *connection,
                              const struct sstp_ep_event *event)
{
    struct relay_delivery *delivery = find(connection, event->session_id);
    if (delivery == NULL)
        return false;
    struct sstp_relay *relay = connection->relay;
    struct sstp_store_queue *queue = delivery->queue;
    const bool has_messages = queue->messages.length > 0;
    relay_delivery_set_opened(delivery);
    if (may_have_taken(delivery, event)) {
        delivery->stage = CLOSED;
        delivery->deadline_ms = relay->now_ms + 2 * relay->config.ack_delay_ms;
        relay_delivery_put_into(delivery, &relay->closed);
        sstp_store_release(relay->store, queue);
    } else {
        if (!event->is_local) /* who did not answer has not refused */
            hold_if_refused(delivery);
        relay_delivery_end(delivery);
    }
    if (has_messages)
        relay_deliver(relay, queue);
    return true;
}

void relay_stop_deliveries(struct sstp_relay_connection *connection)
{
    GList *deliveries = g_hash_table_get_values(connection->deliveries);
    for (GList *link = connection->waiting.head; link != NULL; link = link->next)
        deliveries = g_list_prepend(deliveries, link->data);
    /* A queue that several have is whole again before its new session is answered. */
    for (GList *d = deliveries; d != NULL; d = d->next) {
        struct relay_delivery *delivery = d->data;
        struct sstp_store_queue *queue = delivery->queue;
        const bool has_messages = queue->messages.length > 0;
        relay_delivery_end(delivery);
        if (has_messages)
            relay_deliver(connection->relay, queue);
    }
    g_list_free(deliveries);
}

void relay_free_deliveries(struct sstp_relay_connection *connection)
{
    GList *link;
    while ((link = g_queue_pop_head_link(&connection->waiting)) != NULL)
        g_free(link->data); /* the link is part of it */
    g_hash_table_destroy(connection->deliveries);
}

/* Those after `first` come before those that wrap round to it. */
static gint compare_turns(gconstpointer a, gconstpointer b, gpointer first)
{
    const uint32_t start = GPOINTER_TO_UINT(first) + 1;
    const uint32_t left = (*(struct relay_delivery *const *)a)->session_id - start;
    const uint32_t right = (*(struct relay_delivery *const *)b)->session_id - start;
    return (left > right) - (left < right);
}

/* Each in turn: whoever was first, and may have filled the output, is last the next time. */
static void refill(struct sstp_relay_connection *connection)
{
    GPtrArray *deliveries = g_ptr_array_new();
    GHashTableIter iter;
    gpointer value;
    relay_open_waiting(connection);
    g_hash_table_iter_init(&iter, connection->deliveries);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const struct relay_delivery *delivery = value;
        if (delivery->stage == OPEN && delivery->queue->next_unsent != NULL)
            g_ptr_array_add(deliveries, value);
    }
    g_ptr_array_sort_with_data(deliveries, compare_turns,
                               GUINT_TO_POINTER(connection->first_refilled_id));
    if (deliveries->len > 0)
        connection->first_refilled_id =
            ((const struct relay_delivery *)g_ptr_array_index(deliveries, 0))->session_id;
    for (guint i = 0; i < deliveries->len; i++)
        pump(g_ptr_array_index(deliveries, i));
    g_ptr_array_free(deliveries, TRUE);
}

void sstp_relay_output_is_empty(struct sstp_relay_connection *connection)
{
    relay_turn_begin(connection->relay);
    refill(connection);
    if (connection->peer != NULL)
        relay_hops_pump(connection->peer);
    relay_turn_end(connection->relay);
}

/* ------------------------------------------------------------------------
 * Time
 */

static int64_t first_deadline(const GQueue *deliveries)
{
    const struct relay_delivery *first = g_queue_peek_head((GQueue *)(uintptr_t)deliveries);
    return first != NULL ? first->deadline_ms : SSTP_EP_NEVER;
}

int64_t relay_deliveries_next(const struct sstp_relay *relay)
{
    const int64_t idle_ms = first_deadline(&relay->idle),
                  closed_ms = first_deadline(&relay->closed),
                  handed_ms = first_deadline(&relay->handed);
    return MIN(MIN(idle_ms, closed_ms), MIN(handed_ms, relay->again_ms));
}

static void close_idle(struct sstp_relay *relay)
{
    while (first_deadline(&relay->idle) <= relay->now_ms) {
        struct relay_delivery *delivery = g_queue_peek_head(&relay->idle);
        struct sstp_relay_connection *connection = delivery->connection;
        const uint32_t session_id = delivery->session_id;
        relay_delivery_end(delivery);
        (void)sstp_ep_close_session(connection->ep, session_id, SSTP_CLOSE_IDLE);
        relay_wake(connection);
    }
}

/* Who had twice the time that an acknowledgement may take has not taken the messages. */
static void give_up_closed(struct sstp_relay *relay)
{
    while (first_deadline(&relay->closed) <= relay->now_ms) {
        struct relay_delivery *delivery = g_queue_peek_head(&relay->closed);
        struct sstp_store_queue *queue = delivery->queue;
        hold_if_refused(delivery);
        relay_delivery_end(delivery);
        relay_deliver(relay, queue);
    }
}

/* Who is there, but has not acknowledged what was left with it: the newer connection gets
 * that.  Who does not even answer is seen to by relay/watch.c. */
static void give_up_handed(struct sstp_relay *relay)
{
    while (first_deadline(&relay->handed) <= relay->now_ms) {
        struct relay_delivery *delivery = g_queue_peek_head(&relay->handed);
        struct sstp_store_queue *queue = delivery->queue;
        if (relay_watch_is_unanswered(delivery->connection)) {
            delivery->deadline_ms = relay->now_ms + relay->config.hung_ms;
            relay_delivery_put_into(delivery, NULL);
            relay_delivery_put_into(delivery, &relay->handed);
            continue;
        }
        relay_delivery_end(delivery);
        relay_deliver(relay, queue);
    }
}

static void go_on_without_memory(struct sstp_relay *relay)
{
    GHashTableIter iter;
    gpointer connection;
    if (relay->again_ms > relay->now_ms)
        return;
    relay->again_ms = SSTP_EP_NEVER;
    g_hash_table_iter_init(&iter, relay->connections);
    while (g_hash_table_iter_next(&iter, &connection, NULL))
        sstp_relay_output_is_empty(connection);
}

void relay_deliveries_tick(struct sstp_relay *relay)
{
    close_idle(relay);
    give_up_closed(relay);
    give_up_handed(relay);
    go_on_without_memory(relay);
}
