/* SPDX-License-Identifier: GPL-2.0-or-later */
/* After a batch: what is told, and what is tried when. */
#include <sqlite3.h>

#include "durable.h"
#include "faulty_vfs.h"
#include "store/disk_schema.h"

static void on_failing(void *cookie, const char *why)
{
    g_string_append_printf(cookie, "%s;", why != NULL ? why : "well");
}

enum failure { NO_SPACE, NO_MESSAGES };

static struct sstp_store *new_failing(enum failure failure, GString *told)
{
    struct sstp_store *store = durable_new();
    sstp_store_set_handler(store,
                           (struct sstp_store_handler){.failing = on_failing, .cookie = told});
    if (failure == NO_SPACE) {
        faulty.fail_at = faulty.num_calls + 1;
        faulty.num_fails = UINT32_MAX;
        faulty.failure = SQLITE_FULL;
    } else {
        g_assert_cmpint(sqlite3_exec(sstp_disk_sqlite(store->disk),
                                     "CREATE TEMP TRIGGER t BEFORE INSERT ON main.message"
                                     " BEGIN SELECT RAISE(ABORT, 'no messages'); END",
                                     NULL, NULL, NULL),
                        ==, SQLITE_OK);
    }
    return store;
}

static void mend(struct sstp_store *store)
{
    faulty.fail_at = 0;
    sqlite3_exec(sstp_disk_sqlite(store->disk), "DROP TRIGGER IF EXISTS t", NULL, NULL, NULL);
}

/* One batch; how many messages were in it, or -1 where it was not time. */
static int try(struct sstp_store *store, int64_t now_ms)
{
    struct sstp_store_batch *batch = sstp_store_begin(store, now_ms);
    if (batch == NULL)
        return -1;
    const int num = (int)batch->pending->len;
    sstp_store_write(batch);
    sstp_store_finish(store, batch, now_ms);
    return num;
}

/* Each failure has its sentence, which is told once, and so is its end; the message is
 * safe then and not before. */
static void test_failures(void)
{
    static const struct {
        enum failure failure;
        const char *sentence;
    } rows[] = {{NO_SPACE, "the disk of the store is full: "},
                {NO_MESSAGES, "the store cannot be read or written: no messages"}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        GString *told = g_string_new("");
        struct sstp_store *store = new_failing(rows[i].failure, told);
        unsigned num_safe = 0;
        durable_put_to(store, "i", "a", &num_safe);
        g_assert_cmpint(try(store, 5000), ==, 1);
        g_assert_true(g_str_has_prefix(told->str, rows[i].sentence));
        g_assert_true(g_str_has_prefix(sstp_store_failure(store), rows[i].sentence));
        const size_t len = told->len;
        /* A second later, and not before. */
        g_assert_cmpint(sstp_store_next_retry(store), ==, 6000);
        g_assert_cmpint(try(store, 5999), ==, -1);
        g_assert_cmpint(try(store, 6000), ==, 1);
        g_assert_cmpuint(told->len, ==, len);
        g_assert_cmpuint(num_safe, ==, 0);
        mend(store);
        g_assert_cmpint(sstp_store_next_retry(store), ==, 7000);
        g_assert_cmpint(try(store, 7000), ==, 1);
        g_assert_cmpstr(told->str + len, ==, "well;");
        g_assert_null(sstp_store_failure(store));
        g_assert_cmpint(sstp_store_next_retry(store), ==, SSTP_EP_NEVER);
        g_assert_cmpuint(num_safe, ==, 1);
        sstp_store_free(store);
        g_string_free(told, TRUE);
    }
}

/* Without space half as much is tried at once, down to one message; with space again, more
 * and more. */
static void test_halves(void)
{
    GString *told = g_string_new("");
    struct sstp_store *store = new_failing(NO_SPACE, told);
    for (unsigned i = 0; i < 8; i++)
        durable_put_to(store, "i", "0123456789", NULL);
    for (int num = 8; num > 1; num /= 2) {
        g_assert_cmpint(try(store, 0), ==, num);
        g_assert_cmpstr(told->str, ==, "");
    }
    g_assert_cmpint(try(store, 0), ==, 1);
    g_assert_cmpstr(told->str, !=, ""); /* there is nothing left to halve */
    g_assert_cmpint(try(store, 0), ==, -1);
    mend(store);
    static const int nums[] = {1, 1, 2, 4};
    for (size_t i = 0; i < G_N_ELEMENTS(nums); i++) {
        g_assert_nonnull(sstp_store_failure(store)); /* not all of it is written */
        g_assert_cmpint(try(store, 1000), ==, nums[i]);
    }
    g_assert_null(sstp_store_failure(store));
    sstp_store_free(store);
    g_string_free(told, TRUE);
}

/* However long they are: a short message and a long one are not tried together for ever. */
static void test_halves_uneven(void)
{
    GString *told = g_string_new("");
    struct sstp_store *store = new_failing(NO_SPACE, told);
    char *text = g_strnfill(20000, 'x');
    durable_put_to(store, "i", "", NULL);
    durable_put_to(store, "i", text, NULL);
    g_assert_cmpint(try(store, 0), ==, 2);
    g_assert_cmpint(try(store, 0), ==, 1);
    g_assert_cmpint(try(store, 0), ==, -1);
    sstp_store_free(store);
    g_string_free(told, TRUE);
    g_free(text);
}

/* An error is no lack of space: nothing is halved. */
static void test_error_is_not_halved(void)
{
    GString *told = g_string_new("");
    struct sstp_store *store = new_failing(NO_MESSAGES, told);
    for (unsigned i = 0; i < 8; i++)
        durable_put_to(store, "i", "0123456789", NULL);
    g_assert_cmpint(try(store, 0), ==, 8);
    g_assert_cmpint(try(store, 0), ==, -1);
    g_assert_cmpint(try(store, 1000), ==, 8);
    sstp_store_free(store);
    g_string_free(told, TRUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store_finish/failures", test_failures);
    g_test_add_func("/store_finish/halves", test_halves);
    g_test_add_func("/store_finish/halves_uneven", test_halves_uneven);
    g_test_add_func("/store_finish/error_is_not_halved", test_error_is_not_halved);
    return g_test_run();
}
