/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store.h"

/* What a message costs beside its bytes; without it, empty messages would be free. */
#define MESSAGE_OVERHEAD 64u

struct sstp_store {
    GHashTable *recipients; /* identity URL to struct sstp_store_recipient */
    uint64_t quota, max_bytes;
    uint64_t num_bytes, num_messages;
    int64_t next_expiry_ms; /* nothing expires before */
};

/* A message with its bytes behind it. */
struct sstp_payload {
    unsigned num_refs;
    struct sstp_ep_message message;
    uint64_t len;
    uint8_t bytes[];
};

/* ------------------------------------------------------------------------
 * Payloads
 */

static struct sstp_span append(struct sstp_payload *payload, struct sstp_span from)
{
    uint8_t *to = payload->bytes + payload->len;
    if (from.len > 0)
        memcpy(to, from.data, from.len);
    payload->len += from.len;
    return sstp_span(to, from.len);
}

struct sstp_payload *sstp_payload_new(const struct sstp_ep_message *message)
{
    struct sstp_payload *payload = g_malloc(sizeof *payload + message->user_ref.len +
                                            message->fragment_id.len + message->data.len);
    payload->num_refs = 1;
    payload->len = 0;
    payload->message = *message;
    payload->message.user_ref = append(payload, message->user_ref);
    payload->message.fragment_id = append(payload, message->fragment_id);
    payload->message.data = append(payload, message->data);
    return payload;
}

struct sstp_payload *sstp_payload_ref(struct sstp_payload *payload)
{
    payload->num_refs++;
    return payload;
}

const struct sstp_ep_message *sstp_payload_message(const struct sstp_payload *payload)
{
    return &payload->message;
}

void sstp_payload_unref(struct sstp_payload *payload)
{
    if (--payload->num_refs == 0)
        g_free(payload);
}

/* ------------------------------------------------------------------------
 * Queues
 */

static uint64_t cost_of(const struct sstp_payload *payload)
{
    return payload->len + MESSAGE_OVERHEAD;
}

static void free_message(gpointer data)
{
    struct sstp_store_message *message = data;
    sstp_payload_unref(message->payload);
    g_free(message);
}

static void free_queue(gpointer data)
{
    struct sstp_store_queue *queue = data;
    GList *link;
    while ((link = g_queue_pop_head_link(&queue->messages)) != NULL)
        free_message(link->data); /* the link is part of it */
    g_free(queue->device_url);
    g_free(queue->resource_url);
    g_free(queue);
}

static void free_recipient(gpointer data)
{
    struct sstp_store_recipient *recipient = data;
    g_ptr_array_free(recipient->queues, TRUE);
    g_free(recipient->identity_url);
    g_free(recipient);
}

struct sstp_store *sstp_store_new(uint64_t quota, uint64_t max_bytes)
{
    struct sstp_store *store = g_new0(struct sstp_store, 1);
    store->recipients = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_recipient);
    store->quota = quota;
    store->max_bytes = max_bytes;
    store->next_expiry_ms = SSTP_EP_NEVER;
    return store;
}

void sstp_store_free(struct sstp_store *store)
{
    if (store == NULL)
        return;
    g_hash_table_destroy(store->recipients);
    g_free(store);
}

struct sstp_store_recipient *sstp_store_find(const struct sstp_store *store,
                                             const char *identity_url)
{
    return g_hash_table_lookup(store->recipients, identity_url);
}

bool sstp_store_is_over_quota(const struct sstp_store *store, const char *identity_url)
{
    const struct sstp_store_recipient *recipient = sstp_store_find(store, identity_url);
    return store->quota != 0 && recipient != NULL && recipient->num_bytes >= store->quota;
}

static struct sstp_store_queue *find_queue(struct sstp_store *store, const char *identity_url,
                                           const char *device_url, const char *resource_url)
{
    struct sstp_store_recipient *recipient = sstp_store_find(store, identity_url);
    if (recipient == NULL) {
        recipient = g_new0(struct sstp_store_recipient, 1);
        recipient->identity_url = g_strdup(identity_url);
        recipient->queues = g_ptr_array_new_with_free_func(free_queue);
        g_hash_table_insert(store->recipients, recipient->identity_url, recipient);
    }
    for (guint i = 0; i < recipient->queues->len; i++) {
        struct sstp_store_queue *queue = g_ptr_array_index(recipient->queues, i);
        if (strcmp(queue->device_url, device_url) == 0 &&
            strcmp(queue->resource_url, resource_url) == 0)
            return queue;
    }
    struct sstp_store_queue *queue = g_new0(struct sstp_store_queue, 1);
    queue->recipient = recipient;
    queue->device_url = g_strdup(device_url);
    queue->resource_url = g_strdup(resource_url);
    g_queue_init(&queue->messages);
    g_ptr_array_add(recipient->queues, queue);
    return queue;
}

static void drop_if_idle(struct sstp_store *store, struct sstp_store_queue *queue)
{
    struct sstp_store_recipient *recipient = queue->recipient;
    if (queue->messages.length > 0 || queue->delivery != NULL)
        return;
    g_ptr_array_remove_fast(recipient->queues, queue);
    if (recipient->queues->len == 0)
        g_hash_table_remove(store->recipients, recipient->identity_url);
}

enum sstp_store_result sstp_store_put(struct sstp_store *store, const char *identity_url,
                                      const char *device_url, const char *resource_url,
                                      struct sstp_payload *payload, int64_t expires_ms,
                                      struct sstp_store_message **message)
{
    const struct sstp_store_recipient *recipient = sstp_store_find(store, identity_url);
    const uint64_t used = recipient != NULL ? recipient->num_bytes : 0;
    if (store->quota != 0 && used + cost_of(payload) > store->quota)
        return SSTP_STORE_OVER_QUOTA;
    if (store->num_bytes + cost_of(payload) > store->max_bytes)
        return SSTP_STORE_FULL;

    struct sstp_store_queue *queue = find_queue(store, identity_url, device_url, resource_url);
    struct sstp_store_message *stored = g_new0(struct sstp_store_message, 1);
    stored->queue = queue;
    stored->payload = payload;
    stored->message = &payload->message;
    stored->expires_ms = expires_ms;
    stored->link.data = stored;
    payload->num_refs++;
    g_queue_push_tail_link(&queue->messages, &stored->link);
    if (queue->next_unsent == NULL)
        queue->next_unsent = &stored->link;
    queue->recipient->num_bytes += cost_of(payload);
    store->num_bytes += cost_of(payload);
    store->num_messages++;
    store->next_expiry_ms = MIN(store->next_expiry_ms, expires_ms);
    *message = stored;
    return SSTP_STORE_OK;
}

/* Takes it out, leaving the queue where it is. */
static void take_out(struct sstp_store *store, struct sstp_store_message *message)
{
    struct sstp_store_queue *queue = message->queue;
    if (queue->next_unsent == &message->link)
        queue->next_unsent = message->link.next;
    g_queue_unlink(&queue->messages, &message->link);
    queue->recipient->num_bytes -= cost_of(message->payload);
    store->num_bytes -= cost_of(message->payload);
    store->num_messages--;
    free_message(message);
}

void sstp_store_remove(struct sstp_store *store, struct sstp_store_message *message)
{
    struct sstp_store_queue *queue = message->queue;
    take_out(store, message);
    drop_if_idle(store, queue);
}

void sstp_store_release(struct sstp_store *store, struct sstp_store_queue *queue)
{
    queue->delivery = NULL;
    queue->next_unsent = queue->messages.head;
    drop_if_idle(store, queue);
}

/* ------------------------------------------------------------------------
 * Expiry
 */

int64_t sstp_store_next_expiry(const struct sstp_store *store)
{
    return store->next_expiry_ms;
}

/* What is on its way already is left alone: its acknowledgement is awaited. */
static unsigned expire_queue(struct sstp_store *store, struct sstp_store_queue *queue,
                             int64_t now_ms)
{
    unsigned num = 0;
    GList *link = queue->next_unsent;
    while (link != NULL) {
        struct sstp_store_message *message = link->data;
        link = link->next;
        if (message->expires_ms <= now_ms) {
            take_out(store, message);
            num++;
        } else {
            store->next_expiry_ms = MIN(store->next_expiry_ms, message->expires_ms);
        }
    }
    return num;
}

unsigned sstp_store_expire(struct sstp_store *store, int64_t now_ms)
{
    unsigned num = 0;
    if (store->next_expiry_ms > now_ms)
        return 0;
    store->next_expiry_ms = SSTP_EP_NEVER;

    GList *recipients = g_hash_table_get_values(store->recipients);
    for (GList *r = recipients; r != NULL; r = r->next) {
        struct sstp_store_recipient *recipient = r->data;
        /* Backwards, for an emptied queue is replaced by the last; and without
         * the recipient's own end, which comes with its last queue. */
        for (guint i = recipient->queues->len; i-- > 0;) {
            struct sstp_store_queue *queue = g_ptr_array_index(recipient->queues, i);
            const bool is_last = recipient->queues->len == 1;
            num += expire_queue(store, queue, now_ms);
            drop_if_idle(store, queue);
            if (is_last)
                break;
        }
    }
    g_list_free(recipients);
    return num;
}

uint64_t sstp_store_num_messages(const struct sstp_store *store)
{
    return store->num_messages;
}
