/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store_file.h"

#include <glib/gstdio.h>

#include "store/disk_schema.h"

void store_file_set_up(struct store_file *file, gconstpointer unused)
{
    (void)unused;
    file->folder = g_dir_make_tmp("relaysim-XXXXXX", NULL);
    file->path = g_build_filename(file->folder, "store.db", NULL);
}

void store_file_tear_down(struct store_file *file, gconstpointer unused)
{
    (void)unused;
    static const char *const suffixes[] = {"", "-wal", "-journal", "-shm"};
    for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        char *path = g_strconcat(file->path, suffixes[i], NULL);
        (void)g_unlink(path);
        g_free(path);
    }
    g_assert_cmpint(g_rmdir(file->folder), ==, 0);
    g_free(file->folder);
    g_free(file->path);
}

struct sstp_disk *store_file_open(const struct store_file *file)
{
    char *error = NULL;
    struct sstp_disk *disk = sstp_disk_open(file->path, NULL, &error);
    g_assert_cmpstr(error, ==, NULL);
    g_assert_nonnull(disk);
    return disk;
}

void store_file_run(const struct store_file *file, const char *sql)
{
    sqlite3 *db;
    g_assert_cmpint(sqlite3_open(file->path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_close(db), ==, SQLITE_OK);
}

const uint8_t store_file_head[STORE_FILE_HEAD_LEN] = {0x0d, 14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};

void store_file_put(struct sstp_disk *disk, uint64_t id)
{
    static const uint8_t queues[] = {1};
    sstp_disk_put_message(disk, &(struct sstp_disk_message){
                                    .id = id,
                                    .expires_ms = INT64_MAX,
                                    .queues = sstp_span(queues, 1),
                                    .head = sstp_span(store_file_head, sizeof store_file_head),
                                    .data = sstp_span(NULL, 0)});
}
