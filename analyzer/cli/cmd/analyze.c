/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/analyze.h"

#include "cmd/reading.h"
#include "dissect/dissector.h"
#include "dissect/gather.h"
#include "report/write.h"

/* One run of the program. */
struct run {
    const struct options *options;
    struct report *report;
    struct progress progress;
    struct reading *reading;
    struct gather *gather;
    struct dissector *dissector;
    struct writing writing;
};

static void on_command(void *cookie, const struct report_command *command)
{
    struct run *run = cookie;
    write_command(&run->writing, command);
}

static struct report_frame next_frame(const struct run *run, const struct packet *packet)
{
    return (struct report_frame){
        .number = dissector_next_number(run->dissector),
        .file = packet->file,
        .in_file = packet->frame,
        .captured_ns = packet->captured_ns,
        .t_ns = packet->t_ns,
    };
}

static void skip(void *cookie, const struct packet *packet)
{
    const struct run *run = cookie;

    dissector_skip(run->dissector, packet);
}

static void dissect(void *cookie, const struct packet *packet, gint64 uncertainty_ns)
{
    struct run *run = cookie;
    const struct report_frame frame = next_frame(run, packet);

    gather_frame(run->gather, &frame);
    if (run->report->points->len > 1)
        gather_point(packet->point, uncertainty_ns);
    dissector_packet(run->dissector, packet);
}

static gboolean cannot_write(void *cookie)
{
    const struct run *run = cookie;
    return output_has_failed(run->writing.output);
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
    const struct reading_calls calls = {dissect, skip, cannot_write, run};
    enum exit_code result = EXIT_DONE;

    run->gather = gather_new(run->report, run->options->filter, write_wants_contents(&run->writing),
                             write_wants_commands(&run->writing) ? on_command : NULL, run);
    if (run->gather == NULL)
        return EXIT_USAGE;
    run->dissector = dissector_new();
    const gboolean is_read = reading_run(run->reading, &run->progress, &calls);
    dissector_finish(run->dissector);
    if (is_read) {
        gather_finish(run->gather);
        if (reading_is_damaged(run->reading))
            result = EXIT_REPORTED;
        write_report(&run->writing);
    } else {
        result = EXIT_USAGE;
    }
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
    struct deal *deal = options->share >= 0 ? deal_new() : NULL;
    enum exit_code result = EXIT_USAGE;

    progress_begin(&run.progress, reading_size(options));
    run.reading = reading_new(options, run.report, deal);
    if (run.reading != NULL) {
        run.writing =
            (struct writing){.output = output_open(options->output, "--output", "the report"),
                             .report = run.report,
                             .format = (enum write_format)options->format,
                             .table = options->table,
                             .pick = options->pick};
        if (deal != NULL) {
            deal_out(deal, options->num_shares);
            reading_take_share(run.reading, deal, (guint)options->share);
            run.report->share = options->share;
        }
        if (run.writing.output != NULL) {
            result = run_through(&run);
            if (!output_close(run.writing.output))
                result = MAX(result, EXIT_REPORTED);
        }
        reading_free(run.reading);
    }
    deal_free(deal);
    report_free(run.report);
    return result;
}
