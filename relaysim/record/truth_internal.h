/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truth_internal: what the truth_*.c files share, and nobody else. */
#ifndef RELAYSIM_RECORD_TRUTH_INTERNAL_H
#define RELAYSIM_RECORD_TRUTH_INTERNAL_H

#include <json-glib/json-glib.h>

#include "record/truth.h"

#define TRUTH_NO_STREAM (-1)
#define TRUTH_HELD_MAX 4096u /* lines that wait for the first bytes of a stream */

struct truth {
    struct recording_file *file; /* NULL: it is in the capture alone */
    struct capture *answers;     /* the capture that it is in, too; or NULL */
    uint64_t num_unanswered;     /* lines that the capture had no room for */
    unsigned num_reopened;       /* which tells the files of a run apart */
    int num_streams;             /* of the file */
    uint64_t num_dropped;        /* lines before the next one */
    uint64_t last_ns;            /* of the last one */
    GHashTable *streams;         /* name to struct truth_stream */
    GQueue held; /* struct truth_line *, in their order: the first one's stream has no number */
};

struct truth_stream {
    struct truth *truth;
    char *name;
    unsigned num_ends;
    bool has_begun;  /* with its first command */
    bool has_passed; /* some bytes of it */
    int number;      /* in the file of num_reopened; TRUTH_NO_STREAM in none */
    unsigned num_reopened;
};

/* ---- record/truth_stream.c ---- */

/* Its first command: the stream has begun. */
void truth_begin_stream(struct truth_stream *stream);

/* Its number in the file, which it gets now unless it has it; TRUTH_NO_STREAM before bytes of it
 * have passed. */
int truth_number(struct truth_stream *stream);

/* The same where none have. */
int truth_take_number(struct truth_stream *stream);

/* ---- record/truth_line.c ---- */

/* One line: begun, filled with members, and ended, which writes it, or has it wait. */
JsonBuilder *truth_begin(const char *event);
enum truth_time {
    TRUTH_OF_WHAT_PASSED, /* it comes of bytes that have passed */
    TRUTH_OF_WHAT_COMES   /* its bytes will pass */
};
void truth_end(struct truth_stream *stream, enum truth_time time, JsonBuilder *builder,
               uint64_t time_ns);

/* The same for a stream that is known by its number alone, or TRUTH_NO_STREAM. */
void truth_end_at(struct truth *truth, int number, enum truth_time time, JsonBuilder *builder,
                  uint64_t time_ns);

/* Writes what waited and has to wait no longer. */
void truth_release(struct truth *truth);

/* A stream that no byte has passed of is gone: its lines are, too. */
void truth_forget(struct truth_stream *stream);

void truth_add_string(JsonBuilder *builder, const char *name, const char *value);
void truth_add_int(JsonBuilder *builder, const char *name, uint64_t value);
/* "initiator" or "acceptor" */
void truth_add_end(JsonBuilder *builder, const char *name, bool is_initiator);

#endif
