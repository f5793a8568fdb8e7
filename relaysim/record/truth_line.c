/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truth_line: the file, and the lines in it. */
#include "record/truth_internal.h"

#include "base/json_text.h"
#include "record/recording_file.h"

struct truth *truth_new(struct recording_file *file)
{
    struct truth *truth = g_new0(struct truth, 1);
    truth->file = file;
    truth->streams = g_hash_table_new(g_str_hash, g_str_equal);
    return truth;
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

/* Puts a line: its time, with all the digits that a double would not keep, and the rest. */
static bool put_line(struct truth *truth, enum recording_file_part part, uint64_t time_ns,
                     const char *rest)
{
    char begin[48];
    const int len = g_snprintf(begin, sizeof begin, "{\"t\":%" G_GUINT64_FORMAT ".%09u,",
                               (guint64)(time_ns / 1000000000), (unsigned)(time_ns % 1000000000));
    const struct sstp_span pieces[] = {sstp_span(begin, (size_t)len), sstp_span_of_string(rest),
                                       sstp_span("\n", 1)};
    return recording_file_put(truth->file, part, pieces, G_N_ELEMENTS(pieces));
}

/* Where lines are missing, one says so; true when none is, or that one is there. */
static bool put_dropped(struct truth *truth, enum recording_file_part part, uint64_t time_ns)
{
    char rest[64];
    if (truth->num_dropped == 0)
        return true;
    g_snprintf(rest, sizeof rest, "\"event\":\"lines-dropped\",\"lines\":%" G_GUINT64_FORMAT "}",
               (guint64)truth->num_dropped);
    if (!put_line(truth, part, time_ns, rest))
        return false;
    truth->num_dropped = 0;
    return true;
}

void truth_end(struct truth *truth, JsonBuilder *builder, uint64_t time_ns)
{
    json_builder_end_object(builder);
    char *text = json_text_line(builder);
    if (!put_dropped(truth, RECORDING_FILE_RECORD, time_ns) ||
        !put_line(truth, RECORDING_FILE_RECORD, time_ns, text + 1))
        truth->num_dropped++;
    truth->last_ns = time_ns;
    g_free(text);
    g_object_unref(builder);
}

/* ------------------------------------------------------------------------
 * The end of a file
 */

void truth_reopen(struct truth *truth)
{
    (void)put_dropped(truth, RECORDING_FILE_END, truth->last_ns);
    recording_file_reopen(truth->file);
    truth->num_reopened++;
    truth->num_streams = 0;
    truth->num_dropped = 0;
}

void truth_free(struct truth *truth)
{
    if (truth == NULL)
        return;
    (void)put_dropped(truth, RECORDING_FILE_END, truth->last_ns);
    g_hash_table_destroy(truth->streams);
    g_free(truth);
}
