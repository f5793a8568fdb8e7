/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "points/survey.h"

#include <stdlib.h>
#include <string.h>

#include "capture/reader.h"
#include "points/flow.h"
#include "points/surveying.h"

/* How many packets of a direction a file has. */
struct seen {
    guint file, direction;
    guint32 count;
};

struct flow_seen {
    struct flow key;       /* its ends alone */
    GArray *files;         /* struct seen */
    gint32 main_points[2]; /* -1: not found out yet */
};

static void flow_seen_free(gpointer data)
{
    struct flow_seen *flow = data;
    g_array_free(flow->files, TRUE);
    g_free(flow);
}

/* ------------------------------------------------------------------------
 * Reading
 */

static void note_flow(struct survey *survey, guint file, const struct packet_segment *segment)
{
    struct flow key;
    const guint direction = flow_key(segment, &key);
    struct flow_seen *flow = g_hash_table_lookup(survey->flows, &key);

    if (flow == NULL) {
        if (g_hash_table_size(survey->flows) >= SURVEY_FLOWS_MAX)
            return;
        flow = g_new0(struct flow_seen, 1);
        (void)flow_key(segment, &flow->key);
        flow->files = g_array_new(FALSE, FALSE, sizeof(struct seen));
        flow->main_points[0] = flow->main_points[1] = -1;
        g_hash_table_insert(survey->flows, &flow->key, flow);
    }
    for (guint i = flow->files->len; i-- > 0;) {
        struct seen *seen = &g_array_index(flow->files, struct seen, i);
        if (seen->file == file && seen->direction == direction) {
            seen->count++;
            return;
        }
    }
    const struct seen seen = {file, direction, 1};
    if (survey->num_seen >= SURVEY_SEEN_MAX)
        return;
    survey->num_seen++;
    g_array_append_val(flow->files, seen);
}

static guint32 way_of(const struct packet_segment *segment)
{
    struct packet_segment addresses = *segment;
    struct flow key;

    memset(&key, 0, sizeof key);
    addresses.source.port = addresses.destination.port = 0;
    const guint direction = flow_key(&addresses, &key);
    return flow_hash(&key) << 1 | direction;
}

/* Bytes of data by which a packet is known behind a translator. */
#define TELLING_LEN 16u

/* Keeps those with the lowest digests of their contents, so that all files keep the same ones. */
static void note_anchor(GArray *anchors, guint64 *limit, guint max,
                        const struct packet_segment *segment, gint64 captured_ns)
{
    if (segment->num_seq == 0 || segment->content_digest >= *limit)
        return;
    const struct survey_anchor anchor = {
        segment->digest, segment->content_digest, segment->len >= TELLING_LEN,
        captured_ns,     way_of(segment),         segment->ttl};
    g_array_append_val(anchors, anchor);
    while (anchors->len > max) {
        guint kept = 0;
        *limit /= 2;
        for (guint i = 0; i < anchors->len; i++) {
            const struct survey_anchor *one = &g_array_index(anchors, struct survey_anchor, i);
            if (one->content_digest < *limit)
                g_array_index(anchors, struct survey_anchor, kept++) = *one;
        }
        g_array_set_size(anchors, kept);
    }
}

static void note_time(struct group_file *file, gint64 captured_ns)
{
    if (file->num_packets++ == 0)
        file->first_ns = file->last_ns = captured_ns;
    file->first_ns = MIN(file->first_ns, captured_ns);
    file->last_ns = MAX(file->last_ns, captured_ns);
}

static gboolean goes_on(struct survey_watch *watch, const struct source *source)
{
    return watch->go_on(watch->cookie, watch->bytes + source_bytes_read(source), watch->packets++);
}

static void count_packet(struct deal *deal, const struct packet *packet)
{
    struct packet_pair pair;

    deal_add(deal, packet_find_pair(packet, &pair) ? &pair : NULL,
             packet->rec->rec_header.packet_header.caplen);
}

static void read_packets(struct survey *survey, guint index, struct source *source,
                         struct deal *deal, struct survey_watch *watch)
{
    struct group_file *file = &survey->files[index];
    const guint max = MAX(SURVEY_ANCHORS_MAX / survey->num_files, GROUP_SAMPLE);
    guint64 limit = G_MAXUINT64;
    struct source_packet next;

    survey->anchors[index] = g_array_new(FALSE, FALSE, sizeof(struct survey_anchor));
    while (goes_on(watch, source) && source_next(source, &next)) {
        struct packet packet = {.rec = next.rec, .bytes = next.bytes};
        note_time(file, next.captured_ns);
        packet_look_at(&packet);
        if (deal != NULL)
            count_packet(deal, &packet);
        if (!packet.is_segment)
            continue;
        note_flow(survey, index, &packet.segment);
        note_anchor(survey->anchors[index], &limit, max, &packet.segment, next.captured_ns);
        if (packet.segment.num_seq > 0)
            group_sample(file, packet.segment.len >= TELLING_LEN ? packet.segment.content_digest
                                                                 : packet.segment.digest);
    }
    file->signature = source_signature(source);
}

static gboolean read_file(struct survey *survey, guint index, struct deal *deal,
                          struct survey_watch *watch)
{
    struct source *source = source_new(survey->files[index].name);
    const gboolean is_open = source_open(source);

    if (is_open) {
        source_be_silent(source);
        read_packets(survey, index, source, deal, watch);
        watch->bytes += source_bytes_read(source);
    }
    source_free(source);
    return is_open;
}

gboolean survey_count(const char *name, struct deal *deal, struct survey_watch *watch)
{
    struct source *source = source_new(name);
    const gboolean is_open = source_open(source);
    struct source_packet next;

    if (is_open)
        source_be_silent(source);
    while (is_open && goes_on(watch, source) && source_next(source, &next)) {
        struct packet packet = {.rec = next.rec, .bytes = next.bytes};
        packet_look_at(&packet);
        count_packet(deal, &packet);
    }
    source_free(source);
    return is_open;
}

/* ------------------------------------------------------------------------
 * Order
 */

/* Files were read as they were named; from now on they are in the order of their times. */
static void sort_files(struct survey *survey)
{
    const guint num = survey->num_files;
    struct group_file *sorted = g_memdup2(survey->files, num * sizeof *sorted);
    guint *places = g_new0(guint, num);
    GArray **anchors = g_new0(GArray *, num);

    for (guint i = 0; i < num; i++)
        sorted[i].index = i;
    group_sort(sorted, num);
    for (guint i = 0; i < num; i++) {
        places[sorted[i].index] = i;
        anchors[i] = survey->anchors[sorted[i].index];
    }
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, survey->flows);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        struct flow_seen *flow = value;
        for (guint i = 0; i < flow->files->len; i++) {
            struct seen *seen = &g_array_index(flow->files, struct seen, i);
            seen->file = places[seen->file];
        }
    }
    g_free(places);
    g_free(survey->files);
    g_free(survey->anchors);
    survey->files = sorted;
    survey->anchors = anchors;
}

/* ------------------------------------------------------------------------
 * From outside
 */

struct survey *survey_new(const char *const *names, const char *const *given, guint num,
                          gboolean compares_clocks, struct deal *deal, struct survey_watch *watch)
{
    struct survey *survey = g_new0(struct survey, 1);
    gboolean is_good = TRUE;

    survey->num_files = num;
    survey->files = g_new0(struct group_file, num);
    survey->points = g_new0(guint, num);
    survey->anchors = g_new0(GArray *, num);
    survey->flows = g_hash_table_new_full(flow_hash, flow_equal, NULL, flow_seen_free);
    for (guint i = 0; i < num; i++)
        survey->files[i] = (struct group_file){.name = names[i], .given = given[i]};
    for (guint i = 0; i < num && is_good; i++)
        is_good = read_file(survey, i, deal, watch);
    if (!is_good) {
        survey_free(survey);
        return NULL;
    }
    sort_files(survey);
    survey->num_points = group_files(survey->files, num, survey->points);
    survey->each = g_new0(struct survey_point, survey->num_points);
    for (guint i = 0; i < survey->num_points; i++)
        survey->each[i].name = group_name(survey->files, num, survey->points, i);
    if (compares_clocks && survey->num_points > 1)
        survey_compare_clocks(survey);
    return survey;
}

void survey_free(struct survey *survey)
{
    for (guint i = 0; i < survey->num_files; i++) {
        g_free(survey->files[i].signature);
        if (survey->anchors[i] != NULL)
            g_array_free(survey->anchors[i], TRUE);
    }
    for (guint i = 0; i < survey->num_points; i++)
        g_free(survey->each[i].name);
    g_hash_table_destroy(survey->flows);
    g_free(survey->files);
    g_free(survey->points);
    g_free(survey->anchors);
    g_free(survey->each);
    g_free(survey);
}

/* Of the points that have seen the direction at all the one that has seen the most of both. */
static gint32 find_main_point(const struct survey *survey, const struct flow_seen *flow,
                              guint direction)
{
    guint64 *counts = g_new0(guint64, survey->num_points);
    gboolean *has_seen = g_new0(gboolean, survey->num_points);
    gint32 best = -1;

    for (guint i = 0; i < flow->files->len; i++) {
        const struct seen *seen = &g_array_index(flow->files, struct seen, i);
        counts[survey->points[seen->file]] += seen->count;
        has_seen[survey->points[seen->file]] |= seen->direction == direction;
    }
    for (guint i = 0; i < survey->num_points; i++)
        if (has_seen[i] && (best < 0 || counts[i] > counts[best]))
            best = (gint32)i;
    g_free(counts);
    g_free(has_seen);
    return best;
}

guint survey_main_point(const struct survey *survey, const struct packet_segment *segment)
{
    struct flow key;
    const guint direction = flow_key(segment, &key);
    struct flow_seen *flow = g_hash_table_lookup(survey->flows, &key);

    if (flow == NULL)
        return 0;
    if (flow->main_points[direction] < 0)
        flow->main_points[direction] = find_main_point(survey, flow, direction);
    return flow->main_points[direction] >= 0 ? (guint)flow->main_points[direction] : 0;
}
