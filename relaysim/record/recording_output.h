/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recording_output: where the thread of a recording_file writes to, and what it does about a
 * disk that is full and a reader that is not there.  Nobody but record/recording_file.c uses it.
 */
#ifndef RELAYSIM_RECORD_RECORDING_OUTPUT_H
#define RELAYSIM_RECORD_RECORDING_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What the owner is asked and told while a write takes its time. */
struct recording_output_owner {
    /* Waits; false, at once, when it is to be given up. */
    bool (*pause)(void *cookie, unsigned ms);
    bool (*is_given_up)(void *cookie);
    /* Bytes have been written. */
    void (*moved)(void *cookie, size_t num);
    /* A write has failed that will be tried again, or one has succeeded after that. */
    void (*failing)(void *cookie, bool is_failing);
    void *cookie;
};

struct recording_output {
    const char *path, *name; /* the name for sentences */
    struct recording_output_owner owner;
    int fd; /* -1: a FIFO that has no reader, or nothing any more */
    bool is_stdout;
    bool may_leave;    /* its reader may: then it is over, without a word */
    bool is_fifo;      /* by its path: another reader may come */
    bool is_regular;   /* on a disk, by its path */
    bool is_created;   /* it was not there before */
    bool has_to_begin; /* the head is to be written */
    bool has_begun;    /* there is more in it than the head */
    bool is_failing;
    bool is_over; /* nothing can be written any more, or it was given up */
};

/* Opens the path, without touching what is in it.  False with errno set. */
bool recording_output_open(struct recording_output *output);

/* What was in it is gone. */
void recording_output_empty(struct recording_output *output);

/* Writes from *at on, and moves it on.  When it returns something else than
 * RECORDING_OUTPUT_WRITTEN, the rest has not been written: there is another reader to begin
 * anew for, or it is over, or given up. */
enum recording_output_end {
    RECORDING_OUTPUT_WRITTEN,
    RECORDING_OUTPUT_ANOTHER_READER,
    RECORDING_OUTPUT_OVER
};
enum recording_output_end recording_output_write(struct recording_output *output,
                                                 const uint8_t *data, size_t len, size_t *at);

/* The last `num` bytes are taken back, where that is possible. */
void recording_output_take_back(struct recording_output *output, size_t num);

/* Opens the path anew, see recording_file_reopen(); has_to_begin is set, but for a file that
 * has nothing but a head. */
void recording_output_reopen(struct recording_output *output);

/* False, with a sentence, when the system says only now that something was not written. */
bool recording_output_close(struct recording_output *output);

/* It was opened for nothing: what was made is removed. */
void recording_output_discard(struct recording_output *output);

#endif
