/* SPDX-License-Identifier: GPL-2.0-or-later */
/* disk_internal: what the files of store/disk.h share, and nobody else. */
#ifndef RELAYSIM_STORE_DISK_INTERNAL_H
#define RELAYSIM_STORE_DISK_INTERNAL_H

#include "store/disk_more.h"

#include <sqlite3.h>
#include <sys/types.h>

#define SSTP_DISK_PAGE_SIZE 8192

enum sstp_disk_statement {
    BEGIN,
    COMMIT,
    PUT_QUEUE,
    SET_DONE,
    REMOVE_QUEUE,
    PUT_MESSAGE,
    SET_QUEUES,
    SET_MORE,
    REMOVE_ROWS,
    PUT_DEVICE,
    PUT_ACCOUNT,
    PUT_DEVICE_ACCOUNT,
    PUT_IDENTITY,
    PUT_CLOCK,
    GET_CLOCK,
    GET_MESSAGE,
    PAGE_COUNT,
    TOUCH,
    NUM_STATEMENTS
};

/* Which file it is, and whether it has nothing in it; 0 and 0 for none. */
struct place {
    dev_t device;
    ino_t inode;
    bool is_empty;
};

struct sstp_disk {
    sqlite3 *db;
    int file; /* the same, for what SQLite cannot do with it; -1 with a VFS of its own */
    sqlite3_stmt *statements[NUM_STATEMENTS];
    enum sstp_disk_err err;         /* of the transaction under way */
    struct sstp_disk_message first; /* that has been gathered; its head is in `head` */
    uint8_t head[SSTP_DISK_HEAD_MAX];
    unsigned num_gathered;
    GByteArray *more, *data;    /* of the row, where there are several */
    struct sstp_disk_walk walk; /* in the row that was read last; its GET_MESSAGE is under way */
    bool is_walking;
    int num_log_pages;
    int checkpoint_pages;          /* at present */
    int max_checkpoint_pages;      /* where there is room */
    sqlite3_int64 num_roomy_pages; /* which the file has room for */
    bool is_full;                  /* the last transaction found no room */
    char *path;                    /* NULL: with a VFS of its own */
    struct place place, log_place; /* where the files were */
    char error[256];
};

/* ---- store/disk_write.c ---- */

/* Notes what SQLite says of its last failure. */
enum sstp_disk_err sstp_disk_note(struct sstp_disk *disk, int result);

/* Runs a statement whose values are bound. */
void sstp_disk_run(struct sstp_disk *disk, enum sstp_disk_statement which);

/* Prepares them all; a result code of SQLite. */
int sstp_disk_prepare(struct sstp_disk *disk);

/* ---- store/disk_read.c ---- */

/* Nothing is kept of the row that was read last. */
void sstp_disk_end_reading(struct sstp_disk *disk);

/* ---- store/disk_room.c: that there is space where it will be needed ---- */

/* The log's file; NULL as long as there is none. */
sqlite3_file *sstp_disk_log(const struct sstp_disk *disk);

/* Keeps SSTP_DISK_RESERVE of the disk for the log.  Without room for it, there will be some
 * once the log is emptied. */
void sstp_disk_reserve_log(struct sstp_disk *disk);

/* Whether nothing more is to be written into the log before it has been emptied. */
bool sstp_disk_is_log_full(const struct sstp_disk *disk);

/* Moves what is in the log into the file, when it is time.  Failing that, the log goes on
 * growing, up to its limit. */
void sstp_disk_checkpoint(struct sstp_disk *disk);

/* Before anything is committed to the log, the file has room for it: or the log, which
 * cannot be emptied then, would be full for ever. */
void sstp_disk_make_file_roomy(struct sstp_disk *disk);

#endif
