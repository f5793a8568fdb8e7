/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * registry: the devices and accounts that the relay knows (GRVSSTPS 3.3.1),
 * with their keys and identities, in memory.  Who keeps them beyond that listens
 * to what is new, and says it all again after a restart.
 */
#ifndef RELAYSIM_SECURITY_REGISTRY_H
#define RELAYSIM_SECURITY_REGISTRY_H

#include <glib.h>

#include "security/security.h"

/* More than this of either are not registered any more. */
#define SSTP_REGISTRY_MAX 100000u
#define SSTP_REGISTRY_IDENTITIES_MAX 1000u /* of one account */

/* And no more than this in all, which is what their URLs and such a cost each come to. */
#define SSTP_REGISTRY_BYTES_MAX (128u << 20)
#define SSTP_REGISTRY_RECORD_COST 128u

struct sstp_registry;

struct sstp_registry_device {
    struct sstp_sec_secret key;
    GHashTable *account_urls; /* a set */
};

struct sstp_registry_account {
    struct sstp_sec_secret key;
    GHashTable *identity_urls; /* a set */
};

enum sstp_registry_kind {
    SSTP_REGISTRY_DEVICE,         /* `url`, `key` */
    SSTP_REGISTRY_ACCOUNT,        /* `url`, `key` */
    SSTP_REGISTRY_DEVICE_ACCOUNT, /* `url` of the account, `owner_url` of the device */
    SSTP_REGISTRY_IDENTITY        /* `url`, `owner_url` of the account */
};

/* One fact of the registry. */
struct sstp_registry_record {
    enum sstp_registry_kind kind;
    const char *url;
    const char *owner_url;             /* or NULL */
    const struct sstp_sec_secret *key; /* or NULL */
};

/* Told of each new fact, in an order in which they can be restored. */
typedef void sstp_registry_added(void *cookie, const struct sstp_registry_record *record);

/* `added` may be NULL. */
struct sstp_registry *sstp_registry_new(sstp_registry_added *added, void *cookie);
void sstp_registry_free(struct sstp_registry *registry);

/* NULL for one that was never registered. */
struct sstp_registry_device *sstp_registry_find_device(const struct sstp_registry *registry,
                                                       const char *url);
struct sstp_registry_account *sstp_registry_find_account(const struct sstp_registry *registry,
                                                         const char *url);

/* Whether neither is known with another key. */
bool sstp_registry_has_keys(const struct sstp_registry *registry, const char *device_url,
                            const struct sstp_sec_secret *device_key, const char *account_url,
                            const struct sstp_sec_secret *account_key);

/* A device with an account, or one more account of a device.  False when the
 * registry is full, or a key is not the one that is known already. */
bool sstp_registry_add(struct sstp_registry *registry, const char *device_url,
                       const struct sstp_sec_secret *device_key, const char *account_url,
                       const struct sstp_sec_secret *account_key);

/* Whether the identity belongs to other accounts alone. */
bool sstp_registry_is_of_another(const struct sstp_registry *registry, const char *account_url,
                                 const char *identity_url);

/* An identity of an account; false when it is another's, when the account is not known,
 * or has too many, or the registry is full. */
bool sstp_registry_add_identity(struct sstp_registry *registry, const char *account_url,
                                const char *identity_url);

/* Takes in a fact from before a restart, without telling of it.  False when it does
 * not fit to those that are there. */
bool sstp_registry_restore(struct sstp_registry *registry,
                           const struct sstp_registry_record *record);

/* Identities that were restored for more than one account, each as often as there is one
 * more; *example is one of them, or NULL.  Earlier versions let any account register
 * any identity. */
size_t sstp_registry_num_shared(const struct sstp_registry *registry, const char **example);

#endif
