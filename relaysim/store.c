/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store_internal.h"

#include <stdlib.h>

/* What a message costs beside its bytes; without it, empty messages would be free. */
#define MESSAGE_OVERHEAD 64u

/* Below this length, the buffer that a message came in is better used for the next one. */
#define TAKEN_MIN 4096u
/* Looking for messages whose time is over means looking at all: between two times passes
 * a millisecond for so many, so that it never takes more than a few per cent of the time. */
#define EXPIRED_PER_MS 4000u

/* ------------------------------------------------------------------------
 * Payloads
 */

static struct sstp_span append(struct sstp_store_content *content, struct sstp_span from)
{
    uint8_t *to = content->bytes + content->len;
    if (from.len > 0)
        memcpy(to, from.data, from.len);
    content->len += from.len;
    return sstp_span(to, from.len);
}

struct sstp_store_content *sstp_store_content_new(const struct sstp_ep_message *message)
{
    struct sstp_store_content *content = g_malloc(sizeof *content + message->user_ref.len +
                                                  message->fragment_id.len + message->data.len);
    content->was_read = content->is_counted = false;
    content->len = 0;
    content->block = NULL;
    content->message = *message;
    content->message.user_ref = append(content, message->user_ref);
    content->message.fragment_id = append(content, message->fragment_id);
    content->message.data = append(content, message->data);
    return content;
}

void sstp_store_content_free(struct sstp_store_content *content)
{
    if (content != NULL)
        free(content->block);
    g_free(content);
}

static struct sstp_payload *new_payload(struct sstp_store_content *content)
{
    struct sstp_payload *payload = g_new0(struct sstp_payload, 1);
    payload->num_refs = payload->num_pins = 1;
    payload->content = content;
    payload->len = content->len;
    return payload;
}

struct sstp_payload *sstp_payload_new(const struct sstp_ep_message *message)
{
    return new_payload(sstp_store_content_new(message));
}

struct sstp_payload *sstp_payload_take(const struct sstp_ep_message *message,
                                       struct sstp_ep_block *block)
{
    const size_t len = message->user_ref.len + message->fragment_id.len + message->data.len;
    if (message->data.len < TAKEN_MIN || block->size > len + len / 4)
        return sstp_payload_new(message);
    struct sstp_store_content *content = g_new0(struct sstp_store_content, 1);
    content->message = *message;
    content->len = len;
    content->block = block->data;
    block->data = NULL;
    return new_payload(content);
}

struct sstp_payload *sstp_payload_ref(struct sstp_payload *payload)
{
    payload->num_refs++;
    payload->num_pins++;
    return payload;
}

const struct sstp_ep_message *sstp_payload_message(const struct sstp_payload *payload)
{
    return &payload->content->message;
}

void sstp_payload_set_origin(struct sstp_payload *payload, const struct sstp_payload_origin *origin)
{
    g_free(payload->origin);
    payload->origin = g_memdup2(origin, sizeof *origin);
}

const struct sstp_payload_origin *sstp_payload_origin(const struct sstp_payload *payload)
{
    return payload->origin;
}

void sstp_payload_unref(struct sstp_payload *payload)
{
    const struct sstp_store_content *content = payload->content;
    payload->num_pins--;
    /* It was dropped while somebody needed it. */
    if (payload->num_pins == 0 && payload->id != 0 && payload->pending == NULL && content != NULL &&
        !content->is_counted) {
        sstp_store_content_free(payload->content);
        payload->content = NULL;
    }
    sstp_store_payload_unref(payload);
}

void sstp_store_payload_unref(struct sstp_payload *payload)
{
    if (--payload->num_refs > 0)
        return;
    g_free(payload->origin);
    sstp_store_content_free(payload->content);
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
    sstp_store_payload_unref(message->payload);
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

struct sstp_store *sstp_store_new(void)
{
    struct sstp_store *store = g_new0(struct sstp_store, 1);
    store->recipients = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_recipient);
    store->max_bytes = UINT64_MAX;
    store->next_expiry_ms = SSTP_EP_NEVER;
    store->registry = sstp_registry_new(sstp_store_note_record, store);
    return store;
}

void sstp_store_free(struct sstp_store *store)
{
    if (store == NULL)
        return;
    sstp_store_close_disk(store);
    g_hash_table_destroy(store->recipients);
    sstp_registry_free(store->registry);
    g_free(store);
}

void sstp_store_set_limits(struct sstp_store *store, uint64_t quota, uint64_t max_bytes)
{
    store->quota = quota;
    store->max_bytes = max_bytes;
}

void sstp_store_set_handler(struct sstp_store *store, struct sstp_store_handler handler)
{
    store->handler = handler;
}

struct sstp_registry *sstp_store_registry(struct sstp_store *store)
{
    return store->registry;
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

static struct sstp_store_queue *find_queue(const struct sstp_store_recipient *recipient,
                                           const char *device_url, const char *resource_url)
{
    for (guint i = 0; recipient != NULL && i < recipient->queues->len; i++) {
        struct sstp_store_queue *queue = g_ptr_array_index(recipient->queues, i);
        if (strcmp(queue->device_url, device_url) == 0 &&
            strcmp(queue->resource_url, resource_url) == 0)
            return queue;
    }
    return NULL;
}

struct sstp_store_queue *sstp_store_add_queue(struct sstp_store *store, const char *identity_url,
                                              const char *device_url, const char *resource_url)
{
    struct sstp_store_recipient *recipient = sstp_store_find(store, identity_url);
    if (recipient == NULL) {
        recipient = g_new0(struct sstp_store_recipient, 1);
        recipient->identity_url = g_strdup(identity_url);
        recipient->queues = g_ptr_array_new_with_free_func(free_queue);
        g_hash_table_insert(store->recipients, recipient->identity_url, recipient);
    }
    struct sstp_store_queue *queue = g_new0(struct sstp_store_queue, 1);
    queue->recipient = recipient;
    queue->device_url = g_strdup(device_url);
    queue->resource_url = g_strdup(resource_url);
    queue->dirty_link.data = queue;
    g_queue_init(&queue->messages);
    g_ptr_array_add(recipient->queues, queue);
    return queue;
}

void sstp_store_drop_if_idle(struct sstp_store *store, struct sstp_store_queue *queue)
{
    struct sstp_store_recipient *recipient = queue->recipient;
    if (queue->messages.length > 0 || queue->delivery != NULL)
        return;
    sstp_store_note_queue_gone(store, queue);
    g_ptr_array_remove_fast(recipient->queues, queue);
    if (recipient->queues->len == 0)
        g_hash_table_remove(store->recipients, recipient->identity_url);
}

struct sstp_store_message *sstp_store_append(struct sstp_store *store,
                                             struct sstp_store_queue *queue,
                                             struct sstp_payload *payload, int64_t expires_ms)
{
    struct sstp_store_message *stored = g_new0(struct sstp_store_message, 1);
    stored->queue = queue;
    stored->payload = payload;
    stored->expires_ms = expires_ms;
    stored->link.data = stored;
    payload->num_refs++;
    payload->num_shares++;
    g_queue_push_tail_link(&queue->messages, &stored->link);
    if (queue->next_unsent == NULL)
        queue->next_unsent = &stored->link;
    queue->recipient->num_bytes += cost_of(payload);
    store->num_bytes += cost_of(payload);
    store->num_messages++;
    store->next_expiry_ms = MIN(store->next_expiry_ms, expires_ms);
    return stored;
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

    sstp_store_note_put(store, payload, expires_ms);
    struct sstp_store_queue *queue = find_queue(recipient, device_url, resource_url);
    if (queue == NULL) {
        queue = sstp_store_add_queue(store, identity_url, device_url, resource_url);
        queue->id = ++store->last_queue_id;
        queue->done = payload->id - 1; /* whatever its id may have stood for before */
    }
    *message = sstp_store_append(store, queue, payload, expires_ms);
    sstp_store_note_appended(store, queue, payload);
    return SSTP_STORE_OK;
}

/* Takes it out, leaving the queue where it is. */
static void take_out(struct sstp_store *store, struct sstp_store_message *message)
{
    struct sstp_store_queue *queue = message->queue;
    struct sstp_payload *payload = message->payload;
    const bool was_first = queue->messages.head == &message->link;
    if (queue->next_unsent == &message->link)
        queue->next_unsent = message->link.next;
    g_queue_unlink(&queue->messages, &message->link);
    queue->recipient->num_bytes -= cost_of(payload);
    store->num_bytes -= cost_of(payload);
    store->num_messages--;
    payload->num_shares--;
    sstp_store_note_removed(store, queue, payload, was_first);
    free_message(message);
}

void sstp_store_remove(struct sstp_store *store, struct sstp_store_message *message)
{
    struct sstp_store_queue *queue = message->queue;
    take_out(store, message);
    sstp_store_drop_if_idle(store, queue);
}

void sstp_store_release(struct sstp_store *store, struct sstp_store_queue *queue)
{
    queue->delivery = NULL;
    /* What was under way, and so was not looked at, may be discarded again. */
    for (GList *link = queue->messages.head; link != queue->next_unsent; link = link->next) {
        const struct sstp_store_message *message = link->data;
        store->next_expiry_ms = MIN(store->next_expiry_ms, message->expires_ms);
    }
    queue->next_unsent = queue->messages.head;
    sstp_store_drop_if_idle(store, queue);
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
            if (store->handler.expired != NULL)
                store->handler.expired(store->handler.cookie, message);
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
            sstp_store_drop_if_idle(store, queue);
            if (is_last)
                break;
        }
    }
    g_list_free(recipients);
    const int64_t again_ms = now_ms + (int64_t)(store->num_messages / EXPIRED_PER_MS);
    store->next_expiry_ms = MAX(store->next_expiry_ms, again_ms);
    return num;
}

uint64_t sstp_store_num_messages(const struct sstp_store *store)
{
    return store->num_messages;
}
