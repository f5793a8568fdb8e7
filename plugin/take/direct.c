/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "take/direct.h"

#include <epan/proto_data.h>

#include "fields/henc_fields.h"
#include "follow/late.h"
#include "follow/settle.h"
#include "henc/socks.h"
#include "http/packet-grvhenc.h"
#include "show/show.h"
#include "take/opening.h"
#include "take/ports.h"
#include "take/prefix.h"
#include "take/tunnel.h"
#include "tcp/withheld.h"

/* What TCP's conversation is to us.  Lives in file scope. */
struct tcp_connection {
    /* The same addresses and ports again, inside a tunnel, whose conversation
     * Wireshark does not begin anew; NULL for the last. */
    struct tcp_connection *newer;
    struct grvsstp_connection *connection;
    address initiator;
    uint32_t initiator_port;
    enum grvsstp_way way;                 /* by which it was taken */
    bool is_counted;                      /* first pass: every byte from the SYN on was */
    struct grvsstp_sequence sequences[2]; /* by from_initiator; first pass only */
    struct grvsstp_numbers numbers[2];    /* likewise */
    struct grvsstp_late late[2];          /* likewise */
    uint32_t last_frame;                  /* that handed something on */
    const tcp_flow_t *flows[2];           /* by from_initiator; first pass only */
    /* What stands before the first command of each side, and where. */
    struct {
        struct grvsstp_prefix prefix;
        uint32_t frame, seq;
    } prefixes[2];
};

/* Those of the capture: struct tcp_connection *. */
static wmem_array_t *all;

void grvsstp_direct_reset(void)
{
    all = NULL;
    grvsstp_late_reset();
}

/* ------------------------------------------------------------------------
 * Who opened the connection
 */

static bool sender_is_initiator(const struct grvsstp_transport *transport, struct sstp_span bytes)
{
    const uint32_t server_port = transport->analysis != NULL ? transport->analysis->server_port : 0;
    if (server_port != 0 && transport->srcport != transport->destport)
        return transport->destport == server_port;
    const enum sstp_look_sender sender = sstp_look_sender(bytes);
    if (sender != SSTP_LOOK_ANYBODY)
        return sender == SSTP_LOOK_INITIATOR;
    if (transport->destport == SSTP_PORT || transport->srcport == SSTP_PORT)
        return transport->destport == SSTP_PORT;
    return transport->srcport >= transport->destport; /* clients come from the higher port */
}

/* `srcport` is TCP's own. */
static bool is_from_initiator(const struct tcp_connection *tcp, uint32_t srcport,
                              const packet_info *pinfo)
{
    return srcport == tcp->initiator_port && addresses_equal(&pinfo->src, &tcp->initiator);
}

/* ------------------------------------------------------------------------
 * Taking a connection
 */

static enum grvsstp_encapsulation encapsulation_of(const struct grvsstp_transport *transport,
                                                   struct grvsstp_prefix prefix,
                                                   const struct grvsstp_opening *opening)
{
    if (transport->way == GRVSSTP_WAY_SOCKS ||
        (opening != NULL && henc_socks_is_handshake(grvsstp_opening_bytes(opening, true),
                                                    grvsstp_opening_bytes(opening, false))))
        return GRVSSTP_ENCAP_SOCKS;
    if (transport->way == GRVSSTP_WAY_HTTP || prefix.kind == GRVSSTP_PREFIX_HTTP ||
        grvsstp_tunnel_is_asked_for(transport->conversation))
        return GRVSSTP_ENCAP_SECURE_TUNNEL;
    return transport->srcport == 443 || transport->destport == 443 ? GRVSSTP_ENCAP_SSTP_443
                                                                   : GRVSSTP_ENCAP_TCP;
}

/* The next byte of this direction is the first of it, and has this number. */
static void start_half(struct tcp_connection *tcp, bool from_initiator, uint32_t number)
{
    tcp->sequences[from_initiator] = (struct grvsstp_sequence){.is_known = true, .next = number};
    grvsstp_half_starts(&tcp->connection->halves[from_initiator]);
    grvsstp_settle_start(tcp->connection, from_initiator,
                         grvsstp_position(&tcp->numbers[from_initiator], number));
}

/* A Connect is the first command there is, and what its sender had received is none: where
 * both directions begin that are not known yet.  `acknowledged` is NULL where no number tells. */
static void start_at_connect(struct tcp_connection *tcp, bool from_initiator, uint32_t seq,
                             const uint32_t *acknowledged)
{
    if (!tcp->sequences[from_initiator].is_known)
        start_half(tcp, from_initiator, seq);
    if (!tcp->sequences[!from_initiator].is_known && acknowledged != NULL)
        start_half(tcp, !from_initiator, *acknowledged);
}

/* Where the direction of the chunk's sender, or the other one, goes on after the bytes that came
 * by before; false where no captured SYN tells. */
static bool number_after_opening(const struct grvsstp_transport *transport,
                                 const packet_info *pinfo, const struct grvsstp_opening *opening,
                                 bool is_senders, uint32_t *number)
{
    const struct grvsstp_opening_side *side =
        &opening->sides[grvsstp_opening_is_client(transport) == is_senders];

    /* The other protocol's bytes came in this very segment; or the chunk was entered before a
     * tunnel handed it on. */
    if (is_senders && (transport->way == GRVSSTP_WAY_PROXY || opening->last_frame == pinfo->num))
        *number = transport->seq;
    else if (side->len > 0)
        *number = side->first + side->len;
    else
        return grvsstp_transport_first(transport, is_senders, number);
    return true;
}

/* The same where every byte was counted.  A side that begins while nobody knows where the other
 * one does would not be waited for. */
static void start_after_opening(struct tcp_connection *tcp, bool from_initiator,
                                const struct grvsstp_transport *transport, const packet_info *pinfo,
                                const struct grvsstp_opening *opening)
{
    uint32_t own, others;

    tcp->is_counted = true;
    if (!number_after_opening(transport, pinfo, opening, true, &own) ||
        !number_after_opening(transport, pinfo, opening, false, &others))
        return;
    start_half(tcp, from_initiator, own);
    start_half(tcp, !from_initiator, others);
}

/* Where both directions begin, as far as the first chunk tells, whose first command, at `seq`,
 * is this one. */
static void start_halves(struct tcp_connection *tcp, bool from_initiator,
                         const struct grvsstp_transport *transport, const packet_info *pinfo,
                         uint32_t seq, uint8_t command_id, const struct grvsstp_opening *opening)
{
    const bool is_answer = grvsstp_transport_is_answer(transport);
    uint32_t own, others;

    if (command_id == SSTP_CONNECT) {
        if (grvsstp_transport_is_at_start(transport) && !is_answer)
            grvsstp_states_start(tcp->connection->states);
        const bool is_told = grvsstp_transport_acknowledged(transport, &others);
        if (transport->tcpinfo != NULL)
            start_at_connect(tcp, from_initiator, seq, is_told ? &others : NULL);
        grvsstp_half_starts(&tcp->connection->halves[0]);
        grvsstp_half_starts(&tcp->connection->halves[1]);
    } else if (opening != NULL && transport->tcpinfo != NULL) {
        /* Nobody else's bytes are before, on a port of our own. */
        if (!is_answer && transport->analysis->server_port == SSTP_PORT &&
            grvsstp_transport_first(transport, true, &own) &&
            grvsstp_transport_first(transport, false, &others))
            grvsstp_states_start(tcp->connection->states);
        start_after_opening(tcp, from_initiator, transport, pinfo, opening);
    }
}

/* From which frame on, and under which conversation, we are asked first. */
static void bind(const struct grvsstp_transport *transport, const packet_info *pinfo)
{
    if (transport->way == GRVSSTP_WAY_WRAPPED)
        return; /* whoever calls us has it */
    /* Of this frame that protocol has to be asked before us. */
    const uint32_t frame = transport->way == GRVSSTP_WAY_PROXY ? pinfo->num + 1 : pinfo->num;
    conversation_set_dissector_from_frame_number(transport->inner, frame, grvsstp_handle);
}

static struct tcp_connection *newest(struct tcp_connection *tcp, uint32_t frame)
{
    while (tcp != NULL && tcp->newer != NULL && frame >= tcp->newer->connection->first_frame)
        tcp = tcp->newer;
    return tcp;
}

static struct tcp_connection *find(conversation_t *conversation, uint32_t frame)
{
    return newest(conversation_get_proto_data(conversation, proto_grvsstp), frame);
}

void grvsstp_direct_take(const struct grvsstp_transport *transport, tvbuff_t *tvb,
                         packet_info *pinfo, struct grvsstp_prefix prefix)
{
    struct tcp_connection *tcp = wmem_new0(wmem_file_scope(), struct tcp_connection);
    struct tcp_connection *older = find(transport->conversation, pinfo->num);
    const struct grvsstp_opening *opening =
        grvsstp_opening_intact(transport->conversation, pinfo->num);
    const unsigned len = tvb_captured_length(tvb) - prefix.len;
    const struct sstp_span bytes = sstp_span(tvb_get_ptr(tvb, (int)prefix.len, (int)len), len);
    const bool is_initiator = sender_is_initiator(transport, bytes);

    tcp->connection =
        grvsstp_connection_new(encapsulation_of(transport, prefix, opening), pinfo->num);
    grvsstp_settle_init(tcp->connection);
    copy_address_wmem(wmem_file_scope(), &tcp->initiator, is_initiator ? &pinfo->src : &pinfo->dst);
    tcp->initiator_port = is_initiator ? transport->srcport : transport->destport;
    tcp->way = transport->way;
    tcp->prefixes[is_initiator].prefix = prefix;
    tcp->prefixes[is_initiator].frame = pinfo->num;
    tcp->prefixes[is_initiator].seq = transport->seq;
    start_halves(tcp, is_initiator, transport, pinfo, transport->seq + prefix.len, bytes.data[0],
                 older == NULL ? opening : NULL);
    if (all == NULL)
        all = wmem_array_new(wmem_file_scope(), sizeof tcp);
    wmem_array_append_one(all, tcp);
    if (older != NULL)
        older->newer = tcp;
    else
        conversation_add_proto_data(transport->conversation, proto_grvsstp, tcp);
    bind(transport, pinfo);
    if (transport->way == GRVSSTP_WAY_TCP)
        grvsstp_tunnel_begins(transport->conversation, pinfo->num);
    if (tcp->connection->encapsulation == GRVSSTP_ENCAP_SECURE_TUNNEL)
        grvsstp_transport_release(transport);
}

bool grvsstp_direct_has(const struct grvsstp_transport *transport, const packet_info *pinfo)
{
    const struct tcp_connection *tcp = find(transport->conversation, pinfo->num);
    return tcp != NULL && pinfo->num >= tcp->connection->first_frame;
}

/* ------------------------------------------------------------------------
 * A segment
 */

/* Divides a chunk after the bytes so far; its plan. */
static struct grvsstp_plan *plan_chunk(struct tcp_connection *tcp, bool from_initiator,
                                       struct grvsstp_chunk *chunk, wmem_allocator_t *pool)
{
    const uint32_t len = (uint32_t)chunk->bytes.wire_len - chunk->tail;
    const struct grvsstp_join join =
        grvsstp_sequence_join(&tcp->sequences[from_initiator], chunk->key, len);

    if (join.is_first || join.lost > 0)
        chunk->has_gap |= join.lost > 0;
    else
        chunk->has_gap = false;
    if (join.skip < len)
        grvsstp_position_reached(&tcp->numbers[from_initiator], chunk->stand.position + len);
    if (join.lost > 0)
        grvsstp_half_loses(&tcp->connection->halves[from_initiator], join.lost);
    chunk->skip = join.skip;
    return grvsstp_plan_chunk(tcp->connection, from_initiator, chunk, pool);
}

/* Divides the first chunk that waited. */
static void plan_first_late(struct tcp_connection *tcp, bool from_initiator, wmem_allocator_t *pool)
{
    struct grvsstp_late_chunk *first = grvsstp_late_remove(&tcp->late[from_initiator]);
    grvsstp_late_free(first, plan_chunk(tcp, from_initiator, &first->chunk, pool));
}

/* Whether the first chunk that waits has what it waits for. */
static bool is_late_ready(const struct tcp_connection *tcp, bool from_initiator)
{
    const struct grvsstp_sequence *sequence = &tcp->sequences[from_initiator];
    return sequence->is_known &&
           (int32_t)(tcp->late[from_initiator].first->chunk.key - sequence->next) <= 0;
}

/* Divides what waited and has to wait no longer. */
static void plan_late(struct tcp_connection *tcp, int64_t now_ns, wmem_allocator_t *pool)
{
    for (int i = 0; i < 2; i++)
        while (tcp->late[i].num > 0 &&
               (is_late_ready(tcp, i != 0) || grvsstp_late_has_expired(&tcp->late[i], now_ns)))
            plan_first_late(tcp, i != 0, pool);
}

/* Where the chunk's first byte stands, and what its sender had received. */
static struct grvsstp_stand stand_of(struct tcp_connection *tcp, bool from_initiator, uint32_t seq,
                                     const uint32_t *acknowledged)
{
    struct grvsstp_stand stand = {grvsstp_position(&tcp->numbers[from_initiator], seq), 0};

    if (acknowledged != NULL)
        stand.known = grvsstp_position(&tcp->numbers[!from_initiator], *acknowledged);
    return stand;
}

/* First pass: divides the chunk, or keeps it while bytes before it are missing.  `begins`: the
 * SYN was captured, and where the direction begins will show, as it will where the answer to
 * the Connect is there.  Its plan. */
static struct grvsstp_plan *note_chunk(struct tcp_connection *tcp, bool from_initiator,
                                       struct grvsstp_chunk *chunk, const uint32_t *acknowledged,
                                       bool begins, wmem_allocator_t *pool)
{
    const uint8_t command_id = chunk->bytes.bytes.len > 0 ? chunk->bytes.bytes.data[0] : 0;

    if (command_id == SSTP_CONNECT &&
        sstp_look(chunk->bytes.bytes, true, NULL).bits >= SSTP_LOOK_ANY_PORT)
        start_at_connect(tcp, from_initiator, chunk->key, acknowledged);
    chunk->stand = stand_of(tcp, from_initiator, chunk->key, acknowledged);

    struct grvsstp_sequence sequence = tcp->sequences[from_initiator];
    struct grvsstp_late *late = &tcp->late[from_initiator];
    uint32_t len = (uint32_t)chunk->bytes.wire_len;
    struct grvsstp_plan *plan;

    if (late->num > 0)
        chunk->tail = grvsstp_late_overlap(late, chunk);
    len -= chunk->tail;
    const struct grvsstp_join join = grvsstp_sequence_join(&sequence, chunk->key, len);
    if (join.is_first && (begins || command_id == SSTP_CONNECT_RESPONSE || late->num > 0)) {
        chunk->has_gap = true; /* if nothing shows it */
        plan = grvsstp_late_keep(late, tcp->connection, &tcp->connection->halves[from_initiator],
                                 chunk, 1, pool);
    } else if (join.lost > 0 && join.lost != UINT32_MAX) {
        plan = grvsstp_late_keep(late, tcp->connection, &tcp->connection->halves[from_initiator],
                                 chunk, join.lost, pool);
    } else {
        plan = plan_chunk(tcp, from_initiator, chunk, pool);
    }
    plan_late(tcp, chunk->time_ns, pool);
    return plan;
}

/* First pass: a segment as TCP hands it on. */
static void note_segment(struct tcp_connection *tcp, bool from_initiator,
                         const struct grvsstp_transport *transport, tvbuff_t *tvb,
                         packet_info *pinfo, uint32_t key)
{
    const struct grvsstp_sequence *sequence = &tcp->sequences[from_initiator];
    const unsigned captured = tvb_captured_length(tvb);
    struct grvsstp_chunk chunk = {
        .bytes = {sstp_span(captured > 0 ? tvb_get_ptr(tvb, 0, (int)captured) : NULL, captured),
                  tvb_reported_length(tvb)},
        .frame = pinfo->num,
        .source_frame = pinfo->num,
        .key = key,
        .time_ns = grvsstp_states_time(pinfo)};
    uint32_t number;

    tcp->last_frame = pinfo->num;
    if (transport->tcpinfo == NULL) {
        grvsstp_plan_make(tcp->connection, from_initiator, tvb, false, pinfo, pinfo->num, key);
        return;
    }
    /* A FIN takes a number of its own. */
    if (sequence->is_known && key - sequence->next == 1 &&
        grvsstp_transport_has_ended(transport->conversation))
        start_half(tcp, from_initiator, key);
    const bool has_number = grvsstp_transport_acknowledged(transport, &number);
    const bool begins = tcp->is_counted || (grvsstp_transport_has_start(transport) &&
                                            transport->analysis->server_port == SSTP_PORT);
    grvsstp_plan_keep(
        pinfo, key,
        note_chunk(tcp, from_initiator, &chunk, has_number ? &number : NULL, begins, pinfo->pool));
}

/* First pass: the answer of a proxy to the request for a tunnel, which comes before the
 * first command of the server. */
static void note_answer(struct tcp_connection *tcp, const struct grvsstp_transport *transport,
                        tvbuff_t *tvb, const packet_info *pinfo)
{
    if (tcp->connection->encapsulation != GRVSSTP_ENCAP_SECURE_TUNNEL ||
        tcp->prefixes[false].frame != 0)
        return;
    const unsigned captured = tvb_captured_length(tvb);
    if (captured == 0)
        return;
    const struct grvsstp_prefix prefix =
        grvsstp_prefix_answer(sstp_span(tvb_get_ptr(tvb, 0, (int)captured), captured));
    if (prefix.len == 0)
        return;
    tcp->prefixes[false].prefix = prefix;
    tcp->prefixes[false].frame = pinfo->num;
    tcp->prefixes[false].seq = transport->seq;
}

static int dissect_segment(struct tcp_connection *tcp, const struct grvsstp_transport *transport,
                           tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    const bool from_initiator = is_from_initiator(tcp, transport->srcport, pinfo);
    const bool is_first_pass = !PINFO_FD_VISITED(pinfo);
    uint32_t seq = transport->seq;
    tvbuff_t *commands = tvb;

    if (is_first_pass && !from_initiator)
        note_answer(tcp, transport, tvb, pinfo);
    const struct grvsstp_prefix *prefix = &tcp->prefixes[from_initiator].prefix;
    if (prefix->len > 0 && tcp->prefixes[from_initiator].frame == pinfo->num &&
        tcp->prefixes[from_initiator].seq == seq) {
        grvsstp_prefix_show(prefix, tvb, pinfo, tree);
        if (is_first_pass)
            grvsstp_tunnel_begins(transport->conversation, pinfo->num + 1);
        if (is_first_pass && transport->tcpinfo != NULL)
            start_half(tcp, from_initiator, seq + prefix->len);
        if (is_first_pass)
            tcp->last_frame = pinfo->num;
        if (prefix->len >= tvb_captured_length(tvb))
            return (int)tvb_captured_length(tvb);
        commands = tvb_new_subset_remaining(tvb, (int)prefix->len);
        seq += prefix->len;
    }
    if (is_first_pass)
        note_segment(tcp, from_initiator, transport, commands, pinfo, seq);
    grvsstp_show_chunk(tcp->connection, from_initiator, commands, pinfo, tree, seq);
    return (int)tvb_captured_length(tvb);
}

/* Whether a chunk inside a tunnel begins another connection than the one that had
 * its addresses and ports before: a Connect where none can follow. */
static bool begins_anew(const struct tcp_connection *tcp, const struct grvsstp_transport *transport,
                        tvbuff_t *tvb, const packet_info *pinfo)
{
    const struct grvsstp_sequence *sequence =
        &tcp->sequences[is_from_initiator(tcp, transport->srcport, pinfo)];
    struct grvsstp_recognised recognised;

    if (!grvsstp_transport_is_in_tunnel(transport) || tvb_captured_length(tvb) == 0 ||
        *tvb_get_ptr(tvb, 0, 1) != SSTP_CONNECT || !sequence->is_known ||
        sequence->next == transport->seq)
        return false;
    grvsstp_recognise(transport, tvb, pinfo, SSTP_LOOK_ANY_PORT, &recognised);
    return recognised.verdict == GRVSSTP_COMMANDS;
}

/* Whether the chunk comes as those that the connection was taken by: one out of a tunnel or a
 * wrapper is offered twice. */
static bool is_unwrapped(const struct tcp_connection *tcp,
                         const struct grvsstp_transport *transport, const packet_info *pinfo)
{
    const bool is_in_tunnel = tcp->way == GRVSSTP_WAY_HTTP || tcp->way == GRVSSTP_WAY_SOCKS;

    if ((tcp->way == GRVSSTP_WAY_WRAPPED) != (transport->way == GRVSSTP_WAY_WRAPPED) ||
        (is_in_tunnel && transport->way == GRVSSTP_WAY_TCP))
        return false;
    return tcp->way != GRVSSTP_WAY_PROXY || pinfo->num != tcp->connection->first_frame ||
           transport->way == GRVSSTP_WAY_PROXY;
}

/* A chunk of a connection that is ours. */
static int dissect_ours(struct tcp_connection *tcp, const struct grvsstp_transport *transport,
                        tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    const struct grvsstp_prefix none = {GRVSSTP_PREFIX_NONE, 0};

    if (pinfo->num < tcp->connection->first_frame)
        return 0;
    if (!is_unwrapped(tcp, transport, pinfo))
        return 0;
    if (!PINFO_FD_VISITED(pinfo)) {
        if (begins_anew(tcp, transport, tvb, pinfo)) {
            grvsstp_direct_take(transport, tvb, pinfo, none);
            tcp = tcp->newer;
        }
        /* SOCKS and HTTP may have a conversation of their own for each direction. */
        if (grvsstp_transport_is_in_tunnel(transport) &&
            conversation_get_dissector(transport->inner, pinfo->num) != grvsstp_handle)
            bind(transport, pinfo);
    }
    return dissect_segment(tcp, transport, tvb, pinfo, tree);
}

int grvsstp_direct_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data,
                           int bits_wanted)
{
    if (!grvsstp_transport_is_carried(pinfo))
        return grvsstp_transport_refuse(tvb, pinfo, tree);
    const struct grvsstp_transport transport = grvsstp_transport(pinfo, tvb, data);
    struct tcp_connection *tcp = find(transport.conversation, pinfo->num);
    struct grvsstp_recognised recognised;

    if (tcp != NULL)
        return dissect_ours(tcp, &transport, tvb, pinfo, tree);
    if (PINFO_FD_VISITED(pinfo)) /* what was not ours then is not ours now */
        return 0;
    grvsstp_recognise(&transport, tvb, pinfo, bits_wanted, &recognised);
    switch (recognised.verdict) {
    case GRVSSTP_NOT_OURS:
        break;
    case GRVSSTP_WAIT_FOR_MORE:
        return grvsstp_wait_for_more(tvb, pinfo);
    case GRVSSTP_COMMANDS:
        grvsstp_direct_take(&transport, tvb, pinfo, recognised.prefix);
        return dissect_segment(find(transport.conversation, pinfo->num), &transport, tvb, pinfo,
                               tree);
    case GRVSSTP_ENCAPSULATED:
        if (!proto_is_protocol_enabled(find_protocol_by_id(proto_grvhenc)))
            break;
        grvhenc_take(&transport, pinfo, sstp_span(NULL, 0), &recognised.head, recognised.head_at);
        return grvhenc_dissect(tvb, pinfo, tree, data);
    }
    return 0;
}

/* ------------------------------------------------------------------------
 * After each frame, and after the last
 */

/* A segment that TCP handed to nobody; every pass shows it.  File scope. */
struct shown {
    const struct tcp_connection *tcp;
    bool from_initiator;
    struct grvsstp_withheld segment;
};

/* Whether what TCP withholds of a frame is ours alone. */
static bool is_withheld(const struct tcp_connection *tcp, conversation_t *conversation,
                        const packet_info *pinfo)
{
    const enum grvsstp_encapsulation encapsulation = tcp->connection->encapsulation;

    if (tcp->last_frame == pinfo->num || tcp->way == GRVSSTP_WAY_WRAPPED)
        return false;
    return encapsulation == GRVSSTP_ENCAP_SOCKS || encapsulation == GRVSSTP_ENCAP_SECURE_TUNNEL ||
           conversation_get_dissector(conversation, pinfo->num) == grvsstp_handle;
}

/* First pass: a segment that TCP handed to nobody, and that brings new bytes. */
static void note_withheld(struct tcp_connection *tcp, conversation_t *conversation, tvbuff_t *tvb,
                          packet_info *pinfo)
{
    const bool from_initiator = is_from_initiator(tcp, pinfo->srcport, pinfo);
    const struct grvsstp_sequence *sequence = &tcp->sequences[from_initiator];
    struct grvsstp_withheld segment;

    if (!is_withheld(tcp, conversation, pinfo) ||
        !grvsstp_withheld(conversation, tvb, pinfo, &segment))
        return;
    if (sequence->is_known && (int32_t)(segment.seq + segment.len - sequence->next) <= 0)
        return;
    /* TCP itself keeps what is ahead, and hands it on. */
    if ((!sequence->is_known || (int32_t)(segment.seq - sequence->next) > 0) &&
        grvsstp_transport_is_set(GRVSSTP_TCP_REASSEMBLES))
        return;
    struct grvsstp_chunk chunk = {
        .bytes = sstp_chunk(tvb_get_ptr(tvb, (int)segment.offset, (int)segment.len), segment.len),
        .frame = pinfo->num,
        .source_frame = pinfo->num,
        .key = segment.seq,
        .time_ns = grvsstp_states_time(pinfo)};
    struct shown *shown = wmem_new(wmem_file_scope(), struct shown);
    *shown = (struct shown){tcp, from_initiator, segment};
    p_add_proto_data(wmem_file_scope(), pinfo, proto_grvsstp_sstp, 0, shown);
    grvsstp_plan_keep(pinfo, segment.seq,
                      note_chunk(tcp, from_initiator, &chunk, segment.has_ack ? &segment.ack : NULL,
                                 true, pinfo->pool));
}

/* First pass: takes a connection whose first segment TCP handed to nobody, if it is ours. */
static void take_withheld(conversation_t *conversation, tvbuff_t *tvb, packet_info *pinfo)
{
    struct grvsstp_withheld segment;

    if (!grvsstp_withheld_is_first(conversation, pinfo) ||
        conversation_get_proto_data(conversation, proto_grvsstp) != NULL ||
        !grvsstp_withheld(conversation, tvb, pinfo, &segment))
        return;
    tvbuff_t *data = tvb_new_subset_length(tvb, (int)segment.offset, (int)segment.len);
    struct tcpinfo tcpinfo = grvsstp_withheld_tcpinfo(conversation, &segment);
    const struct grvsstp_transport transport = {.conversation = conversation,
                                                .inner = conversation,
                                                .tcpinfo = &tcpinfo,
                                                .analysis =
                                                    grvsstp_transport_analysis(conversation),
                                                .srcport = pinfo->srcport,
                                                .destport = pinfo->destport,
                                                .seq = segment.seq};
    const int bits_wanted =
        transport.analysis->server_port == SSTP_PORT ? SSTP_LOOK_OWN_PORT : SSTP_LOOK_ANY_PORT;
    struct grvsstp_recognised recognised;
    grvsstp_recognise(&transport, data, pinfo, bits_wanted, &recognised);
    if (recognised.verdict == GRVSSTP_COMMANDS && recognised.prefix.len == 0)
        grvsstp_direct_take(&transport, data, pinfo, recognised.prefix);
}

static void show_withheld(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    const struct shown *shown = p_get_proto_data(wmem_file_scope(), pinfo, proto_grvsstp_sstp, 0);

    if (shown == NULL)
        return;
    tvbuff_t *segment =
        tvb_new_subset_length(tvb, (int)shown->segment.offset, (int)shown->segment.len);
    grvsstp_show_layer(shown->tcp->connection, shown->from_initiator, segment, pinfo, tree,
                       shown->segment.seq);
}

/* First pass: what TCP itself knows of the directions. */
static void note_flows(struct tcp_connection *tcp, conversation_t *conversation, packet_info *pinfo)
{
    const struct tcp_analysis *analysis = grvsstp_transport_analysis(conversation);
    uint32_t srcport, destport;

    if (analysis == NULL || tcp->way == GRVSSTP_WAY_WRAPPED)
        return;
    grvsstp_transport_ports(pinfo, &srcport, &destport);
    const bool from_initiator = is_from_initiator(tcp, srcport, pinfo);
    tcp->flows[from_initiator] = analysis->fwd;
    tcp->flows[!from_initiator] = analysis->rev;
}

void grvsstp_direct_note_end(conversation_t *conversation, tvbuff_t *tvb, packet_info *pinfo,
                             proto_tree *tree)
{
    if (PINFO_FD_VISITED(pinfo)) {
        show_withheld(tvb, pinfo, tree);
        return;
    }
    take_withheld(conversation, tvb, pinfo);
    struct tcp_connection *tcp = find(conversation, pinfo->num);
    if (tcp == NULL)
        return;
    note_flows(tcp, conversation, pinfo);
    note_withheld(tcp, conversation, tvb, pinfo);
    show_withheld(tvb, pinfo, tree);
    /* TCP hands nothing on of a frame that was cut in its header. */
    if (pinfo->fd->cap_len < pinfo->fd->pkt_len)
        grvsstp_states_gap(tcp->connection->states);
    if (grvsstp_transport_has_ended(conversation))
        grvsstp_states_end(tcp->connection->states);
}

/* Of bytes that the capture tells of, and that never came, the states know. */
static void note_missing(struct tcp_connection *tcp)
{
    for (int i = 0; i < 2; i++) {
        uint64_t passed;
        uint32_t number;
        if (tcp->flows[i] != NULL &&
            grvsstp_transport_end(tcp->flows[i], tcp->flows[!i], &number) &&
            sstp_order_passed(&tcp->connection->order, i != 0, &passed) &&
            (int32_t)(number - (uint32_t)passed) > 1) /* a FIN has a number, too */
            grvsstp_settle_gap(tcp->connection, i != 0, 0, 0);
    }
}

void grvsstp_direct_finish(void)
{
    const unsigned num = all != NULL ? wmem_array_get_count(all) : 0;

    for (unsigned i = 0; i < num; i++) {
        struct tcp_connection *tcp = *(struct tcp_connection **)wmem_array_index(all, i);
        wmem_allocator_t *pool = wmem_allocator_new(WMEM_ALLOCATOR_SIMPLE);
        for (int j = 0; j < 2; j++)
            while (tcp->late[j].num > 0)
                plan_first_late(tcp, j != 0, pool);
        wmem_destroy_allocator(pool);
        note_missing(tcp);
    }
}
