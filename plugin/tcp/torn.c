/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcp/torn.h"

#include "fields/compat.h"

enum { SYN = 0x01, SYN_ACK = 0x02, RST = 0x20 }; /* of tcp.completeness */
enum { BASE_IS_SET = 0x01, SAW_SYN = 0x02 };     /* of a flow's static_flags */

/* A direction whose SYN was not captured so far cannot be farther ahead of it. */
#define AHEAD_MAX (UINT32_C(1) << 20)

/* By conversation, and by flow, what was before; forgotten with the capture. */
static wmem_map_t *olders, *flows_before;

static const struct tcp_analysis *analysis_of(conversation_t *conversation)
{
    static int proto_tcp;

    if (proto_tcp == 0)
        proto_tcp = proto_get_id_by_filter_name("tcp");
    return conversation_get_proto_data(conversation, proto_tcp);
}

static void *before(wmem_map_t *const *map, const void *key)
{
    return *map != NULL ? wmem_map_lookup(*map, key) : NULL;
}

static void put(wmem_map_t **map, const void *key, const void *value)
{
    if (*map == NULL)
        *map = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), g_direct_hash,
                                      g_direct_equal);
    wmem_map_insert(*map, key, (void *)value);
}

conversation_t *grvsstp_torn_first(conversation_t *conversation)
{
    conversation_t *older = before(&olders, conversation);

    while (older != NULL) {
        conversation = older;
        older = before(&olders, conversation);
    }
    return conversation;
}

const tcp_flow_t *grvsstp_torn_before(const tcp_flow_t *flow)
{
    return before(&flows_before, flow);
}

void grvsstp_torn_add_proto_data(conversation_t *conversation, int protocol, void *data)
{
    for (; conversation != NULL; conversation = before(&olders, conversation))
        conversation_add_proto_data(conversation, protocol, data);
}

/* All that TCP has seen of the connection. */
static unsigned seen_of(conversation_t *conversation)
{
    unsigned seen = 0;

    for (; conversation != NULL; conversation = before(&olders, conversation)) {
        const struct tcp_analysis *analysis = analysis_of(conversation);
        seen |= analysis != NULL ? analysis->conversation_completeness : 0;
    }
    return seen;
}

unsigned grvsstp_torn_completeness(conversation_t *conversation)
{
    const struct tcp_analysis *analysis = analysis_of(conversation);
    const unsigned own = analysis != NULL ? analysis->conversation_completeness : 0;
    conversation_t *first = grvsstp_torn_first(conversation);

    if (first == conversation)
        return own;
    return (seen_of(conversation) & ~(unsigned)SYN) |
           (analysis_of(first)->conversation_completeness & SYN);
}

/* Whether a flow of the conversation before may begin with this number, as the SYN says.  What TCP
 * has guessed itself is the first number that it saw. */
static bool may_begin(const tcp_flow_t *flow, bool is_guessed, uint32_t number)
{
    const uint32_t ahead = flow->base_seq - number;

    if ((flow->static_flags & BASE_IS_SET) == 0)
        return true;
    return ahead == 0 || (is_guessed && ahead <= AHEAD_MAX);
}

/* Whether a SYN, which has left TCP's analysis so, goes on with what there was before: its like was
 * not seen there, and both directions can begin as it says. */
static bool goes_on(const struct tcp_analysis *analysis, conversation_t *older_conversation)
{
    const struct tcp_analysis *older = analysis_of(older_conversation);
    const bool is_server = (analysis->conversation_completeness & SYN_ACK) != 0;
    const bool is_first_flow = analysis->fwd == &analysis->flow1;
    const unsigned seen = older != NULL ? seen_of(older_conversation) : 0;

    if (older == NULL || (seen & (RST | (is_server ? SYN_ACK : SYN))) != 0)
        return false;
    const tcp_flow_t *own = is_first_flow ? &older->flow1 : &older->flow2;
    const tcp_flow_t *other = is_first_flow ? &older->flow2 : &older->flow1;
    if (!is_server) /* another number begins another conversation in each release */
        return (own->static_flags & BASE_IS_SET) != 0 && own->base_seq == analysis->fwd->base_seq;
    return may_begin(own, true, analysis->fwd->base_seq) &&
           may_begin(other, (other->static_flags & SAW_SYN) == 0, analysis->rev->base_seq);
}

conversation_t *grvsstp_torn_note_frame(conversation_t *conversation, const packet_info *pinfo)
{
    const struct tcp_analysis *analysis = analysis_of(conversation);

    if (!GRVSSTP_TCP_TEARS || conversation->setup_frame != pinfo->num || pinfo->num < 2 ||
        analysis == NULL || (analysis->conversation_completeness & (SYN | SYN_ACK)) == 0)
        return NULL;
    conversation_t *older =
        find_conversation(pinfo->num - 1, grvsstp_own_source(pinfo), grvsstp_own_target(pinfo),
                          CONVERSATION_TCP, pinfo->srcport, pinfo->destport, 0);
    if (older == NULL || older == conversation || !goes_on(analysis, older))
        return NULL;
    put(&olders, conversation, older);
    put(&flows_before, &analysis->flow1, &analysis_of(older)->flow1);
    put(&flows_before, &analysis->flow2, &analysis_of(older)->flow2);
    return older;
}
