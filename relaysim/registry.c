/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "registry.h"

struct sstp_registry {
    GHashTable *devices;  /* URL to struct sstp_registry_device */
    GHashTable *accounts; /* URL to struct sstp_registry_account */
};

static GHashTable *new_set(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

static void free_device(gpointer data)
{
    struct sstp_registry_device *device = data;
    g_hash_table_destroy(device->account_urls);
    g_free(device);
}

static void free_account(gpointer data)
{
    struct sstp_registry_account *account = data;
    g_hash_table_destroy(account->identity_urls);
    g_free(account);
}

struct sstp_registry *sstp_registry_new(void)
{
    struct sstp_registry *registry = g_new(struct sstp_registry, 1);
    registry->devices = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_device);
    registry->accounts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_account);
    return registry;
}

void sstp_registry_free(struct sstp_registry *registry)
{
    if (registry == NULL)
        return;
    g_hash_table_destroy(registry->devices);
    g_hash_table_destroy(registry->accounts);
    g_free(registry);
}

struct sstp_registry_device *sstp_registry_find_device(const struct sstp_registry *registry,
                                                       const char *url)
{
    return g_hash_table_lookup(registry->devices, url);
}

struct sstp_registry_account *sstp_registry_find_account(const struct sstp_registry *registry,
                                                         const char *url)
{
    return g_hash_table_lookup(registry->accounts, url);
}

bool sstp_registry_add(struct sstp_registry *registry, const char *device_url,
                       const struct sstp_sec_secret *device_key, const char *account_url,
                       const struct sstp_sec_secret *account_key)
{
    struct sstp_registry_device *device = sstp_registry_find_device(registry, device_url);
    struct sstp_registry_account *account = sstp_registry_find_account(registry, account_url);

    if ((device != NULL && memcmp(&device->key, device_key, sizeof *device_key) != 0) ||
        (account != NULL && memcmp(&account->key, account_key, sizeof *account_key) != 0))
        return false;
    if ((device == NULL && g_hash_table_size(registry->devices) >= SSTP_REGISTRY_MAX) ||
        (account == NULL && g_hash_table_size(registry->accounts) >= SSTP_REGISTRY_MAX))
        return false;
    if (device == NULL) {
        device = g_new0(struct sstp_registry_device, 1);
        device->key = *device_key;
        device->account_urls = new_set();
        g_hash_table_insert(registry->devices, g_strdup(device_url), device);
    }
    if (account == NULL) {
        account = g_new0(struct sstp_registry_account, 1);
        account->key = *account_key;
        account->identity_urls = new_set();
        g_hash_table_insert(registry->accounts, g_strdup(account_url), account);
    }
    g_hash_table_add(device->account_urls, g_strdup(account_url));
    return true;
}

bool sstp_registry_add_identity(struct sstp_registry_account *account, const char *identity_url)
{
    if (g_hash_table_contains(account->identity_urls, identity_url))
        return true;
    if (g_hash_table_size(account->identity_urls) >= SSTP_REGISTRY_IDENTITIES_MAX)
        return false;
    g_hash_table_add(account->identity_urls, g_strdup(identity_url));
    return true;
}
