/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "take/direct.h"

#include "fields/henc_fields.h"
#include "follow/again.h"
#include "follow/source.h"
#include "henc/socks.h"
#include "http/packet-grvhenc.h"
#include "show/show.h"
#include "take/adopt.h"
#include "take/encapsulated.h"
#include "take/held.h"
#include "take/opening.h"
#include "take/ports.h"
#include "take/tcp_connection.h"
#include "take/tunnel.h"
#include "tcp/kept.h"
#include "tcp/withheld.h"

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
    return transport->srcport == GRVSSTP_TLS_PORT || transport->destport == GRVSSTP_TLS_PORT
               ? GRVSSTP_ENCAP_SSTP_443
               : GRVSSTP_ENCAP_TCP;
}

/* Where the direction of the chunk's sender, or the other one, goes on after the bytes that came
 * by before; false where no captured SYN tells. */
static bool number_after_opening(const struct grvsstp_transport *transport,
                                 const struct grvsstp_opening *opening, bool is_senders,
                                 uint32_t *number)
{
    const struct grvsstp_opening_side *side =
        &opening->sides[grvsstp_opening_is_client(transport) == is_senders];

    /* The other protocol's bytes came in this very segment; or the chunk itself was entered before
     * a tunnel handed it on. */
    const bool is_entered =
        side->len > 0 && (int32_t)(side->first + side->len - transport->seq) > 0;
    if (is_senders && (transport->way == GRVSSTP_WAY_PROXY || is_entered))
        *number = transport->seq;
    else if (side->len > 0)
        *number = side->first + side->len;
    else
        return grvsstp_transport_first(transport, is_senders, number);
    return true;
}

/* The same where every byte was counted.  A side that begins while nobody knows where the other
 * one does would not be waited for. */
static void start_after_opening(struct grvsstp_tcp *tcp, bool from_initiator,
                                const struct grvsstp_transport *transport,
                                const struct grvsstp_opening *opening)
{
    uint32_t own, others;

    tcp->is_counted = true;
    if (!number_after_opening(transport, opening, true, &own) ||
        !number_after_opening(transport, opening, false, &others))
        return;
    grvsstp_tcp_start(tcp, from_initiator, own);
    grvsstp_tcp_start(tcp, !from_initiator, others);
}

/* Where both directions begin, as far as the first chunk tells, whose first command, at `seq`,
 * is this one. */
static void start_halves(struct grvsstp_tcp *tcp, bool from_initiator,
                         const struct grvsstp_transport *transport, uint32_t seq,
                         uint8_t command_id, const struct grvsstp_opening *opening)
{
    const bool is_answer = grvsstp_transport_is_answer(transport);
    uint32_t own, others;

    if (command_id == SSTP_CONNECT) {
        if (grvsstp_transport_is_at_start(transport) && !is_answer)
            grvsstp_states_start(tcp->connection->states);
        const bool is_told = grvsstp_transport_acknowledged(transport, &others);
        if (transport->tcpinfo != NULL)
            grvsstp_tcp_start_at_connect(tcp, from_initiator, seq, is_told ? &others : NULL);
        grvsstp_half_starts(&tcp->connection->halves[0]);
        grvsstp_half_starts(&tcp->connection->halves[1]);
    } else if (opening != NULL && transport->tcpinfo != NULL) {
        /* Nobody else's bytes are before, on a port of our own. */
        if (!is_answer && transport->analysis->server_port == SSTP_PORT &&
            grvsstp_transport_first(transport, true, &own) &&
            grvsstp_transport_first(transport, false, &others))
            grvsstp_states_start(tcp->connection->states);
        start_after_opening(tcp, from_initiator, transport, opening);
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

/* Takes a connection by commands that were held before this chunk, where nothing tells where it
 * begins. */
static bool take_held(const struct grvsstp_transport *transport, packet_info *pinfo)
{
    struct grvsstp_opening *opening = grvsstp_opening_of(transport->conversation);

    if (transport->way != GRVSSTP_WAY_TCP || grvsstp_transport_is_at_start(transport) ||
        !grvsstp_held_take(opening, pinfo->pool))
        return false;
    bind(transport, pinfo);
    grvsstp_tunnel_begins(transport->conversation, pinfo->num);
    return true;
}

void grvsstp_direct_take(const struct grvsstp_transport *transport, tvbuff_t *tvb,
                         packet_info *pinfo, struct grvsstp_prefix prefix)
{
    if (take_held(transport, pinfo))
        return;
    const bool is_another = grvsstp_tcp_find(transport->conversation, pinfo->num) != NULL;
    const struct grvsstp_opening *opening =
        grvsstp_opening_counted(transport->conversation, pinfo->num);
    const unsigned len = tvb_captured_length(tvb) - prefix.len;
    const struct sstp_span bytes = sstp_span(tvb_get_ptr(tvb, (int)prefix.len, (int)len), len);
    const bool is_initiator = grvsstp_tcp_sender_is_initiator(
        transport->analysis, transport->srcport, transport->destport, bytes);

    struct grvsstp_tcp *early = grvsstp_adopt_find(transport, pinfo);
    struct grvsstp_tcp *tcp = grvsstp_tcp_new(
        transport->conversation, encapsulation_of(transport, prefix, opening), pinfo->num, early);

    copy_address_wmem(wmem_file_scope(), &tcp->initiator,
                      is_initiator ? grvsstp_own_source(pinfo) : grvsstp_own_target(pinfo));
    tcp->initiator_port = is_initiator ? transport->srcport : transport->destport;
    tcp->way = transport->way;
    tcp->prefixes[is_initiator].prefix = prefix;
    tcp->prefixes[is_initiator].frame = pinfo->num;
    tcp->prefixes[is_initiator].seq = transport->seq;
    start_halves(tcp, is_initiator, transport, transport->seq + prefix.len, bytes.data[0],
                 is_another ? NULL : opening);
    bind(transport, pinfo);
    if (transport->way == GRVSSTP_WAY_TCP)
        grvsstp_tunnel_begins(transport->conversation, pinfo->num);
    if (tcp->connection->encapsulation == GRVSSTP_ENCAP_SECURE_TUNNEL)
        grvsstp_transport_release(transport);
    if (early != NULL)
        grvsstp_adopt(early, tcp, pinfo->pool);
    else if (transport->way == GRVSSTP_WAY_TCP && transport->tcpinfo != NULL &&
             grvsstp_transport_begun_in(transport) == 0)
        tcp->early = grvsstp_early_new();
    if (transport->way == GRVSSTP_WAY_TCP || transport->way == GRVSSTP_WAY_HTTP)
        grvsstp_held_give(grvsstp_opening_of(transport->conversation), tcp, transport, pinfo);
}

bool grvsstp_direct_has(const struct grvsstp_transport *transport, const packet_info *pinfo)
{
    const struct grvsstp_tcp *tcp = grvsstp_tcp_find(transport->conversation, pinfo->num);
    return tcp != NULL && pinfo->num >= tcp->connection->first_frame;
}

/* ------------------------------------------------------------------------
 * A segment
 */

static struct sstp_span captured_bytes(tvbuff_t *tvb)
{
    const unsigned captured = tvb_captured_length(tvb);
    return sstp_span(captured > 0 ? tvb_get_ptr(tvb, 0, (int)captured) : NULL, captured);
}

/* How many bytes of a chunk lie beyond a number. */
static uint32_t num_beyond(const struct grvsstp_chunk *chunk, uint32_t number)
{
    const uint32_t len = (uint32_t)chunk->bytes.wire_len;
    const int32_t beyond = (int32_t)(chunk->key + len - number);

    return beyond <= 0 ? 0 : MIN((uint32_t)beyond, len);
}

/* First pass: a segment as TCP hands it on. */
static void note_segment(struct grvsstp_tcp *tcp, bool from_initiator,
                         const struct grvsstp_transport *transport, tvbuff_t *tvb,
                         packet_info *pinfo, uint32_t key)
{
    const struct grvsstp_sequence *sequence = &tcp->sequences[from_initiator];
    struct grvsstp_chunk chunk = {.bytes = {captured_bytes(tvb), tvb_reported_length(tvb)},
                                  .frame = pinfo->num,
                                  .source_frame = pinfo->num,
                                  .offset = grvsstp_source_offset(tvb, pinfo),
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
        grvsstp_tcp_start(tcp, from_initiator, key);
    if (!grvsstp_kept_is_known(transport->tcpinfo) &&
        grvsstp_withheld_own_end(transport->analysis, pinfo, &number))
        chunk.num_unsure = num_beyond(&chunk, number);
    const bool has_number = grvsstp_transport_acknowledged(transport, &number);
    const bool begins = tcp->is_counted || (grvsstp_transport_has_start(transport) &&
                                            transport->analysis->server_port == SSTP_PORT);
    grvsstp_plan_keep(pinfo, key,
                      grvsstp_tcp_note_chunk(tcp, from_initiator, &chunk,
                                             has_number ? &number : NULL, begins, pinfo->pool));
}

/* Later passes: whether the frame has held its own segment, of which TCP hands on more: the end of
 * the frame shows it. */
static bool is_held(const struct grvsstp_tcp *tcp, packet_info *pinfo, uint32_t key)
{
    return tcp->has_held && grvsstp_plan_get(pinfo, key) == NULL &&
           grvhenc_withheld_of(pinfo) != NULL;
}

static int dissect_segment(struct grvsstp_tcp *tcp, const struct grvsstp_transport *transport,
                           tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    const bool from_initiator = grvsstp_tcp_is_from_initiator(tcp, transport->srcport, pinfo);
    const bool is_first_pass = !PINFO_FD_VISITED(pinfo);
    uint32_t seq = transport->seq;
    tvbuff_t *commands = tvb;

    if (is_first_pass && !from_initiator && tvb_captured_length(tvb) > 0)
        (void)grvsstp_tcp_note_answer(tcp, captured_bytes(tvb), pinfo->num, seq);
    const struct grvsstp_prefix *prefix = &tcp->prefixes[from_initiator].prefix;
    if (prefix->len > 0 && tcp->prefixes[from_initiator].frame == pinfo->num &&
        tcp->prefixes[from_initiator].seq == seq) {
        grvsstp_prefix_show(prefix, tvb, pinfo, tree);
        if (is_first_pass)
            grvsstp_tunnel_begins(transport->conversation, pinfo->num + 1);
        if (is_first_pass && transport->tcpinfo != NULL)
            grvsstp_tcp_start_after(tcp, from_initiator, seq + prefix->len);
        if (is_first_pass)
            tcp->last_frame = pinfo->num;
        if (prefix->len >= tvb_captured_length(tvb))
            return (int)tvb_captured_length(tvb);
        commands = tvb_new_subset_remaining(tvb, (int)prefix->len);
        seq += prefix->len;
    }
    if (is_first_pass)
        note_segment(tcp, from_initiator, transport, commands, pinfo, seq);
    else if (is_held(tcp, pinfo, seq))
        return (int)tvb_captured_length(tvb);
    tcp->shown_frame = pinfo->num;
    grvsstp_show_chunk(tcp->connection, from_initiator, commands, pinfo, tree, seq);
    return (int)tvb_captured_length(tvb);
}

/* Whether a chunk inside a tunnel begins another connection than the one that had
 * its addresses and ports before: a Connect where none can follow.  One whose number is near
 * has only come late, or early. */
static bool begins_anew(const struct grvsstp_tcp *tcp, const struct grvsstp_transport *transport,
                        tvbuff_t *tvb, const packet_info *pinfo)
{
    const struct grvsstp_sequence *sequence =
        &tcp->sequences[grvsstp_tcp_is_from_initiator(tcp, transport->srcport, pinfo)];
    struct grvsstp_recognised recognised;

    if (!grvsstp_transport_is_in_tunnel(transport) || tvb_captured_length(tvb) == 0 ||
        *tvb_get_ptr(tvb, 0, 1) != SSTP_CONNECT || !sequence->is_known ||
        transport->seq - sequence->next + GRVSSTP_LATE_BYTES_MAX <= 2 * GRVSSTP_LATE_BYTES_MAX)
        return false;
    grvsstp_recognise(transport, tvb, pinfo, SSTP_LOOK_ANY_PORT, &recognised);
    return recognised.verdict == GRVSSTP_COMMANDS;
}

/* Whether the chunk comes as those that the connection was taken by: one out of a tunnel or a
 * wrapper is offered twice. */
static bool is_unwrapped(const struct grvsstp_tcp *tcp, const struct grvsstp_transport *transport,
                         const packet_info *pinfo)
{
    const bool is_in_tunnel = tcp->way == GRVSSTP_WAY_HTTP || tcp->way == GRVSSTP_WAY_SOCKS;

    if ((tcp->way == GRVSSTP_WAY_WRAPPED) != (transport->way == GRVSSTP_WAY_WRAPPED) ||
        (is_in_tunnel && transport->way == GRVSSTP_WAY_TCP))
        return false;
    return tcp->way != GRVSSTP_WAY_PROXY || pinfo->num != tcp->connection->first_frame ||
           transport->way == GRVSSTP_WAY_PROXY;
}

/* A chunk of a connection that is ours. */
static int dissect_ours(struct grvsstp_tcp *tcp, const struct grvsstp_transport *transport,
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

static int dissect_chunk(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data,
                         int bits_wanted)
{
    if (!grvsstp_transport_is_carried(pinfo))
        return grvsstp_transport_refuse(tvb, pinfo, tree);
    grvsstp_again_note(pinfo);
    const struct grvsstp_transport transport = grvsstp_transport(pinfo, tvb, data);
    struct grvsstp_tcp *tcp = grvsstp_tcp_find(transport.conversation, pinfo->num);
    struct grvsstp_recognised recognised;
    struct grvsstp_joined joined;

    if (tcp != NULL)
        return dissect_ours(tcp, &transport, tvb, pinfo, tree);
    if (PINFO_FD_VISITED(pinfo)) /* what was not ours then is not ours now */
        return 0;
    grvsstp_held_judge(&transport, tvb, pinfo, bits_wanted, &joined, &recognised);
    switch (recognised.verdict) {
    case GRVSSTP_NOT_OURS:
        (void)grvsstp_held_follow(&transport, tvb, pinfo);
        break;
    case GRVSSTP_WAIT_FOR_MORE:
        return grvsstp_held_await(&transport, tvb, pinfo) ? 0 : grvsstp_wait_for_more(tvb, pinfo);
    case GRVSSTP_COMMANDS:
        if (grvsstp_opening_is_unread(&joined.transport, recognised.prefix.len))
            break;
        grvsstp_direct_take(&joined.transport, joined.tvb, pinfo, recognised.prefix);
        return dissect_segment(grvsstp_tcp_find(transport.conversation, pinfo->num), &transport,
                               tvb, pinfo, tree);
    case GRVSSTP_ENCAPSULATED:
        if (!proto_is_protocol_enabled(find_protocol_by_id(proto_grvhenc)))
            break;
        grvsstp_encapsulated_take(&transport, pinfo, &recognised);
        return grvhenc_dissect(tvb, pinfo, tree, data);
    }
    return 0;
}

int grvsstp_direct_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data,
                           int bits_wanted)
{
    return grvsstp_kept_dissect(dissect_chunk, tvb, pinfo, tree, data, bits_wanted);
}
