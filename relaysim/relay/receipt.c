/* SPDX-License-Identifier: GPL-2.0-or-later */
/* receipt: the acknowledgement of a message waits until every recipient's
 * share of it is safe (GRVSSTP 3.3.4.2.2). */
#include "relay/hop.h"

/* Bytes that wait to become safe.  Beyond the first, nothing more is read from a
 * connection; beyond the second, of all connections together, nothing from those that
 * have more than the third, which is enough for everybody to go on. */
#define WAITING_MAX (8u << 20)
#define WAITING_ALL_MAX (64u << 20)
#define WAITING_SHARE (256u << 10)
#define RECEIPT_COST 256u /* beside the message's bytes */

/* Bytes that have become safe, for which an acknowledgement does not wait for its
 * timer: a relay that is held back by the bytes it has under way would wait with it. */
#define ACK_BYTES (128u << 10)

struct relay_receipt {
    struct sstp_relay *relay;
    struct sstp_relay_connection *connection; /* NULL once it is gone */
    uint64_t number;
    size_t len;
    unsigned num_holds;
    GList link;         /* in connection->receipts */
    GList settled_link; /* in relay->settled */
};

/* TCP does the waiting: StopSending would come too late for what is under way. */
static void hold_or_not(struct sstp_relay_connection *connection)
{
    const struct sstp_relay_config *config = &connection->relay->config;
    const bool is_held = connection->num_waiting_bytes >= WAITING_MAX ||
                         (connection->num_waiting_bytes >= WAITING_SHARE &&
                          connection->relay->num_waiting_bytes >= WAITING_ALL_MAX);
    if (is_held == connection->is_held)
        return;
    connection->is_held = is_held;
    if (config->hold != NULL)
        config->hold(config->cookie, connection->socket, is_held);
}

struct relay_receipt *relay_receipt_new(struct sstp_relay_connection *connection, uint64_t number,
                                        size_t len)
{
    struct relay_receipt *receipt = g_new0(struct relay_receipt, 1);
    receipt->relay = connection->relay;
    receipt->connection = connection;
    receipt->number = number;
    receipt->len = len + RECEIPT_COST;
    receipt->num_holds = 1;
    receipt->link.data = receipt->settled_link.data = receipt;
    g_queue_push_tail_link(&connection->receipts, &receipt->link);
    connection->num_waiting_bytes += receipt->len;
    connection->relay->num_waiting_bytes += receipt->len;
    hold_or_not(connection);
    return receipt;
}

struct sstp_relay *relay_receipt_relay(const struct relay_receipt *receipt)
{
    return receipt->relay;
}

void relay_receipt_hold(struct relay_receipt *receipt)
{
    receipt->num_holds++;
}

static void acknowledge_for_size(struct sstp_relay_connection *connection, size_t len)
{
    connection->num_safe_bytes += len;
    if (connection->num_safe_bytes < ACK_BYTES || sstp_ep_num_due(connection->ep) == 0)
        return;
    connection->num_safe_bytes = 0;
    (void)sstp_ep_noop(connection->ep);
}

void relay_receipt_release(struct relay_receipt *receipt)
{
    if (--receipt->num_holds == 0)
        g_queue_push_tail_link(&receipt->relay->settled, &receipt->settled_link);
}

static void settle(struct relay_receipt *receipt)
{
    struct sstp_relay_connection *connection = receipt->connection;
    if (connection != NULL) {
        g_queue_unlink(&connection->receipts, &receipt->link);
        connection->num_waiting_bytes -= receipt->len;
        connection->relay->num_waiting_bytes -= receipt->len;
        /* Whoever is acknowledged for has heard first of who is not among them. */
        relay_hops_tell(connection->relay, connection);
        if (sstp_ep_complete(connection->ep, receipt->number) == SSTP_EP_OK)
            connection->relay->counters.num_acknowledged++;
        acknowledge_for_size(connection, receipt->len);
        hold_or_not(connection);
        relay_wake(connection);
    }
    g_free(receipt);
}

void relay_receipts_settle(struct sstp_relay *relay)
{
    GList *link;
    while ((link = g_queue_pop_head_link(&relay->settled)) != NULL)
        settle(link->data);
}

void relay_receipt_fail(struct relay_receipt *receipt)
{
    struct sstp_relay_connection *connection = receipt->connection;
    if (connection != NULL) {
        sstp_ep_close_connection(connection->ep, SSTP_CONNECT_CLOSE_INTERNAL_ERROR, 0);
        relay_wake(connection);
    }
    relay_receipt_release(receipt);
}

void relay_forget_receipts(struct sstp_relay_connection *connection)
{
    GList *link;
    while ((link = g_queue_pop_head_link(&connection->receipts)) != NULL) {
        struct relay_receipt *receipt = link->data;
        receipt->connection = NULL;
    }
    connection->relay->num_waiting_bytes -= connection->num_waiting_bytes;
    connection->num_waiting_bytes = 0;
}
