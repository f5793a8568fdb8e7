/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The durable store: what is written, what need not be, and what comes back. */
#include "store/disk_schema.h"
#include "faulty_vfs.h"
#include "store/store.h"
#include "store/internal.h"

#define WALL_MS 1700000000000

static struct sstp_store *open_store(int64_t now_ms, int64_t wall_ms)
{
    char *error = NULL;
    struct sstp_store *store = sstp_store_open("s", FAULTY_VFS, now_ms, wall_ms, &error);
    g_assert_cmpstr(error, ==, NULL);
    return store;
}

static struct sstp_store *new_store(void)
{
    faulty_vfs_reset();
    return open_store(0, WALL_MS);
}

/* Writes one batch; false when there was nothing to do. */
static bool settle(struct sstp_store *store)
{
    struct sstp_store_batch *batch = sstp_store_begin(store, 0);
    if (batch == NULL)
        return false;
    sstp_store_write(batch);
    sstp_store_finish(store, batch, 0);
    g_assert_null(sstp_store_failure(store));
    return true;
}

static struct sstp_store *reopen(struct sstp_store *store, int64_t now_ms, int64_t wall_ms)
{
    sstp_store_free(store);
    return open_store(now_ms, wall_ms);
}

static void on_safe(void *num)
{
    ++*(unsigned *)num;
}

static struct sstp_payload *payload_of(const char *text)
{
    const struct sstp_ep_message message = {.flags = SSTP_MESSAGE_FLAG_EPHEMERAL,
                                            .ttl = 77,
                                            .user_ref = sstp_span_of_string("ref"),
                                            .data = sstp_span_of_string(text)};
    return sstp_payload_new(&message);
}

static struct sstp_store_message *put_payload(struct sstp_store *store,
                                              struct sstp_payload *payload, const char *identity,
                                              int64_t expires_ms)
{
    struct sstp_store_message *message = NULL;
    g_assert_cmpint(sstp_store_put(store, identity, "", "r", payload, expires_ms, &message), ==,
                    SSTP_STORE_OK);
    return message;
}

static struct sstp_store_message *put(struct sstp_store *store, const char *identity,
                                      const char *text)
{
    struct sstp_payload *payload = payload_of(text);
    struct sstp_store_message *message = put_payload(store, payload, identity, SSTP_EP_NEVER);
    sstp_payload_unref(payload);
    return message;
}

static struct sstp_store_queue *queue_of(struct sstp_store *store, const char *identity)
{
    const struct sstp_store_recipient *recipient = sstp_store_find(store, identity);
    return recipient != NULL ? g_ptr_array_index(recipient->queues, 0) : NULL;
}

static void remove_first(struct sstp_store *store, const char *identity)
{
    sstp_store_remove(store, g_queue_peek_head(&queue_of(store, identity)->messages));
}

/* A queue's messages, each with a ";" after it, read from the disk if need be. */
static void check_queue(struct sstp_store *store, const char *identity, const char *expected)
{
    GString *text = g_string_new("");
    struct sstp_store_queue *queue = queue_of(store, identity);
    for (GList *link = queue != NULL ? queue->messages.head : NULL; link != NULL;
         link = link->next) {
        const struct sstp_ep_message *message;
        while ((message = sstp_store_get(store, link->data)) == NULL)
            g_assert_true(settle(store));
        g_assert_cmpuint(message->ttl, ==, 77);
        g_assert_true(sstp_span_is_equal(message->user_ref, sstp_span_of_string("ref")));
        g_string_append_len(text, (const char *)message->data.data, (gssize)message->data.len);
        g_string_append_c(text, ';');
    }
    g_assert_cmpstr(text->str, ==, expected);
    g_string_free(text, TRUE);
}

static int count_rows(struct sstp_store *store, const char *table)
{
    char *sql = g_strdup_printf("SELECT count(*) FROM %s", table);
    sqlite3_stmt *row;
    g_assert_cmpint(sqlite3_prepare_v2(sstp_disk_sqlite(store->disk), sql, -1, &row, NULL), ==,
                    SQLITE_OK);
    g_assert_cmpint(sqlite3_step(row), ==, SQLITE_ROW);
    const int num = sqlite3_column_int(row, 0);
    sqlite3_finalize(row);
    g_free(sql);
    return num;
}

static void check_rows(struct sstp_store *store, int num_messages, int num_queues)
{
    g_assert_cmpint(count_rows(store, "message"), ==, num_messages);
    g_assert_cmpint(count_rows(store, "queue"), ==, num_queues);
}

/* ------------------------------------------------------------------------
 * Safety
 */

static void test_safe_with_batch(void)
{
    struct sstp_store *store = new_store();
    struct sstp_payload *payload = payload_of("a");
    unsigned num_safe = 0;
    (void)put_payload(store, payload, "i", SSTP_EP_NEVER);
    sstp_store_await(store, payload, on_safe, &num_safe);
    sstp_payload_unref(payload);
    g_assert_true(sstp_store_has_work(store));

    struct sstp_store_batch *batch = sstp_store_begin(store, 0);
    g_assert_null(sstp_store_begin(store, 0)); /* one at a time */
    sstp_store_write(batch);
    g_assert_cmpuint(num_safe, ==, 0); /* that may have been another thread */
    sstp_store_finish(store, batch, 0);
    g_assert_cmpuint(num_safe, ==, 1);
    g_assert_false(sstp_store_has_work(store));
    g_assert_null(sstp_store_begin(store, 0));
    check_rows(store, 1, 1);
    store = reopen(store, 0, WALL_MS);
    check_queue(store, "i", "a;");
    sstp_store_free(store);
}

/* Whoever has left all queues before the batch needs no row, and is safe at once. */
static void test_taken_before_batch(void)
{
    struct sstp_store *store = new_store();
    struct sstp_payload *payload = payload_of("a");
    unsigned num_safe = 0;
    (void)put_payload(store, payload, "i", SSTP_EP_NEVER);
    (void)put_payload(store, payload, "j", SSTP_EP_NEVER);
    sstp_store_await(store, payload, on_safe, &num_safe);
    sstp_payload_unref(payload);
    remove_first(store, "i");
    g_assert_cmpuint(num_safe, ==, 0);
    remove_first(store, "j");
    g_assert_cmpuint(num_safe, ==, 1);
    const unsigned num_calls = faulty.num_calls;
    (void)settle(store);
    g_assert_cmpuint(faulty.num_calls, ==, num_calls);
    check_rows(store, 0, 0);
    sstp_store_free(store);
}

/* The same while it is being written: safe at once, and the row goes with the next. */
static void test_taken_during_batch(void)
{
    struct sstp_store *store = new_store();
    struct sstp_payload *payload = payload_of("a");
    unsigned num_safe = 0;
    (void)put_payload(store, payload, "i", SSTP_EP_NEVER);
    sstp_store_await(store, payload, on_safe, &num_safe);
    sstp_payload_unref(payload);
    struct sstp_store_batch *batch = sstp_store_begin(store, 0);
    remove_first(store, "i");
    g_assert_cmpuint(num_safe, ==, 1);
    sstp_store_write(batch);
    sstp_store_finish(store, batch, 0);
    g_assert_cmpuint(num_safe, ==, 1);
    check_rows(store, 1, 1);
    g_assert_true(settle(store));
    check_rows(store, 0, 0);
    g_assert_false(settle(store));
    sstp_store_free(store);
}

/* Without a queue, or without a disk, it is as safe as it will be. */
static void test_safe_at_once(void)
{
    struct sstp_store *store = new_store();
    struct sstp_payload *payload = payload_of("a");
    unsigned num_safe = 0;
    sstp_store_await(store, payload, on_safe, &num_safe);
    g_assert_cmpuint(num_safe, ==, 1);
    sstp_store_await_registry(store, on_safe, &num_safe);
    g_assert_cmpuint(num_safe, ==, 2);
    sstp_payload_unref(payload);
    sstp_store_free(store);

    store = sstp_store_new();
    payload = payload_of("a");
    (void)put_payload(store, payload, "i", SSTP_EP_NEVER);
    sstp_store_await(store, payload, on_safe, &num_safe);
    g_assert_cmpuint(num_safe, ==, 3);
    sstp_store_await_registry(store, on_safe, &num_safe);
    g_assert_cmpuint(num_safe, ==, 4);
    sstp_payload_unref(payload);
    g_assert_false(sstp_store_has_work(store));
    g_assert_null(sstp_store_begin(store, 0));
    sstp_store_free(store);
}

/* ------------------------------------------------------------------------
 * Queues
 */

/* One row for all recipients; each goes on from where it was. */
static void test_fanout(void)
{
    struct sstp_store *store = new_store();
    static const char *const texts[] = {"a", "b", "c"};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        struct sstp_payload *payload = payload_of(texts[i]);
        (void)put_payload(store, payload, "i", SSTP_EP_NEVER);
        (void)put_payload(store, payload, "j", SSTP_EP_NEVER);
        sstp_payload_unref(payload);
    }
    g_assert_true(settle(store));
    check_rows(store, 3, 2);
    remove_first(store, "i");
    remove_first(store, "i");
    g_assert_true(settle(store));
    check_rows(store, 3, 2);
    store = reopen(store, 0, WALL_MS);
    check_queue(store, "i", "c;");
    check_queue(store, "j", "a;b;c;");
    remove_first(store, "j");
    remove_first(store, "i");
    g_assert_true(settle(store));
    check_rows(store, 2, 1); /* the queue that is at its end has no row */
    /* It begins anew, and is not taken for what it was. */
    (void)put(store, "i", "d");
    g_assert_true(settle(store));
    store = reopen(store, 0, WALL_MS);
    check_queue(store, "i", "d;");
    check_queue(store, "j", "b;c;");
    sstp_store_free(store);
}

/* Ids do not begin again below those that count as gone. */
static void test_ids_after_restart(void)
{
    struct sstp_store *store = new_store();
    struct sstp_payload *payload = payload_of("both");
    (void)put_payload(store, payload, "i", SSTP_EP_NEVER);
    (void)put_payload(store, payload, "j", SSTP_EP_NEVER);
    sstp_payload_unref(payload);
    payload = payload_of("later");
    (void)put_payload(store, payload, "i", SSTP_EP_NEVER);
    (void)put_payload(store, payload, "k", SSTP_EP_NEVER);
    sstp_payload_unref(payload);
    (void)put(store, "i", "last");
    g_assert_true(settle(store));
    for (unsigned i = 0; i < 2; i++)
        remove_first(store, "i");
    remove_first(store, "k");
    g_assert_true(settle(store));
    store = reopen(store, 0, WALL_MS);
    remove_first(store, "i");
    (void)put(store, "i", "new");
    g_assert_true(settle(store));
    store = reopen(store, 0, WALL_MS);
    check_queue(store, "i", "new;");
    check_queue(store, "j", "both;");
    g_assert_null(queue_of(store, "k"));
    sstp_store_free(store);
}

/* A fanout that names the same recipient twice. */
static void test_named_twice(void)
{
    struct sstp_store *store = new_store();
    struct sstp_payload *payload = payload_of("a");
    (void)put_payload(store, payload, "i", SSTP_EP_NEVER);
    (void)put_payload(store, payload, "i", SSTP_EP_NEVER);
    sstp_payload_unref(payload);
    g_assert_true(settle(store));
    remove_first(store, "i");
    (void)settle(store);
    store = reopen(store, 0, WALL_MS);
    /* Never fewer; that the first was taken cannot be told apart. */
    g_assert_cmpuint(queue_of(store, "i")->messages.length, >=, 1);
    while (queue_of(store, "i") != NULL)
        remove_first(store, "i");
    (void)settle(store);
    check_rows(store, 0, 0);
    sstp_store_free(store);
}

/* Times are real ones, whatever the clock of the relay begins with. */
static void test_expiry(void)
{
    struct sstp_store *store = new_store();
    struct sstp_payload *payload = payload_of("short");
    (void)put_payload(store, payload, "i", 5000);
    sstp_payload_unref(payload);
    (void)put(store, "i", "long");
    g_assert_true(settle(store));
    store = reopen(store, 1000000, WALL_MS + 4000);
    g_assert_cmpint(sstp_store_next_expiry(store), ==, 1001000);
    g_assert_cmpuint(sstp_store_expire(store, 1000999), ==, 0);
    g_assert_cmpuint(sstp_store_expire(store, 1001000), ==, 1);
    g_assert_true(settle(store));
    check_rows(store, 1, 1);
    check_queue(store, "i", "long;");
    sstp_store_free(store);
}

#define HOUR_MS INT64_C(3600000)

static void put_for(struct sstp_store *store, const char *text, int64_t expires_ms)
{
    struct sstp_payload *payload = payload_of(text);
    (void)put_payload(store, payload, "i", expires_ms);
    sstp_payload_unref(payload);
}

/* A step of the clock while it runs changes nothing, neither then nor after a restart; nor
 * do a step in the other direction, and another restart. */
static void test_clock_steps(void)
{
    static const int64_t steps_ms[] = {2 * HOUR_MS, -2 * HOUR_MS, 500000 * HOUR_MS};
    for (size_t i = 0; i < G_N_ELEMENTS(steps_ms); i++) {
        const int64_t step_ms = steps_ms[i], wall_ms = WALL_MS + step_ms;
        struct sstp_store *store = new_store();
        g_assert_cmpint(sstp_store_set_clocks(store, 0, 7, WALL_MS), ==, 0);
        put_for(store, "an hour", HOUR_MS);
        g_assert_true(settle(store));
        g_assert_cmpint(sstp_store_set_clocks(store, 1000, 1007, wall_ms + 1000), ==, step_ms);
        g_assert_cmpint(sstp_store_next_expiry(store), ==, HOUR_MS);
        g_assert_true(sstp_store_has_work(store));
        g_assert_true(settle(store));
        put_for(store, "as long", HOUR_MS + 1000);

        store = reopen(store, 50, wall_ms + 11000);
        g_assert_cmpint(sstp_store_next_expiry(store), ==, 50 + HOUR_MS - 11000);
        g_assert_cmpint(sstp_store_set_clocks(store, 50, 9, WALL_MS + 11000), ==, -step_ms);
        store = reopen(store, 0, WALL_MS + HOUR_MS + 500);
        g_assert_cmpint(sstp_store_next_expiry(store), ==, -500);
        g_assert_cmpuint(sstp_store_expire(store, 0), ==, 1);
        check_queue(store, "i", "as long;");
        sstp_store_free(store);
    }
}

/* Two clocks are not read at once: that is no step, and nothing to write. */
static void test_clock_jitter(void)
{
    struct sstp_store *store = new_store();
    (void)sstp_store_set_clocks(store, 0, 0, WALL_MS);
    put_for(store, "an hour", HOUR_MS);
    g_assert_true(settle(store));
    for (int64_t now_ms = 1; now_ms < 50000; now_ms += 100)
        g_assert_cmpint(
            sstp_store_set_clocks(store, now_ms, now_ms + now_ms % 900, WALL_MS + now_ms + 999), ==,
            0);
    g_assert_false(sstp_store_has_work(store));
    g_assert_cmpint(sstp_store_next_expiry(store), ==, HOUR_MS);
    g_assert_cmpint(sstp_store_set_clocks(store, 50000, 50000, WALL_MS + 51000), ==, 1000);
    g_assert_true(sstp_store_has_work(store));
    sstp_store_free(store);
}

/* What passes while the machine sleeps has passed. */
static void test_clock_sleeps(void)
{
    struct sstp_store *stores[] = {new_store(), sstp_store_new()};
    for (size_t i = 0; i < G_N_ELEMENTS(stores); i++) {
        struct sstp_store *store = stores[i];
        g_assert_cmpint(sstp_store_set_clocks(store, 0, 0, WALL_MS), ==, 0);
        put_for(store, "an hour", HOUR_MS);
        g_assert_cmpint(
            sstp_store_set_clocks(store, 1000, 1000 + HOUR_MS, WALL_MS + 1000 + HOUR_MS), ==, 0);
        g_assert_cmpint(sstp_store_next_expiry(store), ==, 0);
        put_for(store, "another", 1000 + HOUR_MS);
        g_assert_cmpuint(sstp_store_expire(store, 1000), ==, 1);
        g_assert_cmpint(sstp_store_next_expiry(store), ==, 1000 + HOUR_MS);
        sstp_store_free(store);
    }
}

/* A machine that comes up with a clock of long ago: nothing gets younger than it was. */
static void test_clock_of_long_ago(void)
{
    struct sstp_store *store = new_store();
    (void)sstp_store_set_clocks(store, 0, 0, WALL_MS);
    put_for(store, "an hour", HOUR_MS);
    g_assert_true(settle(store));
    (void)sstp_store_set_clocks(store, 59999, 59999, WALL_MS + 59999);
    g_assert_false(sstp_store_has_work(store));
    (void)sstp_store_set_clocks(store, 60000, 60000, WALL_MS + 60000);
    g_assert_true(sstp_store_has_work(store)); /* by itself, once a minute */
    g_assert_true(settle(store));
    g_assert_false(sstp_store_has_work(store));

    store = reopen(store, 0, 5);
    g_assert_cmpint(sstp_store_next_expiry(store), ==, HOUR_MS - 60000);
    (void)sstp_store_set_clocks(store, 10000, 10000, 10005);
    g_assert_cmpint(sstp_store_set_clocks(store, 10000, 10000, WALL_MS), ==, WALL_MS - 10005);
    store = reopen(store, 0, WALL_MS);
    g_assert_cmpint(sstp_store_next_expiry(store), ==, HOUR_MS - 70000);
    sstp_store_free(store);
}

static void test_quota(void)
{
    struct sstp_store *store = new_store();
    (void)put(store, "i", "12345678");
    g_assert_true(settle(store));
    store = reopen(store, 0, WALL_MS);
    sstp_store_set_limits(store, &(struct sstp_store_limits){.quota = SSTP_PAYLOAD_OVERHEAD + 3 + 8,
                                                             .max_bytes = 1000});
    g_assert_true(sstp_store_is_over_quota(store, "i"));
    sstp_store_set_limits(store, &(struct sstp_store_limits){.quota = SSTP_PAYLOAD_OVERHEAD + 3 + 9,
                                                             .max_bytes = 1000});
    g_assert_false(sstp_store_is_over_quota(store, "i"));
    sstp_store_free(store);
}

/* ------------------------------------------------------------------------
 * Memory
 */

static void on_loaded(void *cookie, struct sstp_store_queue *queue)
{
    GString *text = cookie;
    g_string_append(text, queue->recipient->identity_url);
    g_string_append_c(text, ';');
}

/* What is on the disk only comes when it is asked for, and whoever asked is told. */
static void test_loading(void)
{
    struct sstp_store *store = new_store();
    GString *loaded = g_string_new("");
    (void)put(store, "i", "a");
    (void)put(store, "i", "b");
    (void)put(store, "j", "c");
    g_assert_true(settle(store));
    store = reopen(store, 0, WALL_MS);
    sstp_store_set_handler(store,
                           (struct sstp_store_handler){.loaded = on_loaded, .cookie = loaded});
    g_assert_false(sstp_store_has_work(store));
    struct sstp_store_message *first = g_queue_peek_head(&queue_of(store, "i")->messages);
    struct sstp_store_message *second = g_queue_peek_tail(&queue_of(store, "i")->messages);
    g_assert_null(sstp_store_get(store, first));
    g_assert_null(sstp_store_get(store, first));
    g_assert_true(settle(store));
    g_assert_cmpstr(loaded->str, ==, "i;");
    g_assert_nonnull(sstp_store_get(store, first));
    g_assert_nonnull(sstp_store_get(store, second)); /* read ahead */
    g_assert_false(settle(store));

    /* Its queue goes while it is read. */
    g_assert_null(sstp_store_get(store, g_queue_peek_head(&queue_of(store, "j")->messages)));
    struct sstp_store_batch *batch = sstp_store_begin(store, 0);
    remove_first(store, "j");
    sstp_store_write(batch);
    sstp_store_finish(store, batch, 0);
    g_assert_cmpstr(loaded->str, ==, "i;");
    g_assert_true(settle(store));
    check_rows(store, 2, 1);
    sstp_store_free(store);
    g_string_free(loaded, TRUE);
}

/* Beyond the cache, contents leave the memory, but for those that are held. */
static void test_cache(void)
{
    struct sstp_store *store = new_store();
    char *text = g_strnfill(1000, 'x');
    sstp_store_set_cache(store, 2500);
    for (unsigned i = 0; i < 5; i++)
        (void)put(store, "i", text);
    struct sstp_payload *held = payload_of(text);
    struct sstp_store_message *last = put_payload(store, held, "i", SSTP_EP_NEVER);
    g_assert_true(settle(store));
    g_assert_cmpuint(store->num_cached, <=, 2500);
    g_assert_cmpuint(store->num_cached, >, 0);
    g_assert_nonnull(last->payload->content);
    g_assert_cmpuint(sstp_payload_message(held)->data.len, ==, 1000);
    sstp_payload_unref(held);

    unsigned num_sent = 0;
    for (GList *link = queue_of(store, "i")->messages.head; link != NULL; link = link->next) {
        while (sstp_store_get(store, link->data) == NULL)
            g_assert_true(settle(store));
        sstp_store_sent(store, link->data, 1);
        g_assert_cmpuint(store->num_read, <=, 2500);
        num_sent++;
    }
    g_assert_cmpuint(num_sent, ==, 6);
    while (queue_of(store, "i") != NULL)
        remove_first(store, "i");
    g_assert_true(settle(store));
    g_assert_cmpuint(store->num_cached, ==, 0);
    g_assert_cmpuint(store->num_read, ==, 0);
    check_rows(store, 0, 0);
    sstp_store_free(store);
    g_free(text);
}

/* ------------------------------------------------------------------------
 * The registry
 */

static void test_registry(void)
{
    struct sstp_store *store = new_store();
    const struct sstp_sec_secret key = {{1, 2, 3}}, other = {{4}};
    unsigned num_safe = 0;
    struct sstp_registry *registry = sstp_store_registry(store);
    g_assert_true(sstp_registry_add(registry, "d", &key, "a", &other));
    g_assert_true(sstp_registry_add_identity(registry, "a", "i"));
    g_assert_false(sstp_registry_add_identity(registry, "b", "i"));
    sstp_store_await_registry(store, on_safe, &num_safe);
    g_assert_cmpuint(num_safe, ==, 0);
    g_assert_true(settle(store));
    g_assert_cmpuint(num_safe, ==, 1);
    /* What is known already changes nothing. */
    g_assert_true(sstp_registry_add(registry, "d", &key, "a", &other));
    g_assert_true(sstp_registry_add_identity(registry, "a", "i"));
    g_assert_false(sstp_store_has_work(store));

    store = reopen(store, 0, WALL_MS);
    registry = sstp_store_registry(store);
    const struct sstp_registry_device *device = sstp_registry_find_device(registry, "d");
    const struct sstp_registry_account *account = sstp_registry_find_account(registry, "a");
    g_assert_true(memcmp(&device->key, &key, sizeof key) == 0);
    g_assert_true(memcmp(&account->key, &other, sizeof other) == 0);
    g_assert_true(g_hash_table_contains(device->account_urls, "a"));
    g_assert_true(g_hash_table_contains(account->identity_urls, "i"));
    g_assert_false(sstp_store_has_work(store));
    sstp_store_free(store);
}

/* What cannot be is damage, and is left as it is. */
static void test_contradiction(void)
{
    static const char *const rows[] = {"INSERT INTO identity (url, account) VALUES ('i', 'nobody')",
                                       "INSERT INTO device (url, key) VALUES ('d', x'01')",
                                       "INSERT INTO message (id, expires, queues, head, data) "
                                       "VALUES (9, 0, x'80', x'0d0e000000000000000000000000', x'')",
                                       "INSERT INTO message (id, expires, queues, head, data) "
                                       "VALUES (9, 0, x'01', x'0d0e00', x'')"};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct sstp_store *store = new_store();
        char *error = NULL;
        g_assert_cmpint(sqlite3_exec(sstp_disk_sqlite(store->disk), rows[i], NULL, NULL, NULL), ==,
                        SQLITE_OK);
        sstp_store_free(store);
        g_assert_null(sstp_store_open("s", FAULTY_VFS, 0, WALL_MS, &error));
        g_assert_nonnull(strstr(error, "the store s is damaged"));
        g_free(error);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store_batch/safe_with_batch", test_safe_with_batch);
    g_test_add_func("/store_batch/taken_before_batch", test_taken_before_batch);
    g_test_add_func("/store_batch/taken_during_batch", test_taken_during_batch);
    g_test_add_func("/store_batch/safe_at_once", test_safe_at_once);
    g_test_add_func("/store_batch/fanout", test_fanout);
    g_test_add_func("/store_batch/ids_after_restart", test_ids_after_restart);
    g_test_add_func("/store_batch/named_twice", test_named_twice);
    g_test_add_func("/store_batch/expiry", test_expiry);
    g_test_add_func("/store_batch/clock_steps", test_clock_steps);
    g_test_add_func("/store_batch/clock_jitter", test_clock_jitter);
    g_test_add_func("/store_batch/clock_sleeps", test_clock_sleeps);
    g_test_add_func("/store_batch/clock_of_long_ago", test_clock_of_long_ago);
    g_test_add_func("/store_batch/quota", test_quota);
    g_test_add_func("/store_batch/loading", test_loading);
    g_test_add_func("/store_batch/cache", test_cache);
    g_test_add_func("/store_batch/registry", test_registry);
    g_test_add_func("/store_batch/contradiction", test_contradiction);
    return g_test_run();
}
