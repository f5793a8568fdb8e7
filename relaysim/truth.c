/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "truth_internal.h"

#include "json_text.h"

struct truth *truth_open(const char *path)
{
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return NULL;
    struct truth *truth = g_new0(struct truth, 1);
    truth->file = file;
    truth->streams = g_hash_table_new(g_str_hash, g_str_equal);
    return truth;
}

bool truth_close(struct truth *truth)
{
    if (truth == NULL)
        return true;
    const bool is_closed = fclose(truth->file) == 0;
    const bool is_good = is_closed && !truth->has_failed;
    g_hash_table_destroy(truth->streams);
    g_free(truth);
    return is_good;
}

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

void truth_number(struct truth_stream *stream)
{
    if (stream->number == TRUTH_NO_STREAM)
        stream->number = stream->truth->num_streams++;
}

uint64_t truth_label(const struct truth_stream *stream, bool at_initiator)
{
    return (uint64_t)(int64_t)stream->number << 1 | at_initiator;
}

/* ------------------------------------------------------------------------
 * Lines
 */

void truth_add_string(JsonBuilder *builder, const char *name, const char *value)
{
    json_text_add(builder, name, sstp_span_of_string(value));
}

void truth_add_int(JsonBuilder *builder, const char *name, uint64_t value)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_int_value(builder, (gint64)value);
}

void truth_add_end(JsonBuilder *builder, const char *name, bool is_initiator)
{
    truth_add_string(builder, name, is_initiator ? "initiator" : "acceptor");
}

JsonBuilder *truth_begin(int stream, const char *event)
{
    JsonBuilder *builder = json_builder_new();
    json_builder_begin_object(builder);
    if (stream != TRUTH_NO_STREAM)
        truth_add_int(builder, "stream", (uint64_t)stream);
    truth_add_string(builder, "event", event);
    return builder;
}

void truth_end(struct truth *truth, JsonBuilder *builder, uint64_t time_ns)
{
    json_builder_end_object(builder);
    char *text = json_text_line(builder);
    /* The time with all its digits, which a double would not keep. */
    if (fprintf(truth->file, "{\"t\":%" G_GUINT64_FORMAT ".%09u,%s\n",
                (guint64)(time_ns / 1000000000), (unsigned)(time_ns % 1000000000), text + 1) < 0 ||
        fflush(truth->file) != 0)
        truth->has_failed = true;
    g_free(text);
    g_object_unref(builder);
}
