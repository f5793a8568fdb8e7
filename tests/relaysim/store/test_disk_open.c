/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that are a store, and those that are none. */
#include "store_file.h"

#include <glib/gstdio.h>
#include <sys/stat.h>

#include "store/disk_schema.h"

/* Opening is refused with a sentence that has these words. */
static void check_refused(const struct store_file *file, const char *words)
{
    char *error = NULL;
    g_assert_null(sstp_disk_open(file->path, NULL, &error));
    g_assert_nonnull(error);
    if (strstr(error, words) == NULL)
        g_error("\"%s\" lacks \"%s\"", error, words);
    g_assert_nonnull(strstr(error, file->path));
    g_assert_null(strchr(error, '\n'));
    g_free(error);
}

static void test_private(struct store_file *file, gconstpointer unused)
{
    struct stat st;
    (void)unused;
    sstp_disk_close(store_file_open(file));
    g_assert_cmpint(stat(file->path, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 0777, ==, 0600);
}

static void test_locked(struct store_file *file, gconstpointer unused)
{
    struct sstp_disk *disk = store_file_open(file);
    (void)unused;
    check_refused(file, "is in use by another process");
    sstp_disk_close(disk);
    sstp_disk_close(store_file_open(file));
    /* Whoever it is. */
    sqlite3 *db;
    g_assert_cmpint(sqlite3_open(file->path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(db, "BEGIN IMMEDIATE; DELETE FROM queue", NULL, NULL, NULL), ==,
                    SQLITE_OK);
    check_refused(file, "is in use by another process");
    sqlite3_close(db);
    sstp_disk_close(store_file_open(file));
}

static void test_not_a_store(struct store_file *file, gconstpointer unused)
{
    (void)unused;
    char *text = g_strnfill(20000, 'x');
    g_assert_true(g_file_set_contents(file->path, text, -1, NULL));
    check_refused(file, "is damaged, or not a store at all");
    g_free(text);
    (void)g_unlink(file->path);

    store_file_run(file, "CREATE TABLE t (x)");
    check_refused(file, "is a database of another program");
    /* And nothing has been done to it. */
    store_file_run(file, "INSERT INTO t VALUES (1)");
    (void)g_unlink(file->path);

    g_assert_cmpint(g_mkdir(file->path, 0700), ==, 0);
    check_refused(file, "cannot be opened: Is a directory");
    (void)g_rmdir(file->path);
}

static void test_later_version(struct store_file *file, gconstpointer unused)
{
    (void)unused;
    sstp_disk_close(store_file_open(file));
    char *sql = g_strdup_printf("PRAGMA user_version = %d", SSTP_DISK_VERSION + 1);
    store_file_run(file, sql);
    check_refused(file, "was written by a later relaysim");
    g_free(sql);
    store_file_run(file, "PRAGMA user_version = 0");
    check_refused(file, "is a database of another program");
}

/* Each page in turn is overwritten: it is noticed, or it was a free one. */
static void test_damaged(struct store_file *file, gconstpointer unused)
{
    char *good;
    gsize len;
    unsigned num_noticed = 0, num_pages = 0;
    (void)unused;
    struct sstp_disk *disk = store_file_open(file);
    sstp_disk_begin(disk);
    for (uint64_t id = 1; id <= 2000; id++)
        store_file_put(disk, id);
    g_assert_cmpint(sstp_disk_commit(disk), ==, SSTP_DISK_OK);
    sstp_disk_close(disk);
    g_assert_true(g_file_get_contents(file->path, &good, &len, NULL));
    for (gsize at = 0; at < len; at += 8192, num_pages++) {
        char *error = NULL;
        char *bad = g_memdup2(good, len);
        memset(bad + at, 0xa5, 8192);
        g_assert_true(g_file_set_contents(file->path, bad, (gssize)len, NULL));
        disk = sstp_disk_open(file->path, NULL, &error);
        if (disk == NULL) {
            g_assert_nonnull(strstr(error, "is damaged"));
            num_noticed++;
        }
        g_free(error);
        g_free(bad);
        sstp_disk_close(disk);
    }
    g_assert_cmpuint(num_pages, >, 10);
    g_assert_cmpuint(num_noticed, ==, num_pages);
    g_free(good);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*test)(struct store_file *file, gconstpointer unused);
    } rows[] = {{"/disk_open/private", test_private},
                {"/disk_open/locked", test_locked},
                {"/disk_open/not_a_store", test_not_a_store},
                {"/disk_open/later_version", test_later_version},
                {"/disk_open/damaged", test_damaged}};
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        g_test_add(rows[i].name, struct store_file, NULL, store_file_set_up, rows[i].test,
                   store_file_tear_down);
    return g_test_run();
}
