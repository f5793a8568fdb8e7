/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of each version, and how they come from the one before. */
#include "store_file.h"

#include "store/disk_schema.h"

/* A file that version 1 has made: what is in it stays, and the clocks agree so far.  That
 * version takes no other any more, and says so in one sentence. */
static void test_version_1(struct store_file *file, gconstpointer unused)
{
    struct sstp_disk_clock clock = {.correction_ms = 1};
    struct sstp_disk_message message;
    int version = -1;
    char *why = NULL;
    sqlite3 *db;
    (void)unused;
    g_assert_cmpint(sqlite3_open(file->path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sstp_disk_migrate(db, sstp_disk_steps, 0, 1), ==, SQLITE_OK);
    sqlite3_close(db);
    store_file_run(file, "INSERT INTO message VALUES (5, 1700000000000, x'01',"
                         " x'0d0e000000000000000000000000', x'6162')");

    struct sstp_disk *disk = store_file_open(file);
    g_assert_cmpint(sstp_disk_get_clock(disk, &clock), ==, SSTP_DISK_OK);
    g_assert_cmpint(clock.correction_ms, ==, 0);
    g_assert_cmpint(clock.seen_ms, ==, 0);
    g_assert_cmpint(sstp_disk_get_message(disk, 5, 5, &message), ==, SSTP_DISK_OK);
    g_assert_cmpint(message.expires_ms, ==, 1700000000000);
    g_assert_cmpint(message.stored_ms, ==, 0);
    sstp_disk_close(disk);

    g_assert_cmpint(sqlite3_open(file->path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sstp_disk_check(db, 1, &version, &why), ==, SQLITE_OK);
    g_assert_cmpint(version, ==, SSTP_DISK_VERSION);
    g_assert_cmpstr(why, ==,
                    "was written by a later relaysim: it is of version 3, and this one knows up "
                    "to 1");
    g_free(why);
    sqlite3_close(db);
}

/* A file of version 2, in which each message had a row. */
static void test_version_2(struct store_file *file, gconstpointer unused)
{
    struct sstp_disk_message message;
    sqlite3 *db;
    (void)unused;
    g_assert_cmpint(sqlite3_open(file->path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sstp_disk_migrate(db, sstp_disk_steps, 0, 2), ==, SQLITE_OK);
    sqlite3_close(db);
    store_file_run(file, "INSERT INTO message VALUES (7, 70, x'01', x'0d', x'6162', 71),"
                         " (5, 50, x'0203', x'0e', x'', 51)");
    struct sstp_disk *disk = store_file_open(file);
    for (uint64_t id = 5; id <= 7; id += 2) {
        g_assert_cmpint(sstp_disk_get_message(disk, id, id, &message), ==, SSTP_DISK_OK);
        g_assert_cmpint(message.expires_ms, ==, 10 * (int64_t)id);
        g_assert_cmpint(message.stored_ms, ==, 10 * (int64_t)id + 1);
        g_assert_cmpuint(message.queues.len, ==, id == 5 ? 2 : 1);
        g_assert_cmpuint(message.head.data[0], ==, id == 5 ? 0x0e : 0x0d);
        g_assert_true(sstp_span_is_equal(message.data, sstp_span_of_string(id == 5 ? "" : "ab")));
    }
    g_assert_cmpint(sstp_disk_get_message(disk, 6, 6, &message), ==, SSTP_DISK_NOT_FOUND);
    sstp_disk_close(disk);
}

static void test_migration(struct store_file *file, gconstpointer unused)
{
    static const char *const steps[] = {"CREATE TABLE a (x);", "CREATE TABLE b (x);",
                                        "INSERT INTO b SELECT x + 1 FROM a;"};
    static const char *const broken[] = {
        "CREATE TABLE a (x);", "CREATE TABLE b (x);",
        "INSERT INTO b VALUES (5); INSERT INTO nowhere VALUES (1);"};
    sqlite3 *db;
    char *why = NULL;
    int version = -1;
    (void)unused;
    g_assert_cmpint(sqlite3_open(file->path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sstp_disk_check(db, 1, &version, &why), ==, SQLITE_OK);
    g_assert_cmpint(version, ==, 0);
    g_assert_cmpint(sstp_disk_migrate(db, steps, version, 1), ==, SQLITE_OK);
    sqlite3_exec(db, "INSERT INTO a VALUES (41)", NULL, NULL, NULL);

    /* A step that fails leaves the version before it, and nothing of its own. */
    g_assert_cmpint(sstp_disk_check(db, 3, &version, &why), ==, SQLITE_OK);
    g_assert_cmpint(version, ==, 1);
    g_assert_cmpint(sstp_disk_migrate(db, broken, version, 3), ==, SQLITE_ERROR);
    g_assert_cmpint(sstp_disk_check(db, 3, &version, &why), ==, SQLITE_OK);
    g_assert_cmpint(version, ==, 2);
    g_assert_cmpint(sstp_disk_migrate(db, steps, version, 3), ==, SQLITE_OK);
    sqlite3_stmt *row;
    g_assert_cmpint(
        sqlite3_prepare_v2(db, "SELECT x, (SELECT count(*) FROM b) FROM b", -1, &row, NULL), ==,
        SQLITE_OK);
    g_assert_cmpint(sqlite3_step(row), ==, SQLITE_ROW);
    g_assert_cmpint(sqlite3_column_int(row, 0), ==, 42);
    g_assert_cmpint(sqlite3_column_int(row, 1), ==, 1);
    sqlite3_finalize(row);
    g_assert_cmpint(sstp_disk_check(db, 3, &version, &why), ==, SQLITE_OK);
    g_assert_cmpint(version, ==, 3);
    g_assert_null(why);
    g_assert_cmpint(sstp_disk_check(db, 2, &version, &why), ==, SQLITE_OK);
    g_assert_nonnull(why);
    g_free(why);
    sqlite3_close(db);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*test)(struct store_file *file, gconstpointer unused);
    } rows[] = {{"/disk_schema/version_1", test_version_1},
                {"/disk_schema/version_2", test_version_2},
                {"/disk_schema/migration", test_migration}};
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        g_test_add(rows[i].name, struct store_file, NULL, store_file_set_up, rows[i].test,
                   store_file_tear_down);
    return g_test_run();
}
