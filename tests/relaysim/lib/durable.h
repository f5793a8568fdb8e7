/* SPDX-License-Identifier: GPL-2.0-or-later */
/* durable: a store with a file, on the disk of faulty_vfs.h. */
#ifndef TESTS_DURABLE_H
#define TESTS_DURABLE_H

#include "store/internal.h"

#define DURABLE_WALL_MS 1700000000000

/* On an empty disk, or on what is there. */
struct sstp_store *durable_new(void);
struct sstp_store *durable_open(int64_t now_ms, int64_t wall_ms);
struct sstp_store *durable_reopen(struct sstp_store *store, int64_t now_ms, int64_t wall_ms);

/* Writes one batch; false when there was nothing to do. */
bool durable_settle(struct sstp_store *store);

/* A message of this text, with a user reference and a TTL. */
struct sstp_payload *durable_payload(const char *text);

/* Puts one into the queue of an identity. */
struct sstp_store_message *durable_put_payload(struct sstp_store *store,
                                               struct sstp_payload *payload, const char *identity,
                                               int64_t expires_ms);
struct sstp_store_message *durable_put(struct sstp_store *store, const char *identity,
                                       const char *text);

/* The same into those of several identities, a letter each; *num_safe, where it is not NULL,
 * counts when it is safe. */
void durable_put_to(struct sstp_store *store, const char *identities, const char *text,
                    unsigned *num_safe);

/* For who waits: counts up an unsigned. */
void durable_count(void *num);

struct sstp_store_queue *durable_queue(struct sstp_store *store, const char *identity);
void durable_remove_first(struct sstp_store *store, const char *identity);

/* A queue's messages, each with a ";" after it, read from the disk if need be. */
void durable_check_queue(struct sstp_store *store, const char *identity, const char *expected);

/* The rows of a table. */
unsigned durable_count_rows(struct sstp_store *store, const char *table);

/* So many messages are in the file that somebody waits for, in no more rows, and so many rows of
 * queues. */
void durable_check_rows(struct sstp_store *store, int num_messages, int num_queues);

#endif
