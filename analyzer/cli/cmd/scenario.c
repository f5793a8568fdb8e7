/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/scenario.h"

#include <string.h>

#include "base/output.h"
#include "cmd/reading.h"
#include "dissect/dissector.h"
#include "dissect/gather.h"
#include "scenario/script.h"

struct telling {
    const struct options *options;
    struct report *report;
    struct progress progress;
    struct reading *reading;
    struct gather *gather;
    struct dissector *dissector;
    struct endings *endings;
    struct taken taken; /* of the connection that is asked for */
};

static void on_command(void *cookie, const struct report_command *command)
{
    struct telling *telling = cookie;

    if (command->connection->number == telling->options->scenario)
        taken_add(&telling->taken, command->from_initiator, command->frame->t_ns, command->length,
                  command->bytes);
}

static void dissect(void *cookie, const struct packet *packet, gint64 uncertainty_ns)
{
    struct telling *telling = cookie;
    const struct report_frame frame = {
        .number = dissector_next_number(telling->dissector),
        .file = packet->file,
        .in_file = packet->frame,
        .captured_ns = packet->captured_ns,
        .t_ns = packet->t_ns,
    };

    (void)uncertainty_ns; /* that is for journeys */
    gather_frame(telling->gather, &frame);
    if (packet->is_segment)
        endings_segment(telling->endings, &packet->segment, packet->t_ns);
    dissector_packet(telling->dissector, packet);
}

static gboolean is_found(const struct report *report, guint32 connection, const char *filter)
{
    for (guint i = 0; i < report->findings->len; i++) {
        const struct report_finding *finding =
            REPORT_AT(report->findings, struct report_finding, i);
        if (finding->connection == connection && strcmp(finding->info->filter, filter) == 0)
            return TRUE;
    }
    return FALSE;
}

/* Headers that end the framing are no command's findings. */
static gboolean has_broken_framing(const struct report *report, guint32 connection)
{
    for (guint i = 0; i < report->findings->len; i++) {
        const struct report_finding *finding =
            REPORT_AT(report->findings, struct report_finding, i);
        if (finding->connection == connection && finding->command == NULL &&
            (finding->info == &sstp_finding_infos[SSTP_FINDING_LENGTH_INVALID] ||
             finding->info == &sstp_finding_infos[SSTP_FINDING_UNKNOWN_COMMAND]))
            return TRUE;
    }
    return FALSE;
}

static gboolean begins_with_connect(const struct taken *taken)
{
    const struct sstp_span first =
        taken->commands->len > 0 ? taken_bytes(taken, 0) : sstp_span(NULL, 0);
    return first.len > 0 && first.data[0] == SSTP_CONNECT;
}

/* What the report knows of the connection. */
static struct script script_of(const struct telling *telling)
{
    const guint32 number = telling->options->scenario;
    const struct report_connection *row =
        REPORT_AT(telling->report->connections, struct report_connection, number);
    struct script script = {
        .taken = &telling->taken,
        .encapsulation = row->encapsulation,
        .acceptor_port = row->ends[0].port,
        .is_over_http = row->ends[1].port == 0,
        .has_gap =
            (begins_with_connect(&telling->taken) && gather_has_gap(telling->gather, number)) ||
            is_found(telling->report, number, "gap") ||
            is_found(telling->report, number, "sequence_gap"),
        .has_broken_framing = has_broken_framing(telling->report, number),
        .has_missing_half = is_found(telling->report, number, "missing_half"),
    };

    if (!script.is_over_http) {
        script.ending = endings_find(telling->endings, row->ends, row->first_ns);
        script.is_ended_by_initiator = packet_end_compare(&script.ending.by, &row->ends[1]) == 0;
    }
    return script;
}

static enum exit_code write_scenario(struct telling *telling)
{
    const struct options *options = telling->options;
    struct output *output = output_open(options->output, "--output", "the scenario");
    const struct script script = script_of(telling);
    struct replace *replace;
    GPtrArray *sentences;

    if (output == NULL)
        return EXIT_USAGE;
    replace = replace_new(options->seed);
    sentences = g_ptr_array_new_with_free_func(g_free);
    script_append(output_text(output), &script, replace, sentences);
    for (guint i = 0; i < sentences->len; i++)
        say("--scenario %u: %s", options->scenario, (const char *)g_ptr_array_index(sentences, i));
    g_ptr_array_free(sentences, TRUE);
    replace_free(replace);
    return output_close(output) ? EXIT_DONE : EXIT_REPORTED;
}

/* Whether there is something to tell, or why not. */
static gboolean has_connection(const struct telling *telling)
{
    const guint num = telling->report->connections->len;
    const guint32 number = telling->options->scenario;

    if (number >= num && num == 0)
        say("--scenario %u: the captures have no connection", number);
    else if (number >= num)
        say("--scenario %u: the captures have %u connection%s, the first of which is 0", number,
            num, num == 1 ? "" : "s");
    else if (telling->taken.commands->len == 0)
        say("--scenario %u: no command of this connection can be read", number);
    return number < num && telling->taken.commands->len > 0;
}

static enum exit_code read_all(struct telling *telling)
{
    const struct reading_calls calls = {.on_packet = dissect, .cookie = telling};

    telling->dissector = dissector_new();
    const gboolean is_read = reading_run(telling->reading, &telling->progress, &calls);
    dissector_finish(telling->dissector);
    if (!is_read)
        return EXIT_USAGE;
    gather_finish(telling->gather);
    if (telling->report->is_interrupted) {
        say("interrupted; nothing is written");
        return EXIT_REPORTED;
    }
    return has_connection(telling) ? write_scenario(telling) : EXIT_REPORTED;
}

enum exit_code scenario(const struct options *options)
{
    struct telling telling = {.options = options, .report = report_new()};
    enum exit_code result = EXIT_USAGE;

    taken_init(&telling.taken);
    telling.endings = endings_new();
    progress_begin(&telling.progress, reading_size(options));
    telling.reading = reading_new(options, telling.report, NULL, &telling.progress);
    if (telling.reading != NULL)
        telling.gather = gather_new(telling.report, NULL, FALSE, on_command, &telling);
    if (telling.gather != NULL) {
        result = read_all(&telling);
        if (result == EXIT_DONE && reading_is_damaged(telling.reading))
            result = EXIT_REPORTED;
        gather_free(telling.gather);
    }
    if (telling.dissector != NULL)
        dissector_free(telling.dissector);
    if (telling.reading != NULL)
        reading_free(telling.reading);
    endings_free(telling.endings);
    taken_clear(&telling.taken);
    report_free(telling.report);
    return result;
}
