/* SPDX-License-Identifier: GPL-2.0-or-later */
/* queue: what is put into the queues and taken out of them, and what that costs. */
#include "store/internal.h"

static uint64_t cost_of_urls(const char *identity_url, const char *device_url,
                             const char *resource_url)
{
    return SSTP_STORE_QUEUE_OVERHEAD + 2 * strlen(identity_url) + strlen(device_url) +
           strlen(resource_url);
}

static uint64_t cost_of_queue(const struct sstp_store_queue *queue)
{
    return cost_of_urls(queue->recipient->identity_url, queue->device_url, queue->resource_url);
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

static guint hash_queue(gconstpointer key)
{
    const struct sstp_store_queue *queue = key;
    return (g_str_hash(queue->recipient->identity_url) * 31 + g_str_hash(queue->device_url)) * 31 +
           g_str_hash(queue->resource_url);
}

static gboolean is_same_queue(gconstpointer a, gconstpointer b)
{
    const struct sstp_store_queue *x = a, *y = b;
    return strcmp(x->resource_url, y->resource_url) == 0 &&
           strcmp(x->device_url, y->device_url) == 0 &&
           strcmp(x->recipient->identity_url, y->recipient->identity_url) == 0;
}

static void free_recipient(gpointer data)
{
    struct sstp_store_recipient *recipient = data;
    g_ptr_array_free(recipient->queues, TRUE);
    g_free(recipient->identity_url);
    g_free(recipient);
}

void sstp_store_init_queues(struct sstp_store *store)
{
    store->recipients = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_recipient);
    store->queues = g_hash_table_new(hash_queue, is_same_queue);
    store->timed = g_ptr_array_new();
}

void sstp_store_clear_queues(struct sstp_store *store)
{
    g_ptr_array_free(store->timed, TRUE);
    g_hash_table_destroy(store->queues);
    g_hash_table_destroy(store->recipients);
}

struct sstp_store_recipient *sstp_store_find(const struct sstp_store *store,
                                             const char *identity_url)
{
    return g_hash_table_lookup(store->recipients, identity_url);
}

bool sstp_store_is_over_quota(const struct sstp_store *store, const char *identity_url)
{
    const struct sstp_store_recipient *recipient = sstp_store_find(store, identity_url);
    return store->limits.quota != 0 && recipient != NULL &&
           recipient->num_bytes >= store->limits.quota;
}

static struct sstp_store_queue *find_queue(const struct sstp_store *store, const char *identity_url,
                                           const char *device_url, const char *resource_url)
{
    struct sstp_store_recipient recipient = {.identity_url = (char *)(uintptr_t)identity_url};
    const struct sstp_store_queue key = {.recipient = &recipient,
                                         .device_url = (char *)(uintptr_t)device_url,
                                         .resource_url = (char *)(uintptr_t)resource_url};
    if (store->last_put != NULL && is_same_queue(store->last_put, &key))
        return store->last_put;
    return g_hash_table_lookup(store->queues, &key);
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
    queue->index = recipient->queues->len;
    g_ptr_array_add(recipient->queues, queue);
    g_hash_table_add(store->queues, queue);
    store->num_bytes += cost_of_queue(queue);
    return queue;
}

void sstp_store_drop_if_idle(struct sstp_store *store, struct sstp_store_queue *queue)
{
    struct sstp_store_recipient *recipient = queue->recipient;
    if (queue->messages.length > 0 || queue->delivery != NULL)
        return;
    const guint index = queue->index;
    sstp_store_note_queue_gone(store, queue);
    if (store->last_put == queue)
        store->last_put = NULL;
    store->num_bytes -= cost_of_queue(queue);
    g_hash_table_remove(store->queues, queue);
    g_ptr_array_remove_index_fast(recipient->queues, index);
    if (index < recipient->queues->len) {
        struct sstp_store_queue *moved = g_ptr_array_index(recipient->queues, index);
        moved->index = index;
    }
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
    queue->recipient->num_bytes += sstp_store_payload_cost(payload);
    store->num_bytes += sstp_store_payload_cost(payload);
    store->num_messages++;
    sstp_store_time(store, stored);
    return stored;
}

static uint64_t cost_of_put(const struct sstp_store_queue *queue, const char *identity_url,
                            const char *device_url, const char *resource_url,
                            const struct sstp_payload *payload)
{
    return sstp_store_payload_cost(payload) +
           (queue != NULL ? 0 : cost_of_urls(identity_url, device_url, resource_url));
}

uint64_t sstp_store_cost(const struct sstp_store *store, const char *identity_url,
                         const char *device_url, const char *resource_url,
                         const struct sstp_payload *payload)
{
    return cost_of_put(find_queue(store, identity_url, device_url, resource_url), identity_url,
                       device_url, resource_url, payload);
}

bool sstp_store_has_room(const struct sstp_store *store, uint64_t num_bytes)
{
    return store->limits.max_bytes == 0 || store->num_bytes + num_bytes <= store->limits.max_bytes;
}

bool sstp_store_is_full(struct sstp_store *store)
{
    const uint64_t max = store->limits.max_bytes;
    store->is_full = max != 0 && store->num_bytes >= max - max / (store->is_full ? 4 : 8);
    return store->is_full;
}

enum sstp_store_result sstp_store_put(struct sstp_store *store, const char *identity_url,
                                      const char *device_url, const char *resource_url,
                                      struct sstp_payload *payload, int64_t expires_ms,
                                      struct sstp_store_message **message)
{
    struct sstp_store_queue *queue = find_queue(store, identity_url, device_url, resource_url);
    const struct sstp_store_recipient *recipient =
        queue != NULL ? queue->recipient : sstp_store_find(store, identity_url);
    const uint64_t used = recipient != NULL ? recipient->num_bytes : 0;
    const struct sstp_store_limits *limits = &store->limits;
    if (limits->quota != 0 && used + sstp_store_payload_cost(payload) > limits->quota)
        return SSTP_STORE_OVER_QUOTA;
    if (limits->max_queues != 0 && queue == NULL && recipient != NULL &&
        recipient->queues->len >= limits->max_queues)
        return SSTP_STORE_TOO_MANY_QUEUES;
    if (!sstp_store_has_room(store,
                             cost_of_put(queue, identity_url, device_url, resource_url, payload)))
        return SSTP_STORE_FULL;

    expires_ms = sstp_store_to_own_time(store, expires_ms);
    sstp_store_note_put(store, payload, expires_ms);
    if (queue == NULL) {
        queue = sstp_store_add_queue(store, identity_url, device_url, resource_url);
        queue->id = ++store->last_queue_id;
        queue->done = payload->id - 1; /* whatever its id may have stood for before */
    }
    store->last_put = queue;
    *message = sstp_store_append(store, queue, payload, expires_ms);
    sstp_store_note_appended(store, queue, payload);
    return SSTP_STORE_OK;
}

/* The first from `link` on that is not under way; seldom another than that. */
static GList *unsent_from(GList *link)
{
    while (link != NULL && ((const struct sstp_store_message *)link->data)->holder != 0)
        link = link->next;
    return link;
}

void sstp_store_take_out(struct sstp_store *store, struct sstp_store_message *message)
{
    struct sstp_store_queue *queue = message->queue;
    struct sstp_payload *payload = message->payload;
    const bool was_first = queue->messages.head == &message->link;
    sstp_store_untime(store, message);
    if (queue->next_unsent == &message->link)
        queue->next_unsent = unsent_from(message->link.next);
    if (message->holder != 0)
        queue->num_under_way--;
    g_queue_unlink(&queue->messages, &message->link);
    queue->recipient->num_bytes -= sstp_store_payload_cost(payload);
    store->num_bytes -= sstp_store_payload_cost(payload);
    store->num_messages--;
    payload->num_shares--;
    sstp_store_note_removed(store, queue, payload, was_first);
    free_message(message);
}

void sstp_store_remove(struct sstp_store *store, struct sstp_store_message *message)
{
    struct sstp_store_queue *queue = message->queue;
    sstp_store_take_out(store, message);
    sstp_store_drop_if_idle(store, queue);
}

void sstp_store_sent(struct sstp_store *store, struct sstp_store_message *message, uint32_t holder)
{
    struct sstp_store_queue *queue = message->queue;
    sstp_store_untime(store, message); /* its acknowledgement is awaited */
    message->holder = holder;
    queue->num_under_way++;
    if (queue->next_unsent == &message->link)
        queue->next_unsent = unsent_from(message->link.next);
    sstp_store_note_sent(store, message);
}

void sstp_store_take_back(struct sstp_store *store, struct sstp_store_queue *queue, uint32_t holder)
{
    unsigned left = queue->num_under_way;
    for (GList *link = queue->messages.head; link != NULL && left > 0; link = link->next) {
        struct sstp_store_message *message = link->data;
        if (message->holder == 0)
            continue;
        left--;
        if (message->holder != holder)
            continue;
        message->holder = 0;
        queue->num_under_way--;
        sstp_store_time(store, message);
    }
    queue->next_unsent = unsent_from(queue->messages.head);
}

void sstp_store_release(struct sstp_store *store, struct sstp_store_queue *queue)
{
    queue->delivery = NULL;
    sstp_store_drop_if_idle(store, queue);
}

unsigned sstp_store_expire(struct sstp_store *store, int64_t now_ms)
{
    unsigned num = 0;
    for (; store->timed->len > 0 && sstp_store_next_expiry(store) <= now_ms; num++) {
        struct sstp_store_message *message = g_ptr_array_index(store->timed, 0);
        struct sstp_store_queue *queue = message->queue;
        if (store->handler.expired != NULL)
            store->handler.expired(store->handler.cookie, message);
        sstp_store_take_out(store, message);
        sstp_store_drop_if_idle(store, queue);
    }
    return num;
}
