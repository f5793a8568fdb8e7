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

static bool read_message(const struct sstp_disk_reader *reader, sqlite3_stmt *row)
{
    const struct sstp_disk_message message = {
        .id = (uint64_t)sqlite3_column_int64(row, 0),
        .expires_ms = sqlite3_column_int64(row, 1),
        .queues = column_span(row, 2),
        .head = column_span(row, 3),
        .data = sstp_span(NULL, (size_t)sqlite3_column_int64(row, 4)),
        .stored_ms = sqlite3_column_int64(row, 5)};
    return reader->message(reader->cookie, &message);
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
        if (!read_row(reader, row)) {
            g_strlcpy(disk->error, "a row contradicts itself or others", sizeof disk->error);
            err = SSTP_DISK_DAMAGED;
        }
    if (err == SSTP_DISK_OK && result != SQLITE_DONE)
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
        {read_message,
         "SELECT id, expires, queues, head, length(data), stored FROM message ORDER BY id"},
        {read_record, "SELECT 0, url, NULL, key FROM device"},
        {read_record, "SELECT 1, url, NULL, key FROM account"},
        {read_record, "SELECT 2, account, device, NULL FROM device_account"},
        {read_record, "SELECT 3, url, account, NULL FROM identity"}};
    G_STATIC_ASSERT(SSTP_REGISTRY_DEVICE == 0 && SSTP_REGISTRY_ACCOUNT == 1 &&
                    SSTP_REGISTRY_DEVICE_ACCOUNT == 2 && SSTP_REGISTRY_IDENTITY == 3);
    enum sstp_disk_err err = SSTP_DISK_OK;
    for (size_t i = 0; i < G_N_ELEMENTS(tables) && err == SSTP_DISK_OK; i++)
        err = read_rows(disk, reader, tables[i].sql, tables[i].read_row);
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

enum sstp_disk_err sstp_disk_get_message(struct sstp_disk *disk, uint64_t id,
                                         struct sstp_disk_message *message)
{
    sqlite3_stmt *row = disk->statements[GET_MESSAGE];
    sqlite3_reset(row);
    sqlite3_bind_int64(row, 1, (sqlite3_int64)id);
    const int result = sqlite3_step(row);
    if (result == SQLITE_ROW) {
        *message = (struct sstp_disk_message){.id = id,
                                              .expires_ms = sqlite3_column_int64(row, 0),
                                              .queues = column_span(row, 1),
                                              .head = column_span(row, 2),
                                              .data = column_span(row, 3),
                                              .stored_ms = sqlite3_column_int64(row, 4)};
        return SSTP_DISK_OK;
    }
    sqlite3_reset(row);
    return result == SQLITE_DONE ? SSTP_DISK_NOT_FOUND : sstp_disk_note(disk, result);
}

bool sstp_disk_read_head(const struct sstp_disk_message *message, struct sstp_command *command)
{
    return message->head.len >= SSTP_HEADER_LEN &&
           sstp_command_decode(message->head, SSTP_VERSION_UNKNOWN, NULL, command) &&
           command->id == SSTP_MESSAGE;
}
