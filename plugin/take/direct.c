/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "take/direct.h"

#include "follow/states.h"
#include "show/show.h"
#include "fields/henc_fields.h"
#include "http/packet-grvhenc.h"

/* What TCP's conversation is to us.  Lives in file scope. */
struct tcp_connection {
    /* The same addresses and ports again, inside a tunnel, whose conversation
     * Wireshark does not begin anew; NULL for the last. */
    struct tcp_connection *newer;
    struct grvsstp_connection *connection;
    address initiator;
    uint32_t initiator_port;
    struct grvsstp_sequence sequences[2]; /* by from_initiator; first pass only */
    /* TCP's own conversation, which inside a tunnel is not the one that the bytes
     * have; NULL as long as it is not known. */
    conversation_t *transport;
    struct grvsstp_missing missing;
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

void grvsstp_direct_reset(void)
{
    taken.tcp = NULL;
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
    copy_address_wmem(wmem_file_scope(), &tcp->initiator, is_initiator ? &pinfo->src : &pinfo->dst);
    tcp->initiator_port = is_initiator ? pinfo->srcport : pinfo->destport;
    /* A Connect is the first command there is, so the answer will be the first too. */
    if (bytes.data[0] == SSTP_CONNECT) {
        grvsstp_half_starts(&tcp->connection->halves[0]);
        grvsstp_half_starts(&tcp->connection->halves[1]);
    }
    if (grvsstp_transport_is_at_start(transport) && !grvsstp_transport_is_answer(transport))
        grvsstp_states_start(tcp->connection->states);
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

/* First pass: where the segment's bytes stand behind those before. */
static void note_segment(struct tcp_connection *tcp, bool from_initiator,
                         const struct grvsstp_transport *transport, tvbuff_t *tvb,
                         packet_info *pinfo, uint32_t key)
{
    struct grvsstp_half *half = &tcp->connection->halves[from_initiator];
    struct grvsstp_join join = {false, 0, 0};
    bool is_first_missing = false;

    if (transport->tcpinfo != NULL)
        join =
            grvsstp_sequence_join(&tcp->sequences[from_initiator], key, tvb_reported_length(tvb));
    if (join.is_first && grvsstp_transport_is_at_start(transport))
        grvsstp_half_starts(half);
    else
        is_first_missing = join.is_first && grvsstp_transport_has_start(transport);
    conversation_t *conversation =
        tcp->transport != NULL ? tcp->transport : transport->conversation;
    if (grvsstp_transport_is_missing(conversation, &tcp->missing))
        grvsstp_states_gap(tcp->connection->states); /* and this side knows more than we do */
    if (join.lost > 0) {
        grvsstp_half_loses(half, join.lost);
        grvsstp_transport_note_told(conversation, &tcp->missing);
    }
    grvsstp_plan_make(tcp->connection, from_initiator, tvb, join.skip,
                      join.lost > 0 || is_first_missing, pinfo, pinfo->num, key);
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

void grvsstp_direct_note_end(conversation_t *conversation, const packet_info *pinfo)
{
    if (PINFO_FD_VISITED(pinfo))
        return;
    if (taken.tcp != NULL && taken.frame == pinfo->num) {
        if (carried == NULL)
            carried = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), g_direct_hash,
                                             g_direct_equal);
        wmem_map_insert(carried, conversation, taken.tcp);
        taken.tcp->transport = conversation;
    }
    taken.tcp = NULL;
    if (carried == NULL)
        return;
    struct tcp_connection *tcp = wmem_map_lookup(carried, conversation);
    if (tcp == NULL)
        return;
    /* TCP hands nothing on of a frame that was cut in its header. */
    if (grvsstp_transport_is_missing(conversation, &tcp->missing) ||
        pinfo->fd->cap_len < pinfo->fd->pkt_len)
        grvsstp_states_gap(tcp->connection->states);
    if (grvsstp_transport_has_ended(conversation))
        grvsstp_states_end(tcp->connection->states);
}
