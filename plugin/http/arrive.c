/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "http/arrive.h"

#include "fields/henc_fields.h"
#include "follow/again.h"
#include "follow/source.h"
#include "http/divide.h"
#include "http/now.h"
#include "http/observe.h"
#include "http/place.h"
#include "http/plan.h"
#include "http/turn.h"
#include "http/wait.h"

/* Those of the capture: struct grvhenc_tcp *. */
static wmem_array_t *all;

void grvhenc_arrive_reset(void)
{
    all = NULL;
    grvhenc_wait_reset();
    grvhenc_now_reset();
    grvhenc_turn_reset();
}

void grvhenc_arrive_begin(struct grvhenc_tcp *tcp)
{
    if (all == NULL)
        all = wmem_array_new(wmem_file_scope(), sizeof tcp);
    wmem_array_append_one(all, tcp);
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

/* What waits for the same virtual connection must not be judged as though what is missing before
 * the chunk had never been sent. */
static void note_hole(const struct grvhenc_chunk *chunk)
{
    struct grvhenc_tcp *tcp = chunk->tcp;

    if (tcp->current == NULL || tcp->current->listed == NULL || !grvhenc_place_misses_bytes(chunk))
        return;
    tcp->is_lacking = true; /* since when is noted at the end of the frame */
    grvhenc_turn_list(tcp, tcp->current);
}

/* A chunk waits on a TCP connection of which nothing was divided yet: whose it is it says itself.
 */
static void list_named(const struct grvhenc_chunk *chunk, wmem_allocator_t *pool)
{
    struct grvhenc_virtual *v = grvhenc_observe_named(chunk, pool);

    if (v != NULL)
        grvhenc_turn_list(chunk->tcp, v);
}

/* Keeps the plan of a chunk that was divided, which is of its pool. */
static void keep_plan(const struct grvhenc_chunk *chunk, struct grvhenc_plan *plan)
{
    struct grvhenc_plan *kept =
        grvsstp_is_shown_again() ? grvhenc_plan_copy(plan, grvhenc_chunk_side(chunk)) : plan;

    grvsstp_again_keep(chunk->pinfo, proto_grvhenc, chunk->key, kept);
    if (kept->joint != NULL && !kept->joint->is_unplaced && grvsstp_is_shown_again())
        grvsstp_source_release(&kept->joined.data);
    grvsstp_passing_drop(chunk->pool, plan->joined.data);
    if (plan->joint != NULL) {
        grvsstp_passing_drop(chunk->pool, wmem_array_get_raw(plan->joint->pieces));
        grvsstp_passing_drop(chunk->pool, plan->joint->pieces);
        grvsstp_passing_drop(chunk->pool, plan->joint);
    }
}

const struct grvhenc_plan *grvhenc_arrive(struct grvhenc_chunk *chunk)
{
    struct grvhenc_tcp *tcp = chunk->tcp;
    packet_info *pinfo = chunk->pinfo;
    struct grvhenc_plan *plan;

    grvhenc_now_note(chunk->frame, chunk->time_ns);
    tcp->last_frame = chunk->frame;
    trim(chunk);
    note_hole(chunk);
    grvhenc_turn_expire(tcp->current, chunk->pool);
    grvhenc_turn_note_answer(chunk);
    tcp->is_busy = true;
    const bool is_taken = grvhenc_chunk_side(chunk)->waiting == NULL &&
                          grvhenc_place_is_ready(chunk) && grvhenc_divide(chunk);
    tcp->is_busy = false;
    if (is_taken) {
        plan = grvhenc_plan_of(chunk);
        if (plan != NULL)
            keep_plan(chunk, plan);
    } else {
        plan = grvhenc_wait(chunk);
        if (chunk->has_begun)
            grvhenc_turn_list(tcp, chunk->waits_for);
        else if (tcp->current == NULL && tcp->listed_by == NULL)
            list_named(chunk, pinfo->pool);
    }
    grvhenc_turn_settle(tcp, pinfo->pool);
    return plan;
}

/* Whether nothing of a direction was divided. */
static bool is_untouched(const struct grvhenc_side *side)
{
    for (const struct grvhenc_chunk *at = side->waiting; at != NULL; at = at->next)
        if (at->pos > 0 || at->num_carried > 0)
            return false;
    return side->last_frame == 0;
}

bool grvhenc_arrive_move(struct grvhenc_tcp *tcp, struct grvhenc_tcp *to)
{
    if (!is_untouched(&tcp->sides[false]) || !is_untouched(&tcp->sides[true]))
        return false;
    for (int i = 0; i < 2; i++)
        while (tcp->sides[i].waiting != NULL) {
            struct grvhenc_chunk *chunk = tcp->sides[i].waiting;
            grvhenc_wait_remove_first(&tcp->sides[i]);
            chunk->tcp = to;
            chunk->has_begun = false;
            chunk->waits_for = NULL;
            grvhenc_wait_held(chunk);
        }
    tcp->is_lacking = false;
    tcp->is_over = true;
    return true;
}

/* Whether the frame at hand has ended the TCP connection, and all before was seen.  An end that was
 * captured before what it ended is none before both sides' is there. */
static bool ends(struct grvhenc_tcp *tcp, bool has_ended)
{
    if (!tcp->is_followed)
        tcp->has_early_end = has_ended;
    tcp->is_followed = true;
    return has_ended && (!tcp->has_early_end || grvhenc_place_has_both_ends(tcp));
}

void grvhenc_arrive_frame_end(struct grvhenc_tcp *tcp, bool has_ended, const packet_info *pinfo)
{
    const int64_t time_ns = grvsstp_states_time(pinfo);

    grvhenc_now_note(pinfo->num, time_ns);
    if (ends(tcp, has_ended) && tcp->end_frame == 0) {
        tcp->end_frame = pinfo->num;
        tcp->end_ns = time_ns;
    }
    grvhenc_place_note_lacking(tcp, grvhenc_now_ns());
    grvhenc_turn_settle(tcp, pinfo->pool);
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
        grvhenc_turn_force(tcp, from_client, pool);
        grvhenc_turn_settle(tcp, pool);
        wmem_free_all(pool);
    }
    enqueue(queue, tcp);
}

static void finish(struct grvhenc_tcp *const *tcps, unsigned num, wmem_allocator_t *pool)
{
    GSequence *queue = g_sequence_new(g_free);

    grvhenc_turn_finish();
    for (unsigned i = 0; i < num; i++) /* all has come that comes */
        grvhenc_place_note_lost(tcps[i], grvhenc_now_ns());
    for (unsigned i = 0; i < num; i++)
        grvhenc_turn_settle(tcps[i], pool);
    for (unsigned i = 0; i < num; i++)
        enqueue(queue, tcps[i]);
    while (!g_sequence_is_empty(queue))
        give_up_oldest(queue, pool);
    g_sequence_free(queue);
    for (unsigned i = 0; i < num; i++)
        grvhenc_turn_settle(tcps[i], pool);
}

void grvhenc_arrive_finish(void)
{
    wmem_allocator_t *pool = wmem_allocator_new(WMEM_ALLOCATOR_SIMPLE);

    if (all != NULL)
        finish(wmem_array_get_raw(all), wmem_array_get_count(all), pool);
    wmem_destroy_allocator(pool);
}
