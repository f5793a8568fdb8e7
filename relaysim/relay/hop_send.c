/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hop_send: what goes over hops, and what comes back for it (GRVSSTP 3.3.5.2, 3.3.5.6.1). */
#include "relay/hop_state.h"

/* Bytes that wait on a hop, beyond which the client is asked to stop, and below
 * which it may go on. */
#define BACKLOG_HIGH (256u << 10)
#define BACKLOG_LOW (64u << 10)

bool relay_hop_is_awaited(const struct relay_hop *hop)
{
    return hop->num_left > 0 &&
           (!hop->is_open || hop->state != SSTP_SESSION_READY || hop->is_backlogged);
}

/* ------------------------------------------------------------------------
 * Opening
 */

static struct relay_hop *new_hop(struct relay_inbound *inbound, struct relay_peer *peer)
{
    struct relay_hop *hop = g_new0(struct relay_hop, 1);
    hop->num_refs = 1;
    hop->peer = peer;
    hop->inbound = inbound;
    hop->indexes = g_array_new(FALSE, FALSE, sizeof(uint16_t));
    hop->state = SSTP_SESSION_OPENING;
    hop->link.data = hop;
    g_ptr_array_add(inbound->hops, hop);
    hop->waiting_link.data = hop;
    g_queue_push_tail_link(&peer->hops, &hop->link);
    relay_hop_set_waiting(hop, true);
    return hop;
}

/* The hop of a session to a peer, made if need be. */
static struct relay_hop *hop_to(struct relay_inbound *inbound, struct relay_peer *peer)
{
    for (guint i = 0; i < inbound->hops->len; i++) {
        struct relay_hop *hop = g_ptr_array_index(inbound->hops, i);
        if (hop->peer == peer)
            return hop;
    }
    return new_hop(inbound, peer);
}

void relay_hops_begin(struct relay_inbound *inbound)
{
    struct sstp_relay *relay = inbound->connection->relay;

    for (size_t i = 0; i < inbound->num_recipients; i++) {
        struct relay_recipient *recipient = &inbound->recipients[i];
        const uint16_t index = (uint16_t)i;
        if (recipient->relay_url == NULL || recipient->is_gone)
            continue;
        struct relay_peer *peer = relay_peer_find(relay, recipient->relay_url);
        if (peer == NULL) {
            relay_loss_note(inbound, recipient, SSTP_SESSION_STATUS_DNS_LOOKUP_FAILED);
            continue;
        }
        struct relay_hop *hop = hop_to(inbound, peer);
        g_array_append_val(hop->indexes, index);
        hop->num_left++;
    }
    /* A peer that its FanoutOpen is too long for takes its hops with it. */
    GPtrArray *peers = g_ptr_array_new();
    for (guint i = 0; i < inbound->hops->len; i++)
        g_ptr_array_add(peers, ((struct relay_hop *)g_ptr_array_index(inbound->hops, i))->peer);
    for (guint i = peers->len; i-- > 0;)
        relay_peer_want(g_ptr_array_index(peers, i));
    g_ptr_array_free(peers, TRUE);
}

/* The entries of its FanoutOpen (GRVSSTP 3.3.5.2): to be freed. */
static struct sstp_fanout_entry *entries_of(const struct relay_hop *hop)
{
    struct sstp_fanout_entry *entries = g_new0(struct sstp_fanout_entry, hop->indexes->len);
    for (guint i = 0; i < hop->indexes->len; i++) {
        const uint16_t index = g_array_index(hop->indexes, uint16_t, i);
        const struct relay_recipient *recipient = &hop->inbound->recipients[index];
        entries[i].identity_url = sstp_span_of_string(recipient->identity_url);
        entries[i].device_url = sstp_span_of_string(recipient->device_url);
        entries[i].relay_url = sstp_span_of_string(recipient->relay_url);
    }
    return entries;
}

/* An entry is a byte longer in SSTP 1.6: what came as one FanoutOpen of 1.5 may go out
 * as two. */
static void split(struct relay_hop *hop)
{
    struct relay_hop *other = new_hop(hop->inbound, hop->peer);
    const guint half = hop->indexes->len / 2;
    g_array_append_vals(other->indexes, &g_array_index(hop->indexes, uint16_t, half),
                        hop->indexes->len - half);
    g_array_set_size(hop->indexes, half);
    hop->num_left = half;
    other->num_left = other->indexes->len;
}

/* A hop that is not open has lost none of its recipients, or all.  False when it is gone,
 * for its names are too long. */
static bool open_hop(struct relay_hop *hop)
{
    struct sstp_ep *ep = hop->peer->connection->ep;
    enum sstp_ep_err err;
    do {
        struct sstp_fanout_entry *entries = entries_of(hop);
        err = sstp_ep_fanout_open(ep, sstp_span_of_string(hop->inbound->resource_url), entries,
                                  hop->indexes->len, &hop->session_id);
        g_free(entries);
        if (err == SSTP_EP_TOO_LONG && hop->indexes->len > 1)
            split(hop);
    } while (err == SSTP_EP_TOO_LONG && hop->indexes->len > 1);
    hop->is_open = err == SSTP_EP_OK;
    if (hop->is_open) {
        g_hash_table_insert(hop->peer->sessions, GUINT_TO_POINTER(hop->session_id), hop);
        hop->awaits_open_response = true;
        if (hop->peer->connection->num_owed++ == 0)
            relay_watch_owed(hop->peer->connection);
    }
    if (err == SSTP_EP_TOO_LONG)
        relay_hop_fail(hop, SSTP_SESSION_STATUS_HOST_NOT_REACHABLE);
    return err != SSTP_EP_TOO_LONG;
}

/* ------------------------------------------------------------------------
 * Sending
 */

static void note_backlog(struct relay_hop *hop)
{
    const size_t limit = hop->is_backlogged ? BACKLOG_LOW : BACKLOG_HIGH;
    const bool is_backlogged = hop->num_pending_bytes >= limit;
    if (is_backlogged == hop->is_backlogged)
        return;
    hop->is_backlogged = is_backlogged;
    if (hop->inbound != NULL)
        relay_hops_set_changed(hop->inbound, true);
}

/* Sends what the session and the output have room for. */
static void send_pending(struct relay_hop *hop)
{
    struct sstp_relay_connection *connection = hop->peer->connection;
    while (hop->pending.length > 0 && hop->state == SSTP_SESSION_READY) {
        struct relay_share *share = g_queue_peek_head(&hop->pending);
        const size_t len = sstp_payload_message(share->payload)->data.len;
        /* With that, the share's reference is the output's. */
        if (sstp_ep_lend_message(connection->ep, hop->session_id,
                                 sstp_payload_message(share->payload), share,
                                 share->payload) != SSTP_EP_OK)
            break; /* room comes with the output or with acknowledgements */
        share->payload = NULL;
        g_queue_unlink(&hop->pending, &share->link);
        hop->num_pending_bytes -= len;
        share->connection = connection;
        g_queue_push_tail_link(&connection->shares, &share->link);
        if (connection->shares.length == 1)
            relay_watch_owed(connection);
        relay_wake(connection);
    }
}

/* Shares have come to those that wait, or gone from them: with the last of them goes a hop
 * whose originator is gone. */
static void settle(struct relay_hop *hop)
{
    if (hop->is_open)
        relay_hop_set_waiting(hop, hop->pending.length > 0);
    if (hop->is_orphaned && hop->pending.length == 0)
        relay_hop_end(hop, SSTP_RELAY_DISCARD_SESSION);
    else
        note_backlog(hop);
}

/* Opens it if need be, and sends; that may have been the end of it. */
static void pump(struct relay_hop *hop)
{
    if (!hop->is_open && hop->inbound != NULL && !open_hop(hop))
        return;
    if (!hop->is_open)
        return;
    send_pending(hop);
    settle(hop);
}

void relay_hops_pump(struct relay_peer *peer)
{
    /* Each once, in turn: whoever filled the output is last the next time. */
    for (guint i = peer->waiting.length; i-- > 0 && relay_peer_is_established(peer);) {
        GList *link = g_queue_pop_head_link(&peer->waiting);
        if (link == NULL)
            break; /* the one before took others with it */
        g_queue_push_tail_link(&peer->waiting, link);
        pump(link->data);
    }
    if (peer->connection != NULL)
        relay_wake(peer->connection);
}

/* A share of a message, at the end of those that wait. */
static void add_share(struct relay_hop *hop, struct sstp_payload *payload, int64_t expires_ms,
                      struct relay_receipt *receipt)
{
    struct sstp_relay *relay = hop->peer->relay;
    struct relay_share *share = g_new0(struct relay_share, 1);
    share->hop = hop;
    hop->num_refs++;
    share->receipt = receipt;
    relay_receipt_hold(receipt);
    share->payload = sstp_payload_ref(payload);
    share->expires_ms = expires_ms;
    share->link.data = share;
    g_queue_push_tail_link(&hop->pending, &share->link);
    hop->num_pending_bytes += sstp_payload_message(payload)->data.len;
    relay_hop_set_waiting(hop, true);
    relay->next_share_expiry_ms = MIN(relay->next_share_expiry_ms, expires_ms);
}

void relay_hops_forward(struct relay_inbound *inbound, struct sstp_payload *payload,
                        int64_t expires_ms, struct relay_receipt *receipt)
{
    for (guint i = 0; i < inbound->hops->len; i++) {
        struct relay_hop *hop = g_ptr_array_index(inbound->hops, i);
        if (hop->num_left > 0)
            add_share(hop, payload, expires_ms, receipt);
        if (hop->is_open && relay_peer_is_established(hop->peer))
            pump(hop);
        else
            settle(hop);
    }
}

/* Moves the shares of a hop whose time is over to `due`, which is written down, and does
 * nothing else. */
static void take_due(struct relay_hop *hop, GQueue *due)
{
    struct sstp_relay *relay = hop->peer->relay;
    GList *link = hop->pending.head;
    while (link != NULL) {
        const struct relay_share *share = link->data;
        GList *next = link->next;
        if (share->expires_ms <= relay->now_ms) {
            g_queue_unlink(&hop->pending, link);
            hop->num_pending_bytes -= sstp_payload_message(share->payload)->data.len;
            relay_share_discarded(relay, share->payload, relay_expiry_reason(share->payload),
                                  hop->peer->url);
            g_queue_push_tail_link(due, link);
        } else {
            relay->next_share_expiry_ms = MIN(relay->next_share_expiry_ms, share->expires_ms);
        }
        link = next;
    }
}

void relay_hops_expire(struct sstp_relay *relay)
{
    GQueue due = G_QUEUE_INIT;
    GHashTableIter iter;
    gpointer value;
    GList *link;

    if (relay->next_share_expiry_ms > relay->now_ms)
        return;
    relay->next_share_expiry_ms = SSTP_EP_NEVER;
    g_hash_table_iter_init(&iter, relay->peers);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const struct relay_peer *peer = value;
        for (GList *h = peer->hops.head; h != NULL; h = h->next)
            take_due(h->data, &due);
    }
    while ((link = g_queue_pop_head_link(&due)) != NULL) {
        struct relay_share *share = link->data;
        struct relay_hop *hop = share->hop;
        const bool is_over = hop->peer == NULL; /* the share before was its last */
        relay->counters.num_discarded++;
        relay_share_end(share, true);
        if (!is_over)
            settle(hop);
    }
}

/* ------------------------------------------------------------------------
 * Events
 */

void relay_hop_on_state(struct relay_hop *hop, enum sstp_session_state state)
{
    if (hop == NULL)
        return;
    hop->state = state;
    relay_hop_set_opened(hop);
    if (hop->inbound != NULL)
        relay_hops_set_changed(hop->inbound, true);
    pump(hop);
}

/* What a client is told of a recipient of which another relay says `status_id`: what is
 * not in GRVSSTP 2.2.8.1 must not go on, and means that it takes nothing any more. */
static uint8_t status_to_tell(uint8_t status_id)
{
    return status_id == SSTP_SESSION_STATUS_QUOTA_WOULD_BE_EXCEEDED
               ? status_id
               : SSTP_SESSION_STATUS_LOCKED_OUT;
}

void relay_hop_on_status(struct relay_hop *hop, unsigned entry_index, uint8_t status_id)
{
    if (hop == NULL || hop->inbound == NULL || entry_index >= hop->indexes->len)
        return;
    const uint16_t index = g_array_index(hop->indexes, uint16_t, entry_index);
    struct relay_recipient *recipient = &hop->inbound->recipients[index];
    if (recipient->is_gone)
        return;
    if (relay_loss_is_of_relay(status_id)) {
        relay_hop_fail(hop, status_id); /* it can be told of nothing less */
        return;
    }
    relay_loss_note(hop->inbound, recipient, status_to_tell(status_id));
    hop->num_left--;
}

void relay_hop_on_closed(struct relay_hop *hop)
{
    relay_hop_fail(hop, SSTP_SESSION_STATUS_CONNECTION_CLOSED);
}

void relay_hop_on_share_over(void *tag, bool is_acknowledged)
{
    struct relay_share *share = tag;
    struct relay_hop *hop = share->hop;
    g_queue_unlink(&share->connection->shares, &share->link);

    if (is_acknowledged) {
        share->connection->relay->counters.num_forwarded++;
        relay_share_end(share, true);
        return;
    }
    /* Its session is going: its recipients are lost before the share is. */
    if (hop->peer != NULL)
        relay_hop_fail(hop, SSTP_SESSION_STATUS_CONNECTION_CLOSED);
    relay_share_end(share, !hop->is_orphaned);
}
