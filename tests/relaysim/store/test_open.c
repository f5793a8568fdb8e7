/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A store that is opened again, or cannot be. */
#include "durable.h"
#include "faulty_vfs.h"
#include "store/disk_schema.h"

static void test_quota(void)
{
    struct sstp_store *store = durable_new();
    (void)durable_put(store, "i", "12345678");
    g_assert_true(durable_settle(store));
    store = durable_reopen(store, 0, DURABLE_WALL_MS);
    sstp_store_set_limits(store, &(struct sstp_store_limits){.quota = SSTP_PAYLOAD_OVERHEAD + 3 + 8,
                                                             .max_bytes = 1000});
    g_assert_true(sstp_store_is_over_quota(store, "i"));
    sstp_store_set_limits(store, &(struct sstp_store_limits){.quota = SSTP_PAYLOAD_OVERHEAD + 3 + 9,
                                                             .max_bytes = 1000});
    g_assert_false(sstp_store_is_over_quota(store, "i"));
    sstp_store_free(store);
}

static void test_registry(void)
{
    struct sstp_store *store = durable_new();
    const struct sstp_sec_secret key = {{1, 2, 3}}, other = {{4}};
    unsigned num_safe = 0;
    struct sstp_registry *registry = sstp_store_registry(store);
    g_assert_true(sstp_registry_add(registry, "d", &key, "a", &other));
    g_assert_true(sstp_registry_add_identity(registry, "a", "i"));
    g_assert_false(sstp_registry_add_identity(registry, "b", "i"));
    sstp_store_await_registry(store, durable_count, &num_safe);
    g_assert_cmpuint(num_safe, ==, 0);
    g_assert_true(durable_settle(store));
    g_assert_cmpuint(num_safe, ==, 1);
    /* What is known already changes nothing. */
    g_assert_true(sstp_registry_add(registry, "d", &key, "a", &other));
    g_assert_true(sstp_registry_add_identity(registry, "a", "i"));
    g_assert_false(sstp_store_has_work(store));

    store = durable_reopen(store, 0, DURABLE_WALL_MS);
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
        struct sstp_store *store = durable_new();
        char *error = NULL;
        g_assert_cmpint(sqlite3_exec(sstp_disk_sqlite(store->disk), rows[i], NULL, NULL, NULL), ==,
                        SQLITE_OK);
        sstp_store_free(store);
        g_assert_null(sstp_store_open("s", FAULTY_VFS, 0, DURABLE_WALL_MS, &error));
        g_assert_nonnull(strstr(error, "the store s is damaged"));
        g_free(error);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/open/quota", test_quota);
    g_test_add_func("/open/registry", test_registry);
    g_test_add_func("/open/contradiction", test_contradiction);
    return g_test_run();
}
