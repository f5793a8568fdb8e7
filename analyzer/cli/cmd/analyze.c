/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/analyze.h"

#include "capture/reader.h"
#include "cmd/progress.h"
#include "dissect/dissector.h"
#include "dissect/gather.h"
#include "points/duplicates.h"
#include "points/survey.h"
#include "points/window.h"
#include "report/write.h"

/* Packets between two looks at the clock. */
#define SHOW_EVERY 1024u

/* How far a clock of which nothing is known may be wrong: years. */
#define UNKNOWN_CLOCK_NS G_GINT64_CONSTANT(100000000000000000)

/* One run of the program. */
struct run {
    const struct options *options;
    struct report *report;
    struct progress progress;
    struct survey *survey; /* NULL: one file */
    GArray *files;         /* struct reader_file */
    struct reader *reader;
    struct duplicates **duplicates; /* by point */
    struct window *window;
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

/* How far the times of a point may be wrong either way. */
static gint64 uncertainty_of(const struct report *report, guint index)
{
    const struct report_point *point = REPORT_AT(report->points, struct report_point, index);

    if (index == 0)
        return 0;
    if (!point->has_clock || point->offset_low_ns == G_MININT64 ||
        point->offset_high_ns == G_MAXINT64)
        return UNKNOWN_CLOCK_NS;
    return MAX(point->offset_high_ns - point->offset_ns, point->offset_ns - point->offset_low_ns);
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
    if (run->report->points->len > 1)
        gather_point(packet->point, uncertainty_of(run->report, packet->point));
    dissector_packet(run->dissector, packet);
}

/* ------------------------------------------------------------------------
 * On the way to the dissector
 */

static void emit(void *cookie, gpointer content)
{
    dissect(cookie, content);
    packet_free(content);
}

static void drop(void *cookie, gpointer content)
{
    (void)cookie;
    packet_free(content);
}

static guint main_point(void *cookie, const struct packet_segment *segment)
{
    const struct run *run = cookie;
    return run->survey != NULL ? survey_main_point(run->survey, segment) : 0;
}

static void take(struct run *run, const struct packet *packet)
{
    struct window_packet entry = {.t_ns = packet->t_ns,
                                  .point = packet->point,
                                  .is_segment = packet->is_segment,
                                  .segment = packet->segment};

    if (packet->is_segment && duplicates_has(run->duplicates[packet->point], packet->segment.digest,
                                             packet->captured_ns)) {
        REPORT_AT(run->report->points, struct report_point, packet->point)->num_duplicates++;
    } else if (window_passes(run->window, &entry)) {
        dissect(run, packet);
    } else {
        entry.content = packet_keep(packet);
        entry.size = packet_size(packet);
        window_put(run->window, &entry);
    }
}

static void read_all(struct run *run)
{
    struct packet packet;
    guint64 num = 0;

    while (progress_go_on() && !output_has_failed(run->writing.output) &&
           reader_next(run->reader, &packet)) {
        packet_look_at(&packet);
        note_packet(run, &packet);
        take(run, &packet);
        if (++num % SHOW_EVERY == 0)
            progress_show(&run->progress, reader_bytes_read(run->reader), num);
    }
    window_flush(run->window);
    run->report->is_interrupted = !progress_go_on();
    progress_end(&run->progress);
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

/* ------------------------------------------------------------------------
 * Files and points
 */

/* Bytes of all captures; 0 where nobody knows. */
static gint64 size_of(const struct options *options)
{
    gint64 sum = 0;

    for (guint i = 0; i < options->num_captures; i++) {
        struct source *source = source_new(options->names[i]);
        sum += source_size(source);
        source_free(source);
    }
    return sum;
}

static gint64 correct(const void *clock, gint64 captured_ns)
{
    return clock_correct(clock, captured_ns);
}

static void add_point(struct report *report, const struct survey_point *known, const char *name)
{
    struct report_point point = {.name = g_strdup(name)};
    const struct clock_piece *piece =
        known != NULL && known->has_clock ? clock_main_piece(&known->clock) : NULL;

    if (piece != NULL) {
        point.has_clock = TRUE;
        point.offset_ns = piece->offset_ns;
        point.offset_low_ns = piece->offset_low_ns;
        point.offset_high_ns = piece->offset_high_ns;
        point.drift_ppm = piece->drift_ppm;
        point.drift_low_ppm = piece->drift_low_ppm;
        point.drift_high_ppm = piece->drift_high_ppm;
        point.num_anchors = known->clock.num_samples;
        point.num_steps = known->clock.num_pieces - 1;
    }
    g_array_append_val(report->points, point);
}

static void add_file(struct run *run, const char *name, guint point, gint64 first_ns)
{
    const struct report_file file = {.name = g_strdup(name), .point = point};
    struct reader_file read = {.name = name, .point = point, .first_ns = first_ns};

    if (run->survey != NULL && run->survey->each[point].has_clock) {
        read.correct = correct;
        read.clock = &run->survey->each[point].clock;
    }
    g_array_append_val(run->report->files, file);
    g_array_append_val(run->files, read);
}

/* One file is one point, and nothing has to be known of it before. */
static gboolean name_files(struct run *run)
{
    const struct options *options = run->options;
    const guint num = options->num_captures;

    if (num == 1) {
        char *name = g_path_get_basename(options->names[0]);
        add_file(run, options->names[0], 0, G_MININT64);
        add_point(run->report, NULL, options->given[0] != NULL ? options->given[0] : name);
        g_free(name);
        return TRUE;
    }
    run->survey =
        survey_new(options->names, options->given, num, options->corrects_clocks, progress_go_on);
    if (run->survey == NULL)
        return FALSE;
    for (guint i = 0; i < num; i++)
        add_file(run, run->survey->files[i].name, run->survey->points[i],
                 run->survey->files[i].first_ns);
    for (guint i = 0; i < run->survey->num_points; i++)
        add_point(run->report, &run->survey->each[i], run->survey->each[i].name);
    return TRUE;
}

static void open_ways(struct run *run)
{
    const struct window_calls calls = {emit, drop, main_point, run};
    const guint num_points = run->report->points->len;

    run->reader = reader_new((const struct reader_file *)(void *)run->files->data, run->files->len);
    run->window = window_new(num_points, WINDOW_LOOK_AHEAD_NS, &calls);
    run->duplicates = g_new0(struct duplicates *, num_points);
    for (guint i = 0; i < num_points; i++)
        run->duplicates[i] = duplicates_new();
}

static void close_ways(struct run *run)
{
    reader_free(run->reader);
    window_free(run->window);
    for (guint i = 0; i < run->report->points->len; i++)
        duplicates_free(run->duplicates[i]);
    g_free(run->duplicates);
}

enum exit_code analyze(const struct options *options)
{
    struct run run = {.options = options,
                      .report = report_new(),
                      .files = g_array_new(FALSE, TRUE, sizeof(struct reader_file))};
    enum exit_code result = EXIT_USAGE;

    progress_begin(&run.progress, size_of(options));
    if (name_files(&run)) {
        open_ways(&run);
        run.writing = (struct writing){.output = output_open(options->output),
                                       .report = run.report,
                                       .format = (enum write_format)options->format,
                                       .table = options->table,
                                       .pick = options->pick};
        if (run.writing.output != NULL) {
            result = run_through(&run);
            if (!output_close(run.writing.output))
                result = MAX(result, EXIT_REPORTED);
        }
        close_ways(&run);
    }
    if (run.survey != NULL)
        survey_free(run.survey);
    report_free(run.report);
    g_array_free(run.files, TRUE);
    return result;
}
