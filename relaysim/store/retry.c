/* SPDX-License-Identifier: GPL-2.0-or-later */
/* retry: what becomes of a batch that was not written. */
#include "store/internal.h"

static void put_back_pending(struct sstp_store *store, struct sstp_store_pending *pending)
{
    pending->is_in_batch = false;
    if (pending->payload->num_shares > 0) {
        g_queue_push_head_link(&store->pending, &pending->link);
        return;
    }
    /* Nobody needs it any more, nor the row that may have begun with it: the others are put again.
     */
    g_array_append_val(store->removed, pending->payload->id);
    sstp_store_free_pending(pending);
}

static GHashTable *queues_by_id(const struct sstp_store *store)
{
    GHashTable *queues = g_hash_table_new(g_int64_hash, g_int64_equal);
    GHashTableIter iter;
    gpointer key;
    g_hash_table_iter_init(&iter, store->queues);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        struct sstp_store_queue *queue = key;
        g_hash_table_insert(queues, &queue->id, queue);
    }
    return queues;
}

/* A queue that has gone meanwhile needs no row, whatever it was to get. */
static void put_back_queue(struct sstp_store *store, GHashTable *queues,
                           const struct sstp_store_change *change)
{
    struct sstp_store_queue *queue = g_hash_table_lookup(queues, &change->id);
    if (queue == NULL) {
        g_array_append_val(store->removed_queues, change->id);
        return;
    }
    queue->has_row = true;
    queue->is_unsure = queue->is_unsure || change->kind != QUEUE_DONE;
    sstp_store_mark_dirty(store, queue);
}

void sstp_store_put_back(struct sstp_store *store, struct sstp_store_batch *batch)
{
    sstp_store_unmake_rows(batch);
    for (guint i = batch->pending->len; i > 0; i--)
        put_back_pending(store, g_ptr_array_index(batch->pending, i - 1));
    g_ptr_array_set_size(batch->pending, 0);
    if (batch->queues->len > 0) {
        GHashTable *queues = queues_by_id(store);
        for (guint i = 0; i < batch->queues->len; i++)
            put_back_queue(store, queues,
                           &g_array_index(batch->queues, struct sstp_store_change, i));
        g_hash_table_destroy(queues);
    }
    g_array_append_vals(store->removed, batch->removed->data, batch->removed->len);
    g_array_append_vals(store->leaving, batch->leaving->data, batch->leaving->len);
    /* Those that came meanwhile are added after them. */
    for (guint i = 0; i < batch->records->len; i++)
        g_ptr_array_insert(store->records, (gint)i, g_ptr_array_index(batch->records, i));
    g_ptr_array_set_free_func(batch->records, NULL);
    g_array_append_vals(store->waiters, batch->waiters->data, batch->waiters->len);
    if (batch->has_clock)
        sstp_store_forget_clock(store);
}
