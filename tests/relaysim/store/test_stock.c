/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is in a store's file: counted, handed over, copied and purged, by identity and time. */
#include "store/stock.h"

#include <glib/gstdio.h>
#include <sqlite3.h>

#include "core/encode.h"
#include "endpoint/endpoint.h"

#define NOW_MS INT64_C(1700000000000)

struct fixture {
    char *folder, *path, *copy;
};

static void put_queue(struct sstp_disk *disk, uint64_t id, uint64_t done, const char *identity_url)
{
    sstp_disk_put_queue(disk, &(struct sstp_disk_queue){.id = id,
                                                        .done = done,
                                                        .identity_url = identity_url,
                                                        .device_url = "",
                                                        .resource_url = "r"});
}

static void put(struct sstp_disk *disk, uint64_t id, struct sstp_span queues, int64_t stored_ms,
                int64_t expires_ms, bool is_shared)
{
    const struct sstp_ep_message message = {.data = sstp_span("data", 4)};
    const struct sstp_command command = sstp_ep_message_command(&message);
    uint8_t head[64];
    const size_t len = sstp_command_encode(&command, head, sizeof head);
    g_assert_cmpuint(len, >, 0);
    sstp_disk_gather_message(disk, &(struct sstp_disk_message){.id = id,
                                                               .expires_ms = expires_ms,
                                                               .stored_ms = stored_ms,
                                                               .queues = queues,
                                                               .head = sstp_span(head, len),
                                                               .data = message.data});
    if (!is_shared)
        sstp_disk_put_gathered(disk);
}

/* Queues 1 of i, which has had message 1, and 2 of j.  Messages 1, 2 and 3 are for both, 2 is
 * over, 3 is old; 4 is for j alone, and nobody knows since when.  5 is for who is not there.  The
 * first three share a row, or have one each. */
static void set_up(struct fixture *fixture, gconstpointer shares)
{
    static const uint8_t both[] = {1, 2}, nobody[] = {7};
    char *error = NULL;
    const bool is_shared = shares != NULL;
    fixture->folder = g_dir_make_tmp("relaysim-XXXXXX", NULL);
    fixture->path = g_build_filename(fixture->folder, "store.db", NULL);
    fixture->copy = g_build_filename(fixture->folder, "copy.db", NULL);
    struct sstp_disk *disk = sstp_disk_open(fixture->path, NULL, &error);
    g_assert_cmpstr(error, ==, NULL);
    sstp_disk_begin(disk);
    put_queue(disk, 1, 1, "i");
    put_queue(disk, 2, 0, "j");
    put(disk, 1, sstp_span(both, 2), NOW_MS, INT64_MAX, is_shared);
    put(disk, 2, sstp_span(both, 2), NOW_MS, NOW_MS, is_shared);
    put(disk, 3, sstp_span(both, 2), NOW_MS - 1000, NOW_MS + 1, false);
    put(disk, 4, sstp_span(both + 1, 1), 0, INT64_MAX, false);
    put(disk, 5, sstp_span(nobody, 1), NOW_MS, INT64_MAX, false);
    g_assert_cmpint(sstp_disk_commit(disk), ==, SSTP_DISK_OK);
    sstp_disk_close(disk);
}

static void tear_down(struct fixture *fixture, gconstpointer unused)
{
    (void)unused;
    (void)g_unlink(fixture->path);
    (void)g_unlink(fixture->copy);
    g_assert_cmpint(g_rmdir(fixture->folder), ==, 0);
    g_free(fixture->folder);
    g_free(fixture->path);
    g_free(fixture->copy);
}

static struct stock *open_stock(const char *path)
{
    char *error = NULL;
    struct stock *stock = stock_open(path, NOW_MS, &error);
    g_assert_cmpstr(error, ==, NULL);
    g_assert_nonnull(stock);
    return stock;
}

/* "IDENTITY COUNT;" for each queue, and the number of messages. */
static void check(struct stock *stock, struct stock_filter filter, const char *expected)
{
    const struct stock_summary *summary;
    char *error = NULL;
    GString *text = g_string_new(NULL);
    g_assert_true(stock_read(stock, &filter, &summary, &error));
    for (guint i = 0; i < summary->queues->len; i++) {
        const struct stock_queue *queue = g_ptr_array_index(summary->queues, i);
        g_string_append_printf(text, "%s %u;", queue->identity_url, (unsigned)queue->num_messages);
    }
    g_string_append_printf(text, "%u", (unsigned)summary->num_messages);
    g_assert_cmpstr(text->str, ==, expected);
    g_string_free(text, TRUE);
}

static void test_filters(struct fixture *fixture, gconstpointer unused)
{
    static const struct {
        struct stock_filter filter;
        const char *expected;
    } rows[] = {{{.identity_url = NULL}, "j 4;i 2;4"},
                {{.identity_url = "i"}, "i 2;2"},
                {{.identity_url = "k"}, "0"},
                {{.is_expired = true}, "i 1;j 1;1"},
                {{.min_age_ms = 1000}, "i 1;j 1;1"}, /* the age itself */
                {{.min_age_ms = 1001}, "0"},
                {{.identity_url = "j", .is_expired = true}, "j 1;1"},
                {{.is_expired = true, .min_age_ms = 1000}, "0"}};
    struct stock *stock = open_stock(fixture->path);
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        check(stock, rows[i].filter, rows[i].expected);
    stock_free(stock);
}

/* Reading changes nothing; what is purged is gone, and nothing else. */
static void test_purge(struct fixture *fixture, gconstpointer unused)
{
    static const struct {
        struct stock_filter filter;
        uint64_t num;
        const char *expected;
    } rows[] = {{{.identity_url = "k"}, 0, "j 4;i 2;4"},
                {{.identity_url = "i", .is_expired = true}, 1, "j 4;i 1;4"},
                {{.min_age_ms = 1000}, 2, "j 3;3"},
                {{.is_expired = true}, 1, "j 2;2"},
                {{.identity_url = NULL}, 2, "0"}};
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct stock *stock = open_stock(fixture->path);
        uint64_t num = 99;
        char *error = NULL;
        g_assert_true(stock_purge(stock, &rows[i].filter, &num, &error));
        g_assert_cmpuint(num, ==, rows[i].num);
        stock_free(stock);
        stock = open_stock(fixture->path);
        check(stock, (struct stock_filter){.identity_url = NULL}, rows[i].expected);
        stock_free(stock);
    }
    /* No row is left of those that somebody waited for. */
    sqlite3 *db;
    sqlite3_stmt *row;
    g_assert_cmpint(sqlite3_open(fixture->path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_prepare_v2(db, "SELECT id FROM message", -1, &row, NULL), ==,
                    SQLITE_OK);
    g_assert_cmpint(sqlite3_step(row), ==, SQLITE_ROW);
    g_assert_cmpint(sqlite3_column_int(row, 0), ==, 5);
    g_assert_cmpint(sqlite3_step(row), ==, SQLITE_DONE);
    sqlite3_finalize(row);
    g_assert_cmpint(sqlite3_close(db), ==, SQLITE_OK);
}

static bool on_message(void *cookie, const struct sstp_disk_message *message,
                       const GPtrArray *queues)
{
    g_string_append_printf(cookie, "%u:%u:%.*s;", (unsigned)message->id, queues->len,
                           (int)message->data.len, (const char *)message->data.data);
    return true;
}

static void test_export(struct fixture *fixture, gconstpointer unused)
{
    GString *text = g_string_new(NULL);
    char *error = NULL;
    (void)unused;
    struct stock *stock = open_stock(fixture->path);
    g_assert_true(stock_export(stock, &(struct stock_filter){.identity_url = NULL}, on_message,
                               text, &error));
    g_assert_cmpstr(text->str, ==, "1:1:data;2:2:data;3:2:data;4:1:data;");
    stock_free(stock);
    g_string_free(text, TRUE);
}

static void test_back_up(struct fixture *fixture, gconstpointer unused)
{
    char *error = NULL;
    (void)unused;
    struct stock *stock = open_stock(fixture->path);
    g_assert_true(stock_back_up(stock, fixture->copy, &error));
    g_assert_false(stock_back_up(stock, fixture->copy, &error));
    g_assert_nonnull(strstr(error, "File exists"));
    g_clear_pointer(&error, g_free);
    struct stock *copy = open_stock(fixture->copy);
    check(copy, (struct stock_filter){.identity_url = NULL}, "j 4;i 2;4");
    stock_free(copy);
    stock_free(stock);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*test)(struct fixture *fixture, gconstpointer unused);
    } rows[] = {{"/stock/filters", test_filters},
                {"/stock/purge", test_purge},
                {"/stock/export", test_export},
                {"/stock/back_up", test_back_up}};
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        for (unsigned shares = 0; shares < 2; shares++) {
            char *name = g_strconcat(rows[i].name, shares != 0 ? "/shared_row" : "/rows", NULL);
            g_test_add(name, struct fixture, GUINT_TO_POINTER(shares), set_up, rows[i].test,
                       tear_down);
            g_free(name);
        }
    return g_test_run();
}
