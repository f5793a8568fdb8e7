/* SPDX-License-Identifier: GPL-2.0-or-later */
/* open: the beginning and the end of a store, in memory or with its file. */
#include "store/internal.h"

#define CACHED_DEFAULT (256u << 20)

/* ------------------------------------------------------------------------
 * What is in the file
 */

struct reading {
    struct sstp_store *store;
    GHashTable *queues; /* id to struct sstp_store_queue */
    GPtrArray *rows;    /* struct sstp_store_row */
};

static void read_queue(void *cookie, const struct sstp_disk_queue *row)
{
    const struct reading *reading = cookie;
    struct sstp_store *store = reading->store;
    struct sstp_store_queue *queue =
        sstp_store_add_queue(store, row->identity_url, row->device_url, row->resource_url);
    queue->id = row->id;
    queue->done = row->done;
    queue->has_row = true;
    g_hash_table_insert(reading->queues, &queue->id, queue);
    store->last_queue_id = MAX(store->last_queue_id, row->id);
    /* An id up to there would count as gone already. */
    store->last_id = MAX(store->last_id, row->done);
}

static void *read_row(void *cookie, uint64_t id)
{
    const struct reading *reading = cookie;
    struct sstp_store_row *row = g_new0(struct sstp_store_row, 1);
    row->id = id;
    g_ptr_array_add(reading->rows, row);
    return row;
}

/* The length that a payload has in memory; false where its head is none. */
static bool read_len(const struct sstp_disk_message *row, uint64_t *len)
{
    struct sstp_command command;
    if (!sstp_disk_read_head(row, &command))
        return false;
    *len = command.user_ref.len + command.fragment_id.len + row->data.len;
    return true;
}

static bool read_message(void *cookie, const struct sstp_disk_message *row)
{
    const struct reading *reading = cookie;
    struct sstp_store *store = reading->store;
    struct sstp_span queues = row->queues;
    struct sstp_payload *payload = g_new0(struct sstp_payload, 1);
    bool is_good = read_len(row, &payload->len);

    payload->num_refs = 1;
    payload->id = row->id;
    store->last_id = MAX(store->last_id, row->id);
    while (is_good && queues.len > 0) {
        uint64_t id;
        is_good = sstp_disk_read_id(&queues, &id);
        struct sstp_store_queue *queue = is_good ? g_hash_table_lookup(reading->queues, &id) : NULL;
        if (queue != NULL && row->id > queue->done)
            (void)sstp_store_append(store, queue, payload, row->expires_ms);
    }
    if (payload->num_shares > 0) {
        payload->row = row->owner;
        payload->row->num_left++;
    }
    sstp_store_payload_unref(payload);
    return is_good;
}

/* Those that nobody waits for go. */
static void keep_rows(const struct reading *reading)
{
    for (guint i = 0; i < reading->rows->len; i++) {
        struct sstp_store_row *row = g_ptr_array_index(reading->rows, i);
        if (row->num_left > 0)
            continue;
        g_array_append_val(reading->store->removed, row->id);
        g_free(row);
    }
    g_ptr_array_free(reading->rows, TRUE);
}

static bool read_record(void *cookie, const struct sstp_registry_record *record)
{
    const struct reading *reading = cookie;
    return sstp_registry_restore(reading->store->registry, record);
}

static enum sstp_disk_err read_clock(struct sstp_store *store, int64_t now_ms, int64_t wall_ms)
{
    struct sstp_disk_clock noted;
    const enum sstp_disk_err err = sstp_disk_get_clock(store->disk, &noted);
    if (err == SSTP_DISK_OK)
        sstp_store_start_clock(store, &noted, now_ms, wall_ms);
    return err;
}

static enum sstp_disk_err read_file(struct sstp_store *store)
{
    struct reading reading = {.store = store,
                              .queues = g_hash_table_new(g_int64_hash, g_int64_equal),
                              .rows = g_ptr_array_new()};
    const enum sstp_disk_err err =
        sstp_disk_read(store->disk, &(struct sstp_disk_reader){.queue = read_queue,
                                                               .row = read_row,
                                                               .message = read_message,
                                                               .record = read_record,
                                                               .cookie = &reading});
    keep_rows(&reading);
    GHashTableIter iter;
    gpointer queue;
    g_hash_table_iter_init(&iter, reading.queues);
    while (g_hash_table_iter_next(&iter, NULL, &queue)) {
        g_hash_table_iter_remove(&iter); /* the key is the queue's own */
        sstp_store_drop_if_idle(store, queue);
    }
    g_hash_table_destroy(reading.queues);
    return err;
}

struct sstp_store *sstp_store_new(void)
{
    struct sstp_store *store = g_new0(struct sstp_store, 1);
    sstp_store_init_queues(store);
    store->registry = sstp_registry_new(sstp_store_note_record, store);
    return store;
}

struct sstp_store *sstp_store_open(const char *path, const char *vfs, int64_t now_ms,
                                   int64_t wall_ms, char **error)
{
    struct sstp_disk *disk = sstp_disk_open(path, vfs, error);
    if (disk == NULL)
        return NULL;
    struct sstp_store *store = sstp_store_new();
    store->disk = disk;
    store->max_cached = CACHED_DEFAULT;
    store->retry_ms = store->free_retry_ms = SSTP_STORE_NO_RETRY;
    store->max_pending = SSTP_STORE_BATCH_BYTES;
    store->max_freed = SSTP_STORE_BATCH_FREED;
    g_queue_init(&store->pending);
    g_queue_init(&store->dirty);
    store->removed = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    store->leaving = g_array_new(FALSE, FALSE, sizeof(struct sstp_store_leaving));
    store->removed_queues = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    store->records = g_ptr_array_new_with_free_func(sstp_store_free_record);
    store->waiters = g_array_new(FALSE, FALSE, sizeof(struct sstp_store_waiter));
    store->loads = g_ptr_array_new();
    store->loading_queues = g_ptr_array_new();

    if (read_clock(store, now_ms, wall_ms) != SSTP_DISK_OK || read_file(store) != SSTP_DISK_OK) {
        *error = g_strdup_printf("the store %s is damaged: %s", path, sstp_disk_error(disk));
        store->is_unread = true;
        sstp_store_free(store);
        return NULL;
    }
    return store;
}

/* ------------------------------------------------------------------------
 * The end
 */

void sstp_store_check(struct sstp_store *store)
{
    store->has_to_check = store->disk != NULL;
}

const char *sstp_store_flush(struct sstp_store *store)
{
    struct sstp_store_batch *batch;
    if (store->disk == NULL || store->is_unread)
        return NULL;
    store->handler = (struct sstp_store_handler){.loaded = NULL};
    store->retry_ms = store->free_retry_ms = SSTP_STORE_NO_RETRY;
    sstp_store_check(store);
    /* Until all is written, or has to wait. */
    while ((batch = sstp_store_begin(store, 0)) != NULL) {
        sstp_store_write(batch);
        sstp_store_finish(store, batch, 0);
    }
    return store->failure;
}

bool sstp_store_is_durable(const struct sstp_store *store)
{
    return store->disk != NULL;
}

static void close_disk(struct sstp_store *store)
{
    GList *link;
    if (store->disk == NULL)
        return;
    g_assert(!store->is_under_way);
    (void)sstp_store_flush(store);
    while ((link = g_queue_pop_head_link(&store->pending)) != NULL)
        sstp_store_give_up(link->data);
    for (guint i = 0; i < store->waiters->len; i++) {
        const struct sstp_store_waiter *waiter =
            &g_array_index(store->waiters, struct sstp_store_waiter, i);
        waiter->safe(waiter->cookie);
    }
    for (guint i = 0; i < store->loads->len; i++)
        sstp_store_payload_unref(g_ptr_array_index(store->loads, i));
    g_array_free(store->removed, TRUE);
    g_array_free(store->leaving, TRUE);
    g_array_free(store->removed_queues, TRUE);
    g_ptr_array_free(store->records, TRUE);
    g_array_free(store->waiters, TRUE);
    g_ptr_array_free(store->loads, TRUE);
    g_ptr_array_free(store->loading_queues, TRUE);
    g_free(store->failure);
    sstp_disk_close(store->disk);
    store->disk = NULL;
}

void sstp_store_free(struct sstp_store *store)
{
    if (store == NULL)
        return;
    close_disk(store);
    sstp_store_clear_queues(store);
    sstp_registry_free(store->registry);
    g_free(store);
}

void sstp_store_set_limits(struct sstp_store *store, const struct sstp_store_limits *limits)
{
    store->limits = *limits;
}

void sstp_store_set_handler(struct sstp_store *store, struct sstp_store_handler handler)
{
    store->handler = handler;
}

struct sstp_registry *sstp_store_registry(struct sstp_store *store)
{
    return store->registry;
}

uint64_t sstp_store_num_messages(const struct sstp_store *store)
{
    return store->num_messages;
}
