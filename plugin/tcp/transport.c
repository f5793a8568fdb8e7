/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcp/transport.h"

#include <epan/prefs-int.h>
#include <epan/proto_data.h>

#include "fields/fields.h"
#include "tcp/fin.h"
#include "tcp/torn.h"

static int proto_tcp, proto_socks, proto_proxy;
static int hf_srcport, hf_destport;
static pref_t *preferences[GRVSSTP_TCP_PREFERENCE_COUNT];

void grvsstp_transport_init(void)
{
    static const char *const names[GRVSSTP_TCP_PREFERENCE_COUNT] = {
        [GRVSSTP_TCP_ANALYZES] = "analyze_sequence_numbers",
        [GRVSSTP_TCP_IS_RELATIVE] = "relative_sequence_numbers",
        [GRVSSTP_TCP_CHECKS] = "check_checksum",
        [GRVSSTP_TCP_KEEPS] = "reassemble_out_of_order"};
    module_t *module = prefs_find_module("tcp");

    proto_tcp = proto_get_id_by_filter_name("tcp");
    for (size_t i = 0; i < GRVSSTP_TCP_PREFERENCE_COUNT; i++)
        preferences[i] = prefs_find_preference(module, names[i]);
    proto_socks = proto_get_id_by_filter_name("socks");
    proto_proxy = proto_get_id_by_filter_name("proxy");
    hf_srcport = proto_registrar_get_id_byname("tcp.srcport");
    hf_destport = proto_registrar_get_id_byname("tcp.dstport");
}

/* Whether TCP has called us itself: nobody else can have changed the ports of pinfo. */
static bool is_called_by_tcp(const packet_info *pinfo)
{
    wmem_list_frame_t *at = wmem_list_tail(pinfo->layers);

    while (at != NULL && GPOINTER_TO_INT(wmem_list_frame_data(at)) == proto_grvsstp)
        at = wmem_list_frame_prev(at);
    return at != NULL && GPOINTER_TO_INT(wmem_list_frame_data(at)) == proto_tcp;
}

/* The ports of TCP's header, which TCP keeps for Decode As: of all that a tunnel does to those
 * of pinfo, each puts another in the place of one, and not always in the right one. */
void grvsstp_transport_ports(packet_info *pinfo, uint32_t *srcport, uint32_t *destport)
{
    *srcport = pinfo->srcport;
    *destport = pinfo->destport;
    if (is_called_by_tcp(pinfo))
        return;
    for (uint32_t layer = pinfo->curr_layer_num; layer > 0; layer--) {
        void *port = p_get_proto_data(pinfo->pool, pinfo, hf_srcport, layer);
        if (port == NULL)
            continue;
        *srcport = GPOINTER_TO_UINT(port);
        *destport = GPOINTER_TO_UINT(p_get_proto_data(pinfo->pool, pinfo, hf_destport, layer));
        return;
    }
}

static conversation_t *find_own(packet_info *pinfo, uint32_t srcport, uint32_t destport)
{
    return find_conversation(pinfo->num, grvsstp_own_source(pinfo), grvsstp_own_target(pinfo),
                             CONVERSATION_TCP, srcport, destport, 0);
}

/* The conversation of the frame at hand that was found last, for it is asked for once more after
 * the frame. */
static struct {
    uint32_t frame; /* 0: none */
    uint32_t srcport, destport;
    const void *src, *dst;
    conversation_t *conversation;
} found;

void grvsstp_transport_reset(void)
{
    found.frame = 0;
}

static void keep_found(const packet_info *pinfo, conversation_t *conversation)
{
    found.frame = pinfo->num;
    found.srcport = pinfo->srcport;
    found.destport = pinfo->destport;
    found.src = pinfo->src.data;
    found.dst = pinfo->dst.data;
    found.conversation = conversation;
}

static bool is_found(const packet_info *pinfo, uint32_t srcport, uint32_t destport)
{
    return found.frame == pinfo->num && found.srcport == srcport && found.destport == destport &&
           found.src == pinfo->src.data && found.dst == pinfo->dst.data;
}

conversation_t *grvsstp_transport_conversation(packet_info *pinfo)
{
    uint32_t srcport, destport;
    grvsstp_transport_ports(pinfo, &srcport, &destport);
    return is_found(pinfo, srcport, destport) ? found.conversation
                                              : find_own(pinfo, srcport, destport);
}

bool grvsstp_transport_is_set(enum grvsstp_tcp_preference which)
{
    return preferences[which] != NULL && prefs_get_bool_value(preferences[which], pref_current);
}

uint32_t grvsstp_transport_base(const tcp_flow_t *flow)
{
    return grvsstp_transport_is_set(GRVSSTP_TCP_ANALYZES) &&
                   grvsstp_transport_is_set(GRVSSTP_TCP_IS_RELATIVE)
               ? flow->base_seq
               : 0;
}

/* Whether the chunk is one that TCP itself handed on, all of it, whoever passed it along: the
 * rest of a segment, or a reassembled block. */
static bool is_whole(const struct tcpinfo *tcpinfo, tvbuff_t *tvb)
{
    return tcpinfo->nxtseq == 0 || /* TCP does not know, as of an IP fragment */
           tcpinfo->nxtseq - tcpinfo->seq == tvb_reported_length(tvb) ||
           (tcpinfo->is_reassembled && tvb_raw_offset(tvb) == 0);
}

/* Who handed the chunk on, by the protocols after TCP.  The list keeps those of the chunk before
 * in the same frame, too; what comes out of a tunnel has another port. */
static enum grvsstp_way way_of(const packet_info *pinfo, bool is_whole_chunk, bool is_own_port)
{
    for (wmem_list_frame_t *at = wmem_list_tail(pinfo->layers); at != NULL;
         at = wmem_list_frame_prev(at)) {
        const int protocol = GPOINTER_TO_INT(wmem_list_frame_data(at));
        if (protocol == proto_tcp)
            break;
        if (protocol == proto_grvsstp)
            continue;
        if (!is_whole_chunk)
            return protocol == proto_proxy ? GRVSSTP_WAY_PROXY : GRVSSTP_WAY_WRAPPED;
        if (!is_own_port && protocol == proto_socks)
            return GRVSSTP_WAY_SOCKS;
    }
    if (!is_whole_chunk)
        return GRVSSTP_WAY_WRAPPED;
    return is_own_port ? GRVSSTP_WAY_TCP : GRVSSTP_WAY_HTTP;
}

struct grvsstp_transport grvsstp_transport(packet_info *pinfo, tvbuff_t *tvb, void *data)
{
    const struct tcpinfo *tcpinfo = data;
    struct grvsstp_transport transport = {.inner = find_or_create_conversation(pinfo),
                                          .seq = (uint32_t)tvb_raw_offset(tvb)};

    grvsstp_transport_ports(pinfo, &transport.srcport, &transport.destport);
    const bool is_own_port =
        transport.srcport == pinfo->srcport && transport.destport == pinfo->destport;
    transport.way = way_of(pinfo, tcpinfo != NULL && is_whole(tcpinfo, tvb), is_own_port);
    /* From 4.4 on PROXY names the ends that its header tells of for those of the conversation. */
    if (!is_own_port || pinfo->use_conv_addr_port_endpoints)
        transport.conversation = find_own(pinfo, transport.srcport, transport.destport);
    if (transport.conversation == NULL)
        transport.conversation = transport.inner;
    if (transport.way == GRVSSTP_WAY_TCP && transport.conversation == transport.inner)
        keep_found(pinfo, transport.conversation);
    transport.analysis = conversation_get_proto_data(transport.conversation, proto_tcp);
    if (tcpinfo == NULL || transport.way == GRVSSTP_WAY_WRAPPED)
        return transport;
    transport.tcpinfo = tcpinfo;
    transport.seq = tcpinfo->seq;
    /* That protocol hands TCP's numbers on as they were before its own bytes. */
    if (transport.way == GRVSSTP_WAY_PROXY)
        transport.seq = tcpinfo->nxtseq - tvb_reported_length(tvb);
    if (transport.analysis != NULL)
        transport.seq += grvsstp_transport_base(transport.analysis->fwd);
    return transport;
}

const struct tcp_analysis *grvsstp_transport_analysis(conversation_t *conversation)
{
    return conversation_get_proto_data(conversation, proto_tcp);
}

bool grvsstp_transport_is_carried(const packet_info *pinfo)
{
    return !pinfo->flags.in_error_pkt;
}

int grvsstp_transport_refuse(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    return proto_is_frame_protocol(pinfo->layers, "http") ? call_data_dissector(tvb, pinfo, tree)
                                                          : 0;
}

bool grvsstp_transport_has_start(const struct grvsstp_transport *transport)
{
    return transport->analysis != NULL && transport->analysis->server_port != 0; /* by a SYN */
}

bool grvsstp_transport_is_answer(const struct grvsstp_transport *transport)
{
    const tcp_flow_t *other = transport->analysis != NULL ? transport->analysis->rev : NULL;

    for (; other != NULL; other = grvsstp_torn_before(other))
        if (other->tcp_analyze_seq_info != NULL && other->tcp_analyze_seq_info->nextseq != 0 &&
            (int32_t)(other->tcp_analyze_seq_info->nextseq - other->base_seq) > 1)
            return true;
    return false;
}

enum { SYN = 0x01, SYN_ACK = 0x02, FIN = 0x10, RST = 0x20 }; /* of tcp.completeness */

bool grvsstp_transport_has_ended(conversation_t *conversation)
{
    return (grvsstp_torn_completeness(conversation) & (FIN | RST)) != 0;
}

bool grvsstp_transport_has_syn(conversation_t *conversation)
{
    return (grvsstp_torn_completeness(conversation) & SYN) != 0;
}

uint32_t grvsstp_transport_begun_in(const struct grvsstp_transport *transport)
{
    return transport->analysis != NULL && grvsstp_transport_has_syn(transport->conversation)
               ? grvsstp_torn_first(transport->conversation)->setup_frame
               : 0;
}

uint32_t grvsstp_transport_opened_in(conversation_t *conversation)
{
    return (grvsstp_torn_completeness(conversation) & (SYN | SYN_ACK)) == (SYN | SYN_ACK)
               ? grvsstp_torn_first(conversation)->setup_frame
               : 0;
}

bool grvsstp_transport_acknowledged(const struct grvsstp_transport *transport, uint32_t *number)
{
    enum { ACK = 0x10 }; /* of TCP's flags */
    if (transport->tcpinfo == NULL || (transport->tcpinfo->flags & ACK) == 0)
        return false;
    *number = transport->tcpinfo->lastackseq;
    if (transport->analysis != NULL)
        *number = grvsstp_fin_before(transport->analysis->rev,
                                     *number + grvsstp_transport_base(transport->analysis->rev));
    return true;
}

/* The number of the first byte of a flow, where its SYN was captured, or the answer to that from
 * the `other` one, if not NULL: then TCP does not look at the SYN any more. */
static bool first_of(const tcp_flow_t *flow, const tcp_flow_t *other, uint32_t *number)
{
    enum { SAW_SYN = 0x02, SAW_SYNACK = 0x04 }; /* else its first number is a guess */
    bool is_told = false;

    if (!grvsstp_transport_is_set(GRVSSTP_TCP_ANALYZES))
        return false;
    while (flow != NULL && !is_told) {
        *number = flow->base_seq + 1;
        is_told = (flow->static_flags & (SAW_SYN | SAW_SYNACK)) != 0 ||
                  (other != NULL && (other->static_flags & SAW_SYNACK) != 0);
        flow = grvsstp_torn_before(flow);
        other = other != NULL ? grvsstp_torn_before(other) : NULL;
    }
    return is_told;
}

/* TCP's number after what a flow has brought; 0 where it was nothing. */
static uint32_t next_of(const tcp_flow_t *flow)
{
    uint32_t next = 0;

    for (; flow != NULL && next == 0; flow = grvsstp_torn_before(flow))
        next = flow->tcp_analyze_seq_info != NULL ? flow->tcp_analyze_seq_info->nextseq : 0;
    return next;
}

bool grvsstp_transport_first(const struct grvsstp_transport *transport, bool is_senders,
                             uint32_t *number)
{
    const struct tcp_analysis *analysis = transport->analysis;
    return analysis != NULL && first_of(is_senders ? analysis->fwd : analysis->rev,
                                        is_senders ? analysis->rev : analysis->fwd, number);
}

bool grvsstp_transport_flow_first(const tcp_flow_t *flow, uint32_t *number)
{
    return first_of(flow, NULL, number);
}

bool grvsstp_transport_count(const tcp_flow_t *flow, uint32_t *first, uint32_t *len)
{
    const uint32_t next = next_of(flow);

    if (!first_of(flow, NULL, first) || next == 0)
        return false;
    *len = next - *first;
    return true;
}

uint32_t grvsstp_transport_start(const struct grvsstp_transport *transport)
{
    const struct tcp_analysis *analysis = transport->analysis;
    uint32_t number;

    return first_of(analysis->fwd, analysis->rev, &number) ? number : analysis->fwd->base_seq + 1;
}

bool grvsstp_transport_is_at_start(const struct grvsstp_transport *transport)
{
    return transport->tcpinfo != NULL && grvsstp_transport_has_start(transport) &&
           transport->seq == grvsstp_transport_start(transport);
}

void grvsstp_transport_release(const struct grvsstp_transport *transport)
{
    if (transport->analysis == NULL || transport->tcpinfo == NULL)
        return;
    tcp_flow_t *flow = transport->analysis->rev;
    const tcp_analyze_seq_flow_info_t *info = flow->tcp_analyze_seq_info;

    if ((flow->flags & TCP_FLOW_REASSEMBLE_UNTIL_FIN) == 0 || info == NULL)
        return;
    struct tcp_multisegment_pdu *kept = wmem_tree_lookup32_le(flow->multisegment_pdus, UINT32_MAX);
    if (kept == NULL)
        return;
    kept->nxtpdu = info->nextseq - grvsstp_transport_base(flow);
    flow->flags &= (uint16_t)~TCP_FLOW_REASSEMBLE_UNTIL_FIN;
}

bool grvsstp_transport_end(const tcp_flow_t *flow, const tcp_flow_t *other, uint32_t *number)
{
    if (flow == NULL || flow->tcp_analyze_seq_info == NULL || other->tcp_analyze_seq_info == NULL)
        return false;
    const uint32_t next = next_of(flow);
    const uint32_t acknowledged = other->tcp_analyze_seq_info->lastack;
    const bool is_acknowledged_only =
        next == 0 || (acknowledged != 0 && (int32_t)(acknowledged - next) > 0);

    if (next == 0 && acknowledged == 0)
        return false;
    *number = grvsstp_fin_certain(flow, is_acknowledged_only ? acknowledged : next);
    return true;
}
