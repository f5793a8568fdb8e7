/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which messages share a row, when it goes, and what is known of those that have left it. */
#include "durable.h"

#define HOUR_MS 3600000

static void check_num_rows(struct sstp_store *store, unsigned expected)
{
    g_assert_cmpuint(durable_count_rows(store, "message"), ==, expected);
}

static void put_until(struct sstp_store *store, const char *identity, const char *text,
                      int64_t expires_ms)
{
    struct sstp_payload *payload = durable_payload(text);
    (void)durable_put_payload(store, payload, identity, expires_ms);
    sstp_payload_unref(payload);
}

/* Those for the same queues, in whatever order they come; each queue keeps its own. */
static void test_same_queues(void)
{
    static const char *const identities[] = {"i", "ij", "j", "ij", "i", "j", "i", "ji"};
    struct sstp_store *store = durable_new();
    for (unsigned i = 0; i < G_N_ELEMENTS(identities); i++) {
        const char text[] = {(char)('a' + i), '\0'};
        durable_put_to(store, identities[i], text, NULL);
    }
    g_assert_true(durable_settle(store));
    check_num_rows(store, 4);
    store = durable_reopen(store, 0, DURABLE_WALL_MS);
    durable_check_queue(store, "i", "a;b;d;e;g;h;");
    durable_check_queue(store, "j", "b;c;d;f;h;");
    sstp_store_free(store);
}

/* Those that go at about the same time: who lives long does not hold what is soon over. */
static void test_same_time(void)
{
    struct sstp_store *store = durable_new();
    const int64_t soon_ms = 30 * HOUR_MS;
    for (unsigned i = 0; i < 3; i++) {
        put_until(store, "i", "never", SSTP_EP_NEVER);
        put_until(store, "i", "soon", soon_ms + i);
        put_until(store, "i", "later", soon_ms + HOUR_MS + i);
    }
    g_assert_true(durable_settle(store));
    check_num_rows(store, 3);
    g_assert_cmpuint(sstp_store_expire(store, soon_ms + 3), ==, 3);
    g_assert_true(durable_settle(store));
    check_num_rows(store, 2);
    store = durable_reopen(store, 0, DURABLE_WALL_MS);
    durable_check_queue(store, "i", "never;later;never;later;never;later;");
    sstp_store_free(store);
}

/* No more in one than SSTP_STORE_ROW_BYTES, but for one long message. */
static void test_size(void)
{
    struct sstp_store *store = durable_new();
    char *long_text = g_strnfill(SSTP_STORE_ROW_BYTES, 'x'), *text = g_strnfill(10000, 'x');
    (void)durable_put(store, "i", long_text);
    for (unsigned i = 0; i < 12; i++)
        (void)durable_put(store, "i", text);
    (void)durable_put(store, "i", long_text);
    g_assert_true(durable_settle(store));
    check_num_rows(store, 4);
    g_free(long_text);
    g_free(text);
    sstp_store_free(store);
}

/* What has left a row in which others are does not come back, whether it was its turn or not. */
static void test_left(void)
{
    enum { NUM = 5 };
    for (unsigned left = 1; left < 1u << NUM; left++) {
        struct sstp_store *store = durable_new();
        struct sstp_store_message *messages[NUM];
        GString *rest = g_string_new("");
        for (unsigned i = 0; i < NUM; i++) {
            const char text[] = {(char)('a' + i), '\0'};
            messages[i] = durable_put(store, "i", text);
            if ((left >> i & 1) == 0)
                g_string_append_printf(rest, "%s;", text);
        }
        g_assert_true(durable_settle(store));
        check_num_rows(store, 1);
        for (unsigned i = NUM; i > 0; i--) /* the last first */
            if ((left >> (i - 1) & 1) != 0)
                sstp_store_remove(store, messages[i - 1]);
        g_assert_true(durable_settle(store));
        check_num_rows(store, rest->len > 0);
        store = durable_reopen(store, 0, DURABLE_WALL_MS);
        if (rest->len > 0)
            durable_check_queue(store, "i", rest->str);
        else
            g_assert_null(durable_queue(store, "i"));
        sstp_store_free(store);
        g_string_free(rest, TRUE);
    }
}

/* The same while the row is being written, and when that fails. */
static void test_left_meanwhile(void)
{
    for (unsigned fails = 0; fails < 2; fails++) {
        struct sstp_store *store = durable_new();
        (void)durable_put(store, "i", "a");
        struct sstp_store_message *second = durable_put(store, "i", "b");
        (void)durable_put(store, "i", "c");
        struct sstp_store_batch *batch = sstp_store_begin(store, 0);
        sstp_store_remove(store, second);
        sstp_store_write(batch);
        if (fails != 0) { /* it is said to, and has reached the disk */
            batch->is_written = false;
            batch->err = SSTP_DISK_FAILED;
            batch->error = g_strdup("it is said");
        }
        sstp_store_finish(store, batch, 0);
        while ((batch = sstp_store_begin(store, HOUR_MS)) != NULL) {
            sstp_store_write(batch);
            sstp_store_finish(store, batch, HOUR_MS);
        }
        check_num_rows(store, 1);
        store = durable_reopen(store, 0, DURABLE_WALL_MS);
        durable_check_queue(store, "i", "a;c;");
        sstp_store_free(store);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/row/same_queues", test_same_queues);
    g_test_add_func("/row/same_time", test_same_time);
    g_test_add_func("/row/size", test_size);
    g_test_add_func("/row/left", test_left);
    g_test_add_func("/row/left_meanwhile", test_left_meanwhile);
    return g_test_run();
}
