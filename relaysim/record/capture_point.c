/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record/capture_point.h"

#include "record/file_name.h"
#include "record/frame.h"
#include "record/pcapng.h"

#define MILLION 1000000

struct capture_point {
    struct recording_file *file;
    struct pcapng *pcapng;
    struct frame_style style;
    struct wear_plan files; /* what holds for the files: a link, points, a ring */
    bool is_other;
    size_t snap_len; /* 0: all of a frame */
    uint64_t first_ns, last_ns;
    /* a ring */
    char *ring_path;
    GQueue names; /* that are kept */
    unsigned num_files;
    size_t num_bytes; /* in the file */
    uint8_t frame[FRAME_MAX];
};

struct capture_point *capture_point_new(struct recording_file *file, const char *ring_path,
                                        const struct wear_plan *plan, bool is_other)
{
    struct capture_point *point = g_new0(struct capture_point, 1);
    const enum wear_link link =
        plan->has[WEAR_LINK] ? (enum wear_link)plan->values[WEAR_LINK][WEAR_LINK_TYPE] : 0;
    point->file = file;
    point->files = *plan;
    point->is_other = is_other;
    point->ring_path = plan->has[WEAR_RING] ? g_strdup(ring_path) : NULL;
    point->num_files = 1;
    point->style.link = link;
    g_queue_init(&point->names);
    if (point->ring_path != NULL)
        g_queue_push_tail(&point->names, g_strdup(recording_file_path(file)));
    point->pcapng = pcapng_new(file, "relaysim " RELAYSIM_VERSION, frame_link_type(link));
    capture_point_set_plan(point, plan);
    if (point->pcapng == NULL) {
        capture_point_free(point);
        return NULL;
    }
    return point;
}

void capture_point_free(struct capture_point *point)
{
    if (point == NULL)
        return;
    pcapng_free(point->pcapng);
    g_queue_clear_full(&point->names, g_free);
    g_free(point->ring_path);
    g_free(point);
}

void capture_point_set_plan(struct capture_point *point, const struct wear_plan *plan)
{
    const bool is_inside = point->files.has[WEAR_POINTS] && !point->is_other;
    point->style.has_ipv6 = plan->has[WEAR_IPV6];
    point->style.is_outside = plan->has[WEAR_NAT] && !is_inside;
    point->style.vlan = plan->has[WEAR_VLAN] ? (uint16_t)plan->values[WEAR_VLAN][WEAR_VLAN_ID] : 0;
    point->snap_len = plan->has[WEAR_SNAP] ? (size_t)plan->values[WEAR_SNAP][WEAR_SNAP_LEN] : 0;
}

/* What the clock of the point says; the second one goes by itself. */
static uint64_t clock_ns(struct capture_point *point, uint64_t time_ns)
{
    const int *values = point->files.values[WEAR_POINTS];
    if (point->first_ns == 0)
        point->first_ns = time_ns;
    if (!point->is_other)
        return time_ns;
    const int64_t ahead_ns =
        ((int64_t)values[WEAR_POINTS_AHEAD_MS] - values[WEAR_POINTS_APART_MS]) * MILLION;
    const int64_t passed_ns = (int64_t)(time_ns - point->first_ns);
    const int64_t drift_ns = passed_ns / MILLION * values[WEAR_POINTS_DRIFT_PPM];
    const int64_t shown_ns = (int64_t)time_ns + ahead_ns + drift_ns;
    return shown_ns > 0 ? (uint64_t)shown_ns : 0;
}

/* Whether a router has handed it on: there is one between two points, and one who translates. */
static bool has_crossed(const struct capture_point *point, const struct segment *segment)
{
    if (point->files.has[WEAR_POINTS])
        return segment->from_initiator == point->is_other;
    return point->style.is_outside && segment->from_initiator;
}

/* The file is full: the next one. */
static void begin_file(struct capture_point *point, uint64_t time_ns)
{
    const unsigned keep = (unsigned)point->files.values[WEAR_RING][WEAR_RING_KEEP];
    char *name = file_name_of_ring(point->ring_path, ++point->num_files, time_ns / 1000000000);
    char *oldest = NULL;
    g_queue_push_tail(&point->names, name);
    if (keep != 0 && point->names.length > keep)
        oldest = g_queue_pop_head(&point->names);
    pcapng_end_section(point->pcapng);
    recording_file_go_on_in(point->file, name, oldest);
    g_free(oldest);
    point->num_bytes = 0;
}

void capture_point_take(void *cookie, const struct segment *segment)
{
    struct capture_point *point = cookie;
    struct segment seen = *segment;
    uint64_t time_ns = clock_ns(point, segment->time_ns);

    if (has_crossed(point, segment))
        seen.num_hops++;
    /* Time in the file does not go back. */
    if (time_ns < point->last_ns)
        time_ns = point->last_ns;
    point->last_ns = time_ns;
    const size_t len = frame_write(point->frame, &point->style, &seen);
    const size_t kept = point->snap_len > 0 && point->snap_len < len ? point->snap_len : len;
    const size_t comments_len = segment->comments != NULL ? segment->comments->len : 0;
    const struct pcapng_packet packet = {.time_ns = time_ns,
                                         .frame = point->frame,
                                         .len = kept,
                                         .wire_len = len,
                                         .comments = segment->comments};
    if (point->ring_path != NULL && point->num_bytes > 0 &&
        point->num_bytes + kept > (size_t)point->files.values[WEAR_RING][WEAR_RING_BYTES])
        begin_file(point, time_ns);
    point->num_bytes += PCAPNG_PACKET_OVERHEAD + kept + comments_len;
    pcapng_put(point->pcapng, &packet);
}

void capture_point_reopen(struct capture_point *point)
{
    pcapng_end_section(point->pcapng);
    recording_file_reopen(point->file);
    point->last_ns = point->first_ns = 0; /* the clock has been started anew, too */
}
