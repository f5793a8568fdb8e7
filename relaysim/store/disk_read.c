/* SPDX-License-Identifier: GPL-2.0-or-later */
/* disk_read: what is read of the file: all of it after opening, and single messages. */
#include "store/disk_internal.h"

#include "core/decode.h"

#include <glib.h>

/* No clock says more, in either direction. */
#define CLOCK_MAX_MS (INT64_C(1) << 53)

static struct sstp_span column_span(sqlite3_stmt *statement, int column)
{
    const void *data = sqlite3_column_blob(statement, column);
    return sstp_span(data, data != NULL ? (size_t)sqlite3_column_bytes(statement, column) : 0);
}

static const char *column_string(sqlite3_stmt *statement, int column)
{
    return (const char *)sqlite3_column_text(statement, column);
}

static bool read_queue(const struct sstp_disk_reader *reader, sqlite3_stmt *row)
{
    reader->queue(reader->cookie,
                  &(struct sstp_disk_queue){.id = (uint64_t)sqlite3_column_int64(row, 0),
                                            .done = (uint64_t)sqlite3_column_int64(row, 1),
                                            .identity_url = column_string(row, 2),
                                            .device_url = column_string(row, 3),
                                            .resource_url = column_string(row, 4)});
    return true;
}

static bool read_record(const struct sstp_disk_reader *reader, sqlite3_stmt *row)
{
    struct sstp_registry_record record = {.kind =
                                              (enum sstp_registry_kind)sqlite3_column_int(row, 0),
                                          .url = column_string(row, 1),
                                          .owner_url = column_string(row, 2)};
    const struct sstp_span bytes = column_span(row, 3);
    struct sstp_sec_secret key;
    if (record.kind == SSTP_REGISTRY_DEVICE || record.kind == SSTP_REGISTRY_ACCOUNT) {
        if (bytes.len != sizeof key.bytes)
            return false;
        memcpy(key.bytes, bytes.data, sizeof key.bytes);
        record.key = &key;
    }
    return reader->record(reader->cookie, &record);
}

static enum sstp_disk_err contradicts(struct sstp_disk *disk)
{
    g_strlcpy(disk->error, "a row contradicts itself or others", sizeof disk->error);
    return SSTP_DISK_DAMAGED;
}

static enum sstp_disk_err
read_rows(struct sstp_disk *disk, const struct sstp_disk_reader *reader, const char *sql,
          bool (*read_row)(const struct sstp_disk_reader *, sqlite3_stmt *))
{
    sqlite3_stmt *row;
    int result = sqlite3_prepare_v2(disk->db, sql, -1, &row, NULL);
    if (result != SQLITE_OK)
        return sstp_disk_note(disk, result);
    enum sstp_disk_err err = SSTP_DISK_OK;
    while (err == SSTP_DISK_OK && (result = sqlite3_step(row)) == SQLITE_ROW)
        if (!read_row(reader, row))
            err = contradicts(disk);
    if (err == SSTP_DISK_OK && result != SQLITE_DONE)
        err = sstp_disk_note(disk, result);
    sqlite3_finalize(row);
    return err;
}

/* ------------------------------------------------------------------------
 * All messages: rows are in the order of their first messages, and are merged, for the others
 * may come before the first of the next.
 */

struct open_row {
    struct sstp_disk_walk walk;
    void *owner;
    uint8_t bytes[]; /* what its spans are of */
};

static struct sstp_span keep(struct open_row *open, size_t *used, struct sstp_span span)
{
    uint8_t *at = open->bytes + *used;
    if (span.len > 0)
        memcpy(at, span.data, span.len);
    *used += span.len;
    return sstp_span(at, span.len);
}

static struct open_row *open_row(const struct sstp_disk_reader *reader, sqlite3_stmt *row)
{
    struct sstp_disk_message first = {.id = (uint64_t)sqlite3_column_int64(row, 0),
                                      .expires_ms = sqlite3_column_int64(row, 1),
                                      .stored_ms = sqlite3_column_int64(row, 2),
                                      .queues = column_span(row, 3),
                                      .head = column_span(row, 4),
                                      .data =
                                          sstp_span(NULL, (size_t)sqlite3_column_int64(row, 6))};
    const struct sstp_span more = column_span(row, 5);
    struct open_row *open = g_malloc(sizeof *open + first.queues.len + first.head.len + more.len);
    size_t used = 0;
    first.queues = keep(open, &used, first.queues);
    first.head = keep(open, &used, first.head);
    sstp_disk_begin_walk(&open->walk, &first, keep(open, &used, more));
    open->owner = reader->row(reader->cookie, first.id);
    return open;
}

static gint compare_next(gconstpointer a, gconstpointer b, gpointer unused)
{
    const struct open_row *x = a, *y = b;
    (void)unused;
    return x->walk.message.id < y->walk.message.id ? -1 : x->walk.message.id > y->walk.message.id;
}

/* Tells of one message; false when something cannot be. */
static bool tell(const struct sstp_disk_reader *reader, struct open_row *open, uint64_t *last_id)
{
    struct sstp_disk_message *message = &open->walk.message;
    if (message->id <= *last_id)
        return false;
    *last_id = message->id;
    message->owner = open->owner;
    return message->queues.len == 0 || reader->message(reader->cookie, message);
}

/* All messages of open rows that come before `end`. */
static bool tell_before(const struct sstp_disk_reader *reader, GSequence *rows, uint64_t end,
                        uint64_t *last_id)
{
    bool is_good = true;
    while (is_good && !g_sequence_is_empty(rows)) {
        GSequenceIter *iter = g_sequence_get_begin_iter(rows);
        struct open_row *open = g_sequence_get(iter);
        if (!open->walk.is_at_end && open->walk.message.id >= end)
            break;
        if (open->walk.is_at_end) {
            is_good = !open->walk.is_wrong;
            g_sequence_remove(iter);
            continue;
        }
        is_good = tell(reader, open, last_id);
        sstp_disk_walk_on(&open->walk);
        if (!open->walk.is_at_end)
            g_sequence_sort_changed(iter, compare_next, NULL);
    }
    return is_good;
}

static enum sstp_disk_err read_messages(struct sstp_disk *disk,
                                        const struct sstp_disk_reader *reader)
{
    sqlite3_stmt *row;
    int result = sqlite3_prepare_v2(
        disk->db,
        "SELECT id, expires, stored, queues, head, more, length(data) FROM message ORDER BY id", -1,
        &row, NULL);
    if (result != SQLITE_OK)
        return sstp_disk_note(disk, result);
    GSequence *rows = g_sequence_new(g_free);
    uint64_t last_id = 0;
    bool is_good = true;
    while (is_good && (result = sqlite3_step(row)) == SQLITE_ROW) {
        is_good = tell_before(reader, rows, (uint64_t)sqlite3_column_int64(row, 0), &last_id);
        if (is_good)
            g_sequence_insert_sorted(rows, open_row(reader, row), compare_next, NULL);
    }
    is_good = is_good && tell_before(reader, rows, UINT64_MAX, &last_id);
    g_sequence_free(rows);
    enum sstp_disk_err err = SSTP_DISK_OK;
    if (!is_good)
        err = contradicts(disk);
    else if (result != SQLITE_DONE)
        err = sstp_disk_note(disk, result);
    sqlite3_finalize(row);
    return err;
}

enum sstp_disk_err sstp_disk_read(struct sstp_disk *disk, const struct sstp_disk_reader *reader)
{
    static const struct {
        bool (*read_row)(const struct sstp_disk_reader *, sqlite3_stmt *);
        const char *sql;
    } tables[] = {
        {read_queue, "SELECT id, done, identity, device, resource FROM queue ORDER BY id"},
        {read_record, "SELECT 0, url, NULL, key FROM device"},
        {read_record, "SELECT 1, url, NULL, key FROM account"},
        {read_record, "SELECT 2, account, device, NULL FROM device_account"},
        {read_record, "SELECT 3, url, account, NULL FROM identity"}};
    G_STATIC_ASSERT(SSTP_REGISTRY_DEVICE == 0 && SSTP_REGISTRY_ACCOUNT == 1 &&
                    SSTP_REGISTRY_DEVICE_ACCOUNT == 2 && SSTP_REGISTRY_IDENTITY == 3);
    enum sstp_disk_err err = SSTP_DISK_OK;
    for (size_t i = 0; i < G_N_ELEMENTS(tables) && err == SSTP_DISK_OK; i++) {
        err = read_rows(disk, reader, tables[i].sql, tables[i].read_row);
        if (i == 0 && err == SSTP_DISK_OK)
            err = read_messages(disk, reader);
    }
    return err;
}

enum sstp_disk_err sstp_disk_get_clock(struct sstp_disk *disk, struct sstp_disk_clock *clock)
{
    sqlite3_stmt *row = disk->statements[GET_CLOCK];
    enum sstp_disk_err err = SSTP_DISK_OK;
    const int result = sqlite3_step(row);
    if (result != SQLITE_ROW && result != SQLITE_DONE)
        err = sstp_disk_note(disk, result);
    *clock = (struct sstp_disk_clock){sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1)};
    sqlite3_reset(row);
    if (err == SSTP_DISK_OK &&
        (result == SQLITE_DONE || clock->seen_ms < 0 || clock->seen_ms > CLOCK_MAX_MS ||
         clock->correction_ms < -CLOCK_MAX_MS || clock->correction_ms > CLOCK_MAX_MS)) {
        g_strlcpy(disk->error, "it has no time of its own", sizeof disk->error);
        err = SSTP_DISK_DAMAGED;
    }
    return err;
}

/* ------------------------------------------------------------------------
 * One message
 */

void sstp_disk_end_reading(struct sstp_disk *disk)
{
    sqlite3_reset(disk->statements[GET_MESSAGE]);
    disk->is_walking = false;
}

/* At the first message of a row. */
static enum sstp_disk_err begin_row(struct sstp_disk *disk, uint64_t row_id)
{
    sqlite3_stmt *row = disk->statements[GET_MESSAGE];
    sstp_disk_end_reading(disk);
    sqlite3_bind_int64(row, 1, (sqlite3_int64)row_id);
    const int result = sqlite3_step(row);
    if (result != SQLITE_ROW) {
        sqlite3_reset(row);
        return result == SQLITE_DONE ? SSTP_DISK_NOT_FOUND : sstp_disk_note(disk, result);
    }
    const struct sstp_disk_message first = {.id = row_id,
                                            .expires_ms = sqlite3_column_int64(row, 0),
                                            .stored_ms = sqlite3_column_int64(row, 1),
                                            .queues = column_span(row, 2),
                                            .head = column_span(row, 3),
                                            .data = column_span(row, 5)};
    sstp_disk_begin_walk(&disk->walk, &first, column_span(row, 4));
    disk->is_walking = true;
    return SSTP_DISK_OK;
}

enum sstp_disk_err sstp_disk_get_message(struct sstp_disk *disk, uint64_t row, uint64_t id,
                                         struct sstp_disk_message *message)
{
    struct sstp_disk_walk *walk = &disk->walk;
    const bool is_ahead =
        disk->is_walking && !walk->is_at_end && walk->message.row == row && walk->message.id <= id;
    const enum sstp_disk_err err = is_ahead ? SSTP_DISK_OK : begin_row(disk, row);
    if (err != SSTP_DISK_OK)
        return err;
    while (!walk->is_at_end && walk->message.id < id)
        sstp_disk_walk_on(walk);
    if (walk->is_wrong)
        return contradicts(disk);
    if (walk->is_at_end || walk->message.id != id || walk->message.queues.len == 0)
        return SSTP_DISK_NOT_FOUND;
    *message = walk->message;
    return SSTP_DISK_OK;
}

bool sstp_disk_read_head(const struct sstp_disk_message *message, struct sstp_command *command)
{
    return message->head.len >= SSTP_HEADER_LEN &&
           sstp_command_decode(message->head, SSTP_VERSION_UNKNOWN, NULL, command) &&
           command->id == SSTP_MESSAGE;
}
