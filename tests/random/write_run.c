/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "write_run.h"

#include "random.h"
#include "record/recording_file.h"
#include "state/observer.h"
#include "record/capture.h"

#include <inttypes.h>
#include <stdio.h>

#define EPOCH_NS (1700000000u * UINT64_C(1000000000)) /* any day */
#define ACKS_MAX 64u                                  /* of sstp.ack.acks (plugin/FIELDS.md) */

struct write_run {
    struct recording_file *file;
    struct capture *capture;
    FILE *lines;
    bool has_failed;
    struct rng rng;
    unsigned num_connections, num_streams;
    guint num_lines; /* of connections before this one */

    const struct play *play;
    struct capture_connection *connection;
    GByteArray *segment; /* bytes that go into the capture together */
    bool is_from_initiator;
    int64_t time_ns, last_ns, first_ns;
    uint64_t position[2];
    guint num_heard[2];
    GPtrArray *heard;      /* struct course_command */
    GHashTable *line_of;   /* index + 1 */
    GHashTable *late;      /* those after the other side's ConnectClose */
    size_t outstanding[2]; /* while the lines are written */
};

struct write_run *write_run_open(const char *prefix)
{
    struct write_run *writer = g_new0(struct write_run, 1);
    char *capture = g_strconcat(prefix, ".pcapng", NULL);
    char *lines = g_strconcat(prefix, ".jsonl", NULL);

    writer->rng = rng(1);
    writer->segment = g_byte_array_new();
    writer->heard = g_ptr_array_new();
    writer->line_of = g_hash_table_new(NULL, NULL);
    writer->late = g_hash_table_new(NULL, NULL);
    writer->file = recording_file_open(&(struct recording_file_config){
        .path = capture, .name = "capture", .records = "packets", .waits = true});
    if (writer->file != NULL) {
        writer->capture = capture_new(writer->file);
        recording_file_begin(writer->file);
        writer->lines = fopen(lines, "w");
    }
    g_free(capture);
    g_free(lines);
    if (writer->lines != NULL)
        return writer;
    (void)write_run_close(writer);
    return NULL;
}

bool write_run_close(struct write_run *writer)
{
    if (writer == NULL)
        return true;
    capture_free(writer->capture);
    bool is_good = recording_file_close(writer->file) && !writer->has_failed;
    if (writer->lines != NULL && fclose(writer->lines) != 0)
        is_good = false;
    g_byte_array_unref(writer->segment);
    g_ptr_array_unref(writer->heard);
    g_hash_table_unref(writer->line_of);
    g_hash_table_unref(writer->late);
    g_free(writer);
    return is_good;
}

/* ------------------------------------------------------------------------
 * The capture
 */

static uint64_t epoch_ns(const struct write_run *writer, int64_t time_ns)
{
    return EPOCH_NS + (uint64_t)(writer->first_ns + time_ns);
}

static void flush(struct write_run *writer)
{
    if (writer->segment->len > 0)
        capture_data(writer->connection, writer->is_from_initiator, writer->segment->data,
                     writer->segment->len, epoch_ns(writer, writer->time_ns));
    g_byte_array_set_size(writer->segment, 0);
}

void write_run_connection(struct write_run *writer, const struct play *play)
{
    const uint16_t port = (uint16_t)(50000 + writer->num_connections++);

    writer->play = play;
    writer->first_ns += writer->last_ns;
    writer->connection = capture_connect(writer->capture,
                                         (struct capture_address){.initiator_host = 1,
                                                                  .initiator_port = port,
                                                                  .acceptor_host = 1,
                                                                  .acceptor_port = SSTP_PORT},
                                         epoch_ns(writer, 0));
    writer->position[0] = writer->position[1] = 0;
    writer->num_heard[0] = writer->num_heard[1] = 0;
    g_ptr_array_set_size(writer->heard, 0);
}

void write_run_bytes(struct write_run *writer, bool from_initiator, const void *data, size_t len,
                     int64_t time_ns)
{
    const GPtrArray *commands = play_course(writer->play)->commands[from_initiator];
    guint *next = &writer->num_heard[from_initiator];

    /* What one side sends together comes in one segment, or in several. */
    if (from_initiator != writer->is_from_initiator || rng_is_one_in(&writer->rng, 3))
        flush(writer);
    writer->is_from_initiator = from_initiator;
    writer->last_ns = writer->time_ns = time_ns;
    g_byte_array_append(writer->segment, data, (guint)len);

    writer->position[from_initiator] += len;
    for (; *next < commands->len; (*next)++) {
        struct course_command *command = g_ptr_array_index(commands, *next);
        if (command->end > writer->position[from_initiator])
            break;
        g_hash_table_insert(writer->line_of, command,
                            GUINT_TO_POINTER(writer->num_lines + writer->heard->len + 1));
        g_ptr_array_add(writer->heard, command);
    }
}

/* ------------------------------------------------------------------------
 * The lines
 */

static void put_number(struct write_run *writer, const char *name, uint64_t number)
{
    fprintf(writer->lines, ", \"%s\": %" PRIu64, name, number);
}

static void put_text(struct write_run *writer, const char *name, const char *text)
{
    if (text != NULL)
        fprintf(writer->lines, ", \"%s\": \"%s\"", name, text);
}

/* Where the command's line is, if it was heard. */
static bool find_line(const struct write_run *writer, const struct course_command *command,
                      guint *line)
{
    *line = GPOINTER_TO_UINT(g_hash_table_lookup(writer->line_of, command));
    return command != NULL && (*line)-- > 0;
}

static void put_line(struct write_run *writer, const char *name,
                     const struct course_command *command)
{
    guint line;
    if (find_line(writer, command, &line))
        put_number(writer, name, line);
}

static const struct course_view *view_of(const struct course_command *command)
{
    return &command->views[command->from_initiator ? COURSE_SENDER : COURSE_RECEIVER];
}

static void put_unknown(struct write_run *writer, const char *name)
{
    fprintf(writer->lines, ", \"%s\": null", name);
}

/* Whether an endpoint that has the session wrote the view.  An endpoint that takes
 * an Open in has yet to answer, and may have no room for the session. */
static bool has_session_states(const struct course_command *command)
{
    return view_of(command)->has_session &&
           (command->from_initiator || command->session->open != command) &&
           !(command->session->is_empty && !command->session->open->from_initiator);
}

static void put_session(struct write_run *writer, const struct course_command *command)
{
    const struct course_view *view = view_of(command);
    const struct course_session *session = command->session;
    /* Who names a destination by its URLs does not see that another has the same. */
    const bool has_doubts = session->has_twins && !session->open->from_initiator;

    if (has_session_states(command)) {
        put_text(writer, "session.state", sstp_session_state_name(view->session));
        put_text(writer, "session.receiver_state", sstp_receiver_state_name(view->receiver));
        if (view->has_active && !has_doubts)
            put_number(writer, "fanout.active", view->active);
        else if (view->has_active)
            put_unknown(writer, "fanout.active");
    } else {
        put_unknown(writer, "session.state");
        put_unknown(writer, "session.receiver_state");
        put_unknown(writer, "fanout.active");
    }
    put_text(writer, "session.resource_url", session->resource_url);
    if (session->open != command)
        put_line(writer, "session.opened_in", session->open);
}

/* An answer that crossed a Close or ConnectClose answers nothing any more. */
static bool is_vain(const struct write_run *writer, const struct course_command *response)
{
    return g_hash_table_contains(writer->late, response) ||
           (view_of(response)->findings & SSTP_OBSERVED(SSTP_FINDING_UNKNOWN_SESSION_IGNORED));
}

static void put_exchange(struct write_run *writer, const struct course_command *command)
{
    if (command->response != NULL && is_vain(writer, command->response))
        put_unknown(writer, "response_in");
    else
        put_line(writer, "response_in", command->response);
    if (command->request != NULL && is_vain(writer, command))
        put_unknown(writer, "response_to");
    else
        put_line(writer, "response_to", command->request);
}

static void put_states(struct write_run *writer, const struct course_command *command)
{
    static const char *const fields[] = {
        "connection.state", "session.state",        "session.receiver_state",
        "fanout.active",    "session.resource_url", "session.opened_in",
        "response_in",      "response_to"};

    if (view_of(command)->is_known && !g_hash_table_contains(writer->late, command)) {
        put_text(writer, "connection.state",
                 sstp_connection_state_name(view_of(command)->connection));
        if (command->session != NULL && !command->session->is_event)
            put_session(writer, command);
        else if (command->session != NULL)
            put_unknown(writer, "session.resource_url");
        put_exchange(writer, command);
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        put_unknown(writer, fields[i]);
}

static void put_acks(struct write_run *writer, const struct course_command *command)
{
    const struct course_view *sent = &command->views[COURSE_SENDER];
    const struct course *course = play_course(writer->play);
    const bool of_initiator = !command->from_initiator;
    const char *separator = "";

    put_number(writer, "ack.covered", sent->covered);
    put_number(writer, "ack.remaining", writer->outstanding[of_initiator]);
    put_line(writer, "ack.first", course_entered(course, of_initiator, sent->first));
    put_line(writer, "ack.last",
             course_entered(course, of_initiator, sent->first + sent->covered - 1));
    fprintf(writer->lines, ", \"ack.acks\": [");
    for (uint64_t i = 0; i < sent->covered && i < ACKS_MAX; i++) {
        guint line;
        if (find_line(writer, course_entered(course, of_initiator, sent->first + i), &line))
            fprintf(writer->lines, "%s%u", separator, line);
        separator = ", ";
    }
    fprintf(writer->lines, "]");
}

static void put_message(struct write_run *writer, const struct course_command *command)
{
    const bool from_initiator = command->from_initiator;

    if (command->number != 0)
        put_number(writer, "message.number", command->number);
    writer->outstanding[!from_initiator] -= command->message_count;
    writer->outstanding[from_initiator] += command->id == SSTP_END_MESSAGE;
    if (command->id == SSTP_MESSAGE || command->id == SSTP_END_MESSAGE)
        put_number(writer, "ack.outstanding", writer->outstanding[from_initiator]);
    else if (command->id == SSTP_NOOP || command->id == SSTP_CONNECT_CLOSE)
        put_number(writer, "ack.outstanding", writer->outstanding[!from_initiator]);
    if (command->message_count > 0)
        put_acks(writer, command);
    put_line(writer, "ack.acked_in", command->acknowledged_by);
}

static void put_findings(struct write_run *writer, const struct course_command *command)
{
    const struct course_view *view = view_of(command);
    const char *separator = "";
    uint32_t findings = view->findings;
    guint line;

    if (!view->is_known || g_hash_table_contains(writer->late, command) ||
        (command->session != NULL && command->session->has_twins && command->from_initiator)) {
        put_unknown(writer, "findings");
        return;
    }
    if (command->id == SSTP_END_MESSAGE && !find_line(writer, command->acknowledged_by, &line))
        findings |= SSTP_OBSERVED(SSTP_FINDING_UNACKNOWLEDGED);
    fprintf(writer->lines, ", \"findings\": [");
    for (unsigned i = SSTP_FINDING_STATE_FIRST; i <= SSTP_FINDING_STATE_LAST; i++) {
        if ((findings & SSTP_OBSERVED(i)) == 0)
            continue;
        fprintf(writer->lines, "%s\"%s\"", separator, sstp_finding_infos[i].filter);
        separator = ", ";
    }
    fprintf(writer->lines, "]");
}

static void put_command(struct write_run *writer, const struct course_command *command)
{
    fprintf(writer->lines, "{\"stream\": %u, \"from_initiator\": %s, \"command\": \"%s\"",
            writer->num_streams, command->from_initiator ? "true" : "false",
            sstp_command_info(command->id)->name);
    put_states(writer, command);
    put_message(writer, command);
    put_findings(writer, command);
    fprintf(writer->lines, "}\n");
}

static void find_late(struct write_run *writer)
{
    bool has_closed[2] = {false, false};

    for (guint i = 0; i < writer->heard->len; i++) {
        struct course_command *command = g_ptr_array_index(writer->heard, i);
        if (has_closed[!command->from_initiator])
            g_hash_table_add(writer->late, command);
        if (command->id == SSTP_CONNECT_CLOSE)
            has_closed[command->from_initiator] = true;
    }
}

void write_run_connection_end(struct write_run *writer)
{
    flush(writer);
    if (play_how_it_ended(writer->play) == PLAY_END_CLOSED)
        for (int i = 1; i >= 0; i--)
            capture_finish(writer->connection, i, epoch_ns(writer, writer->last_ns));
    capture_disconnect(writer->connection, epoch_ns(writer, writer->last_ns));

    writer->outstanding[0] = writer->outstanding[1] = 0;
    find_late(writer);
    for (guint i = 0; i < writer->heard->len; i++)
        put_command(writer, g_ptr_array_index(writer->heard, i));
    writer->num_lines += writer->heard->len;
    writer->num_streams += writer->heard->len > 0;
    writer->has_failed = writer->has_failed || ferror(writer->lines) != 0;
}
