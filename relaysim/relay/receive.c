/* SPDX-License-Identifier: GPL-2.0-or-later */
/* receive: sessions of clients to the relay, and what becomes of their
 * messages (GRVSSTP 3.3.4, 3.3.5.5-6, 3.3.5.12). */
#include "relay/hop.h"

#include "base/url.h"

void relay_inbound_free(void *data)
{
    struct relay_inbound *inbound = data;
    relay_hops_end(inbound);
    g_ptr_array_free(inbound->hops, TRUE);
    for (size_t i = 0; i < inbound->num_recipients; i++) {
        g_free(inbound->recipients[i].identity_url);
        g_free(inbound->recipients[i].device_url);
        g_free(inbound->recipients[i].relay_url);
    }
    g_free(inbound->recipients);
    g_free(inbound->resource_url);
    g_free(inbound);
}

static bool may_send(const struct sstp_relay_connection *connection)
{
    return connection->relay->config.auth != SSTP_RELAY_AUTH_REQUIRED ||
           connection->is_authenticated || connection->is_trusted || connection->peer != NULL;
}

void relay_on_open(struct sstp_relay_connection *connection, const struct sstp_ep_event *event)
{
    const struct sstp_relay *relay = connection->relay;
    const struct sstp_command *open = event->command;
    char *identity_url = relay_string(open->identity_url);
    char *device_url = relay_string(open->device_url);

    /* The strict naming convention (note <13>).  Presence is not served here,
     * and a session to it, without an identity, is refused by the same rule. */
    const bool is_named_well = sstp_url_is_identity(open->identity_url) &&
                               (open->device_url.len == 0 || sstp_url_is_device(open->device_url));
    if (!is_named_well || !may_send(connection) || relay_is_locked_out(relay, identity_url) ||
        relay_is_locked_out(relay, device_url))
        *event->availability = SSTP_HANDLER_FAULT;
    else if (sstp_store_is_over_quota(relay->store, identity_url) || relay->is_stopped)
        *event->availability = SSTP_HANDLER_NOT_READY; /* for the former, closed in OPENED */
    else
        *event->availability = SSTP_HANDLER_READY;
    g_free(identity_url);
    g_free(device_url);
}

/* The URL of another relay that a recipient is to be reached by; NULL for ours. */
static char *other_relay(const struct sstp_relay *relay, struct sstp_span relay_url)
{
    if (relay_url.len == 0)
        return NULL;
    for (size_t i = 0; i < relay->config.num_urls; i++)
        if (sstp_span_is_equal(relay_url, sstp_span_of_string(relay->config.urls[i])))
            return NULL;
    return relay_string(relay_url);
}

static struct relay_inbound *new_inbound(struct sstp_relay_connection *connection,
                                         const struct sstp_command *open)
{
    struct relay_inbound *inbound = g_new0(struct relay_inbound, 1);
    inbound->connection = connection;
    inbound->session_id = open->session_id;
    inbound->hops = g_ptr_array_new();
    inbound->resource_url = relay_string(open->resource_url);
    inbound->is_fanout = open->id == SSTP_FANOUT_OPEN;
    inbound->num_recipients = inbound->is_fanout ? open->fanout_entries.count : 1;
    inbound->recipients = g_new0(struct relay_recipient, inbound->num_recipients);
    struct sstp_reader r = sstp_reader(open->fanout_entries.bytes);
    for (size_t i = 0; i < inbound->num_recipients; i++) {
        const struct sstp_fanout_entry entry =
            inbound->is_fanout ? sstp_fanout_entry_read(&r, open->form)
                               : (struct sstp_fanout_entry){.identity_url = open->identity_url,
                                                            .device_url = open->device_url};
        inbound->recipients[i].identity_url = relay_string(entry.identity_url);
        inbound->recipients[i].device_url = relay_string(entry.device_url);
        inbound->recipients[i].relay_url = other_relay(connection->relay, entry.relay_url);
    }
    return inbound;
}

static bool is_recipient_locked_out(const struct sstp_relay *relay,
                                    const struct relay_recipient *recipient)
{
    return relay_is_locked_out(relay, recipient->identity_url) ||
           relay_is_locked_out(relay, recipient->device_url);
}

/* Reports the recipients that `fails` says are lost; in SSTP 1.6 together. */
static void report(struct sstp_relay_connection *connection, uint32_t session_id,
                   struct relay_inbound *inbound, uint8_t status_id, const bool *fails)
{
    GArray *indexes = g_array_new(FALSE, FALSE, sizeof(uint16_t));
    for (size_t i = 0; i < inbound->num_recipients; i++) {
        const uint16_t index = (uint16_t)i;
        if (!fails[i] || inbound->recipients[i].is_gone)
            continue;
        inbound->recipients[i].is_gone = true;
        g_array_append_val(indexes, index);
    }
    if (indexes->len > 0)
        (void)sstp_ep_session_status(connection->ep, session_id, status_id,
                                     (const uint16_t *)(const void *)indexes->data, indexes->len);
    g_array_free(indexes, TRUE);
}

static void tell_over_quota(struct sstp_relay_connection *connection, const char *identity_url)
{
    relay_tell(connection, RELAY_REFUSAL_QUOTA, "%s gets no more messages: see --quota",
               identity_url);
}

static bool check_over_quota(struct sstp_relay_connection *connection, const char *identity_url)
{
    const bool is_over = sstp_store_is_over_quota(connection->relay->store, identity_url);
    if (is_over)
        tell_over_quota(connection, identity_url);
    return is_over;
}

/* A fanout session has been opened, suspended: who cannot be reached is reported,
 * and then it may begin (GRVSSTP 3.3.4.1.2). */
static void begin_fanout(struct sstp_relay_connection *connection, uint32_t session_id,
                         struct relay_inbound *inbound)
{
    struct sstp_relay *relay = connection->relay;
    bool *is_locked_out = g_new0(bool, inbound->num_recipients);
    bool *is_over_quota = g_new0(bool, inbound->num_recipients);

    if (!may_send(connection)) {
        (void)sstp_ep_close_session(connection->ep, session_id,
                                    SSTP_CLOSE_DEVICE_AUTHENTICATION_FAILED);
        g_hash_table_remove(connection->inbound, GUINT_TO_POINTER(session_id));
        goto out;
    }
    for (size_t i = 0; i < inbound->num_recipients; i++) {
        if (inbound->recipients[i].relay_url != NULL)
            continue; /* the other relay says what it thinks of them */
        is_locked_out[i] = is_recipient_locked_out(relay, &inbound->recipients[i]);
        is_over_quota[i] = check_over_quota(connection, inbound->recipients[i].identity_url);
    }
    report(connection, session_id, inbound, SSTP_SESSION_STATUS_LOCKED_OUT, is_locked_out);
    report(connection, session_id, inbound, SSTP_SESSION_STATUS_QUOTA_WOULD_BE_EXCEEDED,
           is_over_quota);
    relay_hops_begin(inbound);
    relay_hops_update(inbound);
out:
    g_free(is_locked_out);
    g_free(is_over_quota);
}

void relay_on_opened(struct sstp_relay_connection *connection, const struct sstp_ep_event *event)
{
    const uint32_t id = event->session_id;
    struct relay_inbound *inbound = new_inbound(connection, event->command);

    connection->relay->counters.num_sessions++;
    g_hash_table_insert(connection->inbound, GUINT_TO_POINTER(id), inbound);
    if (inbound->is_fanout) {
        begin_fanout(connection, id, inbound);
    } else if (event->session_state == SSTP_SESSION_SUSPENDED &&
               check_over_quota(connection, inbound->recipients[0].identity_url)) {
        (void)sstp_ep_set_availability(connection->ep, id, SSTP_HANDLER_FAULT,
                                       SSTP_CLOSE_QUOTA_WOULD_BE_EXCEEDED);
        g_hash_table_remove(connection->inbound, GUINT_TO_POINTER(id));
    }
}

/* ------------------------------------------------------------------------
 * Messages
 */

/* When a message is to be discarded (GRVSSTP 3.3.5.12).  Presence is not
 * published here, so the D flag means its timer; a TTL of 0 means none. */
static int64_t expiry(const struct sstp_relay *relay, const struct sstp_ep_message *message)
{
    int64_t expires_ms = SSTP_EP_NEVER;
    if ((message->flags & SSTP_MESSAGE_FLAG_EPHEMERAL) != 0 && message->ttl != 0)
        expires_ms = relay->now_ms + (int64_t)message->ttl * 1000;
    if ((message->flags & SSTP_MESSAGE_FLAG_DO_NOT_DELIVER_IF_OFFLINE) != 0)
        expires_ms = MIN(expires_ms, relay->now_ms + relay->config.offline_ttl_ms);
    return expires_ms;
}

/* Told by the store, whoever called that. */
static void on_safe(void *receipt)
{
    struct sstp_relay *relay = relay_receipt_relay(receipt);
    relay_turn_begin(relay);
    relay_receipt_release(receipt);
    relay_turn_end(relay);
}

/* Whether the whole store has room for every recipient that is left. */
static bool has_room(const struct relay_inbound *inbound, const struct sstp_payload *payload)
{
    const struct sstp_store *store = inbound->connection->relay->store;
    uint64_t num_bytes = 0;
    for (size_t i = 0; i < inbound->num_recipients; i++) {
        const struct relay_recipient *recipient = &inbound->recipients[i];
        if (!recipient->is_gone && recipient->relay_url == NULL)
            num_bytes += sstp_store_cost(store, recipient->identity_url, recipient->device_url,
                                         inbound->resource_url, payload);
    }
    return num_bytes == 0 || sstp_store_has_room(store, num_bytes);
}

/* What kept a message from being stored. */
static void tell_refused(struct sstp_relay_connection *connection, const char *identity_url,
                         enum sstp_store_result result)
{
    switch (result) {
    case SSTP_STORE_OK:
        break;
    case SSTP_STORE_OVER_QUOTA:
        tell_over_quota(connection, identity_url);
        break;
    case SSTP_STORE_TOO_MANY_QUEUES:
        relay_tell(connection, RELAY_REFUSAL_QUEUE,
                   "%s gets no message for another resource or device: see --max-queues",
                   identity_url);
        break;
    case SSTP_STORE_FULL:
        relay_tell(connection, RELAY_REFUSAL_STORED,
                   "a message for %s is refused, the store is full: see --max-stored",
                   identity_url);
        break;
    }
}

/* Stores for every recipient that is left; says of each whether that failed. */
static void store(struct sstp_relay_connection *connection, const struct relay_inbound *inbound,
                  struct sstp_payload *payload, struct relay_receipt *receipt, bool *fails,
                  GPtrArray *queues)
{
    struct sstp_relay *relay = connection->relay;
    const struct sstp_ep_message *message = sstp_payload_message(payload);

    for (size_t i = 0; i < inbound->num_recipients; i++) {
        const struct relay_recipient *recipient = &inbound->recipients[i];
        struct sstp_store_message *stored = NULL;
        if (recipient->is_gone || recipient->relay_url != NULL)
            continue;
        const enum sstp_store_result result =
            sstp_store_put(relay->store, recipient->identity_url, recipient->device_url,
                           inbound->resource_url, payload, expiry(relay, message), &stored);
        fails[i] = result != SSTP_STORE_OK;
        tell_refused(connection, recipient->identity_url, result);
        if (result == SSTP_STORE_OK)
            g_ptr_array_add(queues, stored->queue);
        else
            relay_discarded(relay, payload,
                            result == SSTP_STORE_FULL ? SSTP_RELAY_DISCARD_FULL
                                                      : SSTP_RELAY_DISCARD_QUOTA,
                            recipient->identity_url, recipient->device_url, inbound->resource_url);
    }
    relay_receipt_hold(receipt);
    sstp_store_await(relay->store, payload, on_safe, receipt);
}

/* None of its recipients gets it. */
static void tell_full(struct sstp_relay *relay, const struct relay_inbound *inbound,
                      const struct sstp_payload *payload)
{
    tell_refused(inbound->connection, inbound->recipients[0].identity_url, SSTP_STORE_FULL);
    for (size_t i = 0; i < inbound->num_recipients; i++) {
        const struct relay_recipient *recipient = &inbound->recipients[i];
        if (!recipient->is_gone)
            relay_discarded(relay, payload, SSTP_RELAY_DISCARD_FULL, recipient->identity_url,
                            recipient->device_url, inbound->resource_url);
    }
}

void relay_on_message(struct sstp_relay_connection *connection, const struct sstp_ep_event *event)
{
    struct sstp_relay *relay = connection->relay;
    const uint32_t id = event->session_id;
    struct relay_inbound *inbound = g_hash_table_lookup(connection->inbound, GUINT_TO_POINTER(id));

    if (inbound == NULL)
        return;
    bool *fails = g_new0(bool, inbound->num_recipients);
    GPtrArray *queues = g_ptr_array_new();
    struct relay_receipt *receipt =
        relay_receipt_new(connection, event->number, event->message->data.len);
    struct sstp_payload *payload = sstp_payload_take(event->message, event->block);
    relay_note_origin(connection, id, event->number, payload);
    /* Senders are held back long before; who sends on all the same keeps its message, and
     * no recipient is lost. */
    const bool is_full = !has_room(inbound, payload);
    relay->counters.num_received++;
    if (is_full) {
        tell_full(relay, inbound, payload);
    } else {
        store(connection, inbound, payload, receipt, fails, queues);
        relay_hops_forward(inbound, payload, expiry(relay, event->message), receipt);
    }
    sstp_payload_unref(payload);

    if (inbound->is_fanout && !is_full) {
        report(connection, id, inbound, SSTP_SESSION_STATUS_QUOTA_WOULD_BE_EXCEEDED, fails);
    } else if (is_full || fails[0]) {
        /* The Close goes first: what it finds unacknowledged was not taken. */
        (void)sstp_ep_close_session(connection->ep, id,
                                    is_full ? SSTP_CLOSE_INTERNAL_ERROR
                                            : SSTP_CLOSE_QUOTA_WOULD_BE_EXCEEDED);
        g_hash_table_remove(connection->inbound, GUINT_TO_POINTER(id));
    }
    relay_receipt_release(receipt);
    relay_receipts_settle(relay); /* the sender hears of it before the recipients do */
    for (guint i = 0; i < queues->len; i++)
        relay_deliver(relay, g_ptr_array_index(queues, i));
    g_ptr_array_free(queues, TRUE);
    g_free(fails);
}

/* ------------------------------------------------------------------------
 * A store that cannot be written, or is full
 */

/* Sessions that are open stop sending (GRVSSTP 3.1.4.5); what is under way all the
 * same is taken, and not acknowledged before it is safe. */
static void stop_or_start(struct sstp_relay_connection *connection, bool is_stopped)
{
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, connection->inbound);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        struct relay_inbound *inbound = value;
        if (inbound->is_fanout)
            relay_hops_update(inbound);
        else
            (void)sstp_ep_set_availability(connection->ep, inbound->session_id,
                                           is_stopped ? SSTP_HANDLER_NOT_READY : SSTP_HANDLER_READY,
                                           SSTP_CLOSE_NO_REASON);
    }
    if (g_hash_table_size(connection->inbound) > 0)
        relay_wake(connection);
}

static void stop_or_start_all(struct sstp_relay *relay)
{
    const bool is_stopped = relay->is_store_failing || relay->is_store_full;
    GHashTableIter iter;
    gpointer connection;

    if (is_stopped == relay->is_stopped)
        return;
    relay->is_stopped = is_stopped;
    g_hash_table_iter_init(&iter, relay->connections);
    while (g_hash_table_iter_next(&iter, &connection, NULL))
        stop_or_start(connection, is_stopped);
}

void relay_on_failing(void *cookie, const char *why)
{
    struct sstp_relay *relay = cookie;
    if (relay->config.store_failing != NULL)
        relay->config.store_failing(relay->config.cookie, why);
    relay->is_store_failing = why != NULL;
    relay_turn_begin(relay);
    stop_or_start_all(relay);
    relay_turn_end(relay);
}

void relay_check_room(struct sstp_relay *relay)
{
    const bool is_full = sstp_store_is_full(relay->store);
    if (is_full == relay->is_store_full)
        return;
    relay->is_store_full = is_full;
    if (relay->config.store_full != NULL)
        relay->config.store_full(relay->config.cookie, is_full);
    stop_or_start_all(relay);
}
