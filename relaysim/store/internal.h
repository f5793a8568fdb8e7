/* SPDX-License-Identifier: GPL-2.0-or-later */
/* internal: what the files of the store share, and nobody else. */
#ifndef RELAYSIM_STORE_INTERNAL_H
#define RELAYSIM_STORE_INTERNAL_H

#include "store/disk.h"
#include "store/store.h"

/* What a payload needs until it is on the disk. */
struct sstp_store_pending {
    struct sstp_payload *payload;
    bool is_in_batch;
    struct sstp_store_pending *next; /* in its row, with the batch */
    GByteArray *queues;              /* ids */
    int64_t expires_ms, stored_ms;   /* in the store's own time */
    void (*safe)(void *cookie);      /* NULL when nobody waits, or has been told */
    void *cookie;
    GList link; /* in store->pending, until it is in a batch */
};

#define SSTP_STORE_NO_RETRY INT64_MIN

struct sstp_store_waiter {
    void (*safe)(void *cookie);
    void *cookie;
};

/* A row of a queue: made, changed or removed. */
struct sstp_store_change {
    enum { QUEUE_ADDED, QUEUE_DONE, QUEUE_REMOVED } kind;
    uint64_t id, done;
    char *identity_url, *device_url, *resource_url; /* QUEUE_ADDED */
};

/* A message that has left its row, in which others are. */
struct sstp_store_leaving {
    uint64_t row, id;
};

/* A row that a batch makes. */
struct sstp_store_making {
    struct sstp_store_row *row;
    struct sstp_store_pending *first, *last;
    uint64_t num_bytes;
};

struct sstp_store_load {
    struct sstp_payload *payload;
    uint64_t row;                       /* where it is */
    struct sstp_store_content *content; /* NULL where it was not found */
};

enum sstp_store_batch_kind {
    BATCH_READS, /* nothing else, for it is not time to write again */
    BATCH_FREES, /* only what frees space, or takes next to none */
    BATCH_WRITES
};

/* The worker reads it all, but for `waiters` and `loading_queues`, and writes into `loads`
 * and what stands after those; the rest of the store it must not touch. */
struct sstp_store_batch {
    struct sstp_disk *disk;
    enum sstp_store_batch_kind kind;
    bool is_whole;      /* nothing is left that was to be written */
    GPtrArray *pending; /* struct sstp_store_pending */
    GArray *rows;       /* struct sstp_store_making: those, row by row */
    GArray *queues;     /* struct sstp_store_change */
    bool has_clock;
    struct sstp_disk_clock clock;
    GArray *removed;    /* ids of rows, sorted */
    GArray *leaving;    /* struct sstp_store_leaving */
    GPtrArray *records; /* struct sstp_registry_record */
    GArray *loads;      /* struct sstp_store_load */
    GArray *waiters;
    GPtrArray *loading_queues;

    bool is_written;
    enum sstp_disk_err err, read_err;
    char *error;
};

/* The store's own time is that since 1970 when the file was made, and goes on as time does,
 * whatever becomes of the machine's clock. */
struct sstp_store_clock {
    int64_t ahead_ms;             /* of the caller's time */
    int64_t seen_ms;              /* what it was last */
    int64_t correction_ms;        /* the time since 1970 is ahead of it */
    int64_t slept_ms;             /* the clock that nobody sets is ahead of the caller's */
    bool is_told;                 /* of clocks; before, the last is not known */
    struct sstp_disk_clock noted; /* on the disk, with the batch under way */
};

struct sstp_store {
    GHashTable *recipients;            /* identity URL to struct sstp_store_recipient */
    GHashTable *queues;                /* a set of struct sstp_store_queue, by all three URLs */
    struct sstp_store_queue *last_put; /* which the next message is likely to be for, too; NULL */
    struct sstp_store_limits limits;
    uint64_t num_bytes, num_messages;
    bool is_full;     /* senders are held back */
    GPtrArray *timed; /* a heap of struct sstp_store_message: unsent, with a time to go */
    struct sstp_registry *registry;
    struct sstp_store_handler handler;

    struct sstp_store_clock clock;
    struct sstp_disk *disk; /* NULL: all is in memory */
    uint64_t last_id;       /* of a payload */
    uint64_t last_queue_id;
    size_t max_cached;
    size_t num_cached, num_read; /* bytes in memory of what is on the disk: kept, read again */

    /* What the next batch is made of. */
    GQueue pending;            /* struct sstp_store_pending */
    GQueue dirty;              /* struct sstp_store_queue */
    GArray *removed;           /* ids of rows */
    GArray *leaving;           /* struct sstp_store_leaving */
    GArray *removed_queues;    /* ids */
    GPtrArray *records;        /* struct sstp_registry_record, copies */
    GArray *waiters;           /* struct sstp_store_waiter, for those */
    GPtrArray *loads;          /* struct sstp_payload, each with a reference */
    GPtrArray *loading_queues; /* struct sstp_store_queue, told when those are there */

    struct sstp_store_batch *batch; /* under way, or failed */
    bool is_under_way;
    int64_t retry_ms;      /* nothing is written before; SSTP_STORE_NO_RETRY */
    int64_t free_retry_ms; /* neither is what frees space */
    bool is_short;         /* of space: what frees some is written first, and alone */
    size_t max_pending;    /* bytes of messages in one batch, but for the last */
    guint max_freed;       /* rows that one batch changes which frees space */
    bool has_to_check;     /* whether the file is still there */
    bool is_unread;        /* the file was not understood: nothing is written into it */
    bool fails_to_read;
    char *failure;
};

/* ---- store/queue.c ---- */
/* The tables of an empty store, and no more. */
void sstp_store_init_queues(struct sstp_store *store);
void sstp_store_clear_queues(struct sstp_store *store);
struct sstp_store_queue *sstp_store_add_queue(struct sstp_store *store, const char *identity_url,
                                              const char *device_url, const char *resource_url);
struct sstp_store_message *sstp_store_append(struct sstp_store *store,
                                             struct sstp_store_queue *queue,
                                             struct sstp_payload *payload, int64_t expires_ms);
void sstp_store_drop_if_idle(struct sstp_store *store, struct sstp_store_queue *queue);
/* Takes a message out of its queue, which stays. */
void sstp_store_take_out(struct sstp_store *store, struct sstp_store_message *message);

/* ---- store/expiry.c ---- */
/* A message that is unsent may expire; one that is under way or goes may not.  Neither
 * does anything for one that lives for ever. */
void sstp_store_time(struct sstp_store *store, struct sstp_store_message *message);
void sstp_store_untime(struct sstp_store *store, struct sstp_store_message *message);

/* ---- store/clock.c ---- */
void sstp_store_start_clock(struct sstp_store *store, const struct sstp_disk_clock *noted,
                            int64_t now_ms, int64_t wall_ms);
int64_t sstp_store_to_own_time(const struct sstp_store *store, int64_t ms);
int64_t sstp_store_from_own_time(const struct sstp_store *store, int64_t ms);
/* It is time to write it, even if there is nothing else. */
bool sstp_store_clock_has_changed(const struct sstp_store *store);
/* The row that a batch writes, which is alone in it or not; false where it needs none.
 * `is_trial`: it is to be seen whether anything can be written. */
bool sstp_store_take_clock(struct sstp_store *store, bool is_alone, bool is_trial,
                           struct sstp_disk_clock *row);
/* What was taken last was not written. */
void sstp_store_forget_clock(struct sstp_store *store);

/* ---- store/note.c; without a disk none of these does anything ---- */
/* A payload gets its id before its first queue is made. */
void sstp_store_note_put(struct sstp_store *store, struct sstp_payload *payload,
                         int64_t expires_ms);
/* It has been appended. */
void sstp_store_note_appended(struct sstp_store *store, struct sstp_store_queue *queue,
                              struct sstp_payload *payload);
/* It has left a queue; `was_first`: it was the oldest there. */
void sstp_store_note_removed(struct sstp_store *store, struct sstp_store_queue *queue,
                             struct sstp_payload *payload, bool was_first);
/* It has been sent: its contents may leave the memory. */
void sstp_store_note_sent(struct sstp_store *store, struct sstp_store_message *message);
/* Its row is to be made, changed or removed. */
void sstp_store_mark_dirty(struct sstp_store *store, struct sstp_store_queue *queue);
void sstp_store_note_queue_gone(struct sstp_store *store, struct sstp_store_queue *queue);
void sstp_store_note_record(void *store, const struct sstp_registry_record *record);
/* Its bytes leave the memory, or the whole payload does. */
void sstp_store_drop_content(struct sstp_store *store, struct sstp_payload *payload);

/* It counts among what may leave the memory from now on. */
void sstp_store_count_content(struct sstp_store *store, struct sstp_store_content *content);
/* It is in no queue any more. */
void sstp_store_forget(struct sstp_store *store, struct sstp_payload *payload);
void sstp_store_tell_safe(struct sstp_store_pending *pending);
void sstp_store_free_pending(struct sstp_store_pending *pending);
void sstp_store_free_record(void *record);

/* ---- store/batch.c ---- */
#define SSTP_STORE_BATCH_BYTES (8u << 20)
#define SSTP_STORE_BATCH_FREED 4096u

#define SSTP_STORE_ROW_BYTES (64u << 10)

/* What a message takes of the bytes of a batch, never nothing. */
uint64_t sstp_store_row_len(const struct sstp_store_pending *pending);
bool sstp_store_batch_is_empty(const struct sstp_store_batch *batch);
/* There is something for a batch of that kind. */
bool sstp_store_has_what_frees(const struct sstp_store *store);

/* ---- store/row.c: which messages share a row ---- */

/* Sorts the messages of a batch into rows.  Those of a row are for the same queues, so that they
 * are waited for one after the other, and expire within a minute of each other: what has left a
 * row keeps its space no longer than that, or than the next few have. */
void sstp_store_make_rows(struct sstp_store_batch *batch);
/* They were not written. */
void sstp_store_unmake_rows(struct sstp_store_batch *batch);
/* A message of a row on the disk is in no queue any more. */
void sstp_store_leave_row(struct sstp_store *store, struct sstp_payload *payload);

/* ---- store/finish.c ---- */
/* What was not written will not be; who waits is told. */
void sstp_store_give_up(struct sstp_store_pending *pending);

/* ---- store/retry.c: a batch that was not written ---- */
/* What of it is still true goes to what the next is made of.  It may be on the disk all the
 * same: whatever is written again or removed again does no harm. */
void sstp_store_put_back(struct sstp_store *store, struct sstp_store_batch *batch);

#endif
