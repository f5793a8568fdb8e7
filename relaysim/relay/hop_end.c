/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hop_end: how hops and shares end (GRVSSTP 3.2.5.8, 3.3.5.4, 3.3.5.9, 3.3.7.1). */
#include "relay/hop_state.h"

static void unref(struct relay_hop *hop)
{
    if (--hop->num_refs > 0)
        return;
    g_array_free(hop->indexes, TRUE);
    g_free(hop);
}

void relay_hop_set_waiting(struct relay_hop *hop, bool is_waiting)
{
    if (hop->is_waiting == is_waiting)
        return;
    hop->is_waiting = is_waiting;
    if (is_waiting)
        g_queue_push_tail_link(&hop->peer->waiting, &hop->waiting_link);
    else
        g_queue_unlink(&hop->peer->waiting, &hop->waiting_link);
}

void relay_share_end(struct relay_share *share, bool can_be_told)
{
    if (can_be_told)
        relay_receipt_release(share->receipt);
    else
        relay_receipt_fail(share->receipt);
    if (share->payload != NULL)
        sstp_payload_unref(share->payload);
    unref(share->hop);
    g_free(share);
}

/* Before it is finished, which forgets the peer. */
static void tell_discarded(const struct relay_hop *hop, enum sstp_relay_discard_reason reason)
{
    for (GList *link = hop->pending.head; link != NULL; link = link->next) {
        const struct relay_share *share = link->data;
        relay_share_discarded(hop->peer->relay, share->payload, reason, hop->peer->url);
    }
}

static void drop_pending(struct relay_hop *hop)
{
    GList *link;
    hop->num_pending_bytes = 0;
    while ((link = g_queue_pop_head_link(&hop->pending)) != NULL)
        relay_share_end(link->data, !hop->is_orphaned);
}

/* It is no longer anybody's; the shares that are under way keep it. */
static void finish(struct relay_hop *hop)
{
    struct relay_peer *peer = hop->peer;
    relay_hop_set_waiting(hop, false);
    if (hop->inbound != NULL)
        g_ptr_array_remove(hop->inbound->hops, hop);
    hop->inbound = NULL;
    hop->peer = NULL;
    g_queue_unlink(&peer->hops, &hop->link);
    unref(hop);
}

void relay_hop_set_opened(struct relay_hop *hop)
{
    if (hop->awaits_open_response && hop->peer->connection != NULL)
        hop->peer->connection->num_owed--;
    hop->awaits_open_response = false;
}

/* Closes its session, where there still is one. */
static void close_session(struct relay_hop *hop)
{
    struct sstp_relay_connection *connection = hop->peer->connection;
    if (!hop->is_open)
        return;
    relay_hop_set_opened(hop);
    hop->is_open = false;
    g_hash_table_remove(hop->peer->sessions, GUINT_TO_POINTER(hop->session_id));
    if (connection == NULL)
        return;
    (void)sstp_ep_close_session(connection->ep, hop->session_id, SSTP_CLOSE_EMPTY_SESSION);
    relay_wake(connection);
}

void relay_hop_end(struct relay_hop *hop, enum sstp_relay_discard_reason reason)
{
    close_session(hop);
    tell_discarded(hop, reason);
    drop_pending(hop);
    finish(hop);
}

void relay_hop_fail(struct relay_hop *hop, uint8_t status_id)
{
    struct relay_inbound *inbound = hop->inbound;
    const struct relay_peer *peer = hop->peer;

    if (inbound == NULL) {
        relay_hop_end(hop, SSTP_RELAY_DISCARD_RELAY);
        return;
    }
    for (guint h = 0; h < inbound->hops->len;) {
        struct relay_hop *lost = g_ptr_array_index(inbound->hops, h);
        if (lost->peer != peer) {
            h++;
            continue;
        }
        for (guint i = 0; i < lost->indexes->len; i++)
            relay_loss_note(inbound,
                            &inbound->recipients[g_array_index(lost->indexes, uint16_t, i)],
                            status_id);
        lost->num_left = 0;
        relay_hop_end(lost, SSTP_RELAY_DISCARD_RELAY);
    }
    relay_loss_set_troubled(inbound, true); /* what is left may be ready now */
}

void relay_hops_fail(struct relay_peer *peer, uint8_t status_id)
{
    struct relay_hop *hop;
    while ((hop = g_queue_peek_head(&peer->hops)) != NULL)
        relay_hop_fail(hop, status_id);
}

void relay_hops_close_empty(struct relay_inbound *inbound)
{
    for (guint i = 0; i < inbound->hops->len;) {
        struct relay_hop *hop = g_ptr_array_index(inbound->hops, i);
        if (hop->num_left == 0 && hop->is_open)
            relay_hop_end(hop, SSTP_RELAY_DISCARD_RELAY);
        else
            i++;
    }
}

void relay_hops_end(struct relay_inbound *inbound)
{
    const bool is_established =
        sstp_ep_state(inbound->connection->ep) == SSTP_CONNECTION_ESTABLISHED;
    gsize num;
    gpointer *hops = g_ptr_array_steal(inbound->hops, &num);

    relay_loss_set_troubled(inbound, false);
    relay_hops_set_changed(inbound, false);
    for (gsize i = 0; i < num; i++) {
        struct relay_hop *hop = hops[i];
        hop->inbound = NULL;
        hop->is_orphaned = is_established && hop->num_left > 0;
        /* Who closed a session with messages in it wants them delivered. */
        if (!(hop->is_orphaned && hop->is_open && hop->pending.length > 0))
            relay_hop_end(hop, !is_established      ? SSTP_RELAY_DISCARD_CONNECTION
                               : hop->num_left == 0 ? SSTP_RELAY_DISCARD_RELAY
                                                    : SSTP_RELAY_DISCARD_SESSION);
    }
    g_free(hops);
}

void relay_hops_forget_shares(struct sstp_relay_connection *connection)
{
    GList *link;
    while ((link = g_queue_pop_head_link(&connection->shares)) != NULL)
        relay_share_end(link->data, true);
}
