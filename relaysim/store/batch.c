/* SPDX-License-Identifier: GPL-2.0-or-later */
/* batch: what goes to the disk together, or comes from there. */
#include "store/internal.h"

#include "core/encode.h"
#include "endpoint/endpoint.h"

#define RETRY_MS 1000
#define HEAD_MAX 2055u /* of a Message command (GRVSSTP 2.2.10) */

/* ------------------------------------------------------------------------
 * Batches
 */

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

static void take_pending(struct sstp_store *store, struct sstp_store_batch *batch)
{
    uint64_t num_bytes = 0;
    GList *link;
    while (num_bytes < store->max_pending &&
           (link = g_queue_pop_head_link(&store->pending)) != NULL) {
        struct sstp_store_pending *pending = link->data;
        pending->is_in_batch = true;
        num_bytes += pending->payload->len;
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
    for (guint i = 0; i < store->loads->len; i++)
        g_array_append_val(batch->loads, ((struct sstp_store_load){
                                             .payload = g_ptr_array_index(store->loads, i)}));
    g_ptr_array_set_size(store->loads, 0);
    g_ptr_array_extend_and_steal(batch->loading_queues, store->loading_queues);
    store->loading_queues = g_ptr_array_new();
}

/* Records are no more than what a reserve has room for. */
static bool has_what_frees(const struct sstp_store *store)
{
    if (store->removed->len > 0 || store->removed_queues->len > 0 || store->records->len > 0)
        return true;
    for (const GList *link = store->dirty.head; link != NULL; link = link->next)
        if (!is_to_be_added(link->data))
            return true;
    return false;
}

static bool has_changes(const struct sstp_store *store)
{
    return store->pending.length > 0 || store->dirty.length > 0 || store->removed->len > 0 ||
           store->removed_queues->len > 0 || store->records->len > 0 || store->waiters->len > 0 ||
           store->has_to_check || sstp_store_clock_has_changed(store);
}

bool sstp_store_has_work(const struct sstp_store *store)
{
    return store->disk != NULL && (store->batch != NULL || store->failure != NULL ||
                                   store->loading_queues->len > 0 || has_changes(store));
}

static bool is_empty(const struct sstp_store_batch *batch)
{
    return batch->pending->len == 0 && batch->queues->len == 0 && batch->removed->len == 0 &&
           batch->records->len == 0 && !batch->has_clock;
}

/* What it is made of is looked for again each time, so that nothing is written which has
 * become untrue while an earlier one failed. */
static struct sstp_store_batch *new_batch(struct sstp_store *store, enum sstp_store_batch_kind kind)
{
    struct sstp_store_batch *batch = g_new0(struct sstp_store_batch, 1);
    const guint max = kind == BATCH_FREES ? store->max_freed : G_MAXUINT;

    batch->disk = store->disk;
    batch->kind = kind;
    batch->pending = g_ptr_array_new();
    batch->queues = g_array_new(FALSE, FALSE, sizeof(struct sstp_store_change));
    g_array_set_clear_func(batch->queues, clear_change);
    batch->removed = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    batch->records = g_ptr_array_new_with_free_func(sstp_store_free_record);
    batch->waiters = g_array_new(FALSE, FALSE, sizeof(struct sstp_store_waiter));
    batch->loads = g_array_new(FALSE, FALSE, sizeof(struct sstp_store_load));
    batch->loading_queues = g_ptr_array_new();
    if (kind == BATCH_READS)
        return batch;

    if (kind == BATCH_WRITES)
        take_pending(store, batch);
    take_removed(store, batch, max);
    take_queues(store, batch, max - MIN(max, batch->removed->len));
    take_records(store, batch, max - MIN(max, batch->removed->len + batch->queues->len));
    store->has_to_check = false;
    /* Dirty queues may have come to nothing. */
    if (kind == BATCH_WRITES)
        batch->has_clock =
            sstp_store_take_clock(store, is_empty(batch), store->failure != NULL, &batch->clock);
    batch->is_whole = !has_changes(store);
    return batch;
}

static void free_batch(struct sstp_store_batch *batch)
{
    g_ptr_array_free(batch->pending, TRUE);
    g_array_free(batch->queues, TRUE);
    g_array_free(batch->removed, TRUE);
    g_ptr_array_free(batch->records, TRUE);
    g_array_free(batch->loads, TRUE);
    g_array_free(batch->waiters, TRUE);
    g_ptr_array_free(batch->loading_queues, TRUE);
    g_free(batch->error);
    g_free(batch);
}

struct sstp_store_batch *sstp_store_begin(struct sstp_store *store, int64_t now_ms)
{
    if (store->is_under_way || !sstp_store_has_work(store))
        return NULL;
    const bool is_time = store->retry_ms <= now_ms;
    const bool frees = store->is_short && store->free_retry_ms <= now_ms && has_what_frees(store);
    if (!frees && !is_time && (store->loading_queues->len == 0 || store->fails_to_read))
        return NULL;
    store->batch = new_batch(store, frees ? BATCH_FREES : is_time ? BATCH_WRITES : BATCH_READS);
    take_loads(store, store->batch);
    store->is_under_way = true;
    return store->batch;
}

/* ------------------------------------------------------------------------
 * On the worker
 */

static void write_queue(struct sstp_disk *disk, const struct sstp_store_change *change)
{
    switch (change->kind) {
    case QUEUE_ADDED:
        sstp_disk_put_queue(disk, &(struct sstp_disk_queue){.id = change->id,
                                                            .done = change->done,
                                                            .identity_url = change->identity_url,
                                                            .device_url = change->device_url,
                                                            .resource_url = change->resource_url});
        break;
    case QUEUE_DONE:
        sstp_disk_set_done(disk, change->id, change->done);
        break;
    case QUEUE_REMOVED:
        sstp_disk_remove_queue(disk, change->id);
        break;
    }
}

static void write_message(const struct sstp_store_batch *batch,
                          const struct sstp_store_pending *pending)
{
    const struct sstp_payload *payload = pending->payload;
    const struct sstp_command command = sstp_ep_message_command(&payload->content->message);
    uint8_t head[HEAD_MAX];
    const size_t len = sstp_command_encode(&command, head, sizeof head);
    g_assert(len > 0); /* it came out of such a command */
    sstp_disk_put_message(batch->disk,
                          &(struct sstp_disk_message){
                              .id = payload->id,
                              .expires_ms = pending->expires_ms,
                              .stored_ms = pending->stored_ms,
                              .queues = sstp_span(pending->queues->data, pending->queues->len),
                              .head = sstp_span(head, len),
                              .data = payload->content->message.data});
}

/* Neighbours go together, which costs a fraction. */
static void remove_messages(struct sstp_disk *disk, const GArray *ids)
{
    for (guint i = 0, next; i < ids->len; i = next) {
        const uint64_t first = g_array_index(ids, uint64_t, i);
        for (next = i + 1; next < ids->len; next++)
            if (g_array_index(ids, uint64_t, next) != first + (next - i))
                break;
        sstp_disk_remove_messages(disk, first, first + (next - i) - 1);
    }
}

/* What frees space goes first: what comes after it may need that. */
static enum sstp_disk_err write_all(const struct sstp_store_batch *batch)
{
    sstp_disk_begin(batch->disk);
    remove_messages(batch->disk, batch->removed);
    for (guint i = 0; i < batch->queues->len; i++)
        write_queue(batch->disk, &g_array_index(batch->queues, struct sstp_store_change, i));
    for (guint i = 0; i < batch->pending->len; i++)
        write_message(batch, g_ptr_array_index(batch->pending, i));
    for (guint i = 0; i < batch->records->len; i++)
        sstp_disk_put_record(batch->disk, g_ptr_array_index(batch->records, i));
    if (batch->has_clock)
        sstp_disk_put_clock(batch->disk, &batch->clock);
    return sstp_disk_commit(batch->disk);
}

/* Before, so that nothing is written into what nobody finds; after, for it may have gone
 * meanwhile. */
static enum sstp_disk_err write_where_it_is_found(const struct sstp_store_batch *batch)
{
    enum sstp_disk_err err = sstp_disk_check_place(batch->disk);
    if (err != SSTP_DISK_OK || is_empty(batch))
        return err;
    err = write_all(batch);
    if (err == SSTP_DISK_NO_SPACE) {
        sstp_disk_make_room(batch->disk);
        err = write_all(batch);
    }
    return err == SSTP_DISK_OK ? sstp_disk_check_place(batch->disk) : err;
}

static struct sstp_store_content *content_of(const struct sstp_disk_message *row)
{
    struct sstp_command command;
    if (!sstp_disk_read_head(row, &command))
        return NULL;
    const struct sstp_ep_message message = sstp_ep_command_message(&command, row->data);
    struct sstp_store_content *content = sstp_store_content_new(&message);
    content->was_read = true;
    return content;
}

static enum sstp_disk_err read_all(const struct sstp_store_batch *batch)
{
    enum sstp_disk_err err = SSTP_DISK_OK;
    for (guint i = 0; i < batch->loads->len; i++) {
        struct sstp_store_load *load = &g_array_index(batch->loads, struct sstp_store_load, i);
        struct sstp_disk_message row;
        const enum sstp_disk_err row_err =
            sstp_disk_get_message(batch->disk, load->payload->id, &row);
        if (row_err == SSTP_DISK_OK)
            load->content = content_of(&row);
        else if (row_err != SSTP_DISK_NOT_FOUND) /* removed, perhaps by this batch */
            err = row_err;
    }
    return err;
}

void sstp_store_write(struct sstp_store_batch *batch)
{
    if (batch->kind != BATCH_READS)
        batch->err = write_where_it_is_found(batch);
    batch->is_written = batch->err == SSTP_DISK_OK;
    if (!batch->is_written)
        batch->error = g_strdup(sstp_disk_error(batch->disk));
    batch->read_err = read_all(batch);
    if (batch->is_written && batch->read_err != SSTP_DISK_OK) {
        batch->err = batch->read_err;
        batch->error = g_strdup(sstp_disk_error(batch->disk));
    }
}

/* ------------------------------------------------------------------------
 * After it
 */

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

/* There was no space: half of it is tried at once, as long as it can be halved; returns
 * whether. */
static bool halve(struct sstp_store *store, const struct sstp_store_batch *batch, int64_t now_ms)
{
    store->is_short = true;
    if (batch->kind == BATCH_FREES) {
        const guint num = batch->removed->len + batch->queues->len + batch->records->len;
        store->max_freed = MAX(num / 2, 1);
        return num > 1;
    }
    uint64_t num_bytes = 0;
    for (guint i = 0; i < batch->pending->len; i++) {
        const struct sstp_store_pending *pending = g_ptr_array_index(batch->pending, i);
        num_bytes += pending->payload->len;
    }
    store->max_pending = MAX(num_bytes / 2, 1);
    return batch->pending->len > 1 || (store->free_retry_ms <= now_ms && has_what_frees(store));
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

void sstp_store_finish(struct sstp_store *store, struct sstp_store_batch *batch, int64_t now_ms)
{
    g_assert(store->batch == batch && store->is_under_way);
    store->is_under_way = false;
    store->fails_to_read = batch->read_err != SSTP_DISK_OK;
    if (batch->is_written)
        finish_written(store, batch);
    else
        sstp_store_put_back(store, batch);
    if (batch->err == SSTP_DISK_OK && batch->kind != BATCH_READS)
        go_on(store, batch);
    else if (batch->err != SSTP_DISK_OK &&
             (batch->err != SSTP_DISK_NO_SPACE || !halve(store, batch, now_ms)))
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

int64_t sstp_store_next_retry(const struct sstp_store *store)
{
    if (store->retry_ms == SSTP_STORE_NO_RETRY || store->is_under_way ||
        !sstp_store_has_work(store))
        return SSTP_EP_NEVER;
    return store->retry_ms;
}

const char *sstp_store_failure(const struct sstp_store *store)
{
    return store->failure;
}
