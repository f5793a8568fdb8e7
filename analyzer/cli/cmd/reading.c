/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/reading.h"

#include <string.h>

#include "capture/spool.h"
#include "points/duplicates.h"
#include "points/survey.h"
#include "points/window.h"

/* Packets between two looks at the clock. */
#define SHOW_EVERY 1024u

/* How far a clock of which nothing is known may be wrong: years. */
#define UNKNOWN_CLOCK_NS G_GINT64_CONSTANT(100000000000000000)

struct reading {
    const struct options *options;
    struct report *report;
    struct survey *survey; /* NULL: one file */
    GArray *files;         /* struct reader_file */
    gboolean is_silent, is_damaged;
    const struct deal *deal; /* NULL: all packets are wanted */
    guint share;

    /* While packets are read. */
    const struct reading_calls *calls;
    struct reader *reader;
    struct duplicates **duplicates; /* by point */
    struct window *window;
};

static void note_packet(struct reading *reading, const struct packet *packet)
{
    struct report *report = reading->report;
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

/* ------------------------------------------------------------------------
 * On the way to who understands it
 */

/* Whether it is one of the share's. */
static gboolean is_wanted(const struct reading *reading, const struct packet *packet)
{
    struct packet_pair pair;

    return reading->deal == NULL ||
           (packet_find_pair(packet, &pair) ? deal_share(reading->deal, &pair) : 0) ==
               reading->share;
}

static void hand_on(struct reading *reading, const struct packet *packet)
{
    const struct report *report = reading->report;

    REPORT_AT(report->points, struct report_point, packet->point)->num_used++;
    if (!packet->is_wanted)
        reading->calls->on_other(reading->calls->cookie, packet);
    else
        reading->calls->on_packet(reading->calls->cookie, packet,
                                  uncertainty_of(report, packet->point));
}

static void emit(void *cookie, gpointer content)
{
    hand_on(cookie, content);
    packet_free(content);
}

static void drop(void *cookie, gpointer content)
{
    (void)cookie;
    packet_free(content);
}

static guint main_point(void *cookie, const struct packet_segment *segment)
{
    const struct reading *reading = cookie;
    return reading->survey != NULL ? survey_main_point(reading->survey, segment) : 0;
}

static void take(struct reading *reading, struct packet *packet)
{
    struct window_packet entry = {.t_ns = packet->t_ns,
                                  .point = packet->point,
                                  .is_segment = packet->is_segment,
                                  .segment = packet->segment};

    packet->is_wanted = is_wanted(reading, packet);
    if (packet->is_segment && duplicates_has(reading->duplicates[packet->point],
                                             packet->segment.digest, packet->captured_ns)) {
        REPORT_AT(reading->report->points, struct report_point, packet->point)->num_duplicates++;
    } else if (window_passes(reading->window, &entry)) {
        hand_on(reading, packet);
    } else {
        entry.content = packet_keep(packet, packet->is_wanted);
        entry.size = packet_size(packet);
        window_put(reading->window, &entry);
    }
}

static gboolean goes_on(const struct reading *reading)
{
    const struct reading_calls *calls = reading->calls;

    return progress_go_on() && !(calls->has_enough != NULL && calls->has_enough(calls->cookie));
}

static void read_all(struct reading *reading, struct progress *progress)
{
    struct packet packet;
    guint64 num = 0;

    while (goes_on(reading) && reader_next(reading->reader, &packet)) {
        packet_look_at(&packet);
        note_packet(reading, &packet);
        if (reading->calls->on_read != NULL)
            reading->calls->on_read(reading->calls->cookie, &packet);
        else
            take(reading, &packet);
        if (++num % SHOW_EVERY == 0)
            progress_show(progress, reader_bytes_read(reading->reader), num);
    }
    window_flush(reading->window);
    reading->report->is_interrupted = !progress_go_on();
    progress_end(progress);
}

static void open_ways(struct reading *reading)
{
    const struct window_calls calls = {emit, drop, main_point, reading};
    const guint num_points = reading->report->points->len;

    reading->reader =
        reader_new((const struct reader_file *)(void *)reading->files->data, reading->files->len);
    if (reading->is_silent)
        reader_be_silent(reading->reader);
    reading->window = window_new(num_points, WINDOW_LOOK_AHEAD_NS, &calls);
    reading->duplicates = g_new0(struct duplicates *, num_points);
    for (guint i = 0; i < num_points; i++)
        reading->duplicates[i] = duplicates_new();
}

static void close_ways(struct reading *reading)
{
    for (guint i = 0; i < reading->files->len; i++) {
        const gboolean is_damaged = reader_is_damaged(reading->reader, i);
        REPORT_AT(reading->report->files, struct report_file, i)->is_damaged = is_damaged;
        reading->is_damaged |= is_damaged;
    }
    reader_free(reading->reader);
    window_free(reading->window);
    for (guint i = 0; i < reading->report->points->len; i++)
        duplicates_free(reading->duplicates[i]);
    g_free(reading->duplicates);
}

gboolean reading_run(struct reading *reading, struct progress *progress,
                     const struct reading_calls *calls)
{
    reading->calls = calls;
    open_ways(reading);
    read_all(reading, progress);
    const gboolean is_good = !reader_has_failed(reading->reader);
    close_ways(reading);
    return is_good;
}

void reading_take_share(struct reading *reading, const struct deal *deal, guint share)
{
    reading->deal = deal;
    reading->share = share;
}

void reading_be_silent(struct reading *reading)
{
    reading->is_silent = TRUE;
}

gboolean reading_is_damaged(const struct reading *reading)
{
    return reading->is_damaged;
}

/* ------------------------------------------------------------------------
 * Files and points
 */

gint64 reading_size(const struct options *options)
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
        *(known->is_relayed ? &point.num_relayed : &point.num_anchors) = known->clock.num_samples;
        point.num_steps = known->clock.num_pieces - 1;
    }
    g_array_append_val(report->points, point);
}

static void add_file(struct reading *reading, const char *name, guint point, gint64 first_ns)
{
    const struct report_file file = {.name = g_strdup(name), .point = point};
    struct reader_file read = {.name = name, .point = point, .first_ns = first_ns};

    if (reading->survey != NULL && reading->survey->each[point].has_clock) {
        read.correct = correct;
        read.clock = &reading->survey->each[point].clock;
    }
    g_array_append_val(reading->report->files, file);
    g_array_append_val(reading->files, read);
}

gboolean reading_keep_pipes(const struct options *options)
{
    for (guint i = 0; i < options->num_captures; i++)
        if (!spool_keep(options->names[i], progress_go_on))
            return FALSE;
    return TRUE;
}

static void list_surveyed(struct reading *reading)
{
    const struct survey *survey = reading->survey;

    for (guint i = 0; i < survey->num_files; i++)
        add_file(reading, survey->files[i].name, survey->points[i], survey->files[i].first_ns);
    for (guint i = 0; i < survey->num_points; i++)
        add_point(reading->report, &survey->each[i], survey->each[i].name);
}

/* What is read before it is known what is to be read. */
static gboolean survey_on(void *cookie, gint64 bytes, guint64 packets)
{
    if (packets % SHOW_EVERY == 0)
        progress_show(cookie, bytes, packets);
    return progress_go_on();
}

/* One file is one point, and nothing has to be known of it before. */
static gboolean name_files(struct reading *reading, struct deal *deal, struct progress *progress)
{
    struct survey_watch watch = {.go_on = survey_on, .cookie = progress};
    const struct options *options = reading->options;
    const guint num = options->num_captures;

    if (num == 1) {
        if (deal != NULL && !survey_count(options->names[0], deal, &watch))
            return FALSE;
        char *name = g_path_get_basename(options->names[0]);
        add_file(reading, options->names[0], 0, G_MININT64);
        add_point(reading->report, NULL, options->given[0] != NULL ? options->given[0] : name);
        g_free(name);
        return TRUE;
    }
    if (!reading_keep_pipes(options))
        return FALSE;
    reading->survey =
        survey_new(options->names, options->given, num, options->corrects_clocks, deal, &watch);
    if (reading->survey == NULL)
        return FALSE;
    list_surveyed(reading);
    return TRUE;
}

gboolean reading_lacks_clocks(const struct reading *reading)
{
    return reading->survey != NULL && survey_lacks_clocks(reading->survey);
}

/* One message more, where it is known from whom to whom, and its contents tell something. */
static void add_leg(GArray *legs, const struct report *report, const struct report_message *message)
{
    const struct report_frame *frame = report_frame(report, message->end_frame);
    const struct report_hop *hop = message->hop != REPORT_NONE
                                       ? REPORT_AT(report->hops, struct report_hop, message->hop)
                                       : NULL;
    const gsize user_ref_len = message->user_ref != NULL ? strlen(message->user_ref) : 0;

    if (legs->len >= RELAYED_LEGS_MAX || message->contents == NULL || frame == NULL ||
        hop == NULL || hop->sender == NULL || hop->receiver == NULL ||
        MAX(message->length, user_ref_len) < SSTP_STORY_TELLING_LEN)
        return;
    const struct relayed_leg leg = {
        .contents = message->contents,
        .sender = hop->sender,
        .receiver = hop->receiver,
        .point = REPORT_AT(report->files, struct report_file, frame->file)->point,
        .captured_ns = frame->captured_ns,
        .is_cut_off = hop->passage == SSTP_STORY_CUT_OFF,
    };
    g_array_append_val(legs, leg);
}

void reading_begin_again(struct reading *reading, struct report *report)
{
    const struct report *before = reading->report;
    GArray *legs = g_array_new(FALSE, FALSE, sizeof(struct relayed_leg));

    for (guint i = 0; i < before->messages->len; i++)
        add_leg(legs, before, REPORT_AT(before->messages, struct report_message, i));
    GArray *pairs = relayed_find((struct relayed_leg *)(void *)legs->data, legs->len);
    survey_take_relayed(reading->survey, (const struct relayed_pair *)(const void *)pairs->data,
                        pairs->len);
    g_array_free(pairs, TRUE);
    g_array_free(legs, TRUE);
    reading->report = report;
    g_array_set_size(reading->files, 0);
    list_surveyed(reading);
    reading->is_silent = TRUE;
}

struct reading *reading_new(const struct options *options, struct report *report, struct deal *deal,
                            struct progress *progress)
{
    struct reading *reading = g_new0(struct reading, 1);

    reading->options = options;
    reading->report = report;
    reading->files = g_array_new(FALSE, TRUE, sizeof(struct reader_file));
    if (name_files(reading, deal, progress))
        return reading;
    reading_free(reading);
    return NULL;
}

void reading_free(struct reading *reading)
{
    if (reading->survey != NULL)
        survey_free(reading->survey);
    g_array_free(reading->files, TRUE);
    g_free(reading);
}
