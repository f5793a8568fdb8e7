/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stock: what is in a store's file while no relay has it: to be listed, exported, backed up
 * and purged.  It goes through the file, and keeps none of the messages in memory.
 *
 *     struct stock *stock = stock_open("relay.db", wall_ms, &error);
 *     stock_read(stock, &(struct stock_filter){.identity_url = url}, &error);
 *     ... stock->queues, stock->num_messages
 *     stock_purge(stock, &filter, &num, &error);
 *     stock_free(stock);
 *
 * The file belongs to it meanwhile, as to a relay.  Only stock_purge() writes into it.
 */
#ifndef RELAYSIM_STORE_STOCK_H
#define RELAYSIM_STORE_STOCK_H

#include <glib.h>

#include "store/disk.h"

struct stock;

/* Which messages; all that is said has to be so, and nothing said means all. */
struct stock_filter {
    const char *identity_url; /* NULL: of any; else only its share of a message */
    bool is_expired;          /* only those whose time is over */
    int64_t min_age_ms;       /* 0: of any age; those of unknown age are not old */
};

/* The messages that wait for one recipient's resource, as far as the filter goes. */
struct stock_queue {
    uint64_t id, done;
    char *identity_url, *device_url, *resource_url;
    uint64_t num_messages, num_bytes;
    int64_t oldest_ms;  /* the store's own time; 0: not known */
    int64_t expires_ms; /* the first; INT64_MAX: none does */
};

struct stock_summary {
    GPtrArray *queues;                /* struct stock_queue, those with messages */
    uint64_t num_messages, num_bytes; /* a message counts once, however many it is for */
    GPtrArray *devices, *accounts;    /* URLs */
    int64_t now_ms;                   /* the store's own time */
};

/* NULL with *error, a sentence to be freed, as sstp_disk_open(), and where there is no
 * file.  `wall_ms` is the time since 1970. */
struct stock *stock_open(const char *path, int64_t wall_ms, char **error);
void stock_free(struct stock *stock); /* NULL is fine */

/* All of these answer false with *error, a sentence to be freed. */

/* *summary is good until the next call. */
bool stock_read(struct stock *stock, const struct stock_filter *filter,
                const struct stock_summary **summary, char **error);

/* Hands over each message, oldest first: its row with its data, and the queues
 * (struct stock_queue) of the filter that it is in.  A callback that answers false ends it,
 * and has said why. */
typedef bool stock_export_one(void *cookie, const struct sstp_disk_message *message,
                              const GPtrArray *queues);
bool stock_export(struct stock *stock, const struct stock_filter *filter, stock_export_one *one,
                  void *cookie, char **error);

bool stock_back_up(struct stock *stock, const char *path, char **error);

/* Removes what the filter says, and says how many messages, or shares of such, that were. */
bool stock_purge(struct stock *stock, const struct stock_filter *filter, uint64_t *num,
                 char **error);

#endif
