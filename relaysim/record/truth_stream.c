/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truth_stream: which connections there are, and their numbers in the file. */
#include "record/truth_internal.h"

struct truth_stream *truth_enter(struct truth *truth, const char *name)
{
    struct truth_stream *stream = g_hash_table_lookup(truth->streams, name);
    if (stream == NULL) {
        stream = g_new0(struct truth_stream, 1);
        stream->truth = truth;
        stream->name = g_strdup(name);
        stream->number = TRUTH_NO_STREAM;
        g_hash_table_insert(truth->streams, stream->name, stream);
    }
    stream->num_ends++;
    return stream;
}

void truth_leave(struct truth_stream *stream)
{
    if (stream == NULL || --stream->num_ends > 0)
        return;
    g_hash_table_remove(stream->truth->streams, stream->name);
    g_free(stream->name);
    g_free(stream);
}

void truth_begin_stream(struct truth_stream *stream)
{
    stream->has_begun = true;
    (void)truth_number(stream);
}

int truth_number(struct truth_stream *stream)
{
    struct truth *truth = stream->truth;
    const bool has_number =
        stream->number != TRUTH_NO_STREAM && stream->num_reopened == truth->num_reopened;
    if (stream->has_begun && !has_number) {
        stream->number = truth->num_streams++;
        stream->num_reopened = truth->num_reopened;
    }
    return stream->number;
}

void truth_passed(struct truth_stream *stream)
{
    (void)truth_number(stream);
}

/* The file, the number in it, and the end. */
uint64_t truth_label(struct truth_stream *stream, bool at_initiator)
{
    const int number = truth_number(stream);
    return (uint64_t)stream->num_reopened << 32 | (uint64_t)(unsigned)number << 1 | at_initiator;
}
