/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "http/arrive.h"

#include <epan/proto_data.h>

#include "fields/henc_fields.h"
#include "http/divide.h"
#include "http/observe.h"
#include "http/stream.h"

/* Those of the capture: struct grvhenc_tcp *. */
static wmem_array_t *all;
static uint64_t num_bytes_all; /* that wait */
static int64_t now_ns;         /* the latest that a frame was captured */
static bool is_finishing;      /* nothing comes any more: what waits longest is given up first */
static bool is_settling;       /* what waits for a virtual connection is being looked through */

void grvhenc_arrive_reset(void)
{
    all = NULL;
    num_bytes_all = 0;
    is_finishing = false;
    now_ns = INT64_MIN / 2;
}

void grvhenc_arrive_begin(struct grvhenc_tcp *tcp)
{
    if (all == NULL)
        all = wmem_array_new(wmem_file_scope(), sizeof tcp);
    wmem_array_append_one(all, tcp);
}

/* ------------------------------------------------------------------------
 * What waits
 */

static struct sstp_span copy_bytes(struct sstp_span bytes)
{
    return bytes.len > 0
               ? sstp_span(wmem_memdup(wmem_file_scope(), bytes.data, bytes.len), bytes.len)
               : bytes;
}

/* What the frame shows until the chunk is divided: what it was divided into so far, and what the
 * rest looks like. */
static struct grvhenc_plan *plan_for_now(struct grvhenc_chunk *chunk)
{
    const unsigned num = chunk->num_items;
    struct grvhenc_plan *plan = wmem_new0(wmem_file_scope(), struct grvhenc_plan);
    struct grvhenc_item *items = wmem_alloc0_array(wmem_file_scope(), struct grvhenc_item, num + 1);

    for (unsigned i = 0; i < num; i++) {
        items[i] = chunk->items[i];
        items[i].read = NULL; /* of a packet's pool */
    }
    const struct sstp_span rest =
        sstp_span(chunk->bytes.data + chunk->pos, chunk->bytes.len - chunk->pos);
    struct henc_http http;
    items[num].kind = GRVHENC_ITEM_HTTP;
    items[num].offset = (uint32_t)chunk->pos;
    if (grvhenc_chunk_side(chunk)->streaming != NULL) {
        items[num].kind = GRVHENC_ITEM_STREAM;
        items[num].len = (uint32_t)rest.len;
        items[num].record = grvhenc_stream_for_now(chunk, chunk->pos);
    } else if (henc_http_head(rest, &http) == HENC_HTTP_DONE) {
        items[num].len = (uint32_t)http.head_len; /* HTTP would ask others about the body */
    }
    if (chunk->num_carried > 0)
        plan->joined = chunk->bytes;
    plan->num_items = items[num].len > 0 ? num + 1 : num;
    plan->items = items;
    return plan;
}

/* Puts the chunk among those that wait. */
static void insert(struct grvhenc_side *side, struct grvhenc_chunk *chunk)
{
    struct grvhenc_chunk **at = &side->waiting;

    while (*at != NULL && ((*at)->has_begun || (int32_t)((*at)->seq - chunk->seq) <= 0))
        at = &(*at)->next;
    chunk->next = *at;
    *at = chunk;
    side->num_waiting++;
    side->num_bytes += (uint32_t)chunk->bytes.len;
    num_bytes_all += chunk->bytes.len;
}

static void remove_first(struct grvhenc_side *side)
{
    struct grvhenc_chunk *first = side->waiting;

    side->waiting = first->next;
    side->num_waiting--;
    side->num_bytes -= first->kept_len;
    num_bytes_all -= first->kept_len;
}

/* A chunk that stopped at a message keeps what it was divided into so far; `before` is what it
 * kept till now, `num_before` of them. */
static void put_by(struct grvhenc_chunk *chunk, struct grvhenc_item *before, unsigned num_before)
{
    for (unsigned i = 0; i < chunk->num_items; i++)
        chunk->items[i].read = NULL; /* of a packet's pool */
    chunk->items = chunk->num_items == num_before
                       ? before
                       : wmem_memdup(wmem_file_scope(), chunk->items,
                                     chunk->num_items * sizeof chunk->items[0]);
    chunk->pinfo = NULL;
    chunk->pool = NULL;
    chunk->tvb = NULL;
}

/* The chunk at hand is kept, with this plan for now. */
static struct grvhenc_chunk *keep_with(struct grvhenc_chunk *chunk, struct grvhenc_plan *plan)
{
    struct grvhenc_chunk *kept = wmem_memdup(wmem_file_scope(), chunk, sizeof *chunk);

    if (chunk->num_carried == 0) /* else they are in a block of ours */
        kept->bytes = copy_bytes(chunk->bytes);
    kept->kept_len = (uint32_t)chunk->bytes.len;
    kept->kept = plan;
    p_add_proto_data(wmem_file_scope(), chunk->pinfo, proto_grvhenc, kept->key, plan);
    put_by(kept, NULL, 0);
    return kept;
}

/* The chunk at hand has to wait.  Its plan for now. */
static const struct grvhenc_plan *keep_waiting(struct grvhenc_chunk *chunk)
{
    struct grvhenc_chunk *kept = keep_with(chunk, plan_for_now(chunk));

    insert(grvhenc_chunk_side(kept), kept);
    return kept->kept;
}

struct grvhenc_chunk *grvhenc_arrive_hold(struct grvhenc_chunk *chunk)
{
    return keep_with(chunk, wmem_new0(wmem_file_scope(), struct grvhenc_plan));
}

void grvhenc_arrive_held(struct grvhenc_chunk *chunk)
{
    insert(grvhenc_chunk_side(chunk), chunk);
}

/* ------------------------------------------------------------------------
 * What has come
 */

/* Up to which number the bytes of a direction are there, or given up. */
static uint32_t reached_of(const struct grvhenc_side *side)
{
    const uint32_t next = side->sequence.next;
    return side->is_given_up && (int32_t)(side->given_up - next) > 0 ? side->given_up : next;
}

/* Whether all bytes before the chunk's first are there. */
static bool is_in_place(const struct grvhenc_chunk *chunk)
{
    const struct grvhenc_side *side = grvhenc_chunk_side(chunk);
    const int32_t ahead = side->sequence.is_known ? (int32_t)(chunk->seq - reached_of(side)) : 0;

    return ahead <= 0 || (uint32_t)ahead > GRVSSTP_SEQUENCE_LOSS_MAX;
}

/* Up to which number a direction was taken: a chunk may have stopped at a message. */
static uint32_t taken_of(const struct grvhenc_side *side)
{
    const struct grvhenc_chunk *first = side->waiting;

    if (first == NULL || !first->has_begun)
        return reached_of(side);
    return first->seq +
           (uint32_t)(first->pos > first->num_carried ? first->pos - first->num_carried : 0);
}

/* How many bytes of the other direction, that the chunk's sender had received, were not taken. */
static uint32_t num_awaited(const struct grvhenc_chunk *chunk)
{
    const struct grvhenc_side *other = &chunk->tcp->sides[!chunk->from_client];
    const tcp_flow_t *flow = chunk->tcp->flows[!chunk->from_client];
    const int32_t ahead =
        chunk->has_ack && other->sequence.is_known ? (int32_t)(chunk->ack - taken_of(other)) : 0;

    if (ahead <= 0 || (uint32_t)ahead > GRVSSTP_SEQUENCE_LOSS_MAX)
        return 0;
    return ahead == 1 && flow != NULL && flow->fin != 0 ? 0 : (uint32_t)ahead; /* a FIN has one */
}

/* Whether all that the chunk's sender had received was taken. */
static bool is_answer_in_place(const struct grvhenc_chunk *chunk)
{
    const struct grvhenc_side *other = &chunk->tcp->sides[!chunk->from_client];
    const struct grvhenc_chunk *first = other->waiting;

    if (other->is_absent || num_awaited(chunk) == 0)
        return true;
    /* A segment that was sent again, and so was captured after who had received it first,
     * acknowledges more than it did then: what waits for it comes after it all the same. */
    return first != NULL && is_in_place(first) && first->has_ack &&
           (int32_t)(first->ack - chunk->end) >= 0 && chunk->frame > first->frame;
}

/* Up to which number all bytes of a direction are there, though some wait. */
static uint32_t covered_of(const struct grvhenc_side *side)
{
    uint32_t covered = reached_of(side);

    for (const struct grvhenc_chunk *at = side->waiting; at != NULL; at = at->next) {
        const uint32_t end = at->end;
        if ((int32_t)(at->seq - covered) > 0)
            break;
        if ((int32_t)(end - covered) > 0)
            covered = end;
    }
    return covered;
}

/* Whether bytes are missing that the chunk follows: those before it, or that its sender had
 * received, and that do not wait themselves. */
static bool misses_bytes(const struct grvhenc_chunk *chunk)
{
    const struct grvhenc_side *other = &chunk->tcp->sides[!chunk->from_client];

    if (chunk->has_begun)
        return false;
    return !is_in_place(chunk) ||
           (!is_answer_in_place(chunk) && (int32_t)(chunk->ack - covered_of(other)) > 1);
}

/* Whether a chunk that was captured before, on another TCP connection of the same virtual one,
 * misses bytes: until they are there, or given up, what came after it stays after it. */
static bool is_after_hole(const struct grvhenc_chunk *chunk)
{
    const struct grvhenc_virtual *v = chunk->tcp->current;

    if (v == NULL || v->listed == NULL)
        return false;
    for (wmem_list_frame_t *at = wmem_list_head(v->listed); at != NULL;
         at = wmem_list_frame_next(at)) {
        const struct grvhenc_tcp *tcp = wmem_list_frame_data(at);
        for (int i = 0; i < 2 && tcp != chunk->tcp; i++) {
            const struct grvhenc_chunk *first = tcp->sides[i].waiting;
            if (first != NULL && first->frame < chunk->frame && misses_bytes(first))
                return true;
        }
    }
    return false;
}

static bool is_ready(const struct grvhenc_chunk *chunk)
{
    return chunk->has_begun ||
           (is_in_place(chunk) && is_answer_in_place(chunk) && !is_after_hole(chunk));
}

/* Whether the capture tells of bytes of a direction that are not there: up to which number. */
static bool is_side_lacking(const struct grvhenc_tcp *tcp, bool from_client, uint32_t *number)
{
    const struct grvhenc_side *side = &tcp->sides[from_client];

    if (!side->sequence.is_known || tcp->flows[from_client] == NULL ||
        !grvsstp_transport_end(tcp->flows[from_client], tcp->flows[!from_client], number))
        return false;
    const uint32_t covered = covered_of(side);
    for (const struct grvhenc_chunk *at = side->waiting; at != NULL; at = at->next)
        if ((int32_t)(at->seq - covered) > 0) {
            *number = at->seq;
            return true;
        }
    return (int32_t)(*number - covered) > 1; /* a FIN has a number, too */
}

static bool is_lacking(const struct grvhenc_tcp *tcp)
{
    uint32_t number;
    return is_side_lacking(tcp, false, &number) || is_side_lacking(tcp, true, &number);
}

/* Bytes of a direction up to this number were waited for in vain. */
static void give_up(struct grvhenc_side *side, uint32_t number)
{
    side->is_absent |= side->waiting == NULL;
    side->is_given_up = true;
    side->given_up = number;
}

/* What is missing does not come any more. */
static void note_lost(struct grvhenc_tcp *tcp)
{
    for (int i = 0; i < 2; i++) {
        struct grvhenc_side *side = &tcp->sides[i];
        uint32_t number;
        while (is_side_lacking(tcp, i != 0, &number)) {
            give_up(side, number);
            grvhenc_lose(tcp, i != 0, MAX(tcp->last_frame, side->last_frame), now_ns);
        }
    }
    tcp->is_lacking = false;
}

/* Something of the TCP connection waits for others of the virtual connection. */
static void list(struct grvhenc_tcp *tcp, struct grvhenc_virtual *v)
{
    if (tcp->listed_by == v)
        return;
    if (tcp->listed_by != NULL)
        wmem_list_remove(tcp->listed_by->listed, tcp);
    if (v->listed == NULL)
        v->listed = wmem_list_new(wmem_file_scope());
    if (wmem_list_count(v->listed) >= GRVHENC_ARRIVE_LISTED_MAX) {
        /* What waits there waits for its own TCP connection to go on. */
        wmem_list_frame_t *first = wmem_list_head(v->listed);
        ((struct grvhenc_tcp *)wmem_list_frame_data(first))->listed_by = NULL;
        wmem_list_remove_frame(v->listed, first);
    }
    wmem_list_append(v->listed, tcp);
    tcp->listed_by = v;
}

/* ------------------------------------------------------------------------
 * Dividing
 */

/* The plan of a chunk that was divided, or NULL for a plain piece of a LongLived body. */
static struct grvhenc_plan *plan_of(const struct grvhenc_chunk *chunk)
{
    if (chunk->num_carried == 0 && chunk->num_items == 1 &&
        chunk->items[0].kind == GRVHENC_ITEM_STREAM && chunk->items[0].record == NULL)
        return NULL;
    struct grvhenc_plan *plan = wmem_new0(chunk->pool, struct grvhenc_plan);
    if (chunk->num_carried > 0) {
        plan->joined = chunk->bytes;
        plan->joint = chunk->joint;
    }
    plan->num_items = chunk->num_items;
    plan->items = chunk->items;
    return plan;
}

static void keep(struct grvhenc_plan *kept, const struct grvhenc_plan *plan)
{
    struct grvhenc_item *items =
        wmem_memdup(wmem_file_scope(), plan->items, plan->num_items * sizeof plan->items[0]);

    for (unsigned i = 0; i < plan->num_items; i++)
        items[i].read = NULL;
    *kept = *plan;
    kept->items = items;
}

/* Divides the first chunk that waits, as far as it goes; whether that was to its end. */
static bool divide_first(struct grvhenc_side *side, wmem_allocator_t *pool)
{
    struct grvhenc_chunk *chunk = side->waiting;
    struct grvhenc_item *items = chunk->items;
    const unsigned num_items = chunk->num_items;

    chunk->tcp->is_busy = true;
    chunk->pool = pool;
    chunk->items = wmem_alloc_array(pool, struct grvhenc_item, GRVHENC_ITEMS_MAX);
    if (num_items > 0)
        memcpy(chunk->items, items, num_items * sizeof items[0]);
    tvbuff_t *tvb =
        tvb_new_real_data(chunk->bytes.data, (unsigned)chunk->bytes.len, (int)chunk->bytes.len);
    chunk->tvb = tvb;
    const bool is_done = grvhenc_divide(chunk);
    if (is_done) {
        keep(chunk->kept, plan_of(chunk));
        remove_first(side);
    } else {
        put_by(chunk, items, num_items);
        list(chunk->tcp, chunk->waits_for);
    }
    tvb_free_chain(tvb);
    chunk->tcp->is_busy = false;
    return is_done;
}

static bool has_expired(const struct grvhenc_side *side)
{
    const struct grvhenc_chunk *first = side->waiting;

    if (side->num_waiting > GRVHENC_ARRIVE_CHUNKS_MAX ||
        side->num_bytes > GRVHENC_ARRIVE_BYTES_MAX || num_bytes_all > GRVHENC_ARRIVE_BYTES_ALL_MAX)
        return true;
    return !is_finishing && now_ns - first->time_ns > GRVHENC_ARRIVE_TIME_MAX_NS &&
           (first->has_begun || side->num_waiting > GRVHENC_ARRIVE_CHUNKS_MIN);
}

/* Whether the first chunk of the other direction has to be taken before that of this one, which
 * waits for it. */
static bool is_other_first(const struct grvhenc_tcp *tcp, bool from_client)
{
    const struct grvhenc_chunk *first = tcp->sides[from_client].waiting;
    const struct grvhenc_chunk *other = tcp->sides[!from_client].waiting;

    return !first->has_begun && is_in_place(first) && !is_answer_in_place(first) && other != NULL &&
           (other->has_begun || (!is_in_place(other) && (int32_t)(other->seq - first->ack) < 0));
}

/* What waits in vain for a TCP connection that lacks something may be there. */
static void note_lacking(struct grvhenc_virtual *v)
{
    if (v == NULL)
        return;
    for (wmem_list_frame_t *at = wmem_list_head(v->listed); at != NULL;
         at = wmem_list_frame_next(at)) {
        const struct grvhenc_tcp *tcp = wmem_list_frame_data(at);
        if (is_lacking(tcp))
            henc_virtual_lose(&v->observer, tcp->number);
    }
}

/* The first chunk that waits of a direction has waited in vain. */
static void force_first(struct grvhenc_tcp *tcp, bool from_client, wmem_allocator_t *pool)
{
    if (is_other_first(tcp, from_client))
        from_client = !from_client;
    struct grvhenc_side *side = &tcp->sides[from_client];
    struct grvhenc_chunk *first = side->waiting;
    first->is_forced = first->has_begun;
    if (first->has_begun)
        note_lacking(tcp->listed_by);
    if (!first->has_begun) {
        if (!is_answer_in_place(first))
            give_up(&tcp->sides[!from_client], first->ack);
        note_lost(tcp);
    }
    (void)divide_first(side, pool);
}

/* Whether the first chunk that waits of a direction may be divided, or waits no longer. */
static bool is_takeable(const struct grvhenc_tcp *tcp, bool from_client)
{
    const struct grvhenc_side *side = &tcp->sides[from_client];

    return side->waiting != NULL && !side->is_tried &&
           (is_ready(side->waiting) || has_expired(side));
}

/* Divides it; whether anything has come of that. */
static bool take_first(struct grvhenc_tcp *tcp, bool from_client, wmem_allocator_t *pool)
{
    struct grvhenc_side *side = &tcp->sides[from_client];

    if (has_expired(side)) {
        force_first(tcp, from_client, pool);
        return true;
    }
    const bool is_done = divide_first(side, pool);
    side->is_tried = !is_done; /* till something else has come */
    return is_done;
}

/* Whether anything is still to come of a TCP connection. */
static bool is_open(const struct grvhenc_tcp *tcp)
{
    return tcp->sides[0].waiting != NULL || tcp->sides[1].waiting != NULL || tcp->is_lacking;
}

/* Whether it has ended, and that was not told yet. */
static bool has_end(const struct grvhenc_tcp *tcp)
{
    return tcp->end_frame != 0 && !tcp->is_over;
}

static void note_end(struct grvhenc_tcp *tcp, wmem_allocator_t *pool)
{
    const struct grvhenc_moment moment = {tcp->end_frame, 0, tcp->end_ns, pool};
    struct grvhenc_virtual *v = tcp->current;
    struct henc_result result;

    tcp->is_over = true;
    if (v == NULL)
        return;
    henc_virtual_transport_end(&v->observer, tcp->number, &result);
    /* The disconnect after each answer of Polling says nothing. */
    if (result.state == HENC_STATE_CLOSED || result.findings != 0)
        tcp->end_record = grvhenc_record_new(v, tcp->current_half, &result, NULL, &moment);
}

/* Losses that are certain by now, and the end if it was before this frame. */
static bool settle_rest(struct grvhenc_tcp *tcp, uint32_t before, wmem_allocator_t *pool)
{
    if (tcp->is_lacking && now_ns - tcp->lacking_since_ns > GRVHENC_ARRIVE_TIME_MAX_NS)
        note_lost(tcp);
    if (tcp->end_frame == 0 || tcp->end_frame >= before || tcp->is_over || is_open(tcp))
        return false;
    note_end(tcp, pool);
    return true;
}

/* ------------------------------------------------------------------------
 * Virtual connections
 */

/* Of what may be divided on the listed TCP connections that which was captured first; NULL where
 * there is none. */
static struct grvhenc_tcp *find_oldest(const struct grvhenc_virtual *v, bool *from_client)
{
    struct grvhenc_tcp *oldest = NULL;
    uint32_t frame = UINT32_MAX;

    for (wmem_list_frame_t *at = wmem_list_head(v->listed); at != NULL;
         at = wmem_list_frame_next(at)) {
        struct grvhenc_tcp *tcp = wmem_list_frame_data(at);
        for (int i = 0; i < 2 && !tcp->is_busy; i++)
            if (is_takeable(tcp, i != 0) && tcp->sides[i].waiting->frame < frame) {
                oldest = tcp;
                *from_client = i != 0;
                frame = tcp->sides[i].waiting->frame;
            }
    }
    return oldest;
}

/* Something has come: what was tried in vain may be ready. */
static void clear_tried(struct grvhenc_virtual *v)
{
    for (wmem_list_frame_t *at = wmem_list_head(v->listed); at != NULL;
         at = wmem_list_frame_next(at)) {
        struct grvhenc_tcp *tcp = wmem_list_frame_data(at);
        tcp->sides[0].is_tried = tcp->sides[1].is_tried = false;
    }
}

/* The same of the listed TCP connections; those of which nothing waits leave the list. */
static bool settle_rests(struct grvhenc_virtual *v, uint32_t before, wmem_allocator_t *pool)
{
    bool is_moved = false;

    for (wmem_list_frame_t *at = wmem_list_head(v->listed), *next; at != NULL; at = next) {
        struct grvhenc_tcp *tcp = wmem_list_frame_data(at);
        next = wmem_list_frame_next(at);
        if (tcp->is_busy)
            continue;
        is_moved |= settle_rest(tcp, before, pool);
        if (is_open(tcp) || has_end(tcp) || tcp->listed_by != v)
            continue;
        tcp->listed_by = NULL;
        wmem_list_remove_frame(v->listed, at);
    }
    return is_moved;
}

/* What waits for the virtual connection may be ready now. */
static void settle_listed(struct grvhenc_virtual *v, wmem_allocator_t *pool)
{
    struct grvhenc_tcp *tcp;
    bool from_client = false;

    if (v->listed == NULL || is_settling)
        return;
    is_settling = true;
    do {
        clear_tried(v);
        while ((tcp = find_oldest(v, &from_client)) != NULL)
            if (settle_rests(v, tcp->sides[from_client].waiting->frame, pool) ||
                take_first(tcp, from_client, pool))
                clear_tried(v);
    } while (settle_rests(v, UINT32_MAX, pool));
    is_settling = false;
}

/* Takes what is ready, or has waited too long, of a TCP connection and of those that wait for the
 * same virtual connection, in the order in which it was captured. */
static void settle(struct grvhenc_tcp *tcp, wmem_allocator_t *pool)
{
    while (tcp->current == NULL && tcp->listed_by == NULL && !tcp->is_busy) {
        tcp->sides[0].is_tried = tcp->sides[1].is_tried = false;
        const bool from_client = is_takeable(tcp, true);
        if ((!from_client && !is_takeable(tcp, false)) || !take_first(tcp, from_client, pool))
            break;
    }
    if ((is_open(tcp) || has_end(tcp)) && tcp->current != NULL)
        list(tcp, tcp->current);
    if (tcp->current == NULL)
        (void)settle_rest(tcp, UINT32_MAX, pool);
    else
        settle_listed(tcp->current, pool);
    if (tcp->listed_by != NULL)
        settle_listed(tcp->listed_by, pool);
}

static bool is_due(const struct grvhenc_tcp *tcp)
{
    for (int i = 0; i < 2; i++)
        if (tcp->sides[i].waiting != NULL && has_expired(&tcp->sides[i]))
            return true;
    return tcp->is_lacking && now_ns - tcp->lacking_since_ns > GRVHENC_ARRIVE_TIME_MAX_NS;
}

/* Before something of the virtual connection is looked at: what has waited too long for it. */
static void expire(struct grvhenc_virtual *v, wmem_allocator_t *pool)
{
    if (v == NULL || v->listed == NULL)
        return;
    for (wmem_list_frame_t *at = wmem_list_head(v->listed); at != NULL;
         at = wmem_list_frame_next(at))
        if (is_due(wmem_list_frame_data(at))) {
            settle_listed(v, pool);
            return;
        }
}

/* ------------------------------------------------------------------------
 * What comes
 */

/* What waits already at the end of a chunk, with nothing after it that does not, is left out. */
static void trim(struct grvhenc_chunk *chunk)
{
    const struct grvhenc_chunk *at = grvhenc_chunk_side(chunk)->waiting;

    while (at != NULL && (int32_t)(at->end - chunk->seq) <= 0)
        at = at->next;
    if (at == NULL || (int32_t)(at->seq - chunk->end) >= 0 || chunk->is_cut)
        return;
    const uint32_t begin = (int32_t)(at->seq - chunk->seq) > 0 ? at->seq : chunk->seq;
    uint32_t covered = begin;
    for (; at != NULL && (int32_t)(at->seq - covered) <= 0; at = at->next)
        if ((int32_t)(at->end - covered) > 0)
            covered = at->end;
    if ((int32_t)(covered - chunk->end) < 0)
        return;
    grvhenc_chunk_add(chunk, GRVHENC_ITEM_OLD, begin - chunk->seq, chunk->end - begin);
    chunk->bytes.len = begin - chunk->seq;
    chunk->end = begin;
}

const struct grvhenc_plan *grvhenc_arrive(struct grvhenc_chunk *chunk)
{
    struct grvhenc_tcp *tcp = chunk->tcp;
    packet_info *pinfo = chunk->pinfo;
    const struct grvhenc_plan *plan;

    now_ns = MAX(now_ns, chunk->time_ns);
    tcp->last_frame = chunk->frame;
    trim(chunk);
    expire(tcp->current, chunk->pool);
    tcp->is_busy = true;
    const bool is_taken =
        grvhenc_chunk_side(chunk)->waiting == NULL && is_ready(chunk) && grvhenc_divide(chunk);
    tcp->is_busy = false;
    if (is_taken) {
        plan = plan_of(chunk);
        if (plan != NULL) {
            struct grvhenc_plan *kept = wmem_new(wmem_file_scope(), struct grvhenc_plan);
            keep(kept, plan);
            p_add_proto_data(wmem_file_scope(), pinfo, proto_grvhenc, chunk->key, kept);
        }
    } else {
        plan = keep_waiting(chunk);
        if (chunk->has_begun)
            list(tcp, chunk->waits_for);
    }
    settle(tcp, pinfo->pool);
    return plan;
}

void grvhenc_arrive_frame_end(struct grvhenc_tcp *tcp, bool has_ended, const packet_info *pinfo)
{
    const int64_t time_ns = grvsstp_states_time(pinfo);

    now_ns = MAX(now_ns, time_ns);
    if (has_ended && tcp->end_frame == 0) {
        tcp->end_frame = pinfo->num;
        tcp->end_ns = time_ns;
    }
    const bool was_lacking = tcp->is_lacking;
    tcp->is_lacking = is_lacking(tcp);
    if (tcp->is_lacking && !was_lacking)
        tcp->lacking_since_ns = now_ns;
    settle(tcp, pinfo->pool);
}

/* ------------------------------------------------------------------------
 * The end of the capture
 */

/* A TCP connection on which something waits since this frame. */
struct oldest {
    uint32_t frame;
    struct grvhenc_tcp *tcp;
};

static int compare(const void *a, const void *b, void *unused)
{
    const struct oldest *left = a, *right = b;
    (void)unused;
    return left->frame < right->frame ? -1 : left->frame > right->frame;
}

/* The direction whose first chunk that waits is the older one; something waits. */
static bool is_from_client_older(const struct grvhenc_tcp *tcp)
{
    const struct grvhenc_chunk *servers = tcp->sides[false].waiting;
    const struct grvhenc_chunk *clients = tcp->sides[true].waiting;
    return servers == NULL || (clients != NULL && clients->frame < servers->frame);
}

static void enqueue(GSequence *queue, struct grvhenc_tcp *tcp)
{
    if (tcp->sides[0].waiting == NULL && tcp->sides[1].waiting == NULL)
        return;
    struct oldest *oldest = g_new(struct oldest, 1);
    oldest->frame = tcp->sides[is_from_client_older(tcp)].waiting->frame;
    oldest->tcp = tcp;
    g_sequence_insert_sorted(queue, oldest, compare, NULL);
}

/* The oldest chunk that waits has waited in vain; then others may be ready. */
static void give_up_oldest(GSequence *queue, wmem_allocator_t *pool)
{
    GSequenceIter *first = g_sequence_get_begin_iter(queue);
    const struct oldest oldest = *(const struct oldest *)g_sequence_get(first);
    struct grvhenc_tcp *tcp = oldest.tcp;

    g_sequence_remove(first);
    if (tcp->sides[0].waiting == NULL && tcp->sides[1].waiting == NULL)
        return;
    const bool from_client = is_from_client_older(tcp);
    if (tcp->sides[from_client].waiting->frame == oldest.frame) {
        force_first(tcp, from_client, pool);
        settle(tcp, pool);
        wmem_free_all(pool);
    }
    enqueue(queue, tcp);
}

static void finish(struct grvhenc_tcp *const *tcps, unsigned num, wmem_allocator_t *pool)
{
    GSequence *queue = g_sequence_new(g_free);

    is_finishing = true;
    for (unsigned i = 0; i < num; i++) /* all has come that comes */
        note_lost(tcps[i]);
    for (unsigned i = 0; i < num; i++)
        settle(tcps[i], pool);
    for (unsigned i = 0; i < num; i++)
        enqueue(queue, tcps[i]);
    while (!g_sequence_is_empty(queue))
        give_up_oldest(queue, pool);
    g_sequence_free(queue);
    for (unsigned i = 0; i < num; i++)
        settle(tcps[i], pool);
}

void grvhenc_arrive_finish(void)
{
    wmem_allocator_t *pool = wmem_allocator_new(WMEM_ALLOCATOR_SIMPLE);

    if (all != NULL)
        finish(wmem_array_get_raw(all), wmem_array_get_count(all), pool);
    wmem_destroy_allocator(pool);
}
