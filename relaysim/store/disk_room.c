/* SPDX-License-Identifier: GPL-2.0-or-later */
/* disk_room: space on the disk: for the log, a reserve of it, and the file. */
#include "store/disk_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>

#define ROOM_PAGES 32 /* that the file grows by, where it can */
#define RESERVE_PAGES (SSTP_DISK_RESERVE / SSTP_DISK_PAGE_SIZE)

/* Where emptying the log fails again and again, nothing more is written into one so many
 * times as long as it should be. */
#define LOG_FACTOR_MAX 8

sqlite3_file *sstp_disk_log(const struct sstp_disk *disk)
{
    sqlite3_file *log = NULL;
    (void)sqlite3_file_control(disk->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    return log != NULL && log->pMethods != NULL ? log : NULL;
}

void sstp_disk_reserve_log(struct sstp_disk *disk)
{
    sqlite3_file *log = sstp_disk_log(disk);
    int page = SSTP_DISK_PAGE_SIZE;
    sqlite3_int64 size = SSTP_DISK_RESERVE;
    if (log == NULL)
        return;
    (void)log->pMethods->xFileControl(log, SQLITE_FCNTL_CHUNK_SIZE, &page);
    (void)log->pMethods->xFileControl(log, SQLITE_FCNTL_SIZE_HINT, &size);
}

bool sstp_disk_is_log_full(const struct sstp_disk *disk)
{
    return disk->num_log_pages / LOG_FACTOR_MAX >= disk->checkpoint_pages;
}

void sstp_disk_set_checkpoint(struct sstp_disk *disk, int num_pages)
{
    disk->checkpoint_pages = disk->max_checkpoint_pages = num_pages;
}

/* SQLite cuts the log to so many bytes when it begins anew; -1: it does not. */
static void limit_log(const struct sstp_disk *disk, int num_bytes)
{
    char sql[64];
    g_snprintf(sql, sizeof sql, "PRAGMA journal_size_limit = %d", num_bytes);
    (void)sqlite3_exec(disk->db, sql, NULL, NULL, NULL);
}

/* After what went well, the log may be longer again. */
static void lengthen_log(struct sstp_disk *disk)
{
    if (disk->checkpoint_pages == disk->max_checkpoint_pages)
        return;
    disk->checkpoint_pages = MIN(2 * disk->checkpoint_pages, disk->max_checkpoint_pages);
    if (disk->checkpoint_pages == disk->max_checkpoint_pages)
        limit_log(disk, -1);
}

void sstp_disk_checkpoint(struct sstp_disk *disk)
{
    if (disk->num_log_pages < disk->checkpoint_pages)
        return;
    const int result =
        sqlite3_wal_checkpoint_v2(disk->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (result == SQLITE_OK) {
        disk->num_log_pages = 0;
        disk->num_roomy_pages = 0; /* the file has been cut to its pages */
        lengthen_log(disk);
    } else if (sstp_disk_is_log_full(disk)) {
        disk->err = sstp_disk_note(disk, result);
    }
}

static bool make_room_for(const struct sstp_disk *disk, sqlite3_int64 num_pages)
{
    sqlite3_int64 size = num_pages * SSTP_DISK_PAGE_SIZE;
    if (disk->file >= 0) {
        const int number = posix_fallocate(disk->file, 0, size);
        return number != ENOSPC && number != EDQUOT && number != EFBIG;
    }
    const int result = sqlite3_file_control(disk->db, "main", SQLITE_FCNTL_SIZE_HINT, &size);
    return result == SQLITE_OK || result == SQLITE_NOTFOUND;
}

void sstp_disk_make_file_roomy(struct sstp_disk *disk)
{
    sqlite3_stmt *row = disk->statements[PAGE_COUNT];
    if (disk->err != SSTP_DISK_OK)
        return;
    const sqlite3_int64 num_pages =
        sqlite3_step(row) == SQLITE_ROW ? sqlite3_column_int64(row, 0) : 0;
    sqlite3_reset(row);
    if (num_pages <= disk->num_roomy_pages)
        return;
    const sqlite3_int64 num_more = num_pages + ROOM_PAGES - num_pages % ROOM_PAGES;
    if (make_room_for(disk, num_more)) {
        disk->num_roomy_pages = num_more;
    } else if (make_room_for(disk, num_pages)) {
        disk->num_roomy_pages = num_pages;
    } else {
        g_strlcpy(disk->error, sqlite3_errstr(SQLITE_FULL), sizeof disk->error);
        disk->err = SSTP_DISK_NO_SPACE;
    }
}

void sstp_disk_make_room(struct sstp_disk *disk)
{
    sstp_disk_end_reading(disk);
    limit_log(disk, SSTP_DISK_RESERVE);
    disk->checkpoint_pages = 0;
    sstp_disk_checkpoint(disk);
    disk->checkpoint_pages = MIN(RESERVE_PAGES, disk->max_checkpoint_pages);
    /* With the next commit the log begins anew, and is cut. */
    disk->err = SSTP_DISK_OK;
    sstp_disk_run(disk, TOUCH);
    sstp_disk_reserve_log(disk);
}
