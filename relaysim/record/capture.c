/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record/capture.h"

#include "base/random.h"
#include "record/capture_point.h"
#include "record/frame.h"
#include "record/pcapng.h"
#include "record/recording_file.h"
#include "record/wear.h"

#include <string.h>

#define MSS 1460u /* of Ethernet, with headers of the usual lengths */
/* An acknowledgement for every other segment, as receivers do. */
#define SEGMENTS_PER_ACK 2u

/* One who captures, and what becomes of segments there. */
struct watcher {
    struct capture_point *point;
    struct wear *wear;
    unsigned num_before; /* so many more come before it begins: what is told of them is not told */
};

struct capture {
    struct wear_plan files; /* what holds for the files */
    struct watcher watchers[CAPTURE_POINTS_MAX];
    unsigned num_watchers;
    struct wear *way;
    uint64_t last_ns;
    uint32_t num_connections;
    uint16_t next_ip_id;
    /* how long segments are */
    size_t len_min, len_max;
    struct random_seeded random;
    /* answers: a segment waits for the next one, and for what is told of it */
    GByteArray *next_comments; /* NULL: there are none */
    struct segment *held;
};

/* One side of a connection. */
struct side {
    uint32_t next;  /* sequence number of its next byte */
    uint32_t acked; /* what it has acknowledged of the other's */
    bool is_finished;
};

struct capture_connection {
    struct capture *capture;
    struct capture_address address;
    uint32_t number;
    bool was_initiator;   /* who had the word last */
    struct side sides[2]; /* the acceptor, the initiator */
};

/* ------------------------------------------------------------------------
 * The way into the files
 */

static void take_at_points(void *cookie, const struct segment *segment)
{
    struct capture *capture = cookie;
    for (unsigned i = 0; i < capture->num_watchers; i++)
        wear_take(capture->watchers[i].wear, segment);
}

/* What has become of it at the point. */
static void take_at_point(void *cookie, const struct segment *segment)
{
    struct watcher *watcher = cookie;
    if (watcher->num_before > 0)
        watcher->num_before--;
    else
        capture_point_take(watcher->point, segment);
}

/* What lies between two points takes its time to be answered, or the second would see answers
 * before what they answer. */
static void add_way_between(struct wear_plan *plan)
{
    const int turn_ms = 2 * plan->values[WEAR_POINTS][WEAR_POINTS_APART_MS];
    int *delay_ms = &plan->values[WEAR_DELAY][WEAR_TIME_MS];
    if (!plan->has[WEAR_POINTS] || turn_ms == 0)
        return;
    *delay_ms = plan->has[WEAR_DELAY] ? MAX(*delay_ms, turn_ms) : turn_ms;
    plan->has[WEAR_DELAY] = true;
}

/* What is kept back anywhere goes on. */
static void flush(struct capture *capture)
{
    if (capture->held != NULL)
        wear_take(capture->way, capture->held);
    segment_free(capture->held);
    capture->held = NULL;
    if (capture->way != NULL)
        wear_flush(capture->way);
    for (unsigned i = 0; i < capture->num_watchers; i++)
        if (capture->watchers[i].wear != NULL)
            wear_flush(capture->watchers[i].wear);
}

static void set_lengths(struct capture *capture, const struct wear_plan *plan, uint64_t seed)
{
    const int *values = plan->values[WEAR_SEGMENTS];
    capture->random.state = seed;
    capture->len_min = capture->len_max = plan->has[WEAR_OFFLOAD] ? FRAME_DATA_MAX : MSS;
    if (!plan->has[WEAR_SEGMENTS])
        return;
    capture->len_min = capture->len_max = (size_t)values[WEAR_SEGMENTS_LEN];
    if (values[WEAR_SEGMENTS_LEN_MAX] != 0)
        capture->len_max = (size_t)values[WEAR_SEGMENTS_LEN_MAX];
}

void capture_set_wear(struct capture *capture, const struct wear_plan *plan, uint64_t seed)
{
    struct wear_plan all = {.has = {false}};

    if (capture == NULL)
        return;
    if (plan != NULL)
        all = *plan;
    for (unsigned kind = 0; kind < WEAR_KINDS; kind++)
        if (wear_plan_rows[kind].is_of_file)
            all.has[kind] = false;
    wear_plan_merge(&all, &capture->files);
    add_way_between(&all);
    flush(capture);
    set_lengths(capture, &all, seed);
    wear_free(capture->way);
    capture->way =
        wear_new(&all, WEAR_ON_THE_WAY, seed, (struct wear_sink){take_at_points, capture});
    for (unsigned i = 0; i < capture->num_watchers; i++) {
        struct watcher *watcher = &capture->watchers[i];
        wear_free(watcher->wear);
        watcher->wear = wear_new(&all, i == 0 ? WEAR_AT_POINT : WEAR_AT_OTHER_POINT, seed,
                                 (struct wear_sink){take_at_point, watcher});
        capture_point_set_plan(watcher->point, &all);
    }
}

/* ------------------------------------------------------------------------
 * Captures
 */

struct capture *capture_new_worn(const struct capture_config *config)
{
    struct capture *capture = g_new0(struct capture, 1);
    for (unsigned kind = 0; kind < WEAR_KINDS; kind++)
        capture->files.has[kind] = config->plan.has[kind] && wear_plan_rows[kind].is_of_file;
    memcpy(capture->files.values, config->plan.values, sizeof capture->files.values);
    for (unsigned i = 0; i < CAPTURE_POINTS_MAX && config->files[i] != NULL; i++) {
        struct capture_point *point =
            capture_point_new(config->files[i], config->ring_paths[i], &capture->files, i > 0);
        if (point == NULL) {
            capture_free(capture);
            return NULL;
        }
        capture->watchers[capture->num_watchers++] = (struct watcher){
            .point = point,
            .num_before = capture->files.has[WEAR_START]
                              ? (unsigned)capture->files.values[WEAR_START][WEAR_START_AFTER]
                              : 0};
    }
    capture_set_wear(capture, &config->plan, config->seed);
    return capture;
}

struct capture *capture_new(struct recording_file *file)
{
    return capture_new_worn(&(struct capture_config){.files = {file}});
}

void capture_begin_answers(struct capture *capture)
{
    capture->next_comments = g_byte_array_new();
}

bool capture_answer(struct capture *capture, bool is_to_come, const char *line, size_t len)
{
    struct segment *held = capture->held;
    if (capture->next_comments == NULL)
        return false;
    if (is_to_come || held == NULL)
        return pcapng_add_comment(capture->next_comments, line, len);
    if (held->comments == NULL)
        held->comments = g_byte_array_new();
    return pcapng_add_comment(held->comments, line, len);
}

void capture_reopen(struct capture *capture)
{
    flush(capture);
    for (unsigned i = 0; i < capture->num_watchers; i++)
        capture_point_reopen(capture->watchers[i].point);
    capture->last_ns = 0; /* the clock has been started anew, too */
}

void capture_free(struct capture *capture)
{
    if (capture == NULL)
        return;
    flush(capture);
    wear_free(capture->way);
    for (unsigned i = 0; i < capture->num_watchers; i++) {
        wear_free(capture->watchers[i].wear);
        capture_point_free(capture->watchers[i].point);
    }
    if (capture->next_comments != NULL)
        g_byte_array_free(capture->next_comments, TRUE);
    g_free(capture);
}

/* ------------------------------------------------------------------------
 * Segments
 */

/* On its way; with answers it waits for the next one. */
static void send_off(struct capture *capture, const struct segment *segment)
{
    if (capture->next_comments == NULL) {
        wear_take(capture->way, segment);
        return;
    }
    if (capture->held != NULL)
        wear_take(capture->way, capture->held);
    segment_free(capture->held);
    capture->held = segment_copy(segment);
    segment_add_comments(capture->held, capture->next_comments);
    g_byte_array_set_size(capture->next_comments, 0);
}

/* One segment, which moves its sender on. */
static void put_segment(struct capture_connection *connection, bool from_initiator, uint8_t flags,
                        const uint8_t *data, size_t len, bool is_followed, uint64_t time_ns)
{
    struct capture *capture = connection->capture;
    struct side *from = &connection->sides[from_initiator];
    const struct side *to = &connection->sides[!from_initiator];

    if ((flags & SEGMENT_ACK) != 0)
        from->acked = to->next;
    /* Time does not go back. */
    if (time_ns < capture->last_ns)
        time_ns = capture->last_ns;
    capture->last_ns = time_ns;
    const struct segment segment = {.time_ns = time_ns,
                                    .connection = connection->number,
                                    .from_initiator = from_initiator,
                                    .is_turn = from_initiator != connection->was_initiator,
                                    .is_followed = is_followed,
                                    .initiator_host = connection->address.initiator_host,
                                    .initiator_port = connection->address.initiator_port,
                                    .acceptor_host = connection->address.acceptor_host,
                                    .acceptor_port = connection->address.acceptor_port,
                                    .sequence = from->next,
                                    .acknowledged = (flags & SEGMENT_ACK) != 0 ? from->acked : 0,
                                    .flags = flags,
                                    .ip_id = capture->next_ip_id++,
                                    .mss = (uint16_t)MIN(capture->len_max, MSS),
                                    .data = data,
                                    .len = len};
    connection->was_initiator = from_initiator;
    from->next += (uint32_t)len + ((flags & (SEGMENT_SYN | SEGMENT_FIN)) != 0 ? 1 : 0);
    send_off(capture, &segment);
}

/* How much of what there is the next segment has. */
static size_t next_len(struct capture *capture, size_t len)
{
    size_t max = capture->len_max;
    if (capture->len_min < capture->len_max)
        max = capture->len_min +
              random_seeded_next(&capture->random) % (capture->len_max - capture->len_min + 1);
    return MIN(len, max);
}

static void put_ack(struct capture_connection *connection, bool from_initiator, uint64_t time_ns)
{
    if (connection->sides[from_initiator].acked != connection->sides[!from_initiator].next)
        put_segment(connection, from_initiator, SEGMENT_ACK, NULL, 0, false, time_ns);
}

/* ------------------------------------------------------------------------
 * Connections
 */

/* First sequence numbers that differ, as real ones do. */
static uint32_t first_sequence(uint32_t number)
{
    return (number + 1) * 0x9e3779b1u;
}

struct capture_connection *capture_connect(struct capture *capture, struct capture_address address,
                                           uint64_t time_ns)
{
    struct capture_connection *connection = g_new0(struct capture_connection, 1);
    const uint32_t number = capture->num_connections++;
    connection->capture = capture;
    connection->address = address;
    connection->number = number;
    connection->was_initiator = true;
    connection->sides[1].next = first_sequence(2 * number);
    connection->sides[0].next = first_sequence(2 * number + 1);
    put_segment(connection, true, SEGMENT_SYN, NULL, 0, false, time_ns);
    put_segment(connection, false, SEGMENT_SYN | SEGMENT_ACK, NULL, 0, false, time_ns);
    put_segment(connection, true, SEGMENT_ACK, NULL, 0, false, time_ns);
    return connection;
}

void capture_data(struct capture_connection *connection, bool from_initiator, const void *data,
                  size_t len, uint64_t time_ns)
{
    const uint8_t *bytes = data;
    unsigned num_segments = 0;
    while (len > 0) {
        const size_t part = next_len(connection->capture, len);
        const bool is_acked = ++num_segments % SEGMENTS_PER_ACK == 0 || part == len;
        put_segment(connection, from_initiator,
                    part == len ? SEGMENT_ACK | SEGMENT_PSH : SEGMENT_ACK, bytes, part, !is_acked,
                    time_ns);
        bytes += part;
        len -= part;
        if (is_acked)
            put_ack(connection, !from_initiator, time_ns);
    }
}

void capture_finish(struct capture_connection *connection, bool from_initiator, uint64_t time_ns)
{
    if (connection->sides[from_initiator].is_finished)
        return;
    connection->sides[from_initiator].is_finished = true;
    put_segment(connection, from_initiator, SEGMENT_FIN | SEGMENT_ACK, NULL, 0, false, time_ns);
    put_ack(connection, !from_initiator, time_ns);
}

void capture_disconnect(struct capture_connection *connection, uint64_t time_ns)
{
    if (connection == NULL)
        return;
    if (!connection->sides[0].is_finished || !connection->sides[1].is_finished)
        put_segment(connection, connection->sides[0].is_finished, SEGMENT_RST | SEGMENT_ACK, NULL,
                    0, false, time_ns);
    g_free(connection);
}
