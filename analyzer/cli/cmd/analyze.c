/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/analyze.h"

#include "capture/reader.h"
#include "cmd/progress.h"
#include "dissect/dissector.h"
#include "dissect/gather.h"
#include "report/write.h"

/* Packets between two looks at the clock. */
#define SHOW_EVERY 1024u

/* One run of the program. */
struct run {
    const struct options *options;
    struct report *report;
    struct reader *reader;
    struct gather *gather;
    struct dissector *dissector;
    struct writing writing;
};

static void on_command(void *cookie, const struct report_command *command)
{
    struct run *run = cookie;
    write_command(&run->writing, command);
}

static void note_packet(struct run *run, const struct packet *packet)
{
    struct report *report = run->report;
    struct report_file *file = REPORT_AT(report->files, struct report_file, packet->file);
    struct report_point *point = REPORT_AT(report->points, struct report_point, packet->point);

    if (file->num_packets++ == 0)
        file->first_ns = file->last_ns = packet->captured_ns;
    file->first_ns = MIN(file->first_ns, packet->captured_ns);
    file->last_ns = MAX(file->last_ns, packet->captured_ns);
    if (point->num_packets++ == 0)
        point->first_ns = point->last_ns = packet->captured_ns;
    point->first_ns = MIN(point->first_ns, packet->captured_ns);
    point->last_ns = MAX(point->last_ns, packet->captured_ns);
    report->num_packets++;
    report->first_ns = MIN(report->first_ns, packet->t_ns);
    report->last_ns = MAX(report->last_ns, packet->t_ns);
}

static void dissect(struct run *run, const struct packet *packet)
{
    const struct report_frame frame = {
        .number = dissector_next_number(run->dissector),
        .file = packet->file,
        .in_file = packet->frame,
        .captured_ns = packet->captured_ns,
        .t_ns = packet->t_ns,
    };

    REPORT_AT(run->report->points, struct report_point, packet->point)->num_used++;
    gather_frame(run->gather, &frame);
    dissector_packet(run->dissector, packet);
}

static void read_all(struct run *run)
{
    struct progress progress;
    struct packet packet;
    guint64 num = 0;

    progress_begin(&progress, 0);
    while (progress_go_on() && !output_has_failed(run->writing.output) &&
           reader_next(run->reader, &packet)) {
        packet_look_at(&packet);
        note_packet(run, &packet);
        dissect(run, &packet);
        if (++num % SHOW_EVERY == 0)
            progress_show(&progress, reader_bytes_read(run->reader), num);
    }
    run->report->is_interrupted = !progress_go_on();
    progress_end(&progress);
}

static gboolean is_found(const struct report *report, const struct options *options)
{
    for (guint i = 0; i < report->findings->len && options->fails; i++)
        if (REPORT_AT(report->findings, struct report_finding, i)->info->severity >=
            options->fails_on)
            return TRUE;
    return FALSE;
}

/* From the first packet to the last line. */
static enum exit_code run_through(struct run *run)
{
    enum exit_code result = EXIT_DONE;

    run->gather = gather_new(run->report, run->options->filter,
                             write_wants_commands(&run->writing) ? on_command : NULL, run);
    if (run->gather == NULL)
        return EXIT_USAGE;
    run->dissector = dissector_new();
    read_all(run);
    dissector_finish(run->dissector);
    if (reader_has_failed(run->reader))
        result = EXIT_USAGE;
    else
        gather_finish(run->gather);
    for (guint i = 0; i < run->report->files->len; i++)
        if (reader_is_damaged(run->reader, i))
            result = MAX(result, EXIT_REPORTED);
    if (result != EXIT_USAGE)
        write_report(&run->writing);
    if (run->report->is_interrupted) {
        say("interrupted; the report is of what was read until then");
        result = MAX(result, EXIT_REPORTED);
    }
    if (is_found(run->report, run->options))
        result = MAX(result, EXIT_REPORTED);
    gather_free(run->gather);
    dissector_free(run->dissector);
    return result;
}

enum exit_code analyze(const struct options *options)
{
    struct run run = {.options = options, .report = report_new()};
    const guint num = g_strv_length(options->captures);
    struct reader_file *files = g_new0(struct reader_file, num);
    enum exit_code result = EXIT_USAGE;

    g_array_set_size(run.report->points, 1);
    REPORT_AT(run.report->points, struct report_point, 0)->name = g_strdup("capture");
    g_array_set_size(run.report->files, num);
    for (guint i = 0; i < num; i++) {
        files[i] = (struct reader_file){.name = options->captures[i], .first_ns = G_MININT64};
        REPORT_AT(run.report->files, struct report_file, i)->name = g_strdup(options->captures[i]);
    }
    run.reader = reader_new(files, num);
    run.writing = (struct writing){.output = output_open(options->output),
                                   .report = run.report,
                                   .format = (enum write_format)options->format,
                                   .table = options->table};
    if (run.writing.output != NULL) {
        result = run_through(&run);
        if (!output_close(run.writing.output))
            result = MAX(result, EXIT_REPORTED);
    }
    reader_free(run.reader);
    report_free(run.report);
    g_free(files);
    return result;
}
