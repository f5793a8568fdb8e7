/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "take/adopt.h"

static bool is_same_initiator(const struct grvsstp_tcp *one, const struct grvsstp_tcp *other)
{
    return one->initiator_port == other->initiator_port &&
           addresses_equal(&one->initiator, &other->initiator);
}

/* Whether all chunks go on from the client's first byte, which has this number: by their own
 * number, or by what they acknowledge. */
static bool goes_on(const struct grvsstp_tcp *tcp, bool is_initiator_client, uint32_t first)
{
    for (const struct grvsstp_early_chunk *at = tcp->early->first; at != NULL; at = at->next) {
        const bool from_client = at->from_initiator == is_initiator_client;
        const uint32_t number = from_client ? at->chunk.key : at->acknowledged;
        if ((!from_client && !at->has_acknowledged) || number - first > GRVSSTP_LATE_BYTES_MAX)
            return false;
    }
    return true;
}

struct grvsstp_tcp *grvsstp_adopt_find(const struct grvsstp_transport *transport,
                                       const packet_info *pinfo)
{
    const uint32_t syn_frame = grvsstp_transport_begun_in(transport);
    uint32_t first;

    if (transport->way != GRVSSTP_WAY_TCP || syn_frame < 2)
        return NULL;
    const bool is_from_client = transport->destport == transport->analysis->server_port;
    conversation_t *before =
        find_conversation(syn_frame - 1, grvsstp_own_source(pinfo), grvsstp_own_target(pinfo),
                          CONVERSATION_TCP, transport->srcport, transport->destport, 0);
    struct grvsstp_tcp *tcp = before != NULL ? grvsstp_tcp_find(before, syn_frame - 1) : NULL;
    if (before == transport->conversation || tcp == NULL || tcp->early == NULL ||
        tcp->early->num == 0 || !grvsstp_transport_first(transport, is_from_client, &first))
        return NULL;
    const bool from_initiator = grvsstp_tcp_is_from_initiator(tcp, transport->srcport, pinfo);
    return goes_on(tcp, from_initiator == is_from_client, first) ? tcp : NULL;
}

void grvsstp_adopt(struct grvsstp_tcp *early, struct grvsstp_tcp *tcp, wmem_allocator_t *pool)
{
    const bool is_same = is_same_initiator(early, tcp);

    grvsstp_tcp_leave(early, tcp);
    for (struct grvsstp_early_chunk *at = early->early->first; at != NULL; at = at->next)
        (void)grvsstp_tcp_note_chunk(tcp, at->from_initiator == is_same, &at->chunk,
                                     at->has_acknowledged ? &at->acknowledged : NULL, true, pool);
    grvsstp_early_free(early->early);
    early->early = NULL;
}
