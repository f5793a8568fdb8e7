/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "take/held.h"

#include "fields/henc_fields.h"
#include "follow/states.h"
#include "http/chunk.h"
#include "http/packet-grvhenc.h"
#include "take/hold.h"
#include "tcp/torn.h"

/* Those of the capture on which commands were held: struct grvsstp_opening *. */
static wmem_array_t *all;

void grvsstp_held_reset(void)
{
    all = NULL;
}

void grvsstp_held_begin(struct grvsstp_opening *opening, const struct grvsstp_transport *transport,
                        const packet_info *pinfo)
{
    struct grvsstp_opening_commands *commands = &opening->commands;

    commands->frame = pinfo->num;
    commands->srcport = transport->srcport;
    commands->destport = transport->destport;
    copy_address_wmem(wmem_file_scope(), &commands->src, grvsstp_own_source(pinfo));
    copy_address_wmem(wmem_file_scope(), &commands->dst, grvsstp_own_target(pinfo));
    if (all == NULL)
        all = wmem_array_new(wmem_file_scope(), sizeof opening);
    wmem_array_append_one(all, opening);
}

/* What is held, taken out, in the order of the capture: what came before a SYN first. */
static wmem_array_t *take_out(struct grvsstp_opening *opening)
{
    wmem_array_t *chunks = opening->early != NULL ? opening->early : opening->held;

    if (chunks != opening->held && opening->held != NULL)
        wmem_array_append(chunks, wmem_array_get_raw(opening->held),
                          wmem_array_get_count(opening->held));
    opening->held = opening->early = NULL;
    opening->has_no_early = true;
    opening->is_awaited = false;
    return chunks;
}

static struct grvhenc_chunk *chunk_at(wmem_array_t *chunks, unsigned i)
{
    return *(struct grvhenc_chunk **)wmem_array_index(chunks, i);
}

/* The first commands that were held may be before where their direction seems to begin: a Connect
 * that is sent again acknowledges its answer. */
static void start_at_first(struct grvsstp_tcp *tcp, const struct grvhenc_chunk *first)
{
    const bool from_initiator = first->srcport == tcp->initiator_port;
    const struct grvsstp_sequence *sequence = &tcp->sequences[from_initiator];

    if (sequence->is_known && (int32_t)(sequence->next - first->seq) > 0)
        grvsstp_tcp_start(tcp, from_initiator, first->seq);
}

/* A chunk is one of the connection. */
static void give(struct grvsstp_tcp *tcp, const struct grvhenc_chunk *held, wmem_allocator_t *pool)
{
    struct grvsstp_chunk chunk = {.bytes = {held->bytes, held->end - held->seq},
                                  .frame = held->frame,
                                  .source_frame = held->frame,
                                  .key = held->key,
                                  .time_ns = held->time_ns,
                                  .plan = held->plain};

    tcp->connection->first_frame = MIN(tcp->connection->first_frame, held->frame);
    (void)grvsstp_tcp_note_chunk(tcp, held->srcport == tcp->initiator_port, &chunk,
                                 held->has_ack ? &held->ack : NULL, false, pool);
}

/* By their numbers, for nobody knows where a direction begins of which the first comes late; and
 * of those with one number the earlier first. */
static int compare(const void *a, const void *b)
{
    const struct grvhenc_chunk *left = *(struct grvhenc_chunk *const *)a;
    const struct grvhenc_chunk *right = *(struct grvhenc_chunk *const *)b;
    const int32_t ahead = (int32_t)(left->seq - right->seq);
    return ahead != 0 ? ahead : (left->frame > right->frame) - (left->frame < right->frame);
}

/* `at_hand`, or NULL, is left out. */
static void give_side(struct grvsstp_tcp *tcp, bool from_initiator, wmem_array_t *chunks,
                      uint32_t since, const struct grvhenc_chunk *at_hand, wmem_allocator_t *pool)
{
    for (unsigned i = 0; i < wmem_array_get_count(chunks); i++) {
        const struct grvhenc_chunk *chunk = chunk_at(chunks, i);
        if (chunk->frame >= since && chunk != at_hand &&
            (chunk->srcport == tcp->initiator_port) == from_initiator)
            give(tcp, chunk, pool);
    }
}

/* What was held, from the first commands on; what is before is nobody's. */
static void give_all(struct grvsstp_opening *opening, wmem_array_t *chunks, struct grvsstp_tcp *tcp,
                     const struct grvhenc_chunk *at_hand, wmem_allocator_t *pool)
{
    const uint32_t since = opening->commands.frame;

    for (unsigned i = 0; i < wmem_array_get_count(chunks); i++)
        if (chunk_at(chunks, i)->frame == since)
            start_at_first(tcp, chunk_at(chunks, i));
    wmem_array_sort(chunks, compare);
    give_side(tcp, true, chunks, since, at_hand, pool);
    give_side(tcp, false, chunks, since, at_hand, pool);
    for (unsigned i = 0; i < wmem_array_get_count(chunks); i++)
        grvhenc_let_go(chunk_at(chunks, i));
    tcp->has_held = true;
    if (opening->early_of != NULL)
        conversation_add_proto_data(opening->early_of, proto_grvsstp, tcp);
}

/* The bytes of the first commands that are held. */
static struct sstp_span first_bytes(const struct grvsstp_opening *opening, wmem_array_t *chunks)
{
    for (unsigned i = 0; i < wmem_array_get_count(chunks); i++)
        if (chunk_at(chunks, i)->frame == opening->commands.frame)
            return chunk_at(chunks, i)->bytes;
    return sstp_span(NULL, 0);
}

static bool has_commands(const struct grvsstp_opening *opening)
{
    return opening != NULL && opening->commands.frame != 0 &&
           (opening->held != NULL || opening->early != NULL);
}

bool grvsstp_held_take(struct grvsstp_opening *opening, wmem_allocator_t *pool)
{
    if (!has_commands(opening) || grvsstp_transport_has_syn(opening->conversation))
        return false;
    const struct grvsstp_opening_commands *commands = &opening->commands;
    wmem_array_t *chunks = take_out(opening);
    const bool is_initiator = grvsstp_tcp_sender_is_initiator(
        grvsstp_transport_analysis(opening->conversation), commands->srcport, commands->destport,
        first_bytes(opening, chunks));
    struct grvsstp_tcp *tcp =
        grvsstp_tcp_new(opening->conversation,
                        opening->is_in_tunnel ? GRVSSTP_ENCAP_SECURE_TUNNEL : GRVSSTP_ENCAP_TCP,
                        commands->frame, NULL);

    copy_address_wmem(wmem_file_scope(), &tcp->initiator,
                      is_initiator ? &commands->src : &commands->dst);
    tcp->initiator_port = is_initiator ? commands->srcport : commands->destport;
    tcp->way = GRVSSTP_WAY_TCP;
    tcp->early = grvsstp_early_new();
    give_all(opening, chunks, tcp, NULL, pool);
    return true;
}

/* The chunk at hand, where it was held before somebody else saw whose it is; else NULL. */
static const struct grvhenc_chunk *find_at_hand(wmem_array_t *chunks,
                                                const struct grvsstp_transport *transport,
                                                const packet_info *pinfo)
{
    const unsigned num = wmem_array_get_count(chunks);
    const struct grvhenc_chunk *last = num > 0 ? chunk_at(chunks, num - 1) : NULL;

    return last != NULL && last->frame == pinfo->num && last->seq == transport->seq ? last : NULL;
}

/* Leaves of what is held what TCP has kept of a conversation that it has torn since (tcp/torn.h),
 * and so hands to nobody: the first of it are the first commands. */
static void keep_torn(struct grvsstp_opening *opening)
{
    const uint32_t begin = opening->conversation->setup_frame;
    wmem_array_t *held = opening->held;
    unsigned num = 0;

    if (held == NULL || opening->commands.frame != 0 ||
        grvsstp_torn_first(opening->conversation) == opening->conversation ||
        !grvsstp_transport_is_set(GRVSSTP_TCP_KEEPS))
        return;
    opening->held = NULL;
    for (unsigned i = 0; i < wmem_array_get_count(held); i++) {
        struct grvhenc_chunk *chunk = chunk_at(held, i);
        if (chunk->frame >= begin) {
            grvhenc_let_go(chunk);
            continue;
        }
        if (num++ == 0) {
            opening->held = wmem_array_new(wmem_file_scope(), sizeof chunk);
            opening->commands.frame = chunk->frame;
        }
        wmem_array_append_one(opening->held, chunk);
    }
}

void grvsstp_held_give(struct grvsstp_opening *opening, struct grvsstp_tcp *tcp,
                       const struct grvsstp_transport *transport, const packet_info *pinfo)
{
    if (opening != NULL)
        keep_torn(opening);
    if (!has_commands(opening))
        return;
    wmem_array_t *chunks = take_out(opening);
    give_all(opening, chunks, tcp, find_at_hand(chunks, transport, pinfo), pinfo->pool);
}

/* ------------------------------------------------------------------------
 * The beginning of a Connect
 */

/* Whether chunks that come so are held: those of a tunnel come from HTTP, or where that has lost
 * its place from TCP itself. */
static bool is_way_held(const struct grvsstp_transport *transport)
{
    return transport->way == GRVSSTP_WAY_TCP || transport->way == GRVSSTP_WAY_HTTP;
}

static bool may_await(const struct grvsstp_opening *opening,
                      const struct grvsstp_transport *transport)
{
    if (opening == NULL || !is_way_held(transport))
        return false;
    return opening->is_in_tunnel ? grvsstp_opening_may_await_in_tunnel(transport)
                                 : !opening->is_over && transport->way == GRVSSTP_WAY_TCP;
}

bool grvsstp_held_follow(const struct grvsstp_transport *transport, tvbuff_t *tvb,
                         packet_info *pinfo)
{
    struct grvsstp_opening *opening = grvsstp_opening_of(transport->conversation);

    if (opening == NULL || !opening->is_in_tunnel || !opening->is_awaited ||
        !is_way_held(transport) || transport->tcpinfo == NULL)
        return false;
    if (grvsstp_hold_has(opening, pinfo->num, transport->seq, tvb_captured_length(tvb)))
        return true;
    if (wmem_array_get_count(opening->held) >= GRVSSTP_OPENING_HELD_CHUNKS_MAX ||
        opening->held_len + tvb_captured_length(tvb) > GRVSSTP_OPENING_HELD_LEN_MAX ||
        grvsstp_states_time(pinfo) - opening->held_since_ns > GRVSSTP_OPENING_HELD_TIME_MAX_NS) {
        grvsstp_hold_let_go(opening);
        return false;
    }
    grvsstp_hold(opening, transport, tvb, pinfo);
    return true;
}

bool grvsstp_held_await(const struct grvsstp_transport *transport, tvbuff_t *tvb,
                        packet_info *pinfo)
{
    struct grvsstp_opening *opening = grvsstp_opening_of(transport->conversation);

    if (!may_await(opening, transport))
        return false;
    if (grvsstp_hold_has(opening, pinfo->num, transport->seq, tvb_captured_length(tvb)))
        return true;
    if (opening->held != NULL &&
        wmem_array_get_count(opening->held) >= GRVSSTP_OPENING_HELD_CHUNKS_MAX)
        return true; /* it was sent again and again */
    if (!opening->is_awaited) {
        opening->is_awaited = true;
        opening->awaited_seq = transport->seq;
        opening->awaited_srcport = transport->srcport;
    }
    grvsstp_hold(opening, transport, tvb, pinfo);
    if (opening->commands.frame == 0)
        grvsstp_held_begin(opening, transport, pinfo);
    /* Whatever was held before it follows it. */
    opening->commands.frame = chunk_at(opening->held, 0)->frame;
    return true;
}

/* Puts bytes after those that are there, as far as they go on from them; false where they do not.
 */
static bool put_after(wmem_array_t *bytes, uint32_t offset, struct sstp_span more)
{
    const uint32_t num_known = wmem_array_get_count(bytes) - offset;

    if (offset > wmem_array_get_count(bytes) || num_known >= more.len)
        return false;
    wmem_array_append(bytes, more.data + num_known, (unsigned)(more.len - num_known));
    return true;
}

/* Puts together, from the first byte of the Connect on, what is held of its side, and the chunk at
 * hand; false where that has no part in it. */
static bool put_together(const struct grvsstp_opening *opening,
                         const struct grvsstp_transport *transport, struct sstp_span chunk,
                         const packet_info *pinfo, wmem_array_t *bytes)
{
    const unsigned num = opening->held != NULL ? wmem_array_get_count(opening->held) : 0;
    bool has_chunk = false, has_more = true;

    while (has_more) { /* they lie in the order of the capture */
        has_more = false;
        for (unsigned i = 0; i < num; i++) {
            const struct grvhenc_chunk *held = chunk_at(opening->held, i);
            const bool is_chunk = held->frame == pinfo->num && held->seq == transport->seq;
            if (held->srcport == opening->awaited_srcport && !is_chunk)
                has_more |= put_after(bytes, held->seq - opening->awaited_seq, held->bytes);
        }
        if (put_after(bytes, transport->seq - opening->awaited_seq, chunk))
            has_chunk = has_more = true;
    }
    return has_chunk;
}

/* Whether the chunk goes on with such a beginning. */
static bool join(const struct grvsstp_opening *opening, const struct grvsstp_transport *transport,
                 tvbuff_t *tvb, packet_info *pinfo, struct grvsstp_joined *joined)
{
    const uint32_t captured = tvb_captured_length(tvb);

    if (opening == NULL || !opening->is_awaited || !is_way_held(transport) ||
        transport->tcpinfo == NULL || transport->srcport != opening->awaited_srcport)
        return false;
    const struct sstp_span chunk = sstp_span(tvb_get_ptr(tvb, 0, (int)captured), captured);
    wmem_array_t *bytes = wmem_array_new(pinfo->pool, 1);
    if (!put_together(opening, transport, chunk, pinfo, bytes))
        return false;
    const unsigned len = wmem_array_get_count(bytes);
    joined->tvb = tvb_new_child_real_data(tvb, wmem_array_get_raw(bytes), len, (int)len);
    joined->tcpinfo = *transport->tcpinfo;
    joined->tcpinfo.seq -= transport->seq - opening->awaited_seq;
    joined->transport = *transport;
    joined->transport.seq = opening->awaited_seq;
    joined->transport.tcpinfo = &joined->tcpinfo;
    return true;
}

void grvsstp_held_judge(const struct grvsstp_transport *transport, tvbuff_t *tvb,
                        packet_info *pinfo, int bits_wanted, struct grvsstp_joined *joined,
                        struct grvsstp_recognised *recognised)
{
    struct grvsstp_opening *opening = grvsstp_opening_of(transport->conversation);

    joined->is_joined = join(opening, transport, tvb, pinfo, joined);
    if (!joined->is_joined) {
        joined->transport = *transport;
        joined->tvb = tvb;
        grvsstp_recognise(transport, tvb, pinfo, bits_wanted, recognised);
        return;
    }
    grvsstp_recognise(&joined->transport, joined->tvb, pinfo,
                      MIN(bits_wanted, grvsstp_bits_wanted(transport)), recognised);
    if (recognised->verdict == GRVSSTP_NOT_OURS)
        grvsstp_hold_let_go(opening);
}

void grvsstp_held_finish(void)
{
    wmem_allocator_t *pool = wmem_allocator_new(WMEM_ALLOCATOR_SIMPLE);

    for (unsigned i = 0; all != NULL && i < wmem_array_get_count(all); i++)
        (void)grvsstp_held_take(*(struct grvsstp_opening **)wmem_array_index(all, i), pool);
    wmem_destroy_allocator(pool);
}
