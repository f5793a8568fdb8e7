/* SPDX-License-Identifier: GPL-2.0-or-later */
/* note: what of the store has to go to the disk, and what has to come from there;
 * store/batch.c makes batches of it. */
#include "store/internal.h"

#define LOAD_BYTES_MAX (512u << 10) /* read ahead for one queue, but for the first message */
#define LOAD_MESSAGES_MAX 512u
#define LOOK_AHEAD_MAX 2048u /* messages that are looked at for those */

/* ------------------------------------------------------------------------
 * Notes of what has changed
 */

void sstp_store_mark_dirty(struct sstp_store *store, struct sstp_store_queue *queue)
{
    if (queue->is_dirty)
        return;
    queue->is_dirty = true;
    g_queue_push_tail_link(&store->dirty, &queue->dirty_link);
}

void sstp_store_note_put(struct sstp_store *store, struct sstp_payload *payload, int64_t expires_ms)
{
    if (store->disk == NULL)
        return;
    if (payload->id == 0) {
        struct sstp_store_pending *pending = g_new0(struct sstp_store_pending, 1);
        pending->payload = payload;
        pending->stored_ms = store->clock.seen_ms;
        pending->queues = g_byte_array_new();
        pending->link.data = pending;
        payload->pending = pending;
        payload->id = ++store->last_id;
        payload->num_refs++;
        g_queue_push_tail_link(&store->pending, &pending->link);
    }
    g_assert(payload->pending != NULL && !payload->pending->is_in_batch);
    payload->pending->expires_ms = MAX(payload->pending->expires_ms, expires_ms);
}

void sstp_store_note_appended(struct sstp_store *store, struct sstp_store_queue *queue,
                              struct sstp_payload *payload)
{
    if (store->disk == NULL)
        return;
    uint8_t id[SSTP_DISK_ID_MAX];
    const size_t len = sstp_disk_write_id(id, queue->id);
    g_byte_array_append(payload->pending->queues, id, (guint)len);
    if (!queue->has_row)
        sstp_store_mark_dirty(store, queue);
}

void sstp_store_free_pending(struct sstp_store_pending *pending)
{
    struct sstp_payload *payload = pending->payload;
    payload->pending = NULL;
    g_byte_array_free(pending->queues, TRUE);
    g_free(pending);
    sstp_store_payload_unref(payload);
}

void sstp_store_tell_safe(struct sstp_store_pending *pending)
{
    void (*safe)(void *cookie) = pending->safe;
    pending->safe = NULL;
    if (safe != NULL)
        safe(pending->cookie);
}

/* It is in no queue any more. */
void sstp_store_forget(struct sstp_store *store, struct sstp_payload *payload)
{
    struct sstp_store_pending *pending = payload->pending;
    if (pending == NULL) {
        sstp_store_leave_row(store, payload);
        sstp_store_drop_content(store, payload);
        return;
    }
    /* Every recipient has it, or its time was over: that is as good as the disk.
     * What is being written is removed after that. */
    sstp_store_tell_safe(pending);
    if (!pending->is_in_batch) {
        g_queue_unlink(&store->pending, &pending->link);
        sstp_store_free_pending(pending);
    }
}

void sstp_store_note_removed(struct sstp_store *store, struct sstp_store_queue *queue,
                             struct sstp_payload *payload, bool was_first)
{
    if (store->disk == NULL)
        return;
    /* Else no number is needed to say that it has left. */
    const bool is_kept =
        payload->num_shares > 0 || (payload->row != NULL && payload->row->num_left > 1);
    if (!was_first)
        payload->is_out_of_turn = true;
    if (was_first) {
        /* The same queue may have been named twice for one message. */
        const struct sstp_store_message *next = g_queue_peek_head(&queue->messages);
        const bool has_it_again = next != NULL && next->payload == payload;
        queue->done = has_it_again ? payload->id - 1 : payload->id;
    }
    if (payload->num_shares == 0)
        sstp_store_forget(store, payload);
    /* What else went is told with the message's row, once it is in no queue. */
    if (was_first && is_kept)
        sstp_store_mark_dirty(store, queue);
    if (queue->messages.length == 0 && queue->has_row)
        sstp_store_mark_dirty(store, queue);
}

void sstp_store_note_queue_gone(struct sstp_store *store, struct sstp_store_queue *queue)
{
    if (store->disk == NULL)
        return;
    if (queue->has_row)
        g_array_append_val(store->removed_queues, queue->id);
    if (queue->is_dirty)
        g_queue_unlink(&store->dirty, &queue->dirty_link);
    if (queue->is_loading) {
        g_ptr_array_remove_fast(store->loading_queues, queue);
        if (store->batch != NULL)
            g_ptr_array_remove_fast(store->batch->loading_queues, queue);
    }
}

void sstp_store_free_record(void *data)
{
    struct sstp_registry_record *record = data;
    g_free((char *)(uintptr_t)record->url);
    g_free((char *)(uintptr_t)record->owner_url);
    g_free((struct sstp_sec_secret *)(uintptr_t)record->key);
    g_free(record);
}

void sstp_store_note_record(void *cookie, const struct sstp_registry_record *record)
{
    struct sstp_store *store = cookie;
    if (store->disk == NULL)
        return;
    struct sstp_registry_record *copy = g_new0(struct sstp_registry_record, 1);
    copy->kind = record->kind;
    copy->url = g_strdup(record->url);
    copy->owner_url = g_strdup(record->owner_url);
    copy->key = record->key != NULL ? g_memdup2(record->key, sizeof *record->key) : NULL;
    g_ptr_array_add(store->records, copy);
}

void sstp_store_await(struct sstp_store *store, struct sstp_payload *payload,
                      void (*safe)(void *cookie), void *cookie)
{
    (void)store;
    if (payload->pending == NULL || payload->num_shares == 0) {
        safe(cookie);
        return;
    }
    payload->pending->safe = safe;
    payload->pending->cookie = cookie;
}

void sstp_store_await_registry(struct sstp_store *store, void (*safe)(void *cookie), void *cookie)
{
    const bool is_saved =
        store->disk == NULL ||
        (store->records->len == 0 && (store->batch == NULL || store->batch->records->len == 0));
    if (is_saved) {
        safe(cookie);
        return;
    }
    g_array_append_val(store->waiters, ((struct sstp_store_waiter){safe, cookie}));
}

/* ------------------------------------------------------------------------
 * What is in memory
 */

void sstp_store_drop_content(struct sstp_store *store, struct sstp_payload *payload)
{
    struct sstp_store_content *content = payload->content;
    if (content == NULL || payload->pending != NULL || payload->id == 0)
        return;
    if (content->is_counted)
        *(content->was_read ? &store->num_read : &store->num_cached) -= content->len;
    content->is_counted = false;
    if (payload->num_pins > 0)
        return; /* it goes with the payload */
    payload->content = NULL;
    sstp_store_content_free(content);
}

void sstp_store_count_content(struct sstp_store *store, struct sstp_store_content *content)
{
    content->is_counted = true;
    *(content->was_read ? &store->num_read : &store->num_cached) += content->len;
}

static bool needs_loading(const struct sstp_payload *payload)
{
    return payload->content == NULL && !payload->is_loading;
}

/* Asks for a message, and for some of those after it. */
static void ask_for(struct sstp_store *store, const struct sstp_store_message *first)
{
    struct sstp_store_queue *queue = first->queue;
    const guint num_before = store->loads->len;
    size_t num_bytes = 0;
    unsigned num = 0, num_steps = 0;

    if (queue->is_loading)
        return;
    for (const GList *link = &first->link; link != NULL && num_steps < LOOK_AHEAD_MAX;
         link = link->next, num_steps++) {
        const struct sstp_store_message *message = link->data;
        struct sstp_payload *payload = message->payload;
        if (!needs_loading(payload))
            continue;
        num_bytes += payload->len;
        const bool is_enough = num >= LOAD_MESSAGES_MAX || num_bytes > LOAD_BYTES_MAX ||
                               store->num_read + num_bytes > store->max_cached;
        /* Without the first there would be no end. */
        if (is_enough && (num > 0 || first->payload->content != NULL))
            break;
        num++;
        payload->is_loading = true;
        payload->num_refs++;
        g_ptr_array_add(store->loads, payload);
    }
    if (num == 0 && first->payload->content != NULL)
        return; /* there is nothing to read on */
    queue->is_loading = true;
    g_ptr_array_add(store->loading_queues, queue);
    if (num > 1) {
        struct sstp_payload *midway = g_ptr_array_index(store->loads, num_before + num / 2);
        midway->is_midway = true;
    }
}

const struct sstp_ep_message *sstp_store_get(struct sstp_store *store,
                                             struct sstp_store_message *message)
{
    struct sstp_payload *payload = message->payload;
    if (payload->content == NULL || payload->is_midway)
        ask_for(store, message);
    payload->is_midway = false;
    return payload->content != NULL ? &payload->content->message : NULL;
}

void sstp_store_note_sent(struct sstp_store *store, struct sstp_store_message *message)
{
    const struct sstp_store_content *content = message->payload->content;
    if (content == NULL)
        return;
    /* What was read may be of use to the other recipients of a fanout. */
    if (content->was_read ? store->num_read > store->max_cached / 2
                          : store->num_cached > store->max_cached)
        sstp_store_drop_content(store, message->payload);
}

void sstp_store_set_cache(struct sstp_store *store, size_t max_bytes)
{
    store->max_cached = max_bytes;
}
