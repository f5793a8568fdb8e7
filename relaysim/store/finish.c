/* SPDX-License-Identifier: GPL-2.0-or-later */
/* finish: what becomes of a store when its batch has been written, or has not. */
#include "store/internal.h"

#define RETRY_MS 1000

static void finish_pending(struct sstp_store *store, struct sstp_store_pending *pending)
{
    struct sstp_payload *payload = pending->payload;
    payload->num_refs++;
    sstp_store_tell_safe(pending);
    sstp_store_free_pending(pending);
    sstp_store_count_content(store, payload->content);
    if (payload->num_shares == 0)
        sstp_store_forget(store, payload);
    else if (store->num_cached > store->max_cached)
        sstp_store_drop_content(store, payload);
    sstp_store_payload_unref(payload);
}

static void finish_load(struct sstp_store *store, struct sstp_store_load *load)
{
    struct sstp_payload *payload = load->payload;
    payload->is_loading = false;
    if (load->content != NULL && payload->num_shares > 0) {
        payload->content = load->content;
        sstp_store_count_content(store, load->content);
    } else {
        sstp_store_content_free(load->content);
    }
    sstp_store_payload_unref(payload);
}

/* Those who wait for messages may find that theirs are not among them: they ask again. */
static void finish_loads(struct sstp_store *store, struct sstp_store_batch *batch)
{
    for (guint i = 0; i < batch->loads->len; i++)
        finish_load(store, &g_array_index(batch->loads, struct sstp_store_load, i));
    g_array_set_size(batch->loads, 0);
    while (batch->loading_queues->len > 0) {
        struct sstp_store_queue *queue =
            g_ptr_array_steal_index_fast(batch->loading_queues, batch->loading_queues->len - 1);
        queue->is_loading = false;
        if (store->handler.loaded != NULL)
            store->handler.loaded(store->handler.cookie, queue);
    }
}

static void set_failure(struct sstp_store *store, const struct sstp_store_batch *batch)
{
    static const char *const sentences[] = {[-SSTP_DISK_NO_SPACE] = "the disk of the store is full",
                                            [-SSTP_DISK_FAILED] =
                                                "the store cannot be read or written",
                                            [-SSTP_DISK_DAMAGED] = "the store is damaged",
                                            [-SSTP_DISK_NOT_FOUND] = "the store has lost a message",
                                            [-SSTP_DISK_GONE] = "the store is not where it was"};
    char *failure = NULL;
    if (batch->err != SSTP_DISK_OK)
        failure = g_strdup_printf("%s: %s", sentences[-batch->err], batch->error);
    if (g_strcmp0(failure, store->failure) == 0) {
        g_free(failure);
        return;
    }
    g_free(store->failure);
    store->failure = failure;
    if (store->handler.failing != NULL)
        store->handler.failing(store->handler.cookie, failure);
}

static void finish_written(struct sstp_store *store, struct sstp_store_batch *batch)
{
    for (guint i = 0; i < batch->pending->len; i++)
        finish_pending(store, g_ptr_array_index(batch->pending, i));
    for (guint i = 0; i < batch->waiters->len; i++) {
        const struct sstp_store_waiter *waiter =
            &g_array_index(batch->waiters, struct sstp_store_waiter, i);
        waiter->safe(waiter->cookie);
    }
}

/* The bytes of messages that a batch may have to be half of this one, and a message less at
 * least, however long they are. */
static uint64_t half_of(const struct sstp_store_batch *batch)
{
    uint64_t num_bytes = 0, last = 0;
    for (guint i = 0; i < batch->pending->len; i++) {
        last = sstp_store_row_len(g_ptr_array_index(batch->pending, i));
        num_bytes += last;
    }
    return batch->pending->len > 1 ? MIN(num_bytes / 2, num_bytes - last) : MAX(num_bytes / 2, 1);
}

/* There was no space: half of it is tried at once, as long as it can be halved; returns
 * whether. */
static bool halve(struct sstp_store *store, const struct sstp_store_batch *batch, guint num_pending,
                  int64_t now_ms)
{
    store->is_short = true;
    if (batch->kind == BATCH_FREES) {
        const guint num =
            batch->removed->len + batch->leaving->len + batch->queues->len + batch->records->len;
        store->max_freed = MAX(num / 2, 1);
        return num > 1;
    }
    return num_pending > 1 || (store->free_retry_ms <= now_ms && sstp_store_has_what_frees(store));
}

static void try_later(struct sstp_store *store, const struct sstp_store_batch *batch,
                      int64_t now_ms)
{
    store->retry_ms = now_ms + RETRY_MS;
    /* What frees space is stopped by other things than the lack of it, or by itself. */
    if (batch->kind == BATCH_FREES || batch->err != SSTP_DISK_NO_SPACE)
        store->free_retry_ms = store->retry_ms;
    set_failure(store, batch);
    if (batch->records->len > 0 && store->handler.registry_failing != NULL)
        store->handler.registry_failing(store->handler.cookie);
}

/* More is tried the next time; and what waits for space is tried at once. */
static void go_on(struct sstp_store *store, const struct sstp_store_batch *batch)
{
    store->retry_ms = store->free_retry_ms = SSTP_STORE_NO_RETRY;
    if (batch->kind == BATCH_FREES) {
        store->max_freed = MIN(2 * store->max_freed, SSTP_STORE_BATCH_FREED);
        return;
    }
    store->max_pending = MIN(2 * store->max_pending, SSTP_STORE_BATCH_BYTES);
    if (!batch->is_whole)
        return;
    store->is_short = false;
    set_failure(store, batch);
}

static void free_batch(struct sstp_store_batch *batch)
{
    g_ptr_array_free(batch->pending, TRUE);
    g_array_free(batch->rows, TRUE);
    g_array_free(batch->queues, TRUE);
    g_array_free(batch->removed, TRUE);
    g_array_free(batch->leaving, TRUE);
    g_ptr_array_free(batch->records, TRUE);
    g_array_free(batch->loads, TRUE);
    g_array_free(batch->waiters, TRUE);
    g_ptr_array_free(batch->loading_queues, TRUE);
    g_free(batch->error);
    g_free(batch);
}

void sstp_store_finish(struct sstp_store *store, struct sstp_store_batch *batch, int64_t now_ms)
{
    g_assert(store->batch == batch && store->is_under_way);
    store->is_under_way = false;
    store->fails_to_read = batch->read_err != SSTP_DISK_OK;
    /* Of the messages, which are put back below. */
    const guint num_pending = batch->pending->len;
    if (batch->err == SSTP_DISK_NO_SPACE && batch->kind == BATCH_WRITES)
        store->max_pending = half_of(batch);
    if (batch->is_written)
        finish_written(store, batch);
    else
        sstp_store_put_back(store, batch);
    if (batch->err == SSTP_DISK_OK && batch->kind != BATCH_READS)
        go_on(store, batch);
    else if (batch->err != SSTP_DISK_OK &&
             (batch->err != SSTP_DISK_NO_SPACE || !halve(store, batch, num_pending, now_ms)))
        try_later(store, batch, now_ms);
    finish_loads(store, batch);
    store->batch = NULL;
    free_batch(batch);
}

void sstp_store_give_up(struct sstp_store_pending *pending)
{
    sstp_store_tell_safe(pending);
    sstp_store_free_pending(pending);
}

const char *sstp_store_failure(const struct sstp_store *store)
{
    return store->failure;
}
