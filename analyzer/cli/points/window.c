/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "points/window.h"

#include "points/flow.h"

/* Sequence numbers that are no longer ahead by what is missing. */
#define JUMP (1 << 26)

struct window {
    struct window_calls calls;
    guint num_points;
    gint64 look_ahead_ns, newest_ns;
    GHashTable *flows; /* struct flow, by itself */
    GPtrArray *heap;   /* struct waiting, the next one first */
    gsize bytes;       /* that wait */
    guint64 num_put;
    gboolean is_flushing;
};

/* A packet that waits. */
struct waiting {
    struct window_packet packet;
    gint64 t_ns; /* at which it is in turn */
    guint64 order;
    guint32 epoch;
    gboolean is_done; /* emitted or dropped before its turn */
    gboolean is_foreign;
    struct flow_direction *direction; /* NULL: no segment */
};

/* A packet, and where it belongs. */
struct placed {
    const struct window_packet *packet;
    struct flow_direction *direction;
    gboolean is_foreign; /* its point is not the main one */
};

/* ------------------------------------------------------------------------
 * The heap
 */

static gboolean comes_before(const struct waiting *a, const struct waiting *b)
{
    return a->t_ns != b->t_ns ? a->t_ns < b->t_ns : a->order < b->order;
}

static void heap_add(GPtrArray *heap, struct waiting *waiting)
{
    guint at = heap->len;

    g_ptr_array_add(heap, waiting);
    while (at > 0 && comes_before(waiting, heap->pdata[(at - 1) / 2])) {
        heap->pdata[at] = heap->pdata[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap->pdata[at] = waiting;
}

static void heap_drop_first(GPtrArray *heap)
{
    struct waiting *moved = heap->pdata[heap->len - 1];
    guint at = 0, child;

    g_ptr_array_set_size(heap, (gint)heap->len - 1);
    if (heap->len == 0)
        return;
    while ((child = 2 * at + 1) < heap->len) {
        if (child + 1 < heap->len && comes_before(heap->pdata[child + 1], heap->pdata[child]))
            child++;
        if (!comes_before(heap->pdata[child], moved))
            break;
        heap->pdata[at] = heap->pdata[child];
        at = child;
    }
    heap->pdata[at] = moved;
}

/* ------------------------------------------------------------------------
 * Directions
 */

static gboolean is_idle(gpointer key, gpointer value, gpointer data)
{
    const struct flow *flow = value;

    (void)key;
    (void)data;
    for (guint i = 0; i < 2; i++)
        if (flow->directions[i].waiting != NULL && flow->directions[i].waiting->len > 0)
            return FALSE;
    return TRUE;
}

static struct flow_direction *find_direction(struct window *window,
                                             const struct packet_segment *segment)
{
    struct flow key;
    const guint direction = flow_key(segment, &key);
    struct flow *flow = g_hash_table_lookup(window->flows, &key);

    if (flow == NULL) {
        if (g_hash_table_size(window->flows) >= WINDOW_FLOWS_MAX)
            g_hash_table_foreach_remove(window->flows, is_idle, NULL);
        flow = flow_new(segment);
        g_hash_table_insert(window->flows, flow, flow);
    }
    return &flow->directions[direction];
}

/* A new connection between the same ends. */
static void begin_anew(struct flow_direction *direction)
{
    direction->epoch++;
    direction->is_known = direction->has_reset = FALSE;
    direction->num_ranges = 0;
    for (guint i = 0; i < FLOW_STARTS; i++)
        direction->starts[i].is_used = FALSE;
}

static struct placed place(struct window *window, const struct window_packet *packet)
{
    const struct packet_segment *segment = &packet->segment;
    struct placed placed = {packet, NULL, FALSE};

    if (!packet->is_segment)
        return placed;
    struct flow_direction *direction = find_direction(window, segment);
    if (!direction->has_main) {
        direction->has_main = TRUE;
        direction->main_point = window->calls.main_point != NULL
                                    ? window->calls.main_point(window->calls.cookie, segment)
                                    : packet->point;
    }
    placed.direction = direction;
    placed.is_foreign = direction->main_point != packet->point;
    /* A SYN far from where the direction stands. */
    if ((segment->flags & PACKET_SYN) != 0 && direction->is_known && !placed.is_foreign &&
        !flow_is_covered(direction, segment->sequence, segment->sequence + 1) &&
        segment->sequence != direction->next)
        begin_anew(direction);
    return placed;
}

/* How much later the main point sees what this one saw at `t_ns`. */
static void learn_difference(struct window *window, struct flow_direction *direction, guint point,
                             gint64 difference)
{
    if (direction->differences == NULL)
        direction->differences = g_new0(gint64, window->num_points);
    direction->differences[point] = difference;
}

/* Takes note of a segment of the main point. */
static void note_main(struct window *window, const struct placed *placed)
{
    const struct packet_segment *segment = &placed->packet->segment;
    struct flow_direction *direction = placed->direction;

    if ((segment->flags & PACKET_RST) != 0)
        direction->has_reset = TRUE;
    if (segment->num_seq == 0)
        return;
    flow_cover(direction, segment->sequence, segment->sequence + segment->num_seq);
    if (window->num_points < 2)
        return;
    direction->starts[direction->next_start++ % FLOW_STARTS] =
        (struct flow_start){segment->sequence, placed->packet->t_ns, TRUE};
    for (guint i = 0; direction->waiting != NULL && i < direction->waiting->len; i++) {
        const struct waiting *other = direction->waiting->pdata[i];
        if (other->is_foreign && other->epoch == direction->epoch &&
            other->packet.segment.sequence == segment->sequence)
            learn_difference(window, direction, other->packet.point,
                             placed->packet->t_ns - other->packet.t_ns);
    }
}

/* When a packet of another point would have been seen at the main one. */
static gint64 time_at_main(struct window *window, const struct placed *placed)
{
    struct flow_direction *direction = placed->direction;
    const struct window_packet *packet = placed->packet;

    for (guint i = 0; i < FLOW_STARTS; i++) {
        const struct flow_start *start = &direction->starts[i];
        if (start->is_used && start->sequence == packet->segment.sequence)
            learn_difference(window, direction, packet->point, start->t_ns - packet->t_ns);
    }
    return packet->t_ns +
           (direction->differences != NULL ? direction->differences[packet->point] : 0);
}

/* Whether bytes before it are missing so far. */
static gboolean has_hole(const struct flow_direction *direction,
                         const struct packet_segment *segment)
{
    const gint32 ahead = flow_distance(direction->next, segment->sequence);

    return segment->num_seq > 0 && direction->is_known && ahead > 0 && ahead <= JUMP;
}

static void note_emitted(struct flow_direction *direction, const struct packet_segment *segment)
{
    const guint32 end = segment->sequence + segment->num_seq;

    if (segment->num_seq == 0)
        return;
    /* One wrong number is not to have all that follow look old. */
    if (direction->is_known && flow_distance(direction->next, segment->sequence) > JUMP &&
        segment->sequence != direction->after_jump) {
        direction->after_jump = end;
        return;
    }
    if (!direction->is_known || flow_distance(direction->next, end) > 0)
        direction->next = end;
    direction->is_known = TRUE;
}

/* ------------------------------------------------------------------------
 * Waiting packets
 */

static void finish(struct window *window, struct waiting *waiting, gboolean is_emitted)
{
    struct flow_direction *direction = waiting->direction;

    waiting->is_done = TRUE;
    window->bytes -= waiting->packet.size;
    if (direction != NULL)
        g_ptr_array_remove(direction->waiting, waiting);
    if (direction != NULL && direction->epoch == waiting->epoch) {
        if (is_emitted)
            note_emitted(direction, &waiting->packet.segment);
        if (is_emitted && waiting->is_foreign && waiting->packet.segment.num_seq > 0)
            flow_cover(direction, waiting->packet.segment.sequence,
                       waiting->packet.segment.sequence + waiting->packet.segment.num_seq);
    }
    if (is_emitted)
        window->calls.emit(window->calls.cookie, waiting->packet.content);
    else
        window->calls.drop(window->calls.cookie, waiting->packet.content);
}

/* Whether the main point has all that a packet of another one says. */
static gboolean is_told_by_main(const struct waiting *waiting)
{
    const struct packet_segment *segment = &waiting->packet.segment;
    const struct flow_direction *direction = waiting->direction;

    if (direction->epoch != waiting->epoch)
        return TRUE;
    if ((segment->flags & PACKET_RST) != 0)
        return direction->has_reset;
    return segment->num_seq == 0 ||
           flow_is_covered(direction, segment->sequence, segment->sequence + segment->num_seq);
}

/* Of those that wait the one that goes on where the direction stands, before `segment`; NULL.  With
 * is_late, when nobody can say any more that something comes between, also one of another point,
 * and one that is the next after a hole. */
static struct waiting *find_filling(const struct flow_direction *direction,
                                    const struct packet_segment *segment, gboolean is_late)
{
    struct waiting *best = NULL;

    for (guint i = 0; direction->waiting != NULL && i < direction->waiting->len; i++) {
        struct waiting *waiting = direction->waiting->pdata[i];
        const struct packet_segment *other = &waiting->packet.segment;
        if (other->num_seq == 0 || waiting->epoch != direction->epoch ||
            (!is_late && (waiting->is_foreign || has_hole(direction, other))) ||
            flow_distance(other->sequence, segment->sequence) <= 0 ||
            flow_distance(direction->next, other->sequence + other->num_seq) <= 0)
            continue;
        if (best == NULL || flow_distance(other->sequence, best->packet.segment.sequence) > 0)
            best = waiting;
    }
    return best;
}

static gboolean has_waited(const struct window *window, const struct waiting *waiting)
{
    return window->is_flushing || window->newest_ns - waiting->t_ns >= window->look_ahead_ns ||
           window->heap->len > WINDOW_PACKETS_MAX || window->bytes > WINDOW_BYTES_MAX;
}

/* Emits the first one, with what belongs before it; false where it has to wait. */
static gboolean settle(struct window *window, struct waiting *first)
{
    struct flow_direction *direction = first->direction;
    const gboolean may_go = has_waited(window, first);
    struct waiting *filling;

    if (first->is_foreign) {
        if (is_told_by_main(first)) {
            finish(window, first, FALSE);
            return TRUE;
        }
        if (!may_go)
            return FALSE;
    }
    while (direction != NULL && direction->epoch == first->epoch &&
           has_hole(direction, &first->packet.segment) &&
           (filling = find_filling(direction, &first->packet.segment, may_go)) != NULL)
        finish(window, filling, !filling->is_foreign || !is_told_by_main(filling));
    if (direction != NULL && direction->epoch == first->epoch &&
        has_hole(direction, &first->packet.segment) && !may_go)
        return FALSE;
    finish(window, first, TRUE);
    return TRUE;
}

/* Whether the first one, of another point, is not in turn yet: by now it is known how much later
 * the main point sees what it sees. */
static gboolean put_back(struct window *window, struct waiting *first)
{
    const struct flow_direction *direction = first->direction;

    if (!first->is_foreign || first->is_done || direction->differences == NULL)
        return FALSE;
    const gint64 turn = first->packet.t_ns + direction->differences[first->packet.point];
    if (turn <= first->t_ns)
        return FALSE;
    heap_drop_first(window->heap);
    first->t_ns = turn;
    heap_add(window->heap, first);
    return TRUE;
}

static void advance(struct window *window)
{
    while (window->heap->len > 0) {
        struct waiting *first = window->heap->pdata[0];
        if (put_back(window, first))
            continue;
        if (!first->is_done && !settle(window, first))
            return;
        heap_drop_first(window->heap);
        g_free(first);
    }
}

/* ------------------------------------------------------------------------
 * From outside
 */

struct window *window_new(guint num_points, gint64 look_ahead_ns, const struct window_calls *calls)
{
    struct window *window = g_new0(struct window, 1);

    window->calls = *calls;
    window->num_points = num_points;
    window->look_ahead_ns = look_ahead_ns;
    window->newest_ns = G_MININT64;
    window->flows = g_hash_table_new_full(flow_hash, flow_equal, NULL, flow_free);
    window->heap = g_ptr_array_new();
    return window;
}

void window_free(struct window *window)
{
    g_assert(window->heap->len == 0);
    g_ptr_array_free(window->heap, TRUE);
    g_hash_table_destroy(window->flows);
    g_free(window);
}

gboolean window_passes(struct window *window, const struct window_packet *packet)
{
    if (window->heap->len > 0)
        return FALSE;
    const struct placed placed = place(window, packet);
    if (placed.is_foreign ||
        (placed.direction != NULL && has_hole(placed.direction, &packet->segment)))
        return FALSE;
    window->newest_ns = MAX(window->newest_ns, packet->t_ns);
    if (placed.direction != NULL) {
        note_main(window, &placed);
        note_emitted(placed.direction, &packet->segment);
    }
    return TRUE;
}

void window_put(struct window *window, const struct window_packet *packet)
{
    const struct placed placed = place(window, packet);
    struct flow_direction *direction = placed.direction;
    struct waiting *waiting = g_new0(struct waiting, 1);

    waiting->packet = *packet;
    waiting->direction = direction;
    waiting->is_foreign = placed.is_foreign;
    waiting->order = window->num_put++;
    waiting->t_ns = packet->t_ns;
    if (direction != NULL) {
        waiting->epoch = direction->epoch;
        if (placed.is_foreign)
            waiting->t_ns = time_at_main(window, &placed);
        else
            note_main(window, &placed);
        if (direction->waiting == NULL)
            direction->waiting = g_ptr_array_new();
        g_ptr_array_add(direction->waiting, waiting);
    }
    window->bytes += packet->size;
    heap_add(window->heap, waiting);
    window->newest_ns = MAX(window->newest_ns, packet->t_ns);
    advance(window);
}

void window_flush(struct window *window)
{
    window->is_flushing = TRUE;
    advance(window);
    window->is_flushing = FALSE;
}
