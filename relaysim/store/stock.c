/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store/stock.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define PURGE_MAX 256u /* messages that one transaction changes */

/* A row of the disk. */
struct row {
    uint64_t id;
    unsigned num_left; /* messages that somebody waits for */
};

/* What is to be done with a message: all of it goes, or it is for these alone. */
struct change {
    struct row *row;
    uint64_t id;
    GByteArray *queues; /* NULL: it goes */
};

struct stock {
    struct sstp_disk *disk;
    char *path;
    GHashTable *queues; /* id to struct stock_queue, all of the file */
    struct stock_summary summary;
    const struct stock_filter *filter; /* of the reading under way */
    GPtrArray *rows;                   /* struct row, all of the file */
    GArray *changes;                   /* struct change: messages of the filter */
    uint64_t num_shares;
};

/* ------------------------------------------------------------------------
 * Beginning and end
 */

static void free_queue(gpointer data)
{
    struct stock_queue *queue = data;
    g_free(queue->identity_url);
    g_free(queue->device_url);
    g_free(queue->resource_url);
    g_free(queue);
}

static void clear_change(gpointer data)
{
    struct change *change = data;
    if (change->queues != NULL)
        g_byte_array_free(change->queues, TRUE);
}

static bool says(const struct stock *stock, char **error)
{
    *error = g_strdup_printf("the store %s cannot be used: %s", stock->path,
                             sstp_disk_error(stock->disk));
    return false;
}

struct stock *stock_open(const char *path, int64_t wall_ms, char **error)
{
    struct sstp_disk_clock clock;
    if (path[0] != '\0' && access(path, F_OK) != 0) {
        *error = g_strdup_printf("there is no store %s: %s", path, g_strerror(errno));
        return NULL;
    }
    struct sstp_disk *disk = sstp_disk_open(path, NULL, error);
    if (disk == NULL)
        return NULL;
    struct stock *stock = g_new0(struct stock, 1);
    stock->disk = disk;
    stock->path = g_strdup(path);
    stock->queues = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free_queue);
    stock->summary.queues = g_ptr_array_new();
    stock->summary.devices = g_ptr_array_new_with_free_func(g_free);
    stock->summary.accounts = g_ptr_array_new_with_free_func(g_free);
    stock->rows = g_ptr_array_new_with_free_func(g_free);
    stock->changes = g_array_new(FALSE, FALSE, sizeof(struct change));
    g_array_set_clear_func(stock->changes, clear_change);
    if (sstp_disk_get_clock(disk, &clock) != SSTP_DISK_OK) {
        (void)says(stock, error);
        stock_free(stock);
        return NULL;
    }
    stock->summary.now_ms = MAX(wall_ms - clock.correction_ms, clock.seen_ms);
    return stock;
}

void stock_free(struct stock *stock)
{
    if (stock == NULL)
        return;
    g_hash_table_destroy(stock->queues);
    g_ptr_array_free(stock->summary.queues, TRUE);
    g_ptr_array_free(stock->summary.devices, TRUE);
    g_ptr_array_free(stock->summary.accounts, TRUE);
    g_ptr_array_free(stock->rows, TRUE);
    g_array_free(stock->changes, TRUE);
    sstp_disk_close(stock->disk);
    g_free(stock->path);
    g_free(stock);
}

/* ------------------------------------------------------------------------
 * Reading
 */

static void read_queue(void *cookie, const struct sstp_disk_queue *row)
{
    struct stock *stock = cookie;
    struct stock_queue *queue = g_new0(struct stock_queue, 1);
    queue->id = row->id;
    queue->done = row->done;
    queue->identity_url = g_strdup(row->identity_url);
    queue->device_url = g_strdup(row->device_url);
    queue->resource_url = g_strdup(row->resource_url);
    queue->expires_ms = INT64_MAX;
    g_hash_table_insert(stock->queues, &queue->id, queue);
}

static void *read_row(void *cookie, uint64_t id)
{
    const struct stock *stock = cookie;
    struct row *row = g_new0(struct row, 1);
    row->id = id;
    g_ptr_array_add(stock->rows, row);
    return row;
}

static bool is_meant(const struct stock *stock, const struct sstp_disk_message *message)
{
    const struct stock_filter *filter = stock->filter;
    const int64_t now_ms = stock->summary.now_ms;
    return (!filter->is_expired || message->expires_ms <= now_ms) &&
           (filter->min_age_ms == 0 ||
            (message->stored_ms != 0 && message->stored_ms <= now_ms - filter->min_age_ms));
}

static bool is_queue_meant(const struct stock *stock, const struct stock_queue *queue)
{
    return stock->filter->identity_url == NULL ||
           strcmp(stock->filter->identity_url, queue->identity_url) == 0;
}

static void count(struct stock *stock, struct stock_queue *queue,
                  const struct sstp_disk_message *message, uint64_t num_bytes)
{
    if (queue->num_messages == 0)
        g_ptr_array_add(stock->summary.queues, queue);
    queue->num_messages++;
    queue->num_bytes += num_bytes;
    queue->expires_ms = MIN(queue->expires_ms, message->expires_ms);
    if (message->stored_ms != 0 && (queue->oldest_ms == 0 || message->stored_ms < queue->oldest_ms))
        queue->oldest_ms = message->stored_ms;
    stock->num_shares++;
}

/* Those that still wait for it are counted, or kept, according to the filter. */
static bool read_message(void *cookie, const struct sstp_disk_message *message)
{
    struct stock *stock = cookie;
    struct sstp_span ids = message->queues;
    struct change change = {.row = message->owner, .id = message->id, .queues = g_byte_array_new()};
    struct sstp_command command;
    if (!sstp_disk_read_head(message, &command)) {
        clear_change(&change);
        return false;
    }
    const uint64_t num_bytes = command.user_ref.len + command.fragment_id.len + message->data.len;
    const uint64_t num_before = stock->num_shares;
    const bool is_message_meant = is_meant(stock, message);
    uint64_t id;
    while (ids.len > 0 && sstp_disk_read_id(&ids, &id)) {
        struct stock_queue *queue = g_hash_table_lookup(stock->queues, &id);
        if (queue == NULL || message->id <= queue->done)
            continue;
        if (is_message_meant && is_queue_meant(stock, queue)) {
            count(stock, queue, message, num_bytes);
        } else {
            uint8_t bytes[SSTP_DISK_ID_MAX];
            const size_t len = sstp_disk_write_id(bytes, id);
            g_byte_array_append(change.queues, bytes, (guint)len);
        }
    }
    change.row->num_left += stock->num_shares > num_before || change.queues->len > 0;
    if (stock->num_shares == num_before) {
        clear_change(&change);
        return ids.len == 0;
    }
    stock->summary.num_messages++;
    stock->summary.num_bytes += num_bytes;
    if (change.queues->len == 0)
        g_clear_pointer(&change.queues, g_byte_array_unref);
    g_array_append_val(stock->changes, change);
    return ids.len == 0;
}

static bool read_record(void *cookie, const struct sstp_registry_record *record)
{
    struct stock *stock = cookie;
    if (record->kind == SSTP_REGISTRY_DEVICE)
        g_ptr_array_add(stock->summary.devices, g_strdup(record->url));
    else if (record->kind == SSTP_REGISTRY_ACCOUNT)
        g_ptr_array_add(stock->summary.accounts, g_strdup(record->url));
    return true;
}

static bool read_all(struct stock *stock, const struct stock_filter *filter, char **error)
{
    stock->filter = filter;
    g_ptr_array_set_size(stock->summary.queues, 0);
    g_ptr_array_set_size(stock->summary.devices, 0);
    g_ptr_array_set_size(stock->summary.accounts, 0);
    g_hash_table_remove_all(stock->queues);
    g_ptr_array_set_size(stock->rows, 0);
    g_array_set_size(stock->changes, 0);
    stock->summary.num_messages = stock->summary.num_bytes = stock->num_shares = 0;
    return sstp_disk_read(stock->disk, &(struct sstp_disk_reader){.queue = read_queue,
                                                                  .row = read_row,
                                                                  .message = read_message,
                                                                  .record = read_record,
                                                                  .cookie = stock}) ==
               SSTP_DISK_OK ||
           says(stock, error);
}

bool stock_read(struct stock *stock, const struct stock_filter *filter,
                const struct stock_summary **summary, char **error)
{
    *summary = &stock->summary;
    return read_all(stock, filter, error);
}

/* ------------------------------------------------------------------------
 * Export
 */

static void find_queues(const struct stock *stock, const struct sstp_disk_message *message,
                        GPtrArray *queues)
{
    struct sstp_span ids = message->queues;
    uint64_t id;
    g_ptr_array_set_size(queues, 0);
    while (ids.len > 0 && sstp_disk_read_id(&ids, &id)) {
        struct stock_queue *queue = g_hash_table_lookup(stock->queues, &id);
        if (queue != NULL && message->id > queue->done && is_queue_meant(stock, queue))
            g_ptr_array_add(queues, queue);
    }
}

bool stock_export(struct stock *stock, const struct stock_filter *filter, stock_export_one *one,
                  void *cookie, char **error)
{
    GPtrArray *queues = g_ptr_array_new();
    bool is_good = read_all(stock, filter, error);
    for (guint i = 0; i < stock->changes->len && is_good; i++) {
        const struct change *change = &g_array_index(stock->changes, struct change, i);
        struct sstp_disk_message message;
        if (sstp_disk_get_message(stock->disk, change->row->id, change->id, &message) !=
            SSTP_DISK_OK) {
            is_good = says(stock, error);
            break;
        }
        find_queues(stock, &message, queues);
        is_good = one(cookie, &message, queues);
    }
    g_ptr_array_free(queues, TRUE);
    return is_good;
}

bool stock_back_up(struct stock *stock, const char *path, char **error)
{
    return sstp_disk_back_up(stock->disk, path, error);
}

/* ------------------------------------------------------------------------
 * Purge
 */

static enum sstp_disk_err apply(struct stock *stock, guint first, guint end)
{
    sstp_disk_begin(stock->disk);
    for (guint i = first; i < end; i++) {
        const struct change *change = &g_array_index(stock->changes, struct change, i);
        struct row *row = change->row;
        if (change->queues != NULL)
            sstp_disk_set_queues(stock->disk, row->id, change->id,
                                 sstp_span(change->queues->data, change->queues->len));
        else if (--row->num_left == 0)
            sstp_disk_remove_rows(stock->disk, row->id, row->id);
        else
            sstp_disk_remove_message(stock->disk, row->id, change->id);
    }
    const enum sstp_disk_err err = sstp_disk_commit(stock->disk);
    for (guint i = first; i < end && err != SSTP_DISK_OK; i++) {
        const struct change *change = &g_array_index(stock->changes, struct change, i);
        change->row->num_left += change->queues == NULL;
    }
    return err;
}

/* On a full disk, too, if one message at a time. */
bool stock_purge(struct stock *stock, const struct stock_filter *filter, uint64_t *num,
                 char **error)
{
    guint step = PURGE_MAX;
    if (!read_all(stock, filter, error))
        return false;
    *num = stock->num_shares;
    for (guint i = 0; i < stock->changes->len;) {
        const guint end = MIN(i + step, stock->changes->len);
        const enum sstp_disk_err err = apply(stock, i, end);
        if (err == SSTP_DISK_OK) {
            i = end;
        } else if (err == SSTP_DISK_NO_SPACE && end - i > 1) {
            sstp_disk_make_room(stock->disk);
            step = (end - i) / 2;
        } else {
            return says(stock, error);
        }
    }
    return true;
}
