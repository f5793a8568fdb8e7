/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What has to go to the disk, what need not, and what comes from there. */
#include "durable.h"

/* One row for all recipients; each goes on from where it was. */
static void test_fanout(void)
{
    struct sstp_store *store = durable_new();
    static const char *const texts[] = {"a", "b", "c"};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        durable_put_to(store, "ij", texts[i], NULL);
    g_assert_true(durable_settle(store));
    durable_check_rows(store, 3, 2);
    durable_remove_first(store, "i");
    durable_remove_first(store, "i");
    g_assert_true(durable_settle(store));
    durable_check_rows(store, 3, 2);
    store = durable_reopen(store, 0, DURABLE_WALL_MS);
    durable_check_queue(store, "i", "c;");
    durable_check_queue(store, "j", "a;b;c;");
    durable_remove_first(store, "j");
    durable_remove_first(store, "i");
    g_assert_true(durable_settle(store));
    durable_check_rows(store, 2, 1); /* the queue that is at its end has no row */
    /* It begins anew, and is not taken for what it was. */
    (void)durable_put(store, "i", "d");
    g_assert_true(durable_settle(store));
    store = durable_reopen(store, 0, DURABLE_WALL_MS);
    durable_check_queue(store, "i", "d;");
    durable_check_queue(store, "j", "b;c;");
    sstp_store_free(store);
}

/* Ids do not begin again below those that count as gone. */
static void test_ids_after_restart(void)
{
    struct sstp_store *store = durable_new();
    durable_put_to(store, "ij", "both", NULL);
    durable_put_to(store, "ik", "later", NULL);
    (void)durable_put(store, "i", "last");
    g_assert_true(durable_settle(store));
    for (unsigned i = 0; i < 2; i++)
        durable_remove_first(store, "i");
    durable_remove_first(store, "k");
    g_assert_true(durable_settle(store));
    store = durable_reopen(store, 0, DURABLE_WALL_MS);
    durable_remove_first(store, "i");
    (void)durable_put(store, "i", "new");
    g_assert_true(durable_settle(store));
    store = durable_reopen(store, 0, DURABLE_WALL_MS);
    durable_check_queue(store, "i", "new;");
    durable_check_queue(store, "j", "both;");
    g_assert_null(durable_queue(store, "k"));
    sstp_store_free(store);
}

/* A fanout that names the same recipient twice. */
static void test_named_twice(void)
{
    struct sstp_store *store = durable_new();
    durable_put_to(store, "ii", "a", NULL);
    g_assert_true(durable_settle(store));
    durable_remove_first(store, "i");
    (void)durable_settle(store);
    store = durable_reopen(store, 0, DURABLE_WALL_MS);
    /* Never fewer; that the first was taken cannot be told apart. */
    g_assert_cmpuint(durable_queue(store, "i")->messages.length, >=, 1);
    while (durable_queue(store, "i") != NULL)
        durable_remove_first(store, "i");
    (void)durable_settle(store);
    durable_check_rows(store, 0, 0);
    sstp_store_free(store);
}

static void on_loaded(void *cookie, struct sstp_store_queue *queue)
{
    GString *text = cookie;
    g_string_append(text, queue->recipient->identity_url);
    g_string_append_c(text, ';');
}

/* What is on the disk only comes when it is asked for, and whoever asked is told. */
static void test_loading(void)
{
    struct sstp_store *store = durable_new();
    GString *loaded = g_string_new("");
    (void)durable_put(store, "i", "a");
    (void)durable_put(store, "i", "b");
    (void)durable_put(store, "j", "c");
    g_assert_true(durable_settle(store));
    store = durable_reopen(store, 0, DURABLE_WALL_MS);
    sstp_store_set_handler(store,
                           (struct sstp_store_handler){.loaded = on_loaded, .cookie = loaded});
    g_assert_false(sstp_store_has_work(store));
    struct sstp_store_message *first = g_queue_peek_head(&durable_queue(store, "i")->messages);
    struct sstp_store_message *second = g_queue_peek_tail(&durable_queue(store, "i")->messages);
    g_assert_null(sstp_store_get(store, first));
    g_assert_null(sstp_store_get(store, first));
    g_assert_true(durable_settle(store));
    g_assert_cmpstr(loaded->str, ==, "i;");
    g_assert_nonnull(sstp_store_get(store, first));
    g_assert_nonnull(sstp_store_get(store, second)); /* read ahead */
    g_assert_false(durable_settle(store));

    /* Its queue goes while it is read. */
    g_assert_null(sstp_store_get(store, g_queue_peek_head(&durable_queue(store, "j")->messages)));
    struct sstp_store_batch *batch = sstp_store_begin(store, 0);
    durable_remove_first(store, "j");
    sstp_store_write(batch);
    sstp_store_finish(store, batch, 0);
    g_assert_cmpstr(loaded->str, ==, "i;");
    g_assert_true(durable_settle(store));
    durable_check_rows(store, 2, 1);
    sstp_store_free(store);
    g_string_free(loaded, TRUE);
}

/* Beyond the cache, contents leave the memory, but for those that are held. */
static void test_cache(void)
{
    struct sstp_store *store = durable_new();
    char *text = g_strnfill(1000, 'x');
    sstp_store_set_cache(store, 2500);
    for (unsigned i = 0; i < 5; i++)
        (void)durable_put(store, "i", text);
    struct sstp_payload *held = durable_payload(text);
    struct sstp_store_message *last = durable_put_payload(store, held, "i", SSTP_EP_NEVER);
    g_assert_true(durable_settle(store));
    g_assert_cmpuint(store->num_cached, <=, 2500);
    g_assert_cmpuint(store->num_cached, >, 0);
    g_assert_nonnull(last->payload->content);
    g_assert_cmpuint(sstp_payload_message(held)->data.len, ==, 1000);
    sstp_payload_unref(held);

    unsigned num_sent = 0;
    for (GList *link = durable_queue(store, "i")->messages.head; link != NULL; link = link->next) {
        while (sstp_store_get(store, link->data) == NULL)
            g_assert_true(durable_settle(store));
        sstp_store_sent(store, link->data, 1);
        g_assert_cmpuint(store->num_read, <=, 2500);
        num_sent++;
    }
    g_assert_cmpuint(num_sent, ==, 6);
    while (durable_queue(store, "i") != NULL)
        durable_remove_first(store, "i");
    g_assert_true(durable_settle(store));
    g_assert_cmpuint(store->num_cached, ==, 0);
    g_assert_cmpuint(store->num_read, ==, 0);
    durable_check_rows(store, 0, 0);
    sstp_store_free(store);
    g_free(text);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/note/fanout", test_fanout);
    g_test_add_func("/note/ids_after_restart", test_ids_after_restart);
    g_test_add_func("/note/named_twice", test_named_twice);
    g_test_add_func("/note/loading", test_loading);
    g_test_add_func("/note/cache", test_cache);
    return g_test_run();
}
