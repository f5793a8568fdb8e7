/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/analyze.h"

#include "cmd/reading.h"
#include "cmd/shares.h"
#include "dissect/dissector.h"
#include "dissect/gather.h"
#include "follow/journeys.h"
#include "report/write.h"
#include "share/merge.h"

/* One run of the program. */
struct run {
    const struct options *options;
    struct report *report;
    struct progress progress;
    struct reading *reading;
    struct gather *gather;
    struct dissector *dissector;
    struct writing writing;

    /* Everything is read for the clocks alone, and will be once more. */
    gboolean is_for_clocks;

    /* Several shares. */
    struct deal *deal;   /* NULL: nobody asks for them */
    struct carry *carry; /* NULL: this process has all of it */
    struct merge_options merge;
};

static void on_command(void *cookie, const struct report_command *command)
{
    struct run *run = cookie;

    if (run->carry != NULL)
        carry_command(run->carry, command);
    else
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

/* ------------------------------------------------------------------------
 * Dissecting
 */

static gboolean wants_contents(const struct run *run)
{
    return run->is_for_clocks || write_wants_contents(&run->writing);
}

static gboolean wants_commands(const struct run *run)
{
    return !run->is_for_clocks && write_wants_commands(&run->writing);
}

static gboolean begin(struct run *run)
{
    run->gather = gather_new(run->report, run->is_for_clocks ? NULL : run->options->filter,
                             wants_contents(run), wants_commands(run) ? on_command : NULL, run);
    return run->gather != NULL;
}

/* All of it, or all of a share. */
static enum exit_code dissect_all(struct run *run)
{
    const struct reading_calls calls = {NULL, dissect, skip, cannot_write, run};

    run->dissector = dissector_new();
    const gboolean is_read = reading_run(run->reading, &run->progress, &calls);
    if (run->carry != NULL)
        carry_end_frames(run->carry);
    dissector_finish(run->dissector);
    if (!is_read)
        return EXIT_USAGE;
    gather_finish(run->gather);
    return EXIT_DONE;
}

/* In a process of its own. */
static enum exit_code dissect_share(void *cookie, guint share, struct carry *carry)
{
    struct run *run = cookie;

    run->carry = carry;
    gather_record(run->gather, carry, run->merge.key);
    reading_take_share(run->reading, run->deal, share);
    if (share > 0)
        reading_be_silent(run->reading);
    const enum exit_code result = dissect_all(run);
    if (result != EXIT_DONE)
        return result;
    return carry_finish(carry, run->report) ? EXIT_DONE : EXIT_REPORTED;
}

static void make_key(struct run *run)
{
    for (gsize i = 0; i < sizeof run->merge.key; i += sizeof(guint32)) {
        const guint32 part = g_random_int(); /* GLib has its seed from the system */
        memcpy(run->merge.key + i, &part, sizeof part);
    }
}

static void say_lost(const struct run *run)
{
    if (run->report->has_too_much)
        say("there is more than one report can have, %u connections, %u sessions, %u frames with "
            "commands; analyze fewer captures at once, or print records with --share",
            REPORT_CONNECTIONS_MAX, REPORT_SESSIONS_MAX, REPORT_FRAMES_MAX);
    else
        say("what a process has left in %s is not whole; nothing more is reported",
            g_get_tmp_dir());
}

static enum exit_code dissect_shares(struct run *run, guint num)
{
    struct carry **carries = g_new0(struct carry *, num);
    guint num_begun = 0;

    make_key(run);
    if (run->deal != NULL)
        deal_out(run->deal, num);
    run->merge.tells_contents = wants_contents(run);
    run->merge.on_command = wants_commands(run) ? on_command : NULL;
    run->merge.cookie = run;
    enum exit_code result =
        shares_run(run->options, num, &run->progress, dissect_share, run, carries);
    while (num_begun < num && carries[num_begun] != NULL)
        num_begun++;
    /* Interrupted while counting, none has begun. */
    if (result == EXIT_DONE && num_begun > 0 &&
        !merge_shares(run->report, carries, num_begun, &run->merge)) {
        say_lost(run);
        result = EXIT_REPORTED;
    }
    run->report->is_interrupted |= !progress_go_on();
    for (guint i = 0; i < num; i++)
        carry_free(carries[i]);
    g_free(carries);
    return result;
}

static gboolean is_damaged(const struct report *report)
{
    for (guint i = 0; i < report->files->len; i++)
        if (REPORT_AT(report->files, struct report_file, i)->is_damaged)
            return TRUE;
    return FALSE;
}

/* Where no packet compares the clocks of points, messages may, which a relay passes on: all is
 * dissected for that, by processes of their own, for one can do so once. */
static enum exit_code compare_clocks(struct run *run)
{
    struct report *report = run->report;

    if (!reading_lacks_clocks(run->reading) || !grvsstp_journeys_are_followed())
        return EXIT_DONE;
    if (!begin(run)) /* what is wrong with a display filter is said before */
        return EXIT_USAGE;
    gather_free(run->gather);
    run->is_for_clocks = TRUE;
    if (!begin(run))
        return EXIT_USAGE;
    const enum exit_code result =
        dissect_shares(run, run->deal != NULL ? shares_count(run->options, run->deal) : 1);
    gather_free(run->gather);
    run->is_for_clocks = FALSE;
    if (result != EXIT_DONE)
        return result;
    run->report = report_new();
    run->writing.report = run->report;
    reading_begin_again(run->reading, run->report);
    report_free(report);
    return EXIT_DONE;
}

static void take_share(struct run *run)
{
    const struct options *options = run->options;

    if (options->share < 0)
        return;
    deal_out(run->deal, options->num_shares);
    reading_take_share(run->reading, run->deal, (guint)options->share);
    run->report->share = options->share;
}

/* From the first packet to the last line. */
static enum exit_code run_through(struct run *run)
{
    const guint num =
        run->deal != NULL && run->options->share < 0 ? shares_count(run->options, run->deal) : 1;

    take_share(run);
    if (!begin(run))
        return EXIT_USAGE;
    enum exit_code result = num > 1 ? dissect_shares(run, num) : dissect_all(run);
    if (result == EXIT_DONE) {
        write_report(&run->writing);
        if (is_damaged(run->report))
            result = EXIT_REPORTED;
        if (run->report->num_left_out > 0) {
            say("%" G_GUINT64_FORMAT " items are left out of the report: there are more than are "
                "kept; analyze fewer captures at once",
                run->report->num_left_out);
            result = EXIT_REPORTED;
        }
        if (run->report->is_interrupted) {
            say("interrupted; the report is of what was read until then");
            result = EXIT_REPORTED;
        }
        if (is_found(run->report, run->options))
            result = EXIT_REPORTED;
    }
    gather_free(run->gather);
    if (run->dissector != NULL)
        dissector_free(run->dissector);
    return result;
}

enum exit_code analyze(const struct options *options)
{
    struct run run = {.options = options, .report = report_new()};
    enum exit_code result = EXIT_USAGE;

    if (options->share >= 0 && !shares_can_be_read(options))
        return EXIT_USAGE;
    if (shares_are_wanted(options))
        run.deal = deal_new();
    progress_begin(&run.progress, reading_size(options));
    run.reading = reading_new(options, run.report, run.deal, &run.progress);
    if (run.reading != NULL) {
        run.writing =
            (struct writing){.output = output_open(options->output, "--output", "the report"),
                             .report = run.report,
                             .format = (enum write_format)options->format,
                             .table = options->table,
                             .pick = options->pick};
        if (run.writing.output != NULL) {
            result = compare_clocks(&run);
            if (result == EXIT_DONE)
                result = run_through(&run);
            if (!output_close(run.writing.output))
                result = MAX(result, EXIT_REPORTED);
        }
        reading_free(run.reading);
    }
    deal_free(run.deal);
    report_free(run.report);
    return result;
}
