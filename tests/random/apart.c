/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "apart.h"

#include "compare.h"

#define PLACES_MAX 5        /* that a segment is early or late */
#define SKEW_MAX_MS 1999    /* less than the order waits */
#define MS INT64_C(1000000) /* in ns */
#define FIRST_POSITION 1    /* of the order, where 0 is none */

struct apart_segment {
    bool from_initiator;
    uint64_t start, known; /* in bytes of either direction */
    GBytes *bytes;
    int64_t time_ns;
    int64_t rank; /* in the capture */
};

static void clear_segment(void *data)
{
    struct apart_segment *segment = data;
    g_bytes_unref(segment->bytes);
}

/* ------------------------------------------------------------------------
 * After the order
 */

static bool take(void *cookie, bool from_initiator, const struct sstp_order_item *item,
                 bool may_wait)
{
    struct apart *apart = cookie;
    (void)may_wait; /* there are numbers: it is never too early */

    if (item->kind == SSTP_ORDER_COMMAND)
        listener_hear_command(&apart->listener, from_initiator, item->bytes,
                              item->position - FIRST_POSITION, item->time_ns);
    return true;
}

static void lose(void *cookie, const struct sstp_order_item *item)
{
    struct apart *apart = cookie;
    (void)item;
    compare_lost(&apart->listener);
}

void apart_init(struct apart *apart, enum listener_kind kind, const struct course *course,
                struct listener_verdict *verdict, struct rng rng)
{
    const struct sstp_order_taker taker = {take, lose, apart};

    memset(apart, 0, sizeof *apart);
    apart->rng = rng;
    apart->segments = g_array_new(FALSE, FALSE, sizeof(struct apart_segment));
    g_array_set_clear_func(apart->segments, clear_segment);
    apart->early = g_array_new(FALSE, FALSE, sizeof(guint));
    listener_init(&apart->listener, kind, PLAY_IN_THE_MIDDLE, course, verdict, rng);
    sstp_order_init(&apart->order, &sstp_mem_libc, &apart->budget, &taker);
    for (int i = 0; i < 2; i++)
        sstp_order_start(&apart->order, i != 0, FIRST_POSITION);
}

void apart_clear(struct apart *apart)
{
    sstp_order_clear(&apart->order);
    listener_clear(&apart->listener);
    g_array_unref(apart->early);
    g_array_unref(apart->segments);
}

/* ------------------------------------------------------------------------
 * As it was sent
 */

void apart_hear(struct apart *apart, enum play_point point, bool from_initiator,
                const uint8_t *data, size_t len, int64_t time_ns)
{
    if (point == PLAY_IN_THE_MIDDLE)
        return;
    if (from_initiator != (point == PLAY_AT_INITIATOR)) {
        apart->received[from_initiator] += len;
        return;
    }
    const struct apart_segment segment = {.from_initiator = from_initiator,
                                          .start = apart->sent[from_initiator],
                                          .known = apart->received[!from_initiator],
                                          .bytes = g_bytes_new(data, len),
                                          .time_ns = time_ns};
    apart->sent[from_initiator] += len;
    g_array_append_val(apart->segments, segment);
}

/* ------------------------------------------------------------------------
 * As it was captured
 */

static struct apart_segment *segment_at(const struct apart *apart, guint index)
{
    return &g_array_index(apart->segments, struct apart_segment, index);
}

/* Those of equal rank stay in their order. */
static gint compare_ranks(gconstpointer one, gconstpointer other)
{
    const struct apart_segment *a = one, *b = other;
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    if (a->time_ns != b->time_ns)
        return a->time_ns < b->time_ns ? -1 : 1;
    return 0;
}

/* The clock of the acceptor's capture is ahead or after. */
static void rank_by_clocks(struct apart *apart)
{
    const int64_t skew_ms = (int64_t)rng_below(&apart->rng, 2 * SKEW_MAX_MS + 1) - SKEW_MAX_MS;

    for (guint i = 0; i < apart->segments->len; i++) {
        struct apart_segment *segment = segment_at(apart, i);
        segment->time_ns += segment->from_initiator ? 0 : skew_ms * MS;
        segment->rank = segment->time_ns;
    }
}

static void rank_by_chance(struct apart *apart)
{
    const unsigned rareness = 1 + (unsigned)rng_below(&apart->rng, 20);

    for (guint i = 0; i < apart->segments->len; i++) {
        int64_t places = 0;
        if (rng_is_one_in(&apart->rng, rareness))
            places = (int64_t)rng_below(&apart->rng, 2 * PLACES_MAX + 1) - PLACES_MAX;
        segment_at(apart, i)->rank = (int64_t)i + places;
    }
}

static void put_commands(struct apart *apart, const struct apart_segment *segment)
{
    const bool from_initiator = segment->from_initiator;
    struct sstp_order_item item = {.kind = SSTP_ORDER_CHUNK, .time_ns = segment->time_ns};
    size_t len, pos = 0;
    const uint8_t *data = g_bytes_get_data(segment->bytes, &len);
    const struct sstp_chunk chunk = sstp_chunk(data, len);
    struct sstp_piece piece;

    sstp_order_put(&apart->order, from_initiator, &item);
    item.known = FIRST_POSITION + segment->known;
    while (sstp_stream_next(&apart->listener.streams[from_initiator], chunk, &pos, &piece) ==
           SSTP_STREAM_PIECE) {
        item.position = FIRST_POSITION + segment->start + piece.offset + piece.len;
        item.kind = SSTP_ORDER_PASSED;
        item.bytes = sstp_span(NULL, 0);
        if (piece.kind == SSTP_PIECE_WHOLE || piece.kind == SSTP_PIECE_END) {
            item.kind = SSTP_ORDER_COMMAND;
            item.bytes = piece.command;
        }
        sstp_order_put(&apart->order, from_initiator, &item);
        apart->listener.verdict->num_waited += apart->order.has_waiting;
    }
}

/* Whether the segment goes on where its direction stands; then it is taken. */
static bool join(struct apart *apart, guint index)
{
    const struct apart_segment *segment = segment_at(apart, index);

    if (segment->start != apart->joined[segment->from_initiator])
        return false;
    apart->joined[segment->from_initiator] += g_bytes_get_size(segment->bytes);
    put_commands(apart, segment);
    return true;
}

/* The next segment of the capture, and those before it that waited for it. */
static void capture_segment(struct apart *apart, guint index)
{
    g_array_append_val(apart->early, index);
    for (guint i = 0; i < apart->early->len;) {
        if (join(apart, g_array_index(apart->early, guint, i))) {
            g_array_remove_index(apart->early, i);
            i = 0;
        } else {
            i++;
        }
    }
}

void apart_end(struct apart *apart)
{
    if (apart->listener.kind == LISTENER_TWO_CAPTURES)
        rank_by_clocks(apart);
    else
        rank_by_chance(apart);
    g_array_sort(apart->segments, compare_ranks);
    for (guint i = 0; i < apart->segments->len && !apart->listener.verdict->has_failed; i++)
        capture_segment(apart, i);
    sstp_order_settle(&apart->order);
    listener_end(&apart->listener);
}
