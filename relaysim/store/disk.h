/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * disk: the file that a durable store is kept in, an SQLite database.
 *
 * It knows tables and transactions, nothing of quotas, connections or time.  What
 * sstp_disk_commit() has answered with SSTP_DISK_OK is on the disk, and survives the
 * end of the process and of the power.  The file belongs to one process at a time.
 *
 *     struct sstp_disk *disk = sstp_disk_open("relay.db", NULL, &error);
 *     sstp_disk_begin(disk);
 *     sstp_disk_put_message(disk, &message);
 *     if (sstp_disk_commit(disk) != SSTP_DISK_OK)
 *         ... nothing of it has happened; sstp_disk_error(disk) says why
 *     sstp_disk_close(disk);
 *
 * Within a transaction the first failure makes all that follows a no-op, up to the
 * commit, which tells of it.  Any thread may call, one at a time.
 *
 * A message is in one row, however many recipients it has: the row names their queues, and may
 * have several messages that are for the same ones; its id is that of the first.  As a queue is
 * acknowledged in order, one number says how far it has come, `done`; and a queue without a row
 * has come to its end.  A row goes when none of its messages is waited for any more; what leaves
 * it before and out of turn, which `done` does not say, is marked in it.
 *
 * Space is never needed to free space.  The file has room for all that its log holds
 * before anything is committed to that, so that the log can always be moved there; and the
 * log keeps a reserve of SSTP_DISK_RESERVE bytes, in which a transaction that removes
 * little enough has room.
 */
#ifndef RELAYSIM_STORE_DISK_H
#define RELAYSIM_STORE_DISK_H

#include "core/command.h"
#include "security/registry.h"

#define SSTP_DISK_VERSION 3 /* of the tables: PRAGMA user_version */

/* Of the log; a transaction that removes one message takes an eighth of it at most. */
#define SSTP_DISK_RESERVE (512 << 10)

#define SSTP_DISK_HEAD_MAX 2055u /* of a Message command (GRVSSTP 2.2.10) */

struct sstp_disk;

enum sstp_disk_err {
    SSTP_DISK_OK = 0,
    SSTP_DISK_NO_SPACE = -1,
    SSTP_DISK_FAILED = -2, /* it could not be read or written */
    SSTP_DISK_DAMAGED = -3,
    SSTP_DISK_NOT_FOUND = -4,
    SSTP_DISK_GONE = -5 /* nobody finds it any more under its name */
};

struct sstp_disk_queue {
    uint64_t id;
    uint64_t done; /* the messages up to this id have left the queue */
    const char *identity_url, *device_url, *resource_url;
};

struct sstp_disk_message {
    uint64_t id;             /* rising: the order in all of its queues */
    uint64_t row;            /* told of it: the id of the row that it is in */
    void *owner;             /* likewise, by sstp_disk_read(): what `row` has answered */
    int64_t expires_ms;      /* in the store's own time; INT64_MAX: never */
    int64_t stored_ms;       /* likewise; 0: an earlier version did not say */
    struct sstp_span queues; /* their ids, as sstp_disk_write_id() writes them */
    struct sstp_span head;   /* the Message command, with no session and no count */
    struct sstp_span data;   /* what its Data commands bring together */
};

/* The store's own time, in milliseconds since 1970 but for the steps that clocks have been
 * set by. */
struct sstp_disk_clock {
    int64_t correction_ms; /* so far is the time since 1970 ahead of it */
    int64_t seen_ms;       /* what it was last */
};

/* Opens the file, or makes it, and brings its tables up to date.  NULL with *error, a
 * sentence to be freed, when it is locked, damaged, of a later version, not a store, or
 * cannot be read and written.  `vfs` names the SQLite layer to go through; NULL for the
 * usual. */
struct sstp_disk *sstp_disk_open(const char *path, const char *vfs, char **error);

/* NULL is fine. */
void sstp_disk_close(struct sstp_disk *disk);

/* ---- Everything, in the order of ids, after opening ---- */

struct sstp_disk_reader {
    void (*queue)(void *cookie, const struct sstp_disk_queue *queue);
    /* A row begins; what it answers comes with each of its messages. */
    void *(*row)(void *cookie, uint64_t id);
    /* Without its data: of `data` only the length is set.  Without those that have left their
     * row. */
    bool (*message)(void *cookie, const struct sstp_disk_message *message);
    bool (*record)(void *cookie, const struct sstp_registry_record *record);
    void *cookie;
};

/* A callback that answers false has been shown something that cannot be: the file is
 * damaged. */
enum sstp_disk_err sstp_disk_read(struct sstp_disk *disk, const struct sstp_disk_reader *reader);

enum sstp_disk_err sstp_disk_get_clock(struct sstp_disk *disk, struct sstp_disk_clock *clock);

/* One message of a row; the spans are good until the next call.  Those of a row are best asked
 * for in their order. */
enum sstp_disk_err sstp_disk_get_message(struct sstp_disk *disk, uint64_t row, uint64_t id,
                                         struct sstp_disk_message *message);

/* The Message command of a row; false when it is none. */
bool sstp_disk_read_head(const struct sstp_disk_message *message, struct sstp_command *command);

/* ---- A transaction ---- */

void sstp_disk_begin(struct sstp_disk *disk);
void sstp_disk_put_queue(struct sstp_disk *disk, const struct sstp_disk_queue *queue);
void sstp_disk_set_done(struct sstp_disk *disk, uint64_t queue_id, uint64_t done);
void sstp_disk_remove_queue(struct sstp_disk *disk, uint64_t queue_id);
/* A row of one message. */
void sstp_disk_put_message(struct sstp_disk *disk, const struct sstp_disk_message *message);
/* A row of several: each is gathered, in the order of their ids, and then all of them are put.
 * They are for the queues of the first.  Its queues and its data have to stay until then. */
void sstp_disk_gather_message(struct sstp_disk *disk, const struct sstp_disk_message *message);
void sstp_disk_put_gathered(struct sstp_disk *disk);
/* A message of a row is for these alone; for none: it has left it. */
void sstp_disk_set_queues(struct sstp_disk *disk, uint64_t row, uint64_t id,
                          struct sstp_span queues);
void sstp_disk_remove_message(struct sstp_disk *disk, uint64_t row, uint64_t id);
/* All rows from the first id to the last, both included. */
void sstp_disk_remove_rows(struct sstp_disk *disk, uint64_t first_id, uint64_t last_id);
void sstp_disk_put_record(struct sstp_disk *disk, const struct sstp_registry_record *record);
void sstp_disk_put_clock(struct sstp_disk *disk, const struct sstp_disk_clock *clock);
enum sstp_disk_err sstp_disk_commit(struct sstp_disk *disk);

/* After SSTP_DISK_NO_SPACE, before another try: moves the log into the file, and gives back
 * what it has beyond its reserve.  It grows again by and by. */
void sstp_disk_make_room(struct sstp_disk *disk);

/* A copy, as one file that is made anew.  False with *error, a sentence to be freed. */
bool sstp_disk_back_up(struct sstp_disk *disk, const char *path, char **error);

/* Whether the file and its log are still where they were opened, and have not been emptied;
 * without a VFS of its own. */
enum sstp_disk_err sstp_disk_check_place(struct sstp_disk *disk);

/* After how many pages of the log they are moved into the file itself; 4096, which is
 * 32 MiB, unless told otherwise. */
void sstp_disk_set_checkpoint(struct sstp_disk *disk, int num_pages);

/* What went wrong last, in the words of SQLite; good until the next call. */
const char *sstp_disk_error(const struct sstp_disk *disk);

/* ---- Rows of ids: seven bits a byte, the lowest first, 0x80 where more follow ---- */

#define SSTP_DISK_ID_MAX 10u
/* Returns how many bytes were written, at most SSTP_DISK_ID_MAX. */
size_t sstp_disk_write_id(uint8_t *out, uint64_t id);
/* Takes one off the front of *ids; false when there is none, or half of one. */
bool sstp_disk_read_id(struct sstp_span *ids, uint64_t *id);

#endif
