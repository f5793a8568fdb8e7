/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is written together, and who is safe when. */
#include "durable.h"
#include "faulty_vfs.h"

static void test_safe_with_batch(void)
{
    struct sstp_store *store = durable_new();
    unsigned num_safe = 0;
    durable_put_to(store, "i", "a", &num_safe);
    g_assert_true(sstp_store_has_work(store));

    struct sstp_store_batch *batch = sstp_store_begin(store, 0);
    g_assert_null(sstp_store_begin(store, 0)); /* one at a time */
    sstp_store_write(batch);
    g_assert_cmpuint(num_safe, ==, 0); /* that may have been another thread */
    sstp_store_finish(store, batch, 0);
    g_assert_cmpuint(num_safe, ==, 1);
    g_assert_false(sstp_store_has_work(store));
    g_assert_null(sstp_store_begin(store, 0));
    durable_check_rows(store, 1, 1);
    store = durable_reopen(store, 0, DURABLE_WALL_MS);
    durable_check_queue(store, "i", "a;");
    sstp_store_free(store);
}

/* Whoever has left all queues before the batch needs no row, and is safe at once. */
static void test_taken_before_batch(void)
{
    struct sstp_store *store = durable_new();
    unsigned num_safe = 0;
    durable_put_to(store, "ij", "a", &num_safe);
    durable_remove_first(store, "i");
    g_assert_cmpuint(num_safe, ==, 0);
    durable_remove_first(store, "j");
    g_assert_cmpuint(num_safe, ==, 1);
    const unsigned num_calls = faulty.num_calls;
    (void)durable_settle(store);
    g_assert_cmpuint(faulty.num_calls, ==, num_calls);
    durable_check_rows(store, 0, 0);
    sstp_store_free(store);
}

/* The same while it is being written: safe at once, and the row goes with the next. */
static void test_taken_during_batch(void)
{
    struct sstp_store *store = durable_new();
    unsigned num_safe = 0;
    durable_put_to(store, "i", "a", &num_safe);
    struct sstp_store_batch *batch = sstp_store_begin(store, 0);
    durable_remove_first(store, "i");
    g_assert_cmpuint(num_safe, ==, 1);
    sstp_store_write(batch);
    sstp_store_finish(store, batch, 0);
    g_assert_cmpuint(num_safe, ==, 1);
    durable_check_rows(store, 1, 1);
    g_assert_true(durable_settle(store));
    durable_check_rows(store, 0, 0);
    g_assert_false(durable_settle(store));
    sstp_store_free(store);
}

/* Without a queue, or without a disk, it is as safe as it will be. */
static void test_safe_at_once(void)
{
    struct sstp_store *store = durable_new();
    struct sstp_payload *payload = durable_payload("a");
    unsigned num_safe = 0;
    sstp_store_await(store, payload, durable_count, &num_safe);
    g_assert_cmpuint(num_safe, ==, 1);
    sstp_store_await_registry(store, durable_count, &num_safe);
    g_assert_cmpuint(num_safe, ==, 2);
    sstp_payload_unref(payload);
    sstp_store_free(store);

    store = sstp_store_new();
    durable_put_to(store, "i", "a", &num_safe);
    g_assert_cmpuint(num_safe, ==, 3);
    sstp_store_await_registry(store, durable_count, &num_safe);
    g_assert_cmpuint(num_safe, ==, 4);
    g_assert_false(sstp_store_has_work(store));
    g_assert_null(sstp_store_begin(store, 0));
    sstp_store_free(store);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/batch/safe_with_batch", test_safe_with_batch);
    g_test_add_func("/batch/taken_before_batch", test_taken_before_batch);
    g_test_add_func("/batch/taken_during_batch", test_taken_during_batch);
    g_test_add_func("/batch/safe_at_once", test_safe_at_once);
    return g_test_run();
}
