/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store: the messages that the relay holds for its recipients, and what it knows of
 * devices and accounts; in memory, or durable on a disk (store/disk.h).
 *
 * A queue for each recipient and resource: an identity, a device of it (empty
 * for identity-targeted messages), a resource.  A queue is in order; each of its
 * messages is unsent, or under way with a holder, who is a number of the caller's.
 * It knows neither connections nor time, and never decides what is delivered where.
 *
 * A durable store collects what has changed, until its caller takes it away as a batch
 * and has it written, on another thread if it likes:
 *
 *     struct sstp_store_batch *batch = sstp_store_begin(store, now_ms);
 *     sstp_store_write(batch);
 *     sstp_store_finish(store, batch, now_ms);
 *
 * A message is safe when it is on the disk, or has left all its queues before it got
 * there.  Who waits for that says so with sstp_store_await().  Its bytes need not stay
 * in memory then: sstp_store_get() has them read again by a batch.
 *
 * Payloads of a fanout are shared between its recipients.  As in all of GLib,
 * there is no return without memory; what a peer can make grow has limits.
 */
#ifndef RELAYSIM_STORE_STORE_H
#define RELAYSIM_STORE_STORE_H

#include <glib.h>

#include "endpoint/config.h"
#include "security/registry.h"
#include "store/payload.h"

struct sstp_store;
struct sstp_store_batch;

struct sstp_store_queue {
    struct sstp_store_recipient *recipient;
    char *device_url; /* "" when identity-targeted */
    char *resource_url;
    GQueue messages;        /* struct sstp_store_message, oldest first */
    GList *next_unsent;     /* the first that is not under way; NULL when all are */
    unsigned num_under_way; /* with whomever */
    void *delivery;         /* the relay's: who is sending it, keeps the queue alive */
    uint64_t held_from;     /* the relay's: connections from this number on would not have it; 0 */
    unsigned num_handed;    /* the relay's: deliveries that the next one waits for */

    /* The store's own. */
    guint index; /* in recipient->queues */
    uint64_t id;
    uint64_t done;  /* the messages up to this id have left it */
    bool has_row;   /* it will have, with the batch under way, or may have */
    bool is_unsure; /* that it has */
    bool is_dirty;  /* that row is to be made, changed or removed */
    bool is_loading;
    GList dirty_link;
};

struct sstp_store_recipient {
    char *identity_url;
    uint64_t num_bytes;
    GPtrArray *queues; /* struct sstp_store_queue */
};

/* There may be millions: with the allocator's own word it is 64 bytes long. */
struct sstp_store_message {
    struct sstp_store_queue *queue;
    struct sstp_payload *payload;
    int64_t expires_ms; /* in the store's own time; SSTP_EP_NEVER */
    uint32_t holder;    /* it is under way with; 0: unsent */
    uint32_t place;     /* the store's: among those that may expire, from 1; 0 */
    GList link;         /* in queue->messages */
};

enum sstp_store_result {
    SSTP_STORE_OK,
    SSTP_STORE_OVER_QUOTA,
    SSTP_STORE_TOO_MANY_QUEUES,
    SSTP_STORE_FULL
};

/* What the store tells its owner; each may be NULL. */
struct sstp_store_handler {
    /* Messages of a queue that sstp_store_get() had not, are there now. */
    void (*loaded)(void *cookie, struct sstp_store_queue *queue);
    /* A message is about to be discarded, for its time is over. */
    void (*expired)(void *cookie, const struct sstp_store_message *message);
    /* It cannot be written, or again: `why` is a sentence, NULL when all is well. */
    void (*failing)(void *cookie, const char *why);
    /* What has been added to the registry was not written; it is tried again. */
    void (*registry_failing)(void *cookie);
    void *cookie;
};

/* A store in memory, without limits. */
struct sstp_store *sstp_store_new(void);

/* A durable one, with what is in the file at `path`.  `wall_ms` is the time since 1970
 * at `now_ms`, and what has passed since the file was used last; a clock that was set back
 * meanwhile counts as one that stood still.  `vfs` as in store/disk.h, NULL usually.  NULL with
 * *error, a sentence to be freed. */
struct sstp_store *sstp_store_open(const char *path, const char *vfs, int64_t now_ms,
                                   int64_t wall_ms, char **error);

/* Tells it of three clocks, often enough to know of a step soon: that of all other calls,
 * one that nobody sets and that goes on while the machine sleeps, and the time since 1970.
 * Messages live by the second, and whoever sets the third changes nothing of it, neither
 * now nor after the next sstp_store_open().  Returns by how many milliseconds that was set
 * since the last time, 0 for not at all; less than a second is nothing. */
int64_t sstp_store_set_clocks(struct sstp_store *store, int64_t now_ms, int64_t elapsed_ms,
                              int64_t wall_ms);

/* Writes what is to be written, and closes it.  Who still waits is told in any case.
 * NULL is fine. */
void sstp_store_free(struct sstp_store *store);

/* What a queue takes in memory beside its URLs, and a recipient with it. */
#define SSTP_STORE_QUEUE_OVERHEAD 512u

/* 0 stands for no limit.  A message counts with what it takes in memory, but for a fanout
 * that the recipients share; in all, its queue counts, too. */
struct sstp_store_limits {
    uint64_t quota;     /* bytes for each identity */
    uint64_t max_bytes; /* in all */
    size_t max_queues;  /* of each identity */
};

void sstp_store_set_limits(struct sstp_store *store, const struct sstp_store_limits *limits);

/* Bytes of messages that a durable store keeps in memory, beside those that are not
 * on the disk yet; 256 MiB unless told otherwise. */
void sstp_store_set_cache(struct sstp_store *store, size_t max_bytes);

void sstp_store_set_handler(struct sstp_store *store, struct sstp_store_handler handler);

/* The devices and accounts; what is added there is kept here. */
struct sstp_registry *sstp_store_registry(struct sstp_store *store);

/* ------------------------------------------------------------------------
 * Messages
 */

/* Whether an identity has used up its quota. */
bool sstp_store_is_over_quota(const struct sstp_store *store, const char *identity_url);

/* What putting the payload there takes of the limit on all bytes, with the queue where there
 * is none yet. */
uint64_t sstp_store_cost(const struct sstp_store *store, const char *identity_url,
                         const char *device_url, const char *resource_url,
                         const struct sstp_payload *payload);

/* Whether there is room for so many bytes; the quota may still be over. */
bool sstp_store_has_room(const struct sstp_store *store, uint64_t num_bytes);

/* Whether it is time to hold senders back: from seven eighths of max_bytes on, until it is
 * down to three quarters.  The rest is for what is under way by then. */
bool sstp_store_is_full(struct sstp_store *store);

/* Appends to the recipient's queue; *message is set with SSTP_STORE_OK.  All queues of a payload
 * are named before the next sstp_store_begin(). */
enum sstp_store_result sstp_store_put(struct sstp_store *store, const char *identity_url,
                                      const char *device_url, const char *resource_url,
                                      struct sstp_payload *payload, int64_t expires_ms,
                                      struct sstp_store_message **message);

/* Calls `safe` once the payload is safe, which may be at once.  One caller for each
 * payload, after it has been put into its queues. */
void sstp_store_await(struct sstp_store *store, struct sstp_payload *payload,
                      void (*safe)(void *cookie), void *cookie);

/* The same for all that has been added to the registry so far. */
void sstp_store_await_registry(struct sstp_store *store, void (*safe)(void *cookie), void *cookie);

/* A message's contents, good until the store is told of anything else.  NULL when
 * they are on the disk only: a batch will read them, with some of those after it,
 * and `loaded` be called. */
const struct sstp_ep_message *sstp_store_get(struct sstp_store *store,
                                             struct sstp_store_message *message);

/* An unsent message is under way with a holder, who is not 0: its contents may leave the
 * memory, and it does not expire. */
void sstp_store_sent(struct sstp_store *store, struct sstp_store_message *message, uint32_t holder);

/* What is under way with the holder is unsent again, in its old place. */
void sstp_store_take_back(struct sstp_store *store, struct sstp_store_queue *queue,
                          uint32_t holder);

/* Removes a message; its queue goes too when that was its last and nobody is
 * delivering it. */
void sstp_store_remove(struct sstp_store *store, struct sstp_store_message *message);

/* Nobody delivers the queue any more: it goes when it is empty. */
void sstp_store_release(struct sstp_store *store, struct sstp_store_queue *queue);

/* The recipient of an identity, or NULL. */
struct sstp_store_recipient *sstp_store_find(const struct sstp_store *store,
                                             const char *identity_url);

/* Discards the unsent messages whose time is over; returns how many.  It costs as much as
 * there is to discard. */
unsigned sstp_store_expire(struct sstp_store *store, int64_t now_ms);
int64_t sstp_store_next_expiry(const struct sstp_store *store);

uint64_t sstp_store_num_messages(const struct sstp_store *store);

/* ------------------------------------------------------------------------
 * The disk
 */

/* What has to be written or read, or NULL: nothing, or there is a batch already, or
 * the last one has failed and it is not time to try it again. */
struct sstp_store_batch *sstp_store_begin(struct sstp_store *store, int64_t now_ms);

/* Does so; may be called on another thread, while the store is used. */
void sstp_store_write(struct sstp_store_batch *batch);

/* Takes notice of it. */
void sstp_store_finish(struct sstp_store *store, struct sstp_store_batch *batch, int64_t now_ms);

/* Whether sstp_store_begin() would have something. */
bool sstp_store_has_work(const struct sstp_store *store);

/* When what failed is to be tried again; SSTP_EP_NEVER. */
int64_t sstp_store_next_retry(const struct sstp_store *store);

/* Why it cannot be written at present; NULL when all is well. */
const char *sstp_store_failure(const struct sstp_store *store);

/* Has the next batch look whether the file is still where it was. */
void sstp_store_check(struct sstp_store *store);

/* Writes what is to be written, at the end, when nobody is told of anything any more.
 * Returns why that was not possible, good as long as the store, or NULL. */
const char *sstp_store_flush(struct sstp_store *store);

/* Whether it is on a disk. */
bool sstp_store_is_durable(const struct sstp_store *store);

#endif
