/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of ids, and transactions. */
#include "store_file.h"

#include "store/disk_schema.h"

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

static void test_messages(struct store_file *file, gconstpointer unused)
{
    struct sstp_disk *disk = store_file_open(file);
    struct sstp_disk_message message;
    (void)unused;
    sstp_disk_begin(disk);
    for (uint64_t id = 1; id <= 6; id++)
        store_file_put(disk, id);
    store_file_put(disk, 6); /* done again */
    g_assert_cmpint(sstp_disk_commit(disk), ==, SSTP_DISK_OK);
    sstp_disk_begin(disk);
    sstp_disk_remove_rows(disk, 2, 4);
    sstp_disk_remove_rows(disk, 6, 6);
    g_assert_cmpint(sstp_disk_commit(disk), ==, SSTP_DISK_OK);
    sstp_disk_close(disk);

    disk = store_file_open(file);
    static const bool is_there[] = {false, true, false, false, false, true, false};
    for (uint64_t id = 0; id < G_N_ELEMENTS(is_there); id++)
        g_assert_cmpint(sstp_disk_get_message(disk, id, id, &message), ==,
                        is_there[id] ? SSTP_DISK_OK : SSTP_DISK_NOT_FOUND);
    g_assert_cmpint(sstp_disk_get_message(disk, 5, 5, &message), ==, SSTP_DISK_OK);
    g_assert_true(
        sstp_span_is_equal(message.head, sstp_span(store_file_head, sizeof store_file_head)));
    g_assert_cmpuint(message.data.len, ==, 0);
    g_assert_cmpint(message.expires_ms, ==, INT64_MAX);
    sstp_disk_close(disk);
}

static uint64_t num_of_row(uint64_t i)
{
    return 10 + 3 * i;
}

/* No statement is under way, which would keep the log from being emptied. */
static void check_nothing_is_read(struct sstp_disk *disk)
{
    sqlite3_stmt *statement = NULL;
    while ((statement = sqlite3_next_stmt(sstp_disk_sqlite(disk), statement)) != NULL)
        g_assert_false(sqlite3_stmt_busy(statement));
}

/* A row of several: each is found, in whatever order they are asked for, and has left it when it
 * has, or is for others. */
static void test_gathered(struct store_file *file, gconstpointer unused)
{
    enum { NUM = 20 };
    static const uint8_t queues[] = {1}, others[] = {2, 3};
    struct sstp_disk *disk = store_file_open(file);
    struct sstp_disk_message message;
    (void)unused;
    sstp_disk_begin(disk);
    for (uint64_t i = 0; i < NUM; i++) {
        char *data = g_strnfill(900 * i, (char)('a' + i));
        const struct sstp_disk_message one = {
            .id = num_of_row(i),
            .expires_ms = (int64_t)i,
            .queues = sstp_span(queues, 1),
            .head = sstp_span(store_file_head, MIN(i, sizeof store_file_head)),
            .data = sstp_span(data, 900 * i)};
        sstp_disk_gather_message(disk, &one);
        if (i == 0)
            g_assert_cmpuint(one.data.len, ==, 0); /* the first has to stay until it is put */
        g_free(data);
    }
    sstp_disk_put_gathered(disk);
    g_assert_cmpint(sstp_disk_commit(disk), ==, SSTP_DISK_OK);
    for (uint64_t step = 1; step < NUM; step += 6)
        for (uint64_t n = 0; n < NUM; n++) {
            const uint64_t i = n * step % NUM;
            g_assert_cmpint(sstp_disk_get_message(disk, 10, num_of_row(i), &message), ==,
                            SSTP_DISK_OK);
            g_assert_cmpuint(message.id, ==, num_of_row(i));
            g_assert_cmpint(message.expires_ms, ==, (int64_t)i);
            g_assert_cmpuint(message.head.len, ==, MIN(i, sizeof store_file_head));
            g_assert_cmpuint(message.data.len, ==, 900 * i);
            g_assert_true(i == 0 || message.data.data[message.data.len - 1] == 'a' + i);
            g_assert_cmpint(sstp_disk_get_message(disk, 10, num_of_row(i) + 1, &message), ==,
                            SSTP_DISK_NOT_FOUND);
        }
    sstp_disk_begin(disk);
    sstp_disk_remove_message(disk, 10, num_of_row(4));
    sstp_disk_remove_message(disk, 10, num_of_row(0));
    sstp_disk_remove_message(disk, 10, num_of_row(4)); /* done again */
    sstp_disk_remove_message(disk, 11, 11);            /* such a row has gone already */
    sstp_disk_set_queues(disk, 10, num_of_row(5), sstp_span(others, 2));
    sstp_disk_remove_message(disk, 10, num_of_row(0));
    g_assert_cmpint(sstp_disk_commit(disk), ==, SSTP_DISK_OK);
    check_nothing_is_read(disk);
    for (uint64_t i = 0; i < NUM; i++) {
        const bool has_left = i == 0 || i == 4;
        g_assert_cmpint(sstp_disk_get_message(disk, 10, num_of_row(i), &message), ==,
                        has_left ? SSTP_DISK_NOT_FOUND : SSTP_DISK_OK);
        g_assert_true(has_left || message.queues.len == (i == 5 ? 2u : 1u));
    }
    sstp_disk_close(disk);
}

/* The first failure ends a transaction; nothing of it is left. */
static void test_sticky_error(struct store_file *file, gconstpointer unused)
{
    struct sstp_disk *disk = store_file_open(file);
    struct sstp_disk_message message;
    (void)unused;
    sqlite3_exec(sstp_disk_sqlite(disk),
                 "CREATE TEMP TRIGGER t BEFORE INSERT ON main.message WHEN new.id = 2"
                 " BEGIN SELECT RAISE(ABORT, 'no twos'); END",
                 NULL, NULL, NULL);
    sstp_disk_begin(disk);
    for (uint64_t id = 1; id <= 3; id++)
        store_file_put(disk, id);
    g_assert_cmpint(sstp_disk_commit(disk), ==, SSTP_DISK_FAILED);
    g_assert_cmpstr(sstp_disk_error(disk), ==, "no twos");
    g_assert_cmpint(sstp_disk_get_message(disk, 1, 1, &message), ==, SSTP_DISK_NOT_FOUND);
    sstp_disk_begin(disk);
    store_file_put(disk, 3);
    g_assert_cmpint(sstp_disk_commit(disk), ==, SSTP_DISK_OK);
    g_assert_cmpint(sstp_disk_get_message(disk, 3, 3, &message), ==, SSTP_DISK_OK);
    sstp_disk_close(disk);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*test)(struct store_file *file, gconstpointer unused);
    } rows[] = {{"/disk_write/messages", test_messages},
                {"/disk_write/gathered", test_gathered},
                {"/disk_write/sticky_error", test_sticky_error}};
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/disk_write/ids", test_ids);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        g_test_add(rows[i].name, struct store_file, NULL, store_file_set_up, rows[i].test,
                   store_file_tear_down);
    return g_test_run();
}
