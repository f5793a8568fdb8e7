/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "take/frame_end.h"

#include <epan/proto_data.h>

#include "fields/henc_fields.h"
#include "http/packet-grvhenc.h"
#include "show/show.h"
#include "take/direct.h"
#include "take/encapsulated.h"
#include "take/held.h"
#include "take/hold.h"
#include "take/ports.h"
#include "take/tcp_connection.h"
#include "take/tunnel.h"
#include "take/watch.h"
#include "tcp/header.h"
#include "tcp/withheld.h"

/* A segment that TCP handed to nobody; every pass shows it.  File scope. */
struct shown {
    const struct grvsstp_tcp *tcp;
    bool from_initiator;
    struct grvsstp_withheld segment;
};

/* Whether what TCP withholds of a frame is ours alone. */
static bool is_withheld(const struct grvsstp_tcp *tcp, conversation_t *conversation,
                        const packet_info *pinfo)
{
    const enum grvsstp_encapsulation encapsulation = tcp->connection->encapsulation;

    if (tcp->last_frame == pinfo->num || tcp->way == GRVSSTP_WAY_WRAPPED)
        return false;
    /* Who carries the connection may have kept its own place with TCP. */
    return encapsulation == GRVSSTP_ENCAP_SOCKS || encapsulation == GRVSSTP_ENCAP_SECURE_TUNNEL ||
           tcp->way == GRVSSTP_WAY_PROXY ||
           conversation_get_dissector(conversation, pinfo->num) == grvsstp_handle;
}

/* First pass: takes a proxy's answer off a segment of the server; whether commands are left. */
static bool has_commands(struct grvsstp_tcp *tcp, tvbuff_t *tvb, const packet_info *pinfo,
                         struct grvsstp_withheld *segment)
{
    const uint8_t *bytes = tvb_get_ptr(tvb, (int)segment->offset, (int)segment->len);
    const uint32_t len =
        grvsstp_tcp_note_answer(tcp, sstp_span(bytes, segment->len), pinfo->num, segment->seq);
    segment->offset += len;
    segment->len -= len;
    segment->seq += len;
    if (len > 0)
        grvsstp_tcp_start_after(tcp, false, segment->seq);
    return segment->len > 0;
}

/* First pass: notes a segment that TCP handed to nobody; whether it brings new bytes. */
static bool note_withheld(struct grvsstp_tcp *tcp, conversation_t *conversation, tvbuff_t *tvb,
                          packet_info *pinfo)
{
    const bool from_initiator = grvsstp_tcp_is_from_initiator(tcp, pinfo->srcport, pinfo);
    const struct grvsstp_sequence *sequence = &tcp->sequences[from_initiator];
    struct grvsstp_withheld segment;

    if (!is_withheld(tcp, conversation, pinfo) ||
        !grvsstp_withheld(conversation, tvb, pinfo, &segment))
        return false;
    if (sequence->is_known && (int32_t)(segment.seq + segment.len - sequence->next) <= 0)
        return false;
    if (!from_initiator && !has_commands(tcp, tvb, pinfo, &segment))
        return false;
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
                      grvsstp_tcp_note_chunk(tcp, from_initiator, &chunk,
                                             segment.has_ack ? &segment.ack : NULL, true,
                                             pinfo->pool));
    return true;
}

/* First pass: takes a connection by its first segment, if that is ours. */
static bool take_by_first(const struct grvsstp_transport *transport, tvbuff_t *data,
                          packet_info *pinfo)
{
    struct grvsstp_recognised recognised;

    grvsstp_recognise(transport, data, pinfo, grvsstp_bits_wanted(transport), &recognised);
    if (recognised.verdict == GRVSSTP_COMMANDS && recognised.prefix.len == 0)
        grvsstp_direct_take(transport, data, pinfo, recognised.prefix);
    else if (recognised.verdict == GRVSSTP_ENCAPSULATED &&
             proto_is_protocol_enabled(find_protocol_by_id(proto_grvhenc)))
        grvsstp_encapsulated_take(transport, pinfo, &recognised);
    else
        return recognised.verdict == GRVSSTP_WAIT_FOR_MORE &&
               grvsstp_held_await(transport, data, pinfo);
    return true;
}

/* First pass: the same where the beginning of a Connect is held, and this segment goes on with it,
 * whatever of that it has once more. */
static bool take_by_held(const struct grvsstp_transport *transport, tvbuff_t *data,
                         packet_info *pinfo)
{
    struct grvsstp_joined joined;
    struct grvsstp_recognised recognised;

    grvsstp_held_judge(transport, data, pinfo, grvsstp_bits_wanted(transport), &joined,
                       &recognised);
    if (!joined.is_joined)
        return false;
    if (recognised.verdict == GRVSSTP_WAIT_FOR_MORE)
        return grvsstp_held_await(transport, data, pinfo);
    if (recognised.verdict != GRVSSTP_COMMANDS)
        return false;
    grvsstp_direct_take(&joined.transport, joined.tvb, pinfo, recognised.prefix);
    return true;
}

static bool is_ours(conversation_t *conversation)
{
    return conversation_get_proto_data(conversation, proto_grvsstp) != NULL ||
           conversation_get_proto_data(conversation, proto_grvhenc) != NULL;
}

/* Whether TCP keeps the segment of the frame at hand until what is before it comes, which may be
 * never, on a connection of whose first bytes an account is kept. */
static bool is_kept_by_tcp(conversation_t *conversation, const struct grvsstp_opening *opening,
                           const packet_info *pinfo)
{
    return opening != NULL && opening->seen_frame != pinfo->num && !opening->is_over &&
           !opening->is_in_tunnel && grvsstp_transport_is_set(GRVSSTP_TCP_KEEPS) &&
           conversation_get_dissector(conversation, pinfo->num) == grvsstp_watch_handle;
}

/* The same: takes a connection by a message of HTTP's that TCP keeps.  Commands may be of a body of
 * such. */
static bool take_by_kept(const struct grvsstp_transport *transport, tvbuff_t *data,
                         packet_info *pinfo)
{
    return grvsstp_transport_is_set(GRVSSTP_TCP_KEEPS) && tvb_captured_length(data) > 0 &&
           *tvb_get_ptr(data, 0, 1) >= 'A' && take_by_first(transport, data, pinfo);
}

/* Whether the frame at hand may hold a piece of the client's request that nobody was given: TCP
 * keeps it, for whoever asked for the rest, until it has all of that. */
static bool is_piece(const struct grvsstp_opening *opening, const packet_info *pinfo)
{
    return opening->seen_frame != pinfo->num && grvsstp_opening_is_pending(opening);
}

/* First pass: looks at a segment that TCP has handed to nobody as at those that it hands on. */
static void look_at_segment(const struct grvsstp_transport *transport, tvbuff_t *data,
                            packet_info *pinfo)
{
    if (take_by_kept(transport, data, pinfo) || take_by_held(transport, data, pinfo) ||
        grvsstp_held_follow(transport, data, pinfo))
        return;
    if (!grvsstp_withheld_is_first(transport->conversation, pinfo) ||
        !take_by_first(transport, data, pinfo))
        grvsstp_watch_withheld(transport, data, pinfo);
}

/* First pass: looks whether the frame at hand is the client's SYN of a conversation of which data
 * was kept before it.  TCP does not always say that there was one: it takes it for sent again. */
static void note_late_syn(struct grvsstp_opening *opening, conversation_t *conversation,
                          tvbuff_t *tvb, packet_info *pinfo)
{
    struct grvsstp_header header;

    if (!grvsstp_withheld_is_told(pinfo) ||
        !grvsstp_header_read(grvsstp_transport_analysis(conversation), tvb, pinfo, &header) ||
        (header.flags & (GRVSSTP_HEADER_SYN | GRVSSTP_HEADER_ACK)) != GRVSSTP_HEADER_SYN)
        return;
    grvsstp_watch_late_syn(opening, conversation, pinfo, header.seq + 1);
}

/* First pass, of a connection of which nobody knows yet whose it is: a segment that was handed to
 * nobody, or is held, or comes before a SYN. */
static void note_segment(conversation_t *conversation, tvbuff_t *tvb, packet_info *pinfo)
{
    struct grvsstp_opening *opening = grvsstp_opening_of(conversation);
    const bool is_withheld =
        grvsstp_withheld_is_suspect(conversation) ||
        (opening != NULL &&
         (opening->held != NULL ||
          (grvsstp_opening_is_pending(opening) && grvsstp_withheld_is_after_hole(conversation))));
    const bool is_kept = is_kept_by_tcp(conversation, opening, pinfo);
    const bool is_only_piece =
        !is_withheld && !is_kept && opening != NULL && is_piece(opening, pinfo);
    const bool is_early =
        opening != NULL && grvsstp_encapsulated_may_be_early(conversation, opening, pinfo);
    struct grvsstp_withheld segment;

    if (is_early && opening->early != NULL && !is_ours(conversation))
        note_late_syn(opening, conversation, tvb, pinfo);
    if ((!is_withheld && !is_early && !is_kept && !is_only_piece) || is_ours(conversation) ||
        grvsstp_port_is_decided(pinfo->srcport) || grvsstp_port_is_decided(pinfo->destport) ||
        !grvsstp_withheld(conversation, tvb, pinfo, &segment))
        return;
    tvbuff_t *data = tvb_new_subset_length(tvb, (int)segment.offset, (int)segment.len);
    struct tcpinfo tcpinfo;
    const struct grvsstp_transport transport =
        grvsstp_withheld_transport(conversation, pinfo, &segment, &tcpinfo);
    if ((is_withheld || is_kept) && (opening == NULL || opening->seen_frame != pinfo->num))
        look_at_segment(&transport, data, pinfo);
    else if (is_only_piece)
        grvsstp_watch_piece(&transport, data, pinfo);
    if (opening == NULL)
        return;
    const bool is_held = grvsstp_hold_has(opening, pinfo->num, segment.seq, 1);
    if (is_held || (is_early && !is_ours(conversation) &&
                    grvsstp_encapsulated_keep_early(opening, &transport, data, pinfo)))
        grvhenc_keep_withheld(pinfo, &segment);
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

/* The same of a frame that was held before it was known whose it is, where TCP has not handed that
 * on this time either. */
static void show_held(conversation_t *conversation, tvbuff_t *tvb, packet_info *pinfo,
                      proto_tree *tree)
{
    const struct grvsstp_tcp *tcp = grvsstp_tcp_find(conversation, pinfo->num);
    const struct grvsstp_withheld *segment = NULL;

    if (tcp != NULL && tcp->has_held && tcp->shown_frame != pinfo->num &&
        pinfo->num >= tcp->connection->first_frame)
        segment = grvhenc_withheld_of(pinfo);
    if (segment != NULL)
        grvsstp_show_layer(tcp->connection,
                           grvsstp_tcp_is_from_initiator(tcp, pinfo->srcport, pinfo),
                           tvb_new_subset_length(tvb, (int)segment->offset, (int)segment->len),
                           pinfo, tree, segment->seq);
}

void grvsstp_frame_end(conversation_t *conversation, tvbuff_t *tvb, packet_info *pinfo,
                       proto_tree *tree)
{
    if (PINFO_FD_VISITED(pinfo)) {
        show_withheld(tvb, pinfo, tree);
        show_held(conversation, tvb, pinfo, tree);
        return;
    }
    note_segment(conversation, tvb, pinfo);
    struct grvsstp_tcp *tcp = grvsstp_tcp_find(conversation, pinfo->num);
    if (tcp == NULL)
        return;
    grvsstp_tcp_note_flows(tcp, conversation, pinfo);
    if (note_withheld(tcp, conversation, tvb, pinfo))
        show_withheld(tvb, pinfo, tree);
    /* TCP hands nothing on of a frame that was cut in its header. */
    if (pinfo->fd->cap_len < pinfo->fd->pkt_len)
        grvsstp_states_gap(tcp->connection->states);
    if (grvsstp_transport_has_ended(conversation))
        grvsstp_states_end(tcp->connection->states);
}
