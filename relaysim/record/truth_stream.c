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
    truth_forget(stream);
    g_hash_table_remove(stream->truth->streams, stream->name);
    g_free(stream->name);
    g_free(stream);
}

void truth_begin_stream(struct truth_stream *stream)
{
    stream->has_begun = true;
}

static bool has_number(const struct truth_stream *stream)
{
    return stream->number != TRUTH_NO_STREAM && stream->num_reopened == stream->truth->num_reopened;
}

int truth_take_number(struct truth_stream *stream)
{
    if (!has_number(stream)) {
        stream->number = stream->truth->num_streams++;
        stream->num_reopened = stream->truth->num_reopened;
    }
    return stream->number;
}

int truth_number(struct truth_stream *stream)
{
    if (!stream->has_passed)
        return has_number(stream) ? stream->number : TRUTH_NO_STREAM;
    return truth_take_number(stream);
}

void truth_passed(struct truth_stream *stream)
{
    stream->has_passed = true;
    (void)truth_take_number(stream);
    truth_release(stream->truth);
}

/* The file, the number in it, and the end. */
uint64_t truth_label(struct truth_stream *stream, bool at_initiator)
{
    const int number = truth_take_number(stream);
    return (uint64_t)stream->num_reopened << 32 | (uint64_t)(unsigned)number << 1 | at_initiator;
}
