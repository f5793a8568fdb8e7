/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "security/registry.h"

#include <string.h>

static const struct sstp_sec_secret key = {{1}}, other_key = {{2}};

static bool add(struct sstp_registry *registry, const char *device, const char *account)
{
    return sstp_registry_add(registry, device, &key, account, &key);
}

static void test_keys(void)
{
    struct sstp_registry *registry = sstp_registry_new(NULL, NULL);
    g_assert_true(add(registry, "d", "a"));
    g_assert_true(add(registry, "d", "a"));
    g_assert_true(add(registry, "d", "b"));
    g_assert_false(sstp_registry_add(registry, "d", &other_key, "a", &key));
    g_assert_false(sstp_registry_add(registry, "e", &key, "a", &other_key));
    g_assert_null(sstp_registry_find_device(registry, "e"));
    sstp_registry_free(registry);
}

static void test_identities(void)
{
    struct sstp_registry *registry = sstp_registry_new(NULL, NULL);
    char url[32];
    g_assert_false(sstp_registry_add_identity(registry, "a", "i"));
    g_assert_true(add(registry, "d", "a"));
    for (unsigned i = 0; i < SSTP_REGISTRY_IDENTITIES_MAX; i++) {
        g_snprintf(url, sizeof url, "%u", i);
        g_assert_true(sstp_registry_add_identity(registry, "a", url));
    }
    g_assert_false(sstp_registry_add_identity(registry, "a", "one more"));
    g_assert_true(sstp_registry_add_identity(registry, "a", "0"));
    sstp_registry_free(registry);
}

/* An identity has one account; those of a file from before that have all that they had. */
static void test_one_account(void)
{
    struct sstp_registry *registry = sstp_registry_new(NULL, NULL);
    const char *example;
    g_assert_true(add(registry, "d", "a"));
    g_assert_true(add(registry, "d", "b"));
    g_assert_true(add(registry, "d", "c"));
    g_assert_true(sstp_registry_add_identity(registry, "a", "i"));
    g_assert_true(sstp_registry_is_of_another(registry, "b", "i"));
    g_assert_true(sstp_registry_is_of_another(registry, "nobody", "i"));
    g_assert_false(sstp_registry_is_of_another(registry, "a", "i"));
    g_assert_false(sstp_registry_is_of_another(registry, "b", "j"));
    g_assert_false(sstp_registry_add_identity(registry, "b", "i"));
    g_assert_cmpuint(sstp_registry_num_shared(registry, &example), ==, 0);
    g_assert_null(example);

    const struct sstp_registry_record record = {
        .kind = SSTP_REGISTRY_IDENTITY, .url = "i", .owner_url = "b"};
    g_assert_true(sstp_registry_restore(registry, &record));
    g_assert_true(sstp_registry_restore(registry, &record));
    g_assert_cmpuint(sstp_registry_num_shared(registry, &example), ==, 1);
    g_assert_cmpstr(example, ==, "i");
    g_assert_true(sstp_registry_add_identity(registry, "a", "i"));
    g_assert_true(sstp_registry_add_identity(registry, "b", "i"));
    g_assert_false(sstp_registry_is_of_another(registry, "b", "i"));
    g_assert_false(sstp_registry_add_identity(registry, "c", "i"));
    sstp_registry_free(registry);
}

/* However few of each: one device with ever more accounts, with ever more identities. */
static void test_bytes(void)
{
    enum { URL_LEN = 1 << 20, LINK = URL_LEN + SSTP_REGISTRY_RECORD_COST };
    struct sstp_registry *registry = sstp_registry_new(NULL, NULL);
    char *url = g_strnfill(URL_LEN, 'x');
    unsigned num = 0;
    do {
        memcpy(url, &(const unsigned){0x20202020 + num}, sizeof num); /* nowhere a 0 */
    } while (add(registry, "d", url) && ++num < 1000);
    /* An account costs its own record and the one that links it to the device. */
    g_assert_cmpuint(num, ==,
                     (SSTP_REGISTRY_BYTES_MAX - 1 - SSTP_REGISTRY_RECORD_COST) / (2 * LINK));
    g_assert_false(sstp_registry_find_account(registry, url));
    /* What is known is known, and there is room for what is small. */
    memcpy(url, &(const unsigned){0x20202020}, sizeof num);
    g_assert_true(add(registry, "d", url));
    g_assert_true(add(registry, "d", "small"));
    num = 0;
    do {
        memcpy(url, &(const unsigned){0x20202020 + num}, sizeof num);
    } while (sstp_registry_add_identity(registry, "small", url) && ++num < 1000);
    g_assert_cmpuint(num, <=, 1);
    g_free(url);
    sstp_registry_free(registry);
}

/* So many devices, and so many accounts, however small. */
static void test_numbers(void)
{
    char url[32];
    for (unsigned of_devices = 0; of_devices < 2; of_devices++) {
        struct sstp_registry *registry = sstp_registry_new(NULL, NULL);
        for (unsigned i = 0; i < SSTP_REGISTRY_MAX; i++) {
            g_snprintf(url, sizeof url, "%u", i);
            g_assert_true(of_devices ? add(registry, url, "a") : add(registry, "d", url));
        }
        g_assert_false(of_devices ? add(registry, "x", "a") : add(registry, "d", "x"));
        g_assert_true(of_devices ? add(registry, "0", "x") : add(registry, "x", "0"));
        sstp_registry_free(registry);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/registry/keys", test_keys);
    g_test_add_func("/registry/identities", test_identities);
    g_test_add_func("/registry/one-account", test_one_account);
    g_test_add_func("/registry/numbers", test_numbers);
    g_test_add_func("/registry/bytes", test_bytes);
    return g_test_run();
}
