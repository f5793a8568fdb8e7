/* SPDX-License-Identifier: GPL-2.0-or-later */
/* store_batch: what of the store has to go to the disk, or to come from there; and the
 * batches in which it does. */
#include "store_internal.h"

#include "encode.h"

#define BATCH_BYTES_MAX (8u << 20)  /* of the messages in one transaction, but for the last */
#define LOAD_BYTES_MAX (512u << 10) /* read ahead for one queue, but for the first message */
#define LOAD_MESSAGES_MAX 512u
#define LOOK_AHEAD_MAX 2048u /* messages that are looked at for those */
#define RETRY_MS 1000
#define HEAD_MAX 2055u /* of a Message command (GRVSSTP 2.2.10) */

/* A row of a queue: made, changed or removed. */
struct queue_change {
    enum { QUEUE_ADDED, QUEUE_DONE, QUEUE_REMOVED } kind;
    uint64_t id, done;
    char *identity_url, *device_url, *resource_url; /* QUEUE_ADDED */
};

struct load {
    struct sstp_payload *payload;
    struct sstp_store_content *content; /* NULL where it was not found */
};

/* The worker reads all but the last two, and writes what stands behind; the rest of the
 * store it must not touch. */
struct sstp_store_batch {
    struct sstp_disk *disk;
    int64_t wall_ms;
    bool writes;        /* it is time to write; otherwise, it only reads */
    GPtrArray *pending; /* struct sstp_store_pending */
    GArray *queues;     /* struct queue_change */
    GArray *removed;    /* ids, sorted */
    GPtrArray *records; /* struct sstp_registry_record */
    GArray *loads;      /* struct load */
    GArray *waiters;
    GPtrArray *loading_queues;

    bool is_written;
    enum sstp_disk_err err, read_err;
    char *error;
};

/* ------------------------------------------------------------------------
 * Notes of what has changed
 */

static void mark_dirty(struct sstp_store *store, struct sstp_store_queue *queue)
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
        mark_dirty(store, queue);
}

static void free_pending(struct sstp_store_pending *pending)
{
    struct sstp_payload *payload = pending->payload;
    payload->pending = NULL;
    g_byte_array_free(pending->queues, TRUE);
    g_free(pending);
    sstp_store_payload_unref(payload);
}

static void tell_safe(struct sstp_store_pending *pending)
{
    void (*safe)(void *cookie) = pending->safe;
    pending->safe = NULL;
    if (safe != NULL)
        safe(pending->cookie);
}

/* It is in no queue any more. */
static void forget(struct sstp_store *store, struct sstp_payload *payload)
{
    struct sstp_store_pending *pending = payload->pending;
    if (pending == NULL) {
        g_array_append_val(store->removed, payload->id);
        sstp_store_drop_content(store, payload);
        return;
    }
    /* Every recipient has it, or its time was over: that is as good as the disk.
     * What is being written is removed behind that. */
    tell_safe(pending);
    if (!pending->is_in_batch) {
        g_queue_unlink(&store->pending, &pending->link);
        free_pending(pending);
    }
}

void sstp_store_note_removed(struct sstp_store *store, struct sstp_store_queue *queue,
                             struct sstp_payload *payload, bool was_first)
{
    if (store->disk == NULL)
        return;
    if (was_first) {
        /* The same queue may have been named twice for one message. */
        const struct sstp_store_message *next = g_queue_peek_head(&queue->messages);
        const bool has_it_again = next != NULL && next->payload == payload;
        queue->done = has_it_again ? payload->id - 1 : payload->id;
    }
    if (payload->num_shares == 0)
        forget(store, payload);
    else if (was_first)
        mark_dirty(store, queue); /* what else went before is told with the message's row */
    if (queue->messages.length == 0 && queue->has_row)
        mark_dirty(store, queue);
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
    g_free(content);
}

static void count_content(struct sstp_store *store, struct sstp_store_content *content)
{
    content->is_counted = true;
    *(content->was_read ? &store->num_read : &store->num_cached) += content->len;
}

static bool needs_loading(const struct sstp_payload *payload)
{
    return payload->content == NULL && !payload->is_loading;
}

/* Asks for a message, and for some of those behind it. */
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

void sstp_store_sent(struct sstp_store *store, struct sstp_store_message *message)
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

/* ------------------------------------------------------------------------
 * Batches
 */

static void clear_change(gpointer data)
{
    struct queue_change *change = data;
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
    struct queue_change change = {.kind = QUEUE_DONE, .id = queue->id, .done = queue->done};
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
        g_array_append_val(batch->loads,
                           ((struct load){.payload = g_ptr_array_index(store->loads, i)}));
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
    return store->disk != NULL &&
           (store->batch != NULL || store->loading_queues->len > 0 || has_changes(store));
}

static struct sstp_store_batch *new_batch(struct sstp_store *store)
{
    struct sstp_store_batch *batch = g_new0(struct sstp_store_batch, 1);
    GList *link;

    batch->disk = store->disk;
    batch->wall_ms = store->wall_ms;
    batch->pending = g_ptr_array_new();
    batch->queues = g_array_new(FALSE, FALSE, sizeof(struct queue_change));
    g_array_set_clear_func(batch->queues, clear_change);
    batch->loads = g_array_new(FALSE, FALSE, sizeof(struct load));
    batch->loading_queues = g_ptr_array_new();

    take_pending(store, batch);
    while ((link = g_queue_pop_head_link(&store->dirty)) != NULL)
        take_queue(link->data, batch->queues);
    for (guint i = 0; i < store->removed_queues->len; i++)
        g_array_append_val(
            batch->queues,
            ((struct queue_change){.kind = QUEUE_REMOVED,
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
    batch->is_written = batch->pending->len == 0 && batch->queues->len == 0 &&
                        batch->removed->len == 0 && batch->records->len == 0;
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

static void write_queue(struct sstp_disk *disk, const struct queue_change *change)
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
    const int64_t expires_ms =
        pending->expires_ms == SSTP_EP_NEVER ? SSTP_EP_NEVER : pending->expires_ms + batch->wall_ms;
    g_assert(len > 0); /* it came out of such a command */
    sstp_disk_put_message(batch->disk,
                          &(struct sstp_disk_message){
                              .id = payload->id,
                              .expires_ms = expires_ms,
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
        write_queue(batch->disk, &g_array_index(batch->queues, struct queue_change, i));
    for (guint i = 0; i < batch->pending->len; i++)
        write_message(batch, g_ptr_array_index(batch->pending, i));
    remove_messages(batch->disk, batch->removed);
    for (guint i = 0; i < batch->records->len; i++)
        sstp_disk_put_record(batch->disk, g_ptr_array_index(batch->records, i));
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
        struct load *load = &g_array_index(batch->loads, struct load, i);
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
    tell_safe(pending);
    free_pending(pending);
    count_content(store, payload->content);
    if (payload->num_shares == 0)
        forget(store, payload);
    else if (store->num_cached > store->max_cached)
        sstp_store_drop_content(store, payload);
    sstp_store_payload_unref(payload);
}

static void finish_load(struct sstp_store *store, struct load *load)
{
    struct sstp_payload *payload = load->payload;
    payload->is_loading = false;
    if (load->content != NULL && payload->num_shares > 0) {
        payload->content = load->content;
        count_content(store, load->content);
    } else {
        g_free(load->content);
    }
    sstp_store_payload_unref(payload);
}

/* Those who wait for messages may find that theirs are not among them: they ask again. */
static void finish_loads(struct sstp_store *store, struct sstp_store_batch *batch)
{
    for (guint i = 0; i < batch->loads->len; i++)
        finish_load(store, &g_array_index(batch->loads, struct load, i));
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
    tell_safe(pending);
    free_pending(pending);
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
