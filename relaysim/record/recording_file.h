/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recording_file: a file that is written on a thread of its own, record by record.
 *
 * A record is a packet of a capture, or a line.  Who puts one never waits for the file: not
 * for a disk that is full or slow, nor for the reader of a pipe who has stopped or has not
 * come yet.  Records wait in a queue of RECORDING_FILE_QUEUE_MAX bytes; those beyond it are
 * dropped whole, until half of it is free again.
 *
 * What has been begun is finished: when a disk is full, the rest of a record follows once
 * there is room, and what cannot be finished by the end is taken back where the file is one
 * on a disk.  A FIFO whose reader goes away begins anew for the next reader.
 *
 * Every such trouble is told on stderr when it begins and when it is over.
 *
 *     struct recording_file *file = recording_file_open(&config);
 *     recording_file_begin(file);
 *     recording_file_put(file, RECORDING_FILE_RECORD, pieces, num);
 *     recording_file_close(file);
 */
#ifndef RELAYSIM_RECORD_RECORDING_FILE_H
#define RELAYSIM_RECORD_RECORDING_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/wire.h"

#define RECORDING_FILE_QUEUE_MAX ((size_t)64 << 20)

struct recording_file;

struct recording_file_config {
    const char *path;    /* "-": standard output */
    const char *name;    /* for sentences: "capture" */
    const char *records; /* likewise: "packets" */
    /* Nobody is served meanwhile: rather than drop a record, wait for the reader, or for a
     * disk that is slow; but not for one that fails. */
    bool waits;
    /* The reader of a pipe may go away when he has seen enough: the rest is nobody's loss. */
    bool may_leave;
};

/* Opens the file, without touching what is in it.  The strings stay the caller's, and are
 * copied.  NULL with errno set when that fails. */
struct recording_file *recording_file_open(const struct recording_file_config *config);

/* Whether it is what standard output is, by whatever name; never for a device.  Before
 * recording_file_begin(). */
bool recording_file_is_stdout(const struct recording_file *file);

/* The file is emptied, and written from now on.  What was put before is in it.  When there can
 * be no thread, that is told, and everything is dropped. */
void recording_file_begin(struct recording_file *file);

/* Puts what the pieces make together.  False when it was dropped. */
enum recording_file_part {
    RECORDING_FILE_HEAD,   /* a piece of what every file begins with; before _begin() */
    RECORDING_FILE_RECORD, /* a whole record */
    RECORDING_FILE_END     /* one that ends a file: its place is kept free */
};
bool recording_file_put(struct recording_file *file, enum recording_file_part part,
                        const struct sstp_span *pieces, size_t num);

/* What is put from now on goes into a file that is opened anew by the same name; what was put
 * before, into the one of before.  Where that has not been moved away, or no other can be
 * opened, it goes on in it, with another head.  Nothing happens to standard output. */
void recording_file_reopen(struct recording_file *file);

/* The name that the file was opened by, or goes on in. */
const char *recording_file_path(const struct recording_file *file);

/* What is put from now on goes into another file, as of a ring: it is opened, and `oldest`, unless
 * it is NULL, removed, when all before is written.  Where it cannot be opened, what was put goes on
 * in the file of before, with a sentence. */
void recording_file_go_on_in(struct recording_file *file, const char *path, const char *oldest);

/* Waits until all that was put is in the file, for who reads it. */
void recording_file_flush(struct recording_file *file);

/* Writes what is left, closes the file and frees everything.  A reader or disk that takes
 * nothing for RECORDING_FILE_STANDSTILL_MS is given up, and so is one that takes longer than
 * RECORDING_FILE_END_MS in all; unless the file `waits`.  False, with a sentence, when a
 * record was dropped or not written.  One that was never begun is left as it was found.
 * NULL is fine. */
#define RECORDING_FILE_STANDSTILL_MS 3000
#define RECORDING_FILE_END_MS 30000
bool recording_file_close(struct recording_file *file);

#endif
