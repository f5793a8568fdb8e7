/* SPDX-License-Identifier: GPL-2.0-or-later */
/* disk_write: its statements, and the transactions that are made of them. */
#include "store/disk_internal.h"

#include <errno.h>
#include <glib.h>

/* What is put may be there already: a commit that was reported as failed may have
 * reached the disk all the same, and is done again. */
static const char *const statements[NUM_STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [PUT_QUEUE] = "INSERT OR REPLACE INTO queue (id, done, identity, device, resource)"
                  " VALUES (?1, ?2, ?3, ?4, ?5)",
    [SET_DONE] = "UPDATE queue SET done = ?2 WHERE id = ?1",
    [REMOVE_QUEUE] = "DELETE FROM queue WHERE id = ?1",
    [PUT_MESSAGE] = "INSERT OR REPLACE INTO message (id, expires, queues, head, data, stored, more)"
                    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [SET_QUEUES] = "UPDATE message SET queues = ?2 WHERE id = ?1",
    [SET_MORE] = "UPDATE message SET more = ?2 WHERE id = ?1",
    [REMOVE_ROWS] = "DELETE FROM message WHERE id BETWEEN ?1 AND ?2",
    [PUT_DEVICE] = "INSERT OR REPLACE INTO device (url, key) VALUES (?1, ?3)",
    [PUT_ACCOUNT] = "INSERT OR REPLACE INTO account (url, key) VALUES (?1, ?3)",
    [PUT_DEVICE_ACCOUNT] = "INSERT OR REPLACE INTO device_account (account, device)"
                           " VALUES (?1, ?2)",
    [PUT_IDENTITY] = "INSERT OR REPLACE INTO identity (url, account) VALUES (?1, ?2)",
    [PUT_CLOCK] = "INSERT OR REPLACE INTO clock (id, correction, seen) VALUES (0, ?1, ?2)",
    [GET_CLOCK] = "SELECT correction, seen FROM clock",
    [GET_MESSAGE] = "SELECT expires, stored, queues, head, more, data FROM message WHERE id = ?1",
    [PAGE_COUNT] = "PRAGMA page_count",
    [TOUCH] = "UPDATE clock SET seen = seen",
};

/* ------------------------------------------------------------------------
 * Ids
 */

size_t sstp_disk_write_id(uint8_t *out, uint64_t id)
{
    size_t len = 0;
    for (; id >= 0x80; id >>= 7)
        out[len++] = (uint8_t)(id | 0x80);
    out[len++] = (uint8_t)id;
    return len;
}

bool sstp_disk_read_id(struct sstp_span *ids, uint64_t *id)
{
    *id = 0;
    for (size_t i = 0; i < ids->len && i < SSTP_DISK_ID_MAX; i++) {
        *id |= (uint64_t)(ids->data[i] & 0x7f) << (7 * i);
        if ((ids->data[i] & 0x80) == 0) {
            *ids = sstp_span(ids->data + i + 1, ids->len - i - 1);
            return true;
        }
    }
    return false;
}

/* ------------------------------------------------------------------------
 * Failures
 */

const char *sstp_disk_error(const struct sstp_disk *disk)
{
    return disk->error;
}

static enum sstp_disk_err err_of(int result)
{
    switch (result & 0xff) {
    case SQLITE_FULL:
        return SSTP_DISK_NO_SPACE;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return SSTP_DISK_DAMAGED;
    case SQLITE_MISMATCH: /* a column holds what it cannot */
        return SSTP_DISK_DAMAGED;
    }
    return SSTP_DISK_FAILED;
}

/* What the system said of a failure; 0 where it is not known any more. */
static int errno_of(const struct sstp_disk *disk, int result)
{
    int number = sqlite3_system_errno(disk->db);
    sqlite3_file *log = sstp_disk_log(disk);
    if (result == SQLITE_IOERR_WRITE && number == 0 && log != NULL)
        (void)log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &number);
    if (result == SQLITE_IOERR_WRITE && number == 0)
        (void)sqlite3_file_control(disk->db, "main", SQLITE_FCNTL_LAST_ERRNO, &number);
    return number;
}

enum sstp_disk_err sstp_disk_note(struct sstp_disk *disk, int result)
{
    const bool is_io = (result & 0xff) == SQLITE_IOERR;
    const int number = is_io ? errno_of(disk, sqlite3_extended_errcode(disk->db)) : 0;
    if (number != 0)
        g_snprintf(disk->error, sizeof disk->error, "%s (%s)", sqlite3_errmsg(disk->db),
                   g_strerror(number));
    else
        g_snprintf(disk->error, sizeof disk->error, "%s", sqlite3_errmsg(disk->db));
    /* A quota and a limit on the size of files are full disks, too. */
    if (number == ENOSPC || number == EDQUOT || number == EFBIG)
        return SSTP_DISK_NO_SPACE;
    return err_of(result);
}

/* ------------------------------------------------------------------------
 * A transaction
 */

int sstp_disk_prepare(struct sstp_disk *disk)
{
    int result = SQLITE_OK;
    for (int i = 0; i < NUM_STATEMENTS && result == SQLITE_OK; i++)
        result = sqlite3_prepare_v3(disk->db, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
                                    &disk->statements[i], NULL);
    return result;
}

void sstp_disk_run(struct sstp_disk *disk, enum sstp_disk_statement which)
{
    sqlite3_stmt *statement = disk->statements[which];
    if (disk->err == SSTP_DISK_OK) {
        const int result = sqlite3_step(statement);
        if (result != SQLITE_DONE)
            disk->err = sstp_disk_note(disk, result);
    }
    sqlite3_reset(statement);
}

static void bind_id(struct sstp_disk *disk, enum sstp_disk_statement which, int column, uint64_t id)
{
    sqlite3_bind_int64(disk->statements[which], column, (sqlite3_int64)id);
}

/* The caller's bytes have to stay until the statement has run, which is at once. */
static void bind_string(struct sstp_disk *disk, enum sstp_disk_statement which, int column,
                        const char *string)
{
    sqlite3_bind_text(disk->statements[which], column, string, -1, SQLITE_STATIC);
}

static void bind_span(struct sstp_disk *disk, enum sstp_disk_statement which, int column,
                      struct sstp_span span)
{
    /* Without a pointer it would be NULL, not empty. */
    sqlite3_bind_blob64(disk->statements[which], column, span.len > 0 ? span.data : (void *)"",
                        span.len, SQLITE_STATIC);
}

void sstp_disk_begin(struct sstp_disk *disk)
{
    /* A row that was read last would keep the log from being emptied. */
    sstp_disk_end_reading(disk);
    disk->err = SSTP_DISK_OK;
    if (sstp_disk_is_log_full(disk))
        sstp_disk_checkpoint(disk);
    sstp_disk_run(disk, BEGIN);
}

void sstp_disk_put_queue(struct sstp_disk *disk, const struct sstp_disk_queue *queue)
{
    bind_id(disk, PUT_QUEUE, 1, queue->id);
    bind_id(disk, PUT_QUEUE, 2, queue->done);
    bind_string(disk, PUT_QUEUE, 3, queue->identity_url);
    bind_string(disk, PUT_QUEUE, 4, queue->device_url);
    bind_string(disk, PUT_QUEUE, 5, queue->resource_url);
    sstp_disk_run(disk, PUT_QUEUE);
}

void sstp_disk_set_done(struct sstp_disk *disk, uint64_t queue_id, uint64_t done)
{
    bind_id(disk, SET_DONE, 1, queue_id);
    bind_id(disk, SET_DONE, 2, done);
    sstp_disk_run(disk, SET_DONE);
}

void sstp_disk_remove_queue(struct sstp_disk *disk, uint64_t queue_id)
{
    bind_id(disk, REMOVE_QUEUE, 1, queue_id);
    sstp_disk_run(disk, REMOVE_QUEUE);
}

void sstp_disk_gather_message(struct sstp_disk *disk, const struct sstp_disk_message *message)
{
    struct sstp_disk_message *first = &disk->first;
    if (disk->num_gathered++ == 0) {
        *first = *message;
        g_assert(message->head.len <= sizeof disk->head);
        first->head = sstp_span(disk->head, message->head.len);
        if (first->head.len > 0)
            memcpy(disk->head, message->head.data, first->head.len);
        return;
    }
    if (disk->num_gathered == 2) {
        g_byte_array_set_size(disk->more, 0);
        g_byte_array_set_size(disk->data, 0);
        sstp_disk_add_first(disk->more, first);
        g_byte_array_append(disk->data, first->data.data, (guint)first->data.len);
    }
    sstp_disk_add_more(disk->more, message);
    g_byte_array_append(disk->data, message->data.data, (guint)message->data.len);
}

void sstp_disk_put_gathered(struct sstp_disk *disk)
{
    const struct sstp_disk_message *first = &disk->first;
    const bool are_several = disk->num_gathered > 1;
    disk->num_gathered = 0;
    bind_id(disk, PUT_MESSAGE, 1, first->id);
    bind_id(disk, PUT_MESSAGE, 2, (uint64_t)first->expires_ms);
    bind_span(disk, PUT_MESSAGE, 3, first->queues);
    bind_span(disk, PUT_MESSAGE, 4, first->head);
    bind_span(disk, PUT_MESSAGE, 5,
              are_several ? sstp_span(disk->data->data, disk->data->len) : first->data);
    bind_id(disk, PUT_MESSAGE, 6, (uint64_t)first->stored_ms);
    bind_span(disk, PUT_MESSAGE, 7,
              are_several ? sstp_span(disk->more->data, disk->more->len) : sstp_span(NULL, 0));
    sstp_disk_run(disk, PUT_MESSAGE);
}

void sstp_disk_put_message(struct sstp_disk *disk, const struct sstp_disk_message *message)
{
    sstp_disk_gather_message(disk, message);
    sstp_disk_put_gathered(disk);
}

static void set_span(struct sstp_disk *disk, enum sstp_disk_statement which, uint64_t row,
                     struct sstp_span span)
{
    bind_id(disk, which, 1, row);
    bind_span(disk, which, 2, span);
    sstp_disk_run(disk, which);
}

void sstp_disk_set_queues(struct sstp_disk *disk, uint64_t row, uint64_t id,
                          struct sstp_span queues)
{
    struct sstp_disk_message message;
    if (disk->err != SSTP_DISK_OK)
        return;
    const enum sstp_disk_err err = sstp_disk_get_message(disk, row, id, &message);
    const bool is_alone = disk->walk.more.len == 0;
    GByteArray *more =
        err == SSTP_DISK_OK && !is_alone ? sstp_disk_set_standing(&disk->walk, queues) : NULL;
    /* The row is about to change, and the log to be emptied. */
    sstp_disk_end_reading(disk);
    if (more != NULL) {
        set_span(disk, SET_MORE, row, sstp_span(more->data, more->len));
        g_byte_array_unref(more);
    } else if (err == SSTP_DISK_OK) {
        set_span(disk, SET_QUEUES, row, queues);
    } else if (err != SSTP_DISK_NOT_FOUND) { /* it may have left already, or gone with its row */
        disk->err = err;
    }
}

void sstp_disk_remove_message(struct sstp_disk *disk, uint64_t row, uint64_t id)
{
    sstp_disk_set_queues(disk, row, id, sstp_span(NULL, 0));
}

void sstp_disk_remove_rows(struct sstp_disk *disk, uint64_t first_id, uint64_t last_id)
{
    bind_id(disk, REMOVE_ROWS, 1, first_id);
    bind_id(disk, REMOVE_ROWS, 2, last_id);
    sstp_disk_run(disk, REMOVE_ROWS);
}

void sstp_disk_put_record(struct sstp_disk *disk, const struct sstp_registry_record *record)
{
    static const enum sstp_disk_statement of_kind[] = {[SSTP_REGISTRY_DEVICE] = PUT_DEVICE,
                                                       [SSTP_REGISTRY_ACCOUNT] = PUT_ACCOUNT,
                                                       [SSTP_REGISTRY_DEVICE_ACCOUNT] =
                                                           PUT_DEVICE_ACCOUNT,
                                                       [SSTP_REGISTRY_IDENTITY] = PUT_IDENTITY};
    const enum sstp_disk_statement which = of_kind[record->kind];
    bind_string(disk, which, 1, record->url);
    if (record->owner_url != NULL)
        bind_string(disk, which, 2, record->owner_url);
    if (record->key != NULL)
        bind_span(disk, which, 3, sstp_span(record->key->bytes, sizeof record->key->bytes));
    sstp_disk_run(disk, which);
}

void sstp_disk_put_clock(struct sstp_disk *disk, const struct sstp_disk_clock *clock)
{
    bind_id(disk, PUT_CLOCK, 1, (uint64_t)clock->correction_ms);
    bind_id(disk, PUT_CLOCK, 2, (uint64_t)clock->seen_ms);
    sstp_disk_run(disk, PUT_CLOCK);
}

enum sstp_disk_err sstp_disk_commit(struct sstp_disk *disk)
{
    sstp_disk_make_file_roomy(disk);
    sstp_disk_run(disk, COMMIT);
    disk->is_full = disk->err == SSTP_DISK_NO_SPACE;
    const enum sstp_disk_err err = disk->err;
    if (err != SSTP_DISK_OK) {
        /* Many failures have rolled it back already. */
        if (!sqlite3_get_autocommit(disk->db))
            sqlite3_exec(disk->db, "ROLLBACK", NULL, NULL, NULL);
        return err;
    }
    sstp_disk_checkpoint(disk);
    return err;
}
