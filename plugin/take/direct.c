/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "take/direct.h"

#include "follow/settle.h"
#include "show/show.h"
#include "fields/henc_fields.h"
#include "follow/late.h"
#include "http/packet-grvhenc.h"
#include "tcp/withheld.h"

#include <epan/proto_data.h>

/* What TCP's conversation is to us.  Lives in file scope. */
struct tcp_connection {
    /* The same addresses and ports again, inside a tunnel, whose conversation
     * Wireshark does not begin anew; NULL for the last. */
    struct tcp_connection *newer;
    struct grvsstp_connection *connection;
    address initiator;
    uint32_t initiator_port;
    struct grvsstp_sequence sequences[2]; /* by from_initiator; first pass only */
    struct grvsstp_numbers numbers[2];    /* likewise */
    struct grvsstp_late late[2];          /* likewise */
    uint32_t last_frame;                  /* that handed something on... */
    uint32_t last_end;                    /* ...up to this number */
    bool last_is_initiators;              /* ...of this direction */
    /* What our numbers lack of those on the wire; inside a tunnel only TCP knows. */
    uint32_t offsets[2]; /* by from_initiator */
    bool has_offset[2];
    /* TCP's own conversation, which inside a tunnel is not the one that the bytes
     * have; NULL as long as it is not known. */
    conversation_t *transport;
    const tcp_flow_t *flows[2]; /* of it, by from_initiator; first pass only */
};

/* ------------------------------------------------------------------------
 * Who opened the connection
 */

/* 1 for the sender of the chunk, 0 for its receiver, -1 where the commands do
 * not tell. */
static int initiator_by_commands(struct sstp_span bytes)
{
    size_t pos = 0;
    while (bytes.len - pos >= SSTP_HEADER_LEN) {
        const uint8_t *at = bytes.data + pos;
        const struct sstp_command_info *info = sstp_command_info(at[0]);
        const uint16_t length = sstp_get_u16(at + 1);
        if (info == NULL || length < SSTP_HEADER_LEN)
            break;
        if (info->sender != SSTP_SENDER_ANY)
            return info->sender == SSTP_SENDER_INITIATOR;
        const bool is_originators =
            at[0] == SSTP_OPEN || at[0] == SSTP_FANOUT_OPEN || sstp_command_is_of_message(at[0]);
        const bool is_receivers = at[0] == SSTP_OPEN_RESPONSE || at[0] == SSTP_SESSION_STATUS;
        if ((is_originators || is_receivers) && bytes.len - pos >= SSTP_HEADER_LEN + 4) {
            /* GRVSSTP 3.1.4.3.1: the id says which side originated the session. */
            const bool is_initiators =
                sstp_get_u32(at + SSTP_HEADER_LEN) < SSTP_ACCEPTOR_SESSION_ID;
            return is_originators == is_initiators;
        }
        if (length > bytes.len - pos)
            break;
        pos += length;
    }
    return -1;
}

static bool sender_is_initiator(const struct grvsstp_transport *transport, struct sstp_span bytes,
                                const packet_info *pinfo)
{
    const uint32_t server_port = transport->analysis != NULL ? transport->analysis->server_port : 0;
    if (server_port != 0 && pinfo->srcport != pinfo->destport)
        return pinfo->destport == server_port;
    const int by_commands = initiator_by_commands(bytes);
    if (by_commands >= 0)
        return by_commands != 0;
    if (pinfo->destport == SSTP_PORT || pinfo->srcport == SSTP_PORT)
        return pinfo->destport == SSTP_PORT;
    return pinfo->srcport >= pinfo->destport; /* clients come from the higher port */
}

/* ------------------------------------------------------------------------
 * Taking a connection
 */

static enum grvsstp_encapsulation encapsulation_of(const packet_info *pinfo)
{
    if (grvsstp_transport_is_inside(pinfo, "socks"))
        return GRVSSTP_ENCAP_SOCKS;
    if (grvsstp_transport_is_inside(pinfo, "http"))
        return GRVSSTP_ENCAP_SECURE_TUNNEL;
    return pinfo->srcport == 443 || pinfo->destport == 443 ? GRVSSTP_ENCAP_SSTP_443
                                                           : GRVSSTP_ENCAP_TCP;
}

/* The connection that this frame made ours.  Inside a tunnel it has a conversation
 * that TCP knows nothing of; at the end of the frame TCP's own is at hand. */
static struct taken {
    struct tcp_connection *tcp;
    uint32_t frame;
} taken;

/* Those of the capture: struct tcp_connection *. */
static wmem_array_t *all;

void grvsstp_direct_reset(void)
{
    taken.tcp = NULL;
    all = NULL;
    grvsstp_late_reset();
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

/* Where both directions begin, as far as the first chunk tells, which begins with this
 * command. */
static void start_halves(struct tcp_connection *tcp, bool from_initiator,
                         const struct grvsstp_transport *transport, uint8_t command_id)
{
    const bool is_answer = grvsstp_transport_is_answer(transport);
    uint32_t own, others;

    if (command_id == SSTP_CONNECT) {
        if (grvsstp_transport_is_at_start(transport) && !is_answer)
            grvsstp_states_start(tcp->connection->states);
        const bool is_told = grvsstp_transport_acknowledged(transport, &others);
        if (transport->tcpinfo != NULL)
            start_at_connect(tcp, from_initiator, grvsstp_transport_seq(transport),
                             is_told ? &others : NULL);
        grvsstp_half_starts(&tcp->connection->halves[0]);
        grvsstp_half_starts(&tcp->connection->halves[1]);
    } else if (!is_answer && grvsstp_transport_has_start(transport) &&
               transport->analysis->server_port == SSTP_PORT &&
               grvsstp_transport_first(transport, true, &own) &&
               grvsstp_transport_first(transport, false, &others)) {
        /* Nobody else's bytes are before, on a port of our own. */
        grvsstp_states_start(tcp->connection->states);
        start_half(tcp, from_initiator, own);
        start_half(tcp, !from_initiator, others);
    }
}

/* `older` is the connection before on the same addresses and ports, or NULL. */
static struct tcp_connection *take(const struct grvsstp_transport *transport, tvbuff_t *tvb,
                                   packet_info *pinfo, struct tcp_connection *older)
{
    struct tcp_connection *tcp = wmem_new0(wmem_file_scope(), struct tcp_connection);
    const unsigned captured = tvb_captured_length(tvb);
    const struct sstp_span bytes = sstp_span(tvb_get_ptr(tvb, 0, (int)captured), captured);
    const bool is_initiator = sender_is_initiator(transport, bytes, pinfo);

    tcp->connection = grvsstp_connection_new(encapsulation_of(pinfo), pinfo->num);
    grvsstp_settle_init(tcp->connection);
    copy_address_wmem(wmem_file_scope(), &tcp->initiator, is_initiator ? &pinfo->src : &pinfo->dst);
    tcp->initiator_port = is_initiator ? pinfo->srcport : pinfo->destport;
    start_halves(tcp, is_initiator, transport, bytes.data[0]);
    taken = (struct taken){tcp, pinfo->num};
    if (older != NULL)
        older->newer = tcp;
    else
        conversation_add_proto_data(transport->conversation, proto_grvsstp, tcp);
    conversation_set_dissector_from_frame_number(transport->conversation, pinfo->num,
                                                 grvsstp_handle);
    return tcp;
}

/* ------------------------------------------------------------------------
 * A segment
 */

/* Divides a chunk behind the bytes so far; its plan. */
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
    tcp->last_end = key + tvb_reported_length(tvb);
    tcp->last_is_initiators = from_initiator;
    if (transport->tcpinfo == NULL) {
        grvsstp_plan_make(tcp->connection, from_initiator, tvb, false, pinfo, pinfo->num, key);
        return;
    }
    const bool has_number = grvsstp_transport_acknowledged(transport, &number);
    grvsstp_plan_keep(pinfo, key,
                      note_chunk(tcp, from_initiator, &chunk, has_number ? &number : NULL,
                                 grvsstp_transport_has_start(transport), pinfo->pool));
}

static bool is_from_initiator(const struct tcp_connection *tcp, const packet_info *pinfo)
{
    return pinfo->srcport == tcp->initiator_port && addresses_equal(&pinfo->src, &tcp->initiator);
}

static int dissect_segment(struct tcp_connection *tcp, const struct grvsstp_transport *transport,
                           tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    const bool from_initiator = is_from_initiator(tcp, pinfo);
    const uint32_t key = grvsstp_transport_seq(transport);

    if (!PINFO_FD_VISITED(pinfo))
        note_segment(tcp, from_initiator, transport, tvb, pinfo, key);
    grvsstp_show_chunk(tcp->connection, from_initiator, tvb, pinfo, tree, key);
    return (int)tvb_captured_length(tvb);
}

/* Whether a chunk inside a tunnel begins another connection than the one that had
 * its addresses and ports before: a Connect where none can follow. */
static bool begins_anew(const struct tcp_connection *tcp, const struct grvsstp_transport *transport,
                        tvbuff_t *tvb, packet_info *pinfo)
{
    const unsigned captured = tvb_captured_length(tvb);
    const struct grvsstp_sequence *sequence = &tcp->sequences[is_from_initiator(tcp, pinfo)];

    const bool is_in_tunnel =
        transport->analysis == NULL || grvsstp_transport_is_inside(pinfo, "socks");

    if (!is_in_tunnel || captured == 0 || *tvb_get_ptr(tvb, 0, 1) != SSTP_CONNECT ||
        !sequence->is_known || sequence->next == grvsstp_transport_seq(transport))
        return false;
    return grvsstp_recognise(transport, tvb, pinfo, SSTP_LOOK_ANY_PORT) == GRVSSTP_COMMANDS;
}

int grvsstp_direct_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data,
                           int bits_wanted)
{
    if (!grvsstp_transport_is_carried(pinfo))
        return 0;
    const struct grvsstp_transport transport = grvsstp_transport(pinfo, data);
    struct tcp_connection *tcp = conversation_get_proto_data(transport.conversation, proto_grvsstp);

    if (tcp != NULL) {
        if (pinfo->num < tcp->connection->first_frame)
            return 0;
        while (tcp->newer != NULL && pinfo->num >= tcp->newer->connection->first_frame)
            tcp = tcp->newer;
        if (!PINFO_FD_VISITED(pinfo) && begins_anew(tcp, &transport, tvb, pinfo))
            tcp = take(&transport, tvb, pinfo, tcp);
        return dissect_segment(tcp, &transport, tvb, pinfo, tree);
    }
    switch (grvsstp_recognise(&transport, tvb, pinfo, bits_wanted)) {
    case GRVSSTP_NOT_OURS:
        break;
    case GRVSSTP_WAIT_FOR_MORE:
        return grvsstp_wait_for_more(tvb, pinfo);
    case GRVSSTP_COMMANDS:
        if (PINFO_FD_VISITED(pinfo)) /* the first pass thought otherwise */
            break;
        return dissect_segment(take(&transport, tvb, pinfo, NULL), &transport, tvb, pinfo, tree);
    case GRVSSTP_ENCAPSULATED:
        if (!proto_is_protocol_enabled(find_protocol_by_id(proto_grvhenc)))
            break;
        return grvhenc_dissect(tvb, pinfo, tree, data);
    }
    return 0;
}

/* The connection that a TCP connection carries, by its conversation. */
static wmem_map_t *carried;

/* A segment that TCP handed to nobody; every pass shows it.  File scope. */
struct shown {
    const struct tcp_connection *tcp;
    bool from_initiator;
    struct grvsstp_withheld segment;
};

/* Whether the frame at hand is the initiator's, who inside a tunnel may have another port. */
static bool is_frame_from_initiator(const struct tcp_connection *tcp,
                                    const struct tcp_analysis *analysis, const packet_info *pinfo)
{
    if (tcp->flows[true] != NULL)
        return analysis->fwd == tcp->flows[true];
    return tcp->last_frame == pinfo->num ? tcp->last_is_initiators : is_from_initiator(tcp, pinfo);
}

/* First pass: what TCP itself knows of the directions. */
static void note_flows(struct tcp_connection *tcp, conversation_t *conversation,
                       const packet_info *pinfo)
{
    const struct tcp_analysis *analysis = grvsstp_transport_analysis(conversation);
    uint32_t end;

    if (analysis == NULL)
        return;
    const bool from_initiator = is_frame_from_initiator(tcp, analysis, pinfo);
    tcp->flows[from_initiator] = analysis->fwd;
    tcp->flows[!from_initiator] = analysis->rev;
    if (tcp->connection->encapsulation != GRVSSTP_ENCAP_SOCKS &&
        tcp->connection->encapsulation != GRVSSTP_ENCAP_SECURE_TUNNEL) {
        tcp->has_offset[0] = tcp->has_offset[1] = true;
    } else if (tcp->last_frame == pinfo->num && grvsstp_segment_end(conversation, pinfo, &end)) {
        tcp->offsets[from_initiator] = end - tcp->last_end;
        tcp->has_offset[from_initiator] = true;
        if (!tcp->has_offset[!from_initiator] &&
            tcp->offsets[from_initiator] == grvsstp_transport_base(analysis->fwd)) {
            tcp->offsets[!from_initiator] = grvsstp_transport_base(analysis->rev);
            tcp->has_offset[!from_initiator] = true;
        }
    }
}

/* Whether what TCP withholds of a frame is ours alone. */
static bool is_withheld(const struct tcp_connection *tcp, conversation_t *conversation,
                        const packet_info *pinfo)
{
    const enum grvsstp_encapsulation encapsulation = tcp->connection->encapsulation;

    if (tcp->last_frame == pinfo->num)
        return false;
    return encapsulation == GRVSSTP_ENCAP_SOCKS || encapsulation == GRVSSTP_ENCAP_SECURE_TUNNEL ||
           conversation_get_dissector(conversation, pinfo->num) == grvsstp_handle;
}

/* First pass: a segment that TCP handed to nobody, and that brings new bytes. */
static void note_withheld(struct tcp_connection *tcp, conversation_t *conversation, tvbuff_t *tvb,
                          packet_info *pinfo)
{
    const struct tcp_analysis *analysis = grvsstp_transport_analysis(conversation);
    const bool from_initiator = analysis != NULL && is_frame_from_initiator(tcp, analysis, pinfo);
    const struct grvsstp_sequence *sequence = &tcp->sequences[from_initiator];
    struct grvsstp_withheld segment;

    if (!is_withheld(tcp, conversation, pinfo) || !tcp->has_offset[from_initiator] ||
        !grvsstp_withheld(conversation, tvb, pinfo, &segment))
        return;
    segment.seq -= tcp->offsets[from_initiator];
    segment.ack -= tcp->offsets[!from_initiator];
    segment.has_ack = segment.has_ack && tcp->has_offset[!from_initiator];
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
    const struct grvsstp_transport transport = {conversation, &tcpinfo,
                                                grvsstp_transport_analysis(conversation)};
    const int bits_wanted =
        transport.analysis->server_port == SSTP_PORT ? SSTP_LOOK_OWN_PORT : SSTP_LOOK_ANY_PORT;
    if (grvsstp_recognise(&transport, data, pinfo, bits_wanted) == GRVSSTP_COMMANDS)
        take(&transport, data, pinfo, NULL);
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

void grvsstp_direct_note_end(conversation_t *conversation, tvbuff_t *tvb, packet_info *pinfo,
                             proto_tree *tree)
{
    if (PINFO_FD_VISITED(pinfo)) {
        show_withheld(tvb, pinfo, tree);
        return;
    }
    if (taken.tcp == NULL || taken.frame != pinfo->num)
        take_withheld(conversation, tvb, pinfo);
    if (taken.tcp != NULL && taken.frame == pinfo->num) {
        if (carried == NULL)
            carried = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), g_direct_hash,
                                             g_direct_equal);
        wmem_map_insert(carried, conversation, taken.tcp);
        taken.tcp->transport = conversation;
        if (all == NULL)
            all = wmem_array_new(wmem_file_scope(), sizeof taken.tcp);
        wmem_array_append_one(all, taken.tcp);
    }
    taken.tcp = NULL;
    if (carried == NULL)
        return;
    struct tcp_connection *tcp = wmem_map_lookup(carried, conversation);
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
        if (tcp->has_offset[i] && grvsstp_transport_end(tcp->flows[i], tcp->flows[!i], &number) &&
            sstp_order_passed(&tcp->connection->order, i != 0, &passed) &&
            (int32_t)(number - tcp->offsets[i] - (uint32_t)passed) >
                1) /* a FIN has a number, too */
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
