/* SPDX-License-Identifier: GPL-2.0-or-later */
/* batch: what goes to the disk together, or comes from there. */
#include "store/internal.h"

#define ROW_OVERHEAD 16u /* what a row has beside its message, at least */

static void clear_change(gpointer data)
{
    struct sstp_store_change *change = data;
    g_free(change->identity_url);
    g_free(change->device_url);
    g_free(change->resource_url);
}

static gint compare_ids(gconstpointer a, gconstpointer b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* The row that a dirty queue is to have, or none: one without messages needs none. */
static void take_queue(struct sstp_store_queue *queue, GArray *changes)
{
    struct sstp_store_change change = {.kind = QUEUE_DONE, .id = queue->id, .done = queue->done};
    if (queue->messages.length == 0) {
        if (!queue->has_row)
            return;
        change.kind = QUEUE_REMOVED;
        queue->has_row = false;
    } else if (!queue->has_row || queue->is_unsure) {
        change.kind = QUEUE_ADDED;
        change.identity_url = g_strdup(queue->recipient->identity_url);
        change.device_url = g_strdup(queue->device_url);
        change.resource_url = g_strdup(queue->resource_url);
        queue->has_row = true;
    }
    queue->is_unsure = false;
    g_array_append_val(changes, change);
}

static bool is_to_be_added(const struct sstp_store_queue *queue)
{
    return queue->messages.length > 0 && (!queue->has_row || queue->is_unsure);
}

static void take_queues(struct sstp_store *store, struct sstp_store_batch *batch, guint max)
{
    GList *next;
    for (GList *link = store->dirty.head; link != NULL && batch->queues->len < max; link = next) {
        struct sstp_store_queue *queue = link->data;
        next = link->next;
        if (batch->kind == BATCH_FREES && is_to_be_added(queue))
            continue;
        g_queue_unlink(&store->dirty, link);
        queue->is_dirty = false;
        take_queue(queue, batch->queues);
    }
    guint num = 0;
    for (; num < store->removed_queues->len && batch->queues->len < max; num++)
        g_array_append_val(
            batch->queues,
            ((struct sstp_store_change){
                .kind = QUEUE_REMOVED, .id = g_array_index(store->removed_queues, uint64_t, num)}));
    g_array_remove_range(store->removed_queues, 0, num);
}

uint64_t sstp_store_row_len(const struct sstp_store_pending *pending)
{
    return pending->payload->len + ROW_OVERHEAD;
}

static void take_pending(struct sstp_store *store, struct sstp_store_batch *batch)
{
    uint64_t num_bytes = 0;
    GList *link;
    while (num_bytes < store->max_pending &&
           (link = g_queue_pop_head_link(&store->pending)) != NULL) {
        struct sstp_store_pending *pending = link->data;
        pending->is_in_batch = true;
        num_bytes += sstp_store_row_len(pending);
        g_ptr_array_add(batch->pending, pending);
    }
}

/* Neighbours go together. */
static void take_removed(struct sstp_store *store, struct sstp_store_batch *batch, guint max)
{
    const guint num = MIN(store->removed->len, max);
    g_array_sort(store->removed, compare_ids);
    if (num == store->removed->len) {
        GArray *none = batch->removed;
        batch->removed = store->removed;
        store->removed = none;
    } else {
        g_array_append_vals(batch->removed, store->removed->data, num);
        g_array_remove_range(store->removed, 0, num);
    }
}

static void take_leaving(struct sstp_store *store, struct sstp_store_batch *batch, guint max)
{
    const guint num = MIN(store->leaving->len, max);
    g_array_append_vals(batch->leaving, store->leaving->data, num);
    g_array_remove_range(store->leaving, 0, num);
}

/* Who waits for them waits for all. */
static void take_records(struct sstp_store *store, struct sstp_store_batch *batch, guint max)
{
    for (guint num = MIN(store->records->len, max); num > 0; num--)
        g_ptr_array_add(batch->records, g_ptr_array_steal_index(store->records, 0));
    if (store->records->len > 0)
        return;
    g_array_append_vals(batch->waiters, store->waiters->data, store->waiters->len);
    g_array_set_size(store->waiters, 0);
}

static void take_loads(struct sstp_store *store, struct sstp_store_batch *batch)
{
    for (guint i = 0; i < store->loads->len; i++) {
        struct sstp_payload *payload = g_ptr_array_index(store->loads, i);
        struct sstp_store_load load = {.payload = payload};
        if (payload->row != NULL) /* else it has left it since it was asked for */
            load.row = payload->row->id;
        g_array_append_val(batch->loads, load);
    }
    g_ptr_array_set_size(store->loads, 0);
    g_ptr_array_extend_and_steal(batch->loading_queues, store->loading_queues);
    store->loading_queues = g_ptr_array_new();
}

/* Records are no more than what a reserve has room for. */
bool sstp_store_has_what_frees(const struct sstp_store *store)
{
    if (store->removed->len > 0 || store->leaving->len > 0 || store->removed_queues->len > 0 ||
        store->records->len > 0)
        return true;
    for (const GList *link = store->dirty.head; link != NULL; link = link->next)
        if (!is_to_be_added(link->data))
            return true;
    return false;
}

static bool has_changes(const struct sstp_store *store)
{
    return store->pending.length > 0 || store->dirty.length > 0 || store->removed->len > 0 ||
           store->leaving->len > 0 || store->removed_queues->len > 0 || store->records->len > 0 ||
           store->waiters->len > 0 || store->has_to_check || sstp_store_clock_has_changed(store);
}

bool sstp_store_has_work(const struct sstp_store *store)
{
    return store->disk != NULL && (store->batch != NULL || store->failure != NULL ||
                                   store->loading_queues->len > 0 || has_changes(store));
}

bool sstp_store_batch_is_empty(const struct sstp_store_batch *batch)
{
    return batch->pending->len == 0 && batch->queues->len == 0 && batch->removed->len == 0 &&
           batch->leaving->len == 0 && batch->records->len == 0 && !batch->has_clock;
}

/* What it is made of is looked for again each time, so that nothing is written which has
 * become untrue while an earlier one failed. */
static struct sstp_store_batch *new_batch(struct sstp_store *store, enum sstp_store_batch_kind kind)
{
    struct sstp_store_batch *batch = g_new0(struct sstp_store_batch, 1);
    guint max = kind == BATCH_FREES ? store->max_freed : G_MAXUINT;

    batch->disk = store->disk;
    batch->kind = kind;
    batch->pending = g_ptr_array_new();
    batch->rows = g_array_new(FALSE, FALSE, sizeof(struct sstp_store_making));
    batch->queues = g_array_new(FALSE, FALSE, sizeof(struct sstp_store_change));
    g_array_set_clear_func(batch->queues, clear_change);
    batch->removed = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    batch->leaving = g_array_new(FALSE, FALSE, sizeof(struct sstp_store_leaving));
    batch->records = g_ptr_array_new_with_free_func(sstp_store_free_record);
    batch->waiters = g_array_new(FALSE, FALSE, sizeof(struct sstp_store_waiter));
    batch->loads = g_array_new(FALSE, FALSE, sizeof(struct sstp_store_load));
    batch->loading_queues = g_ptr_array_new();
    if (kind == BATCH_READS)
        return batch;

    if (kind == BATCH_WRITES)
        take_pending(store, batch);
    sstp_store_make_rows(batch);
    take_removed(store, batch, max);
    max -= batch->removed->len;
    take_leaving(store, batch, max);
    max -= batch->leaving->len;
    take_queues(store, batch, max);
    max -= batch->queues->len;
    take_records(store, batch, max);
    store->has_to_check = false;
    /* Dirty queues may have come to nothing. */
    if (kind == BATCH_WRITES)
        batch->has_clock = sstp_store_take_clock(store, sstp_store_batch_is_empty(batch),
                                                 store->failure != NULL, &batch->clock);
    batch->is_whole = !has_changes(store);
    return batch;
}

struct sstp_store_batch *sstp_store_begin(struct sstp_store *store, int64_t now_ms)
{
    if (store->is_under_way || !sstp_store_has_work(store))
        return NULL;
    const bool is_time = store->retry_ms <= now_ms;
    const bool frees =
        store->is_short && store->free_retry_ms <= now_ms && sstp_store_has_what_frees(store);
    if (!frees && !is_time && (store->loading_queues->len == 0 || store->fails_to_read))
        return NULL;
    store->batch = new_batch(store, frees ? BATCH_FREES : is_time ? BATCH_WRITES : BATCH_READS);
    take_loads(store, store->batch);
    store->is_under_way = true;
    return store->batch;
}

int64_t sstp_store_next_retry(const struct sstp_store *store)
{
    if (store->retry_ms == SSTP_STORE_NO_RETRY || store->is_under_way ||
        !sstp_store_has_work(store))
        return SSTP_EP_NEVER;
    return store->retry_ms;
}
