/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loss: what a client is told of its fanout session: who is lost, and whether it may
 * send (GRVSSTP 3.3.4.1.2). */
#include "relay/hop.h"

void relay_loss_set_troubled(struct relay_inbound *inbound, bool is_troubled)
{
    GQueue *troubled = &inbound->connection->relay->troubled;
    if (inbound->is_troubled == is_troubled)
        return;
    inbound->is_troubled = is_troubled;
    inbound->troubled_link.data = inbound;
    if (is_troubled)
        g_queue_push_tail_link(troubled, &inbound->troubled_link);
    else
        g_queue_unlink(troubled, &inbound->troubled_link);
}

void relay_hops_set_changed(struct relay_inbound *inbound, bool has_changed)
{
    GQueue *changed = &inbound->connection->relay->changed;
    if (inbound->has_changed == has_changed)
        return;
    inbound->has_changed = has_changed;
    inbound->changed_link.data = inbound;
    if (has_changed)
        g_queue_push_tail_link(changed, &inbound->changed_link);
    else
        g_queue_unlink(changed, &inbound->changed_link);
}

void relay_loss_note(struct relay_inbound *inbound, struct relay_recipient *recipient,
                     uint8_t status_id)
{
    if (recipient->is_gone)
        return;
    recipient->is_gone = true;
    recipient->lost_status_id = status_id;
    relay_loss_set_troubled(inbound, true);
}

bool relay_loss_is_of_relay(uint8_t status_id)
{
    return status_id == SSTP_SESSION_STATUS_DNS_LOOKUP_FAILED ||
           status_id == SSTP_SESSION_STATUS_HOST_NOT_REACHABLE ||
           status_id == SSTP_SESSION_STATUS_CONNECTION_CLOSED;
}

/* Whether the loss of `other` can be told with that of `first`. */
static bool are_told_together(const struct relay_recipient *first,
                              const struct relay_recipient *other)
{
    return other->lost_status_id == first->lost_status_id &&
           (!relay_loss_is_of_relay(first->lost_status_id) ||
            strcmp(other->relay_url, first->relay_url) == 0);
}

/* Tells one kind of loss; with the last recipient the session is closed, too. */
static void tell_loss(struct relay_inbound *inbound, struct relay_recipient *first)
{
    struct sstp_ep *ep = inbound->connection->ep;
    const uint32_t id = inbound->session_id;
    const uint8_t status_id = first->lost_status_id;
    const struct relay_recipient like = *first;
    GArray *indexes = g_array_new(FALSE, FALSE, sizeof(uint16_t));

    for (size_t i = 0; i < inbound->num_recipients; i++) {
        const uint16_t index = (uint16_t)i;
        if (!are_told_together(&like, &inbound->recipients[i]))
            continue;
        inbound->recipients[i].lost_status_id = 0;
        g_array_append_val(indexes, index);
    }
    if (relay_loss_is_of_relay(status_id))
        (void)sstp_ep_relay_status(ep, id, status_id, sstp_span_of_string(like.relay_url));
    else
        (void)sstp_ep_session_status(ep, id, status_id,
                                     (const uint16_t *)(const void *)indexes->data, indexes->len);
    g_array_free(indexes, TRUE);
}

static void tell_losses(struct relay_inbound *inbound)
{
    for (size_t i = 0; i < inbound->num_recipients; i++)
        if (inbound->recipients[i].lost_status_id != 0)
            tell_loss(inbound, &inbound->recipients[i]);
}

/* AggregateResourceHandlerAvailability: those at other relays by their sessions, those
 * here by the store. */
static enum sstp_availability availability(const struct relay_inbound *inbound)
{
    if (inbound->connection->relay->is_stopped)
        return SSTP_HANDLER_NOT_READY;
    for (guint i = 0; i < inbound->hops->len; i++)
        if (relay_hop_is_awaited(g_ptr_array_index(inbound->hops, i)))
            return SSTP_HANDLER_NOT_READY;
    return SSTP_HANDLER_READY;
}

void relay_hops_update(struct relay_inbound *inbound)
{
    struct sstp_relay_connection *connection = inbound->connection;
    relay_hops_set_changed(inbound, false);
    relay_loss_set_troubled(inbound, false);
    if (sstp_ep_state(connection->ep) != SSTP_CONNECTION_ESTABLISHED)
        return;
    tell_losses(inbound);
    relay_hops_close_empty(inbound);
    (void)sstp_ep_set_availability(connection->ep, inbound->session_id, availability(inbound), 0);
    relay_wake(connection);
}

void relay_hops_tell(struct sstp_relay *relay, const struct sstp_relay_connection *connection)
{
    GList *link = relay->troubled.head;
    while (link != NULL) {
        struct relay_inbound *inbound = link->data;
        link = link->next;
        if (connection == NULL || connection == inbound->connection)
            relay_hops_update(inbound);
    }
}
