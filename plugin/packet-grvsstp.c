/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packet-grvsstp: SSTP over TCP: which connections are ours, and where the bytes
 * of a segment stand in them.
 */
#include "packet-grvsstp.h"

#include <epan/conversation.h>
#include <epan/dissectors/packet-tcp.h>

#include "display.h"
#include "look.h"

/* A Connect that is cut into smaller first segments than this is put together by
 * TCP before we look at it. */
#define LOOK_LEN 24u

static dissector_handle_t grvsstp_handle;
static int proto_tcp;

/* What TCP's conversation is to us.  Lives in file scope. */
struct tcp_connection {
    struct grvsstp_connection *connection;
    address initiator;
    uint32_t initiator_port;
    struct {
        bool has_next_seq;
        uint32_t next_seq; /* TCP's sequence number behind the bytes so far */
    } halves[2];           /* by from_initiator; first pass only */
};

/* Where a chunk stands in its TCP connection. */
struct tcp_context {
    conversation_t *conversation;
    const struct tcpinfo *tcpinfo;       /* NULL where bytes come by another way */
    const struct tcp_analysis *analysis; /* likewise */
};

static struct tcp_context tcp_context(packet_info *pinfo, void *data)
{
    struct tcp_context context = {find_or_create_conversation(pinfo), data, NULL};
    /* Asking for the data of a conversation that TCP itself never saw (inside a
     * tunnel) would make some, and shift the numbers of the streams behind it. */
    if (data != NULL && conversation_get_proto_data(context.conversation, proto_tcp) != NULL)
        context.analysis = get_tcp_conversation_data(context.conversation, pinfo);
    return context;
}

/* Whether the chunk begins with the first byte that its sender sent, as far as a
 * captured SYN tells. */
static bool is_at_start(const struct tcp_context *context)
{
    if (context->tcpinfo == NULL || context->analysis == NULL ||
        context->analysis->server_port == 0) /* set by a SYN */
        return false;
    /* The number is relative or absolute, as TCP's preference says. */
    return context->tcpinfo->seq == 1 ||
           context->tcpinfo->seq == context->analysis->fwd->base_seq + 1;
}

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
        const bool is_originators = at[0] == SSTP_OPEN || at[0] == SSTP_FANOUT_OPEN ||
                                    at[0] == SSTP_MESSAGE || at[0] == SSTP_DATA ||
                                    at[0] == SSTP_END_MESSAGE;
        const bool is_receivers = at[0] == SSTP_OPEN_RESPONSE || at[0] == SSTP_SESSION_STATUS;
        if ((is_originators || is_receivers) && bytes.len - pos >= SSTP_HEADER_LEN + 4) {
            /* GRVSSTP 3.1.4.3.1: the id says which side originated the session. */
            const bool is_initiators = (sstp_get_u32(at + SSTP_HEADER_LEN) & 0x80000000u) == 0;
            return is_originators == is_initiators;
        }
        if (length > bytes.len - pos)
            break;
        pos += length;
    }
    return -1;
}

static bool sender_is_initiator(const struct tcp_context *context, struct sstp_span bytes,
                                const packet_info *pinfo)
{
    const uint32_t server_port = context->analysis != NULL ? context->analysis->server_port : 0;
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

static struct tcp_connection *take(const struct tcp_context *context, struct sstp_span bytes,
                                   packet_info *pinfo)
{
    struct tcp_connection *tcp = wmem_new0(wmem_file_scope(), struct tcp_connection);
    const bool is_initiator = sender_is_initiator(context, bytes, pinfo);

    tcp->connection = grvsstp_connection_new(GRVSSTP_ENCAP_TCP, pinfo->num);
    copy_address_wmem(wmem_file_scope(), &tcp->initiator, is_initiator ? &pinfo->src : &pinfo->dst);
    tcp->initiator_port = is_initiator ? pinfo->srcport : pinfo->destport;
    conversation_add_proto_data(context->conversation, proto_grvsstp, tcp);
    conversation_set_dissector_from_frame_number(context->conversation, pinfo->num, grvsstp_handle);
    return tcp;
}

enum verdict { NOT_OURS, WAIT_FOR_MORE, OURS };

/* No look at all: the user said that these bytes are SSTP. */
#define NO_LOOK 0

/* Looks before it takes: other protocols use port 2492, and every port. */
static enum verdict judge(const struct tcp_context *context, struct sstp_span bytes,
                          const packet_info *pinfo, int bits_wanted)
{
    if (bits_wanted == NO_LOOK)
        return OURS;
    const struct sstp_look look = sstp_look(bytes, true, NULL);
    if (look.bits < 0)
        return NOT_OURS;
    if (look.bits >= bits_wanted)
        return OURS;
    const bool may_be_connect = bytes.len > 0 && bytes.len < LOOK_LEN &&
                                bytes.data[0] == SSTP_CONNECT && is_at_start(context);
    return may_be_connect && look.wants_more && pinfo->can_desegment > 0 ? WAIT_FOR_MORE : NOT_OURS;
}

/* The connection of this chunk, which is taken if it is to be; or NULL with
 * *result what the dissector has to return. */
static struct tcp_connection *tcp_connection(const struct tcp_context *context, tvbuff_t *tvb,
                                             packet_info *pinfo, int bits_wanted, int *result)
{
    struct tcp_connection *tcp = conversation_get_proto_data(context->conversation, proto_grvsstp);
    const unsigned captured = tvb_captured_length(tvb);

    *result = 0;
    if (tcp != NULL)
        return pinfo->num >= tcp->connection->first_frame ? tcp : NULL;
    if (captured == 0)
        return NULL;
    const struct sstp_span bytes = sstp_span(tvb_get_ptr(tvb, 0, (int)captured), captured);
    switch (judge(context, bytes, pinfo, bits_wanted)) {
    case NOT_OURS:
        return NULL;
    case WAIT_FOR_MORE:
        pinfo->desegment_offset = 0;
        pinfo->desegment_len = DESEGMENT_ONE_MORE_SEGMENT;
        *result = (int)captured;
        return NULL;
    case OURS:
        break;
    }
    return PINFO_FD_VISITED(pinfo) ? NULL : take(context, bytes, pinfo);
}

/* ------------------------------------------------------------------------
 * A segment
 */

/* First pass: where the segment's bytes stand behind those before. */
static void note_segment(struct tcp_connection *tcp, bool from_initiator,
                         const struct tcp_context *context, tvbuff_t *tvb, packet_info *pinfo,
                         uint32_t key)
{
    struct grvsstp_half *half = &tcp->connection->halves[from_initiator];
    const uint32_t len = tvb_reported_length(tvb);
    uint32_t skip = 0;
    bool has_gap = false;

    if (context->tcpinfo != NULL) {
        const uint32_t seq = context->tcpinfo->seq;
        if (!tcp->halves[from_initiator].has_next_seq) {
            if (is_at_start(context))
                grvsstp_half_starts(half);
        } else {
            const int32_t ahead = (int32_t)(seq - tcp->halves[from_initiator].next_seq);
            if (ahead > 0) {
                has_gap = true;
                grvsstp_half_loses(half, (uint32_t)ahead);
            } else if (ahead < 0) {
                skip = MIN((uint32_t)-ahead, len);
            }
        }
        if (skip < len)
            tcp->halves[from_initiator].next_seq = seq + len;
        tcp->halves[from_initiator].has_next_seq = true;
    }
    grvsstp_plan_make(tcp->connection, from_initiator, tvb, skip, has_gap, pinfo, key);
}

static int dissect_segment(struct tcp_connection *tcp, const struct tcp_context *context,
                           tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    const bool from_initiator =
        pinfo->srcport == tcp->initiator_port && addresses_equal(&pinfo->src, &tcp->initiator);
    const uint32_t key = context->tcpinfo != NULL ? context->tcpinfo->seq : 0;

    if (!PINFO_FD_VISITED(pinfo))
        note_segment(tcp, from_initiator, context, tvb, pinfo, key);
    grvsstp_show_chunk(tcp->connection, from_initiator, tvb, pinfo, tree, key);
    return (int)tvb_captured_length(tvb);
}

/* Whether the user chose SSTP for this port, by Decode As or the preference: then
 * there is nothing to look for. */
static bool is_users_choice(const packet_info *pinfo)
{
    return pinfo->match_uint != SSTP_PORT &&
           dissector_is_uint_changed(find_dissector_table("tcp.port"), pinfo->match_uint) &&
           dissector_get_uint_handle(find_dissector_table("tcp.port"), pinfo->match_uint) ==
               grvsstp_handle;
}

static int dissect_grvsstp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    const struct tcp_context context = tcp_context(pinfo, data);
    const int bits_wanted = is_users_choice(pinfo) ? NO_LOOK : SSTP_LOOK_OWN_PORT;
    int result;
    struct tcp_connection *tcp = tcp_connection(&context, tvb, pinfo, bits_wanted, &result);

    return tcp != NULL ? dissect_segment(tcp, &context, tvb, pinfo, tree) : result;
}

static grvsstp_heuristic_result dissect_grvsstp_heuristic(tvbuff_t *tvb, packet_info *pinfo,
                                                          proto_tree *tree, void *data)
{
    const struct tcp_context context = tcp_context(pinfo, data);
    int result;
    struct tcp_connection *tcp = tcp_connection(&context, tvb, pinfo, SSTP_LOOK_ANY_PORT, &result);

    if (tcp == NULL)
        return result != 0;
    dissect_segment(tcp, &context, tvb, pinfo, tree);
    return true;
}

/* ------------------------------------------------------------------------
 * Registration
 */

void proto_register_grvsstp(void)
{
    proto_grvsstp =
        proto_register_protocol("Groove Simple Symmetric Transport Protocol", "GRVSSTP", "grvsstp");
    proto_grvsstp_sstp =
        proto_register_protocol_in_name_only("Groove SSTP, found by the filter of its acronym",
                                             "GSSTP", "sstp", proto_grvsstp, FT_PROTOCOL);
    grvsstp_fields_register();
    grvsstp_handle = register_dissector("grvsstp", dissect_grvsstp, proto_grvsstp);
    grvsstp_message_register_preferences(prefs_register_protocol(proto_grvsstp, NULL));
    register_init_routine(grvsstp_connections_reset);
}

void proto_reg_handoff_grvsstp(void)
{
    proto_tcp = proto_get_id_by_filter_name("tcp");
    dissector_add_uint_with_preference("tcp.port", SSTP_PORT, grvsstp_handle);
    heur_dissector_add("tcp", dissect_grvsstp_heuristic, "Groove SSTP over TCP", "grvsstp_tcp",
                       proto_grvsstp, HEURISTIC_ENABLE);
}
