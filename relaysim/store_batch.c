/* SPDX-License-Identifier: GPL-2.0-or-later */
/* store_batch: what goes to the disk together, or comes from there. */
#include "store_internal.h"

#include "encode.h"

#define BATCH_BYTES_MAX (8u << 20) /* of the messages in one transaction, but for the last */
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
    queue->is_dirty = false;
    if (queue->messages.length == 0) {
        if (!queue->has_row)
            return;
        change.kind = QUEUE_REMOVED;
        queue->has_row = false;
    } else if (!queue->has_row) {
        change.kind = QUEUE_ADDED;
        change.identity_url = g_strdup(queue->recipient->identity_url);
        change.device_url = g_strdup(queue->device_url);
        change.resource_url = g_strdup(queue->resource_url);
        queue->has_row = true;
    }
    g_array_append_val(changes, change);
}

static void take_pending(struct sstp_store *store, struct sstp_store_batch *batch)
{
    uint64_t num_bytes = 0;
    GList *link;
    while (num_bytes < BATCH_BYTES_MAX && (link = g_queue_pop_head_link(&store->pending)) != NULL) {
        struct sstp_store_pending *pending = link->data;
        pending->is_in_batch = true;
        num_bytes += pending->payload->len;
        g_ptr_array_add(batch->pending, pending);
    }
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

static bool has_changes(const struct sstp_store *store)
{
    return store->pending.length > 0 || store->dirty.length > 0 || store->removed->len > 0 ||
           store->removed_queues->len > 0 || store->records->len > 0 || store->waiters->len > 0;
}

bool sstp_store_has_work(const struct sstp_store *store)
{
    return store->disk != NULL && (store->batch != NULL || store->loading_queues->len > 0 ||
                                   has_changes(store) || sstp_store_clock_has_changed(store));
}

static struct sstp_store_batch *new_batch(struct sstp_store *store)
{
    struct sstp_store_batch *batch = g_new0(struct sstp_store_batch, 1);
    GList *link;

    batch->disk = store->disk;
    batch->pending = g_ptr_array_new();
    batch->queues = g_array_new(FALSE, FALSE, sizeof(struct sstp_store_change));
    g_array_set_clear_func(batch->queues, clear_change);
    batch->loads = g_array_new(FALSE, FALSE, sizeof(struct sstp_store_load));
    batch->loading_queues = g_ptr_array_new();

    take_pending(store, batch);
    while ((link = g_queue_pop_head_link(&store->dirty)) != NULL)
        take_queue(link->data, batch->queues);
    for (guint i = 0; i < store->removed_queues->len; i++)
        g_array_append_val(
            batch->queues,
            ((struct sstp_store_change){.kind = QUEUE_REMOVED,
                                        .id = g_array_index(store->removed_queues, uint64_t, i)}));
    g_array_set_size(store->removed_queues, 0);
    batch->removed = store->removed;
    store->removed = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    g_array_sort(batch->removed, compare_ids);
    batch->records = store->records;
    store->records = g_ptr_array_new_with_free_func(sstp_store_free_record);
    batch->waiters = store->waiters;
    store->waiters = g_array_new(FALSE, FALSE, sizeof(struct sstp_store_waiter));
    /* Dirty queues may have come to nothing. */
    const bool is_empty = batch->pending->len == 0 && batch->queues->len == 0 &&
                          batch->removed->len == 0 && batch->records->len == 0;
    batch->has_clock = sstp_store_take_clock(store, is_empty, &batch->clock);
    batch->is_written = is_empty && !batch->has_clock;
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
    if (!is_time && (store->loading_queues->len == 0 || store->fails_to_read))
        return NULL;
    if (store->batch == NULL)
        store->batch = new_batch(store);
    store->batch->writes = is_time;
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

static enum sstp_disk_err write_all(const struct sstp_store_batch *batch)
{
    sstp_disk_begin(batch->disk);
    for (guint i = 0; i < batch->queues->len; i++)
        write_queue(batch->disk, &g_array_index(batch->queues, struct sstp_store_change, i));
    for (guint i = 0; i < batch->pending->len; i++)
        write_message(batch, g_ptr_array_index(batch->pending, i));
    remove_messages(batch->disk, batch->removed);
    for (guint i = 0; i < batch->records->len; i++)
        sstp_disk_put_record(batch->disk, g_ptr_array_index(batch->records, i));
    if (batch->has_clock)
        sstp_disk_put_clock(batch->disk, &batch->clock);
    return sstp_disk_commit(batch->disk);
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
    enum sstp_disk_err err = SSTP_DISK_OK;
    g_clear_pointer(&batch->error, g_free);
    if (batch->writes && !batch->is_written) {
        err = write_all(batch);
        batch->is_written = err == SSTP_DISK_OK;
        if (err != SSTP_DISK_OK)
            batch->error = g_strdup(sstp_disk_error(batch->disk));
    }
    batch->read_err = read_all(batch);
    if (err == SSTP_DISK_OK && batch->read_err != SSTP_DISK_OK)
        batch->error = g_strdup(sstp_disk_error(batch->disk));
    batch->err = err != SSTP_DISK_OK ? err : batch->read_err;
}

/* ------------------------------------------------------------------------
 * Behind it
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
    static const char *const sentences[] = {
        [-SSTP_DISK_NO_SPACE] = "the disk of the store is full",
        [-SSTP_DISK_FAILED] = "the store cannot be read or written",
        [-SSTP_DISK_DAMAGED] = "the store is damaged",
        [-SSTP_DISK_NOT_FOUND] = "the store has lost a message"};
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

void sstp_store_finish(struct sstp_store *store, struct sstp_store_batch *batch, int64_t now_ms)
{
    g_assert(store->batch == batch && store->is_under_way);
    store->is_under_way = false;
    store->fails_to_read = batch->read_err != SSTP_DISK_OK;
    if (batch->err != SSTP_DISK_OK)
        store->retry_ms = now_ms + RETRY_MS;
    else if (batch->writes)
        store->retry_ms = SSTP_STORE_NO_RETRY;
    if (batch->writes || batch->err != SSTP_DISK_OK)
        set_failure(store, batch);
    if (batch->is_written) {
        for (guint i = 0; i < batch->pending->len; i++)
            finish_pending(store, g_ptr_array_index(batch->pending, i));
        for (guint i = 0; i < batch->waiters->len; i++) {
            const struct sstp_store_waiter *waiter =
                &g_array_index(batch->waiters, struct sstp_store_waiter, i);
            waiter->safe(waiter->cookie);
        }
    }
    finish_loads(store, batch);
    if (batch->is_written) {
        store->batch = NULL;
        free_batch(batch);
    }
}

void sstp_store_give_up(struct sstp_store_pending *pending)
{
    sstp_store_tell_safe(pending);
    sstp_store_free_pending(pending);
}

void sstp_store_give_up_batch(struct sstp_store *store)
{
    struct sstp_store_batch *batch = store->batch;
    if (batch == NULL)
        return;
    for (guint i = 0; i < batch->pending->len; i++)
        sstp_store_give_up(g_ptr_array_index(batch->pending, i));
    for (guint i = 0; i < batch->waiters->len; i++) {
        const struct sstp_store_waiter *waiter =
            &g_array_index(batch->waiters, struct sstp_store_waiter, i);
        waiter->safe(waiter->cookie);
    }
    store->batch = NULL;
    free_batch(batch);
}

int64_t sstp_store_next_retry(const struct sstp_store *store)
{
    return store->retry_ms != SSTP_STORE_NO_RETRY && !store->is_under_way &&
                   sstp_store_has_work(store)
               ? store->retry_ms
               : SSTP_EP_NEVER;
}

const char *sstp_store_failure(const struct sstp_store *store)
{
    return store->failure;
}
