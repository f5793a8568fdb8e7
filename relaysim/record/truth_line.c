/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truth_line: the file, and the lines in it. */
#include "record/truth_internal.h"

#include "base/json_text.h"
#include "record/capture.h"
#include "record/pcapng.h"
#include "record/recording_file.h"

struct truth *truth_new(struct recording_file *file, struct capture *answers)
{
    struct truth *truth = g_new0(struct truth, 1);
    truth->file = file;
    truth->answers = answers;
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

JsonBuilder *truth_begin(const char *event)
{
    JsonBuilder *builder = json_builder_new();
    json_builder_begin_object(builder);
    truth_add_string(builder, "event", event);
    return builder;
}

#define BEGIN_SIZE 64u

/* A line's time, with all the digits that a double would not keep, and its stream; its length. */
static size_t write_begin(char begin[BEGIN_SIZE], uint64_t time_ns, int stream)
{
    size_t len =
        (size_t)g_snprintf(begin, BEGIN_SIZE, "{\"t\":%" G_GUINT64_FORMAT ".%09u,",
                           (guint64)(time_ns / 1000000000), (unsigned)(time_ns % 1000000000));
    if (stream != TRUTH_NO_STREAM)
        len += (size_t)g_snprintf(begin + len, BEGIN_SIZE - len, "\"stream\":%d,", stream);
    return len;
}

/* Puts a line: its time and stream, and the rest. */
static bool put_line(struct truth *truth, enum recording_file_part part, uint64_t time_ns,
                     int stream, const char *rest)
{
    char begin[BEGIN_SIZE];
    if (truth->file == NULL)
        return true;
    const size_t len = write_begin(begin, time_ns, stream);
    const struct sstp_span pieces[] = {sstp_span(begin, len), sstp_span_of_string(rest),
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
    if (!put_line(truth, part, time_ns, TRUTH_NO_STREAM, rest))
        return false;
    truth->num_dropped = 0;
    return true;
}

/* ------------------------------------------------------------------------
 * Answers
 */

#define HEX_MAX 128u /* digits of bytes that an answer has itself */

/* The application data of a message would make the capture three times as long. */
static void shorten(JsonObject *object, const char *name)
{
    const char *hex =
        json_object_has_member(object, name) ? json_object_get_string_member(object, name) : NULL;
    if (hex == NULL || strlen(hex) <= HEX_MAX)
        return;
    char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, hex, -1);
    char *member = g_strconcat(name, "_sha256_of_hex", NULL);
    json_object_set_string_member(object, member, digest);
    json_object_remove_member(object, name);
    g_free(member);
    g_free(digest);
}

static bool put_answer(struct truth *truth, enum truth_time time, uint64_t time_ns, int stream,
                       const char *rest)
{
    char begin[BEGIN_SIZE];
    const size_t len = write_begin(begin, time_ns, stream);
    GString *line = g_string_new_len(begin, (gssize)len);
    g_string_append(line, rest);
    const bool is_put =
        capture_answer(truth->answers, time == TRUTH_OF_WHAT_COMES, line->str, line->len);
    g_string_free(line, TRUE);
    return is_put;
}

/* ------------------------------------------------------------------------
 * Lines that are whole
 */

struct truth_line {
    struct truth_stream *stream; /* NULL: `number` tells */
    int number;
    enum truth_time time;
    uint64_t time_ns;
    char *text, *answer; /* without time and stream; NULL where there are no answers */
};

static void free_line(struct truth_line *line)
{
    g_free(line->text);
    g_free(line->answer);
    g_free(line);
}

static int number_of(const struct truth_line *line)
{
    return line->stream != NULL ? truth_number(line->stream) : line->number;
}

/* Where answers are missing, the next one that has room says so before it. */
static void answer(struct truth *truth, const struct truth_line *line)
{
    char missing[64];
    g_snprintf(missing, sizeof missing,
               "\"event\":\"lines-dropped\",\"lines\":%" G_GUINT64_FORMAT "}",
               (guint64)truth->num_unanswered);
    if (truth->num_unanswered > 0 &&
        put_answer(truth, line->time, line->time_ns, TRUTH_NO_STREAM, missing))
        truth->num_unanswered = 0;
    if (truth->num_unanswered > 0 ||
        !put_answer(truth, line->time, line->time_ns, number_of(line), line->answer + 1))
        truth->num_unanswered++;
}

static void write_line(struct truth *truth, const struct truth_line *line)
{
    if (line->answer != NULL)
        answer(truth, line);
    if (!put_dropped(truth, RECORDING_FILE_RECORD, line->time_ns) ||
        !put_line(truth, RECORDING_FILE_RECORD, line->time_ns, number_of(line), line->text + 1))
        truth->num_dropped++;
    truth->last_ns = line->time_ns;
}

static bool has_to_wait(const struct truth_line *line)
{
    return line->stream != NULL && number_of(line) == TRUTH_NO_STREAM;
}

void truth_release(struct truth *truth)
{
    while (!g_queue_is_empty(&truth->held) && !has_to_wait(g_queue_peek_head(&truth->held))) {
        struct truth_line *line = g_queue_pop_head(&truth->held);
        write_line(truth, line);
        free_line(line);
    }
}

/* Has everything written: streams get their numbers by their first lines. */
static void release_all(struct truth *truth)
{
    for (const GList *link = truth->held.head; link != NULL; link = link->next) {
        const struct truth_line *line = link->data;
        if (line->stream != NULL)
            (void)truth_take_number(line->stream);
    }
    truth_release(truth);
}

void truth_forget(struct truth_stream *stream)
{
    struct truth *truth = stream->truth;
    GList *next;
    for (GList *link = truth->held.head; link != NULL; link = next) {
        struct truth_line *line = link->data;
        next = link->next;
        if (line->stream != stream)
            continue;
        if (!stream->has_passed) {
            free_line(line);
            g_queue_delete_link(&truth->held, link);
        } else {
            line->number = truth_number(stream);
            line->stream = NULL;
        }
    }
    truth_release(truth);
}

static void end(struct truth *truth, struct truth_line line, JsonBuilder *builder)
{
    json_builder_end_object(builder);
    line.text = json_text_line(builder);
    if (truth->answers != NULL) {
        JsonNode *root = json_builder_get_root(builder);
        shorten(json_node_get_object(root), "data");
        json_node_unref(root);
        line.answer = json_text_line(builder);
    }
    g_object_unref(builder);
    g_queue_push_tail(&truth->held, g_memdup2(&line, sizeof line));
    if (truth->held.length > TRUTH_HELD_MAX)
        release_all(truth);
    else
        truth_release(truth);
}

void truth_end(struct truth_stream *stream, enum truth_time time, JsonBuilder *builder,
               uint64_t time_ns)
{
    end(stream->truth, (struct truth_line){.stream = stream, .time = time, .time_ns = time_ns},
        builder);
}

void truth_end_at(struct truth *truth, int number, enum truth_time time, JsonBuilder *builder,
                  uint64_t time_ns)
{
    end(truth, (struct truth_line){.number = number, .time = time, .time_ns = time_ns}, builder);
}

/* ------------------------------------------------------------------------
 * The end of a file
 */

void truth_reopen(struct truth *truth)
{
    release_all(truth);
    (void)put_dropped(truth, RECORDING_FILE_END, truth->last_ns);
    if (truth->file != NULL)
        recording_file_reopen(truth->file);
    truth->num_reopened++;
    truth->num_streams = 0;
    truth->num_dropped = 0;
}

void truth_free(struct truth *truth)
{
    if (truth == NULL)
        return;
    release_all(truth);
    (void)put_dropped(truth, RECORDING_FILE_END, truth->last_ns);
    g_hash_table_destroy(truth->streams);
    g_free(truth);
}
