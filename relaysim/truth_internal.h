/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truth_internal: what the truth*.c files share, and nobody else. */
#ifndef RELAYSIM_TRUTH_INTERNAL_H
#define RELAYSIM_TRUTH_INTERNAL_H

#include <json-glib/json-glib.h>
#include <stdio.h>

#include "truth.h"

#define TRUTH_NO_STREAM (-1)

struct truth {
    FILE *file;
    bool has_failed;
    int num_streams;
    GHashTable *streams; /* name to struct truth_stream */
};

struct truth_stream {
    struct truth *truth;
    char *name;
    unsigned num_ends;
    int number; /* TRUTH_NO_STREAM until its first command */
};

/* Its first command: the stream gets its number, unless it has it. */
void truth_number(struct truth_stream *stream);

/* One line: begun, filled with members, and ended, which writes it. */
JsonBuilder *truth_begin(int stream, const char *event);
void truth_end(struct truth *truth, JsonBuilder *builder, uint64_t time_ns);

void truth_add_string(JsonBuilder *builder, const char *name, const char *value);
void truth_add_int(JsonBuilder *builder, const char *name, uint64_t value);
/* "initiator" or "acceptor" */
void truth_add_end(JsonBuilder *builder, const char *name, bool is_initiator);

#endif
