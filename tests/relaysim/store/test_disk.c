/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The store's file: its ids, its versions, and what is wrong with other files. */
#include "store/disk.h"

#include <glib/gstdio.h>
#include <sys/stat.h>

#include "store/disk_schema.h"

struct fixture {
    char *folder, *path;
};

static void set_up(struct fixture *fixture, gconstpointer unused)
{
    (void)unused;
    fixture->folder = g_dir_make_tmp("relaysim-XXXXXX", NULL);
    fixture->path = g_build_filename(fixture->folder, "store.db", NULL);
}

static void tear_down(struct fixture *fixture, gconstpointer unused)
{
    (void)unused;
    static const char *const suffixes[] = {"", "-wal", "-journal", "-shm"};
    for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        char *path = g_strconcat(fixture->path, suffixes[i], NULL);
        (void)g_unlink(path);
        g_free(path);
    }
    g_assert_cmpint(g_rmdir(fixture->folder), ==, 0);
    g_free(fixture->folder);
    g_free(fixture->path);
}

static struct sstp_disk *open_disk(const struct fixture *fixture)
{
    char *error = NULL;
    struct sstp_disk *disk = sstp_disk_open(fixture->path, NULL, &error);
    g_assert_cmpstr(error, ==, NULL);
    g_assert_nonnull(disk);
    return disk;
}

/* Opening is refused with a sentence that has these words. */
static void check_refused(const struct fixture *fixture, const char *words)
{
    char *error = NULL;
    g_assert_null(sstp_disk_open(fixture->path, NULL, &error));
    g_assert_nonnull(error);
    if (strstr(error, words) == NULL)
        g_error("\"%s\" lacks \"%s\"", error, words);
    g_assert_nonnull(strstr(error, fixture->path));
    g_assert_null(strchr(error, '\n'));
    g_free(error);
}

static void run_sql(const struct fixture *fixture, const char *sql)
{
    sqlite3 *db;
    g_assert_cmpint(sqlite3_open(fixture->path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_close(db), ==, SQLITE_OK);
}

/* ------------------------------------------------------------------------
 * Ids
 */

static void test_ids(void)
{
    static const struct {
        uint64_t id;
        size_t len;
    } rows[] = {{0, 1},     {1, 1},          {127, 1},       {128, 2},         {16383, 2},
                {16384, 3}, {UINT32_MAX, 5}, {INT64_MAX, 9}, {1ull << 63, 10}, {UINT64_MAX, 10}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint8_t bytes[SSTP_DISK_ID_MAX + 1] = {0};
        uint64_t id;
        g_assert_cmpuint(sstp_disk_write_id(bytes, rows[i].id), ==, rows[i].len);
        struct sstp_span span = sstp_span(bytes, sizeof bytes);
        g_assert_true(sstp_disk_read_id(&span, &id));
        g_assert_cmpuint(id, ==, rows[i].id);
        g_assert_cmpuint(span.len, ==, sizeof bytes - rows[i].len);
        for (size_t len = 0; len < rows[i].len; len++) {
            span = sstp_span(bytes, len);
            g_assert_false(sstp_disk_read_id(&span, &id));
        }
    }
    /* One byte more than any id has. */
    uint8_t endless[SSTP_DISK_ID_MAX + 1];
    memset(endless, 0x80, sizeof endless);
    struct sstp_span span = sstp_span(endless, sizeof endless);
    uint64_t id;
    g_assert_false(sstp_disk_read_id(&span, &id));
}

/* ------------------------------------------------------------------------
 * Rows
 */

static const uint8_t head[] = {0x0d, 14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};

static void put(struct sstp_disk *disk, uint64_t id)
{
    static const uint8_t queues[] = {1};
    sstp_disk_put_message(disk, &(struct sstp_disk_message){.id = id,
                                                            .expires_ms = INT64_MAX,
                                                            .queues = sstp_span(queues, 1),
                                                            .head = sstp_span(head, sizeof head),
                                                            .data = sstp_span(NULL, 0)});
}

static void test_messages(struct fixture *fixture, gconstpointer unused)
{
    struct sstp_disk *disk = open_disk(fixture);
    struct sstp_disk_message message;
    (void)unused;
    sstp_disk_begin(disk);
    for (uint64_t id = 1; id <= 6; id++)
        put(disk, id);
    put(disk, 6); /* done again */
    g_assert_cmpint(sstp_disk_commit(disk), ==, SSTP_DISK_OK);
    sstp_disk_begin(disk);
    sstp_disk_remove_messages(disk, 2, 4);
    sstp_disk_remove_messages(disk, 6, 6);
    g_assert_cmpint(sstp_disk_commit(disk), ==, SSTP_DISK_OK);
    sstp_disk_close(disk);

    disk = open_disk(fixture);
    static const bool is_there[] = {false, true, false, false, false, true, false};
    for (uint64_t id = 0; id < G_N_ELEMENTS(is_there); id++)
        g_assert_cmpint(sstp_disk_get_message(disk, id, &message), ==,
                        is_there[id] ? SSTP_DISK_OK : SSTP_DISK_NOT_FOUND);
    g_assert_cmpint(sstp_disk_get_message(disk, 5, &message), ==, SSTP_DISK_OK);
    g_assert_true(sstp_span_is_equal(message.head, sstp_span(head, sizeof head)));
    g_assert_cmpuint(message.data.len, ==, 0);
    g_assert_cmpint(message.expires_ms, ==, INT64_MAX);
    sstp_disk_close(disk);
}

/* The first failure ends a transaction; nothing of it is left. */
static void test_sticky_error(struct fixture *fixture, gconstpointer unused)
{
    struct sstp_disk *disk = open_disk(fixture);
    struct sstp_disk_message message;
    (void)unused;
    sqlite3_exec(sstp_disk_sqlite(disk),
                 "CREATE TEMP TRIGGER t BEFORE INSERT ON main.message WHEN new.id = 2"
                 " BEGIN SELECT RAISE(ABORT, 'no twos'); END",
                 NULL, NULL, NULL);
    sstp_disk_begin(disk);
    for (uint64_t id = 1; id <= 3; id++)
        put(disk, id);
    g_assert_cmpint(sstp_disk_commit(disk), ==, SSTP_DISK_FAILED);
    g_assert_cmpstr(sstp_disk_error(disk), ==, "no twos");
    g_assert_cmpint(sstp_disk_get_message(disk, 1, &message), ==, SSTP_DISK_NOT_FOUND);
    sstp_disk_begin(disk);
    put(disk, 3);
    g_assert_cmpint(sstp_disk_commit(disk), ==, SSTP_DISK_OK);
    g_assert_cmpint(sstp_disk_get_message(disk, 3, &message), ==, SSTP_DISK_OK);
    sstp_disk_close(disk);
}

static void test_private(struct fixture *fixture, gconstpointer unused)
{
    struct stat st;
    (void)unused;
    sstp_disk_close(open_disk(fixture));
    g_assert_cmpint(stat(fixture->path, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 0777, ==, 0600);
}

/* ------------------------------------------------------------------------
 * Other files
 */

static void test_locked(struct fixture *fixture, gconstpointer unused)
{
    struct sstp_disk *disk = open_disk(fixture);
    (void)unused;
    check_refused(fixture, "is in use by another process");
    sstp_disk_close(disk);
    sstp_disk_close(open_disk(fixture));
    /* Whoever it is. */
    sqlite3 *db;
    g_assert_cmpint(sqlite3_open(fixture->path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(db, "BEGIN IMMEDIATE; DELETE FROM queue", NULL, NULL, NULL), ==,
                    SQLITE_OK);
    check_refused(fixture, "is in use by another process");
    sqlite3_close(db);
    sstp_disk_close(open_disk(fixture));
}

static void test_not_a_store(struct fixture *fixture, gconstpointer unused)
{
    (void)unused;
    char *text = g_strnfill(20000, 'x');
    g_assert_true(g_file_set_contents(fixture->path, text, -1, NULL));
    check_refused(fixture, "is damaged, or not a store at all");
    g_free(text);
    (void)g_unlink(fixture->path);

    run_sql(fixture, "CREATE TABLE t (x)");
    check_refused(fixture, "is a database of another program");
    /* And nothing has been done to it. */
    run_sql(fixture, "INSERT INTO t VALUES (1)");
    (void)g_unlink(fixture->path);

    g_assert_cmpint(g_mkdir(fixture->path, 0700), ==, 0);
    check_refused(fixture, "cannot be opened: Is a directory");
    (void)g_rmdir(fixture->path);
}

static void test_later_version(struct fixture *fixture, gconstpointer unused)
{
    (void)unused;
    sstp_disk_close(open_disk(fixture));
    char *sql = g_strdup_printf("PRAGMA user_version = %d", SSTP_DISK_VERSION + 1);
    run_sql(fixture, sql);
    check_refused(fixture, "was written by a later relaysim");
    g_free(sql);
    run_sql(fixture, "PRAGMA user_version = 0");
    check_refused(fixture, "is a database of another program");
}

/* Each page in turn is overwritten: it is noticed, or it was a free one. */
static void test_damaged(struct fixture *fixture, gconstpointer unused)
{
    char *good;
    gsize len;
    unsigned num_noticed = 0, num_pages = 0;
    (void)unused;
    struct sstp_disk *disk = open_disk(fixture);
    sstp_disk_begin(disk);
    for (uint64_t id = 1; id <= 2000; id++)
        put(disk, id);
    g_assert_cmpint(sstp_disk_commit(disk), ==, SSTP_DISK_OK);
    sstp_disk_close(disk);
    g_assert_true(g_file_get_contents(fixture->path, &good, &len, NULL));
    for (gsize at = 0; at < len; at += 8192, num_pages++) {
        char *error = NULL;
        char *bad = g_memdup2(good, len);
        memset(bad + at, 0xa5, 8192);
        g_assert_true(g_file_set_contents(fixture->path, bad, (gssize)len, NULL));
        disk = sstp_disk_open(fixture->path, NULL, &error);
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

/* ------------------------------------------------------------------------
 * Versions
 */

/* A file that version 1 has made: what is in it stays, and the clocks agree so far.  That
 * version takes no other any more, and says so in one sentence. */
static void test_version_1(struct fixture *fixture, gconstpointer unused)
{
    struct sstp_disk_clock clock = {.correction_ms = 1};
    struct sstp_disk_message message;
    int version = -1;
    char *why = NULL;
    sqlite3 *db;
    (void)unused;
    g_assert_cmpint(sqlite3_open(fixture->path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sstp_disk_migrate(db, sstp_disk_steps, 0, 1), ==, SQLITE_OK);
    sqlite3_close(db);
    run_sql(fixture, "INSERT INTO message VALUES (5, 1700000000000, x'01',"
                     " x'0d0e000000000000000000000000', x'6162')");

    struct sstp_disk *disk = open_disk(fixture);
    g_assert_cmpint(sstp_disk_get_clock(disk, &clock), ==, SSTP_DISK_OK);
    g_assert_cmpint(clock.correction_ms, ==, 0);
    g_assert_cmpint(clock.seen_ms, ==, 0);
    g_assert_cmpint(sstp_disk_get_message(disk, 5, &message), ==, SSTP_DISK_OK);
    g_assert_cmpint(message.expires_ms, ==, 1700000000000);
    g_assert_cmpint(message.stored_ms, ==, 0);
    sstp_disk_close(disk);

    g_assert_cmpint(sqlite3_open(fixture->path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sstp_disk_check(db, 1, &version, &why), ==, SQLITE_OK);
    g_assert_cmpint(version, ==, SSTP_DISK_VERSION);
    g_assert_cmpstr(why, ==,
                    "was written by a later relaysim: it is of version 2, and this one knows up "
                    "to 1");
    g_free(why);
    sqlite3_close(db);
}

/* A time that no clock has shown. */
static void test_impossible_clock(struct fixture *fixture, gconstpointer unused)
{
    static const char *const rows[] = {
        "UPDATE clock SET seen = -1", "UPDATE clock SET seen = 1 << 54",
        "UPDATE clock SET seen = 0, correction = -(1 << 54)", "DELETE FROM clock"};
    struct sstp_disk_clock clock;
    (void)unused;
    sstp_disk_close(open_disk(fixture));
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        run_sql(fixture, rows[i]);
        struct sstp_disk *disk = open_disk(fixture);
        g_assert_cmpint(sstp_disk_get_clock(disk, &clock), ==, SSTP_DISK_DAMAGED);
        sstp_disk_close(disk);
    }
}

static void test_migration(struct fixture *fixture, gconstpointer unused)
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
    g_assert_cmpint(sqlite3_open(fixture->path, &db), ==, SQLITE_OK);
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
        void (*test)(struct fixture *fixture, gconstpointer unused);
    } rows[] = {
        {"/disk/messages", test_messages},       {"/disk/sticky_error", test_sticky_error},
        {"/disk/private", test_private},         {"/disk/locked", test_locked},
        {"/disk/not_a_store", test_not_a_store}, {"/disk/later_version", test_later_version},
        {"/disk/damaged", test_damaged},         {"/disk/migration", test_migration},
        {"/disk/version_1", test_version_1},     {"/disk/impossible_clock", test_impossible_clock}};
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/disk/ids", test_ids);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        g_test_add(rows[i].name, struct fixture, NULL, set_up, rows[i].test, tear_down);
    return g_test_run();
}
