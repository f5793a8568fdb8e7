/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "http/turn.h"

#include "follow/again.h"
#include "http/divide.h"
#include "http/now.h"
#include "http/observe.h"
#include "http/place.h"
#include "http/plan.h"
#include "http/wait.h"

static bool is_finishing; /* nothing comes any more: what waits longest is given up first */
static bool is_settling;  /* what waits for a virtual connection is being looked through */
/* TCP connections of which nobody knows yet for which virtual connection something waits on them:
 * answers whose request does not come. */
static wmem_list_t *unknown;

void grvhenc_turn_reset(void)
{
    is_finishing = false;
    unknown = NULL;
}

void grvhenc_turn_finish(void)
{
    is_finishing = true;
}

/* Something of the TCP connection waits for others of the virtual connection. */
void grvhenc_turn_list(struct grvhenc_tcp *tcp, struct grvhenc_virtual *v)
{
    if (tcp->listed_by == v)
        return;
    if (tcp->listed_by != NULL)
        wmem_list_remove(tcp->listed_by->listed, tcp);
    if (v->listed == NULL)
        v->listed = wmem_list_new(wmem_file_scope());
    if (wmem_list_count(v->listed) >= GRVHENC_TURN_LISTED_MAX) {
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

/* Divides the first chunk that waits, as far as it goes; whether that was to its end. */
static bool divide_first(struct grvhenc_side *side, wmem_allocator_t *pool)
{
    struct grvhenc_chunk *chunk = side->waiting;
    struct grvhenc_item *items = chunk->items;
    const unsigned num_items = chunk->num_items;

    /* What is carried before it comes into another block, which the plan has then. */
    const struct sstp_span copy = chunk->num_carried == 0 ? chunk->bytes : sstp_span(NULL, 0);

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
        grvhenc_plan_keep(chunk->kept, grvhenc_plan_of(chunk));
        grvhenc_wait_remove_first(side);
    } else {
        grvhenc_wait_put_by(chunk, items, num_items);
        grvhenc_turn_list(chunk->tcp, chunk->waits_for);
    }
    tvb_free_chain(tvb);
    chunk->tcp->is_busy = false;
    if (copy.len > 0 && (is_done || chunk->num_carried > 0))
        wmem_free(grvsstp_passing_scope(), (void *)copy.data);
    if (is_done) {
        wmem_free(grvsstp_passing_scope(), items);
        wmem_free(grvsstp_passing_scope(), chunk);
    }
    return is_done;
}

static bool has_expired(const struct grvhenc_side *side)
{
    const struct grvhenc_chunk *first = side->waiting;

    if (side->num_waiting > GRVHENC_TURN_CHUNKS_MAX || side->num_bytes > GRVHENC_TURN_BYTES_MAX ||
        grvhenc_wait_num_bytes() > GRVHENC_TURN_BYTES_ALL_MAX)
        return true;
    return !is_finishing && grvhenc_now_ns() - first->time_ns > GRVHENC_TURN_TIME_MAX_NS &&
           (first->has_begun || side->num_waiting > GRVHENC_TURN_CHUNKS_MIN);
}

/* Whether the first chunk of the other direction has to be taken before that of this one, which
 * waits for it. */
static bool is_other_first(const struct grvhenc_tcp *tcp, bool from_client)
{
    const struct grvhenc_chunk *first = tcp->sides[from_client].waiting;
    const struct grvhenc_chunk *other = tcp->sides[!from_client].waiting;

    return !first->has_begun && grvhenc_place_is_reached(first) &&
           !grvhenc_place_is_answer_reached(first) && other != NULL &&
           (other->has_begun ||
            (!grvhenc_place_is_reached(other) && (int32_t)(other->seq - first->ack) < 0));
}

/* What waits in vain for a TCP connection that lacks something may be there. */
static void note_lacking(struct grvhenc_virtual *v)
{
    if (v == NULL)
        return;
    for (wmem_list_frame_t *at = wmem_list_head(v->listed); at != NULL;
         at = wmem_list_frame_next(at)) {
        const struct grvhenc_tcp *tcp = wmem_list_frame_data(at);
        if (tcp->is_lacking)
            henc_virtual_lose(&v->observer, tcp->number);
    }
}

/* The first chunk that waits of a direction has waited in vain. */
void grvhenc_turn_force(struct grvhenc_tcp *tcp, bool from_client, wmem_allocator_t *pool)
{
    if (is_other_first(tcp, from_client))
        from_client = !from_client;
    struct grvhenc_side *side = &tcp->sides[from_client];
    struct grvhenc_chunk *first = side->waiting;
    first->is_forced = first->has_begun;
    if (first->has_begun)
        note_lacking(tcp->listed_by);
    if (!first->has_begun) {
        if (!grvhenc_place_is_answer_reached(first))
            grvhenc_place_give_up(&tcp->sides[!from_client], first->ack);
        grvhenc_place_note_lost(tcp, grvhenc_now_ns());
    }
    (void)divide_first(side, pool);
}

/* Whether the first chunk that waits of a direction may be divided, or waits no longer. */
static bool is_takeable(const struct grvhenc_tcp *tcp, bool from_client)
{
    const struct grvhenc_side *side = &tcp->sides[from_client];

    return side->waiting != NULL &&
           (has_expired(side) || (!side->is_tried && grvhenc_place_is_ready(side->waiting)));
}

/* Divides it; whether anything has come of that. */
static bool take_first(struct grvhenc_tcp *tcp, bool from_client, wmem_allocator_t *pool)
{
    struct grvhenc_side *side = &tcp->sides[from_client];

    if (has_expired(side)) {
        grvhenc_turn_force(tcp, from_client, pool);
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

/* Whether bytes have been waited for in vain. */
static bool lacks_long(const struct grvhenc_tcp *tcp)
{
    return grvhenc_place_is_overdue(tcp, grvhenc_now_ns(), GRVHENC_TURN_TIME_MAX_NS);
}

/* Losses that are certain by now, and the end if it was before this frame. */
static bool settle_rest(struct grvhenc_tcp *tcp, uint32_t before, wmem_allocator_t *pool)
{
    if (lacks_long(tcp))
        grvhenc_place_note_overdue(tcp, grvhenc_now_ns(), GRVHENC_TURN_TIME_MAX_NS);
    if (tcp->end_frame == 0 || tcp->end_frame >= before || tcp->is_over || is_open(tcp) ||
        grvhenc_place_is_after_hole(tcp, tcp->end_frame))
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

/* Something waits on a TCP connection whose virtual connection is not known. */
static void list_unknown(struct grvhenc_tcp *tcp)
{
    if (unknown == NULL)
        unknown = wmem_list_new(wmem_file_scope());
    if (wmem_list_count(unknown) >= GRVHENC_TURN_LISTED_MAX) {
        wmem_list_frame_t *first = wmem_list_head(unknown);
        ((struct grvhenc_tcp *)wmem_list_frame_data(first))->is_unknown = false;
        wmem_list_remove_frame(unknown, first);
    }
    wmem_list_append(unknown, tcp);
    tcp->is_unknown = true;
}

/* Takes what is ready, or has waited too long, of a TCP connection and of those that wait for the
 * same virtual connection, in the order in which it was captured. */
void grvhenc_turn_settle(struct grvhenc_tcp *tcp, wmem_allocator_t *pool)
{
    while (tcp->current == NULL && tcp->listed_by == NULL && !tcp->is_busy) {
        tcp->sides[0].is_tried = tcp->sides[1].is_tried = false;
        const bool from_client = is_takeable(tcp, true);
        if ((!from_client && !is_takeable(tcp, false)) || !take_first(tcp, from_client, pool))
            break;
    }
    if ((is_open(tcp) || has_end(tcp)) && tcp->current != NULL)
        grvhenc_turn_list(tcp, tcp->current);
    if (tcp->current == NULL)
        (void)settle_rest(tcp, UINT32_MAX, pool);
    else
        settle_listed(tcp->current, pool);
    if (tcp->listed_by != NULL)
        settle_listed(tcp->listed_by, pool);
    else if (tcp->current == NULL && is_open(tcp) && !tcp->is_unknown && !is_finishing)
        list_unknown(tcp);
}

static bool is_due(const struct grvhenc_tcp *tcp)
{
    for (int i = 0; i < 2; i++)
        if (tcp->sides[i].waiting != NULL && has_expired(&tcp->sides[i]))
            return true;
    return lacks_long(tcp);
}

/* What has waited too long where nobody knows for what virtual connection. */
static void expire_unknown(wmem_allocator_t *pool)
{
    for (wmem_list_frame_t *at = unknown != NULL ? wmem_list_head(unknown) : NULL, *next;
         at != NULL; at = next) {
        struct grvhenc_tcp *tcp = wmem_list_frame_data(at);
        next = wmem_list_frame_next(at);
        if (!tcp->is_busy && is_due(tcp)) {
            if (tcp->is_lacking)
                grvhenc_place_note_lost(tcp, grvhenc_now_ns());
            grvhenc_turn_settle(tcp, pool);
        }
        if (is_open(tcp) && tcp->current == NULL)
            continue;
        tcp->is_unknown = false;
        wmem_list_remove_frame(unknown, at);
    }
}

void grvhenc_turn_expire(struct grvhenc_virtual *v, wmem_allocator_t *pool)
{
    expire_unknown(pool);
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
 * Requests before their turn
 */

/* Whether the chunk is the first of an answer, or what has come of it so far, and new. */
static bool begins_answer(const struct grvhenc_chunk *chunk)
{
    const struct grvhenc_side *side = grvhenc_chunk_side(chunk);

    return !chunk->from_client && chunk->tcp->current != NULL && side->waiting == NULL &&
           side->carried.len == 0 && side->sequence.is_known && chunk->seq == side->sequence.next &&
           grvhenc_place_is_ready(chunk);
}

/* Whether the first chunk that waits on a TCP connection was sent before the answer that it waits
 * for.  A clock that is ahead by less than the handshake took makes times differ by less. */
static bool is_before(const struct grvhenc_tcp *tcp, const struct grvhenc_chunk *answer)
{
    const struct grvhenc_chunk *first = tcp->sides[true].waiting;
    const int64_t skew_ns = MAX(tcp->skew_ns, answer->tcp->skew_ns);

    return first != NULL && first->has_begun && first->awaits_answer &&
           first->answer_on == answer->tcp->number && !tcp->is_busy && !tcp->is_lacking &&
           !answer->tcp->is_lacking && skew_ns != GRVHENC_SKEW_UNKNOWN &&
           answer->time_ns - first->time_ns >= skew_ns;
}

void grvhenc_turn_note_answer(const struct grvhenc_chunk *chunk)
{
    const struct grvhenc_virtual *v = chunk->tcp->current;

    if (v == NULL || v->listed == NULL || is_settling || !begins_answer(chunk))
        return;
    for (wmem_list_frame_t *at = wmem_list_head(v->listed); at != NULL;
         at = wmem_list_frame_next(at)) {
        struct grvhenc_tcp *tcp = wmem_list_frame_data(at);
        if (!is_before(tcp, chunk))
            continue;
        tcp->sides[true].waiting->is_forced = true;
        (void)divide_first(&tcp->sides[true], chunk->pool);
        return;
    }
}
