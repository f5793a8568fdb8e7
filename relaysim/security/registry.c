/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "security/registry.h"

struct sstp_registry {
    GHashTable *devices;    /* URL to struct sstp_registry_device */
    GHashTable *accounts;   /* URL to struct sstp_registry_account */
    GHashTable *identities; /* a set: those of all accounts, borrowed from them */
    size_t num_shared;      /* see sstp_registry_num_shared() */
    const char *shared_url; /* the last of those; NULL */
    size_t num_bytes;       /* that its records cost */
    sstp_registry_added *added;
    void *cookie;
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

struct sstp_registry *sstp_registry_new(sstp_registry_added *added, void *cookie)
{
    struct sstp_registry *registry = g_new0(struct sstp_registry, 1);
    registry->devices = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_device);
    registry->accounts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_account);
    registry->identities = g_hash_table_new(g_str_hash, g_str_equal);
    registry->added = added;
    registry->cookie = cookie;
    return registry;
}

void sstp_registry_free(struct sstp_registry *registry)
{
    if (registry == NULL)
        return;
    g_hash_table_destroy(registry->identities);
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

static size_t cost_of(const char *url)
{
    return strlen(url) + SSTP_REGISTRY_RECORD_COST;
}

static bool has_room(const struct sstp_registry *registry, size_t cost)
{
    return cost <= SSTP_REGISTRY_BYTES_MAX && registry->num_bytes <= SSTP_REGISTRY_BYTES_MAX - cost;
}

static bool restore_account_of_device(struct sstp_registry_device *device, const char *url)
{
    if (device != NULL)
        g_hash_table_add(device->account_urls, g_strdup(url));
    return device != NULL;
}

static bool restore_identity(struct sstp_registry *registry, struct sstp_registry_account *account,
                             const char *url)
{
    if (account == NULL)
        return false;
    if (g_hash_table_contains(account->identity_urls, url))
        return true;
    char *copy = g_strdup(url);
    g_hash_table_add(account->identity_urls, copy);
    /* Which account was the first, nobody noted: all of them keep it. */
    if (!g_hash_table_add(registry->identities, copy)) {
        registry->num_shared++;
        registry->shared_url = copy;
    }
    return true;
}

bool sstp_registry_restore(struct sstp_registry *registry,
                           const struct sstp_registry_record *record)
{
    struct sstp_registry_device *device;
    struct sstp_registry_account *account;

    registry->num_bytes += cost_of(record->url);
    switch (record->kind) {
    case SSTP_REGISTRY_DEVICE:
        device = g_new0(struct sstp_registry_device, 1);
        device->key = *record->key;
        device->account_urls = new_set();
        return g_hash_table_insert(registry->devices, g_strdup(record->url), device);
    case SSTP_REGISTRY_ACCOUNT:
        account = g_new0(struct sstp_registry_account, 1);
        account->key = *record->key;
        account->identity_urls = new_set();
        return g_hash_table_insert(registry->accounts, g_strdup(record->url), account);
    case SSTP_REGISTRY_DEVICE_ACCOUNT:
        device = sstp_registry_find_device(registry, record->owner_url);
        return restore_account_of_device(device, record->url);
    case SSTP_REGISTRY_IDENTITY:
        account = sstp_registry_find_account(registry, record->owner_url);
        return restore_identity(registry, account, record->url);
    }
    return false;
}

static void add(struct sstp_registry *registry, const struct sstp_registry_record *record)
{
    (void)sstp_registry_restore(registry, record);
    if (registry->added != NULL)
        registry->added(registry->cookie, record);
}

bool sstp_registry_has_keys(const struct sstp_registry *registry, const char *device_url,
                            const struct sstp_sec_secret *device_key, const char *account_url,
                            const struct sstp_sec_secret *account_key)
{
    const struct sstp_registry_device *device = sstp_registry_find_device(registry, device_url);
    const struct sstp_registry_account *account = sstp_registry_find_account(registry, account_url);
    return (device == NULL || memcmp(&device->key, device_key, sizeof *device_key) == 0) &&
           (account == NULL || memcmp(&account->key, account_key, sizeof *account_key) == 0);
}

bool sstp_registry_add(struct sstp_registry *registry, const char *device_url,
                       const struct sstp_sec_secret *device_key, const char *account_url,
                       const struct sstp_sec_secret *account_key)
{
    const struct sstp_registry_device *device = sstp_registry_find_device(registry, device_url);
    const struct sstp_registry_account *account = sstp_registry_find_account(registry, account_url);

    if (!sstp_registry_has_keys(registry, device_url, device_key, account_url, account_key))
        return false;
    if (device != NULL && g_hash_table_contains(device->account_urls, account_url))
        return true;
    if ((device == NULL && g_hash_table_size(registry->devices) >= SSTP_REGISTRY_MAX) ||
        (account == NULL && g_hash_table_size(registry->accounts) >= SSTP_REGISTRY_MAX) ||
        !has_room(registry, (device == NULL ? cost_of(device_url) : 0) +
                                (account == NULL ? cost_of(account_url) : 0) +
                                cost_of(account_url)))
        return false;
    if (device == NULL)
        add(registry, &(struct sstp_registry_record){
                          .kind = SSTP_REGISTRY_DEVICE, .url = device_url, .key = device_key});
    if (account == NULL)
        add(registry, &(struct sstp_registry_record){
                          .kind = SSTP_REGISTRY_ACCOUNT, .url = account_url, .key = account_key});
    add(registry, &(struct sstp_registry_record){.kind = SSTP_REGISTRY_DEVICE_ACCOUNT,
                                                 .url = account_url,
                                                 .owner_url = device_url});
    return true;
}

size_t sstp_registry_num_shared(const struct sstp_registry *registry, const char **example)
{
    *example = registry->shared_url;
    return registry->num_shared;
}

bool sstp_registry_is_of_another(const struct sstp_registry *registry, const char *account_url,
                                 const char *identity_url)
{
    const struct sstp_registry_account *account = sstp_registry_find_account(registry, account_url);
    const bool is_own =
        account != NULL && g_hash_table_contains(account->identity_urls, identity_url);
    return !is_own && g_hash_table_contains(registry->identities, identity_url);
}

bool sstp_registry_add_identity(struct sstp_registry *registry, const char *account_url,
                                const char *identity_url)
{
    const struct sstp_registry_account *account = sstp_registry_find_account(registry, account_url);
    if (account == NULL)
        return false;
    if (g_hash_table_contains(account->identity_urls, identity_url))
        return true;
    if (g_hash_table_contains(registry->identities, identity_url) ||
        g_hash_table_size(account->identity_urls) >= SSTP_REGISTRY_IDENTITIES_MAX ||
        !has_room(registry, cost_of(identity_url)))
        return false;
    add(registry, &(struct sstp_registry_record){.kind = SSTP_REGISTRY_IDENTITY,
                                                 .url = identity_url,
                                                 .owner_url = account_url});
    return true;
}
