/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcp/fin.h"

#include "tcp/header.h"
#include "tcp/torn.h"

/* The number of each FIN, by its flow; forgotten with the capture. */
static wmem_map_t *fins;

static bool number_of(const tcp_flow_t *flow, uint32_t *number)
{
    void *value;

    if (fins == NULL)
        return false;
    while (flow != NULL && !wmem_map_lookup_extended(fins, flow, NULL, &value))
        flow = grvsstp_torn_before(flow);
    if (flow == NULL)
        return false;
    *number = GPOINTER_TO_UINT(value);
    return true;
}

void grvsstp_fin_note_frame(const struct tcp_analysis *analysis, tvbuff_t *tvb,
                            const packet_info *pinfo)
{
    enum { FIN = 0x10 }; /* of tcp.completeness */
    struct grvsstp_header header;

    if (analysis == NULL || (analysis->conversation_completeness & FIN) == 0 || pinfo->fragmented ||
        !grvsstp_header_read(analysis, tvb, pinfo, &header) ||
        (header.flags & GRVSSTP_HEADER_FIN) == 0)
        return;
    if (fins == NULL)
        fins = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), g_direct_hash,
                                      g_direct_equal);
    wmem_map_insert(fins, analysis->fwd, GUINT_TO_POINTER(header.seq + header.len));
}

bool grvsstp_fin_is_seen(const tcp_flow_t *flow)
{
    uint32_t fin;
    return number_of(flow, &fin);
}

static uint32_t up_to(uint32_t fin, uint32_t number)
{
    return (int32_t)(number - fin) > 0 ? fin : number;
}

uint32_t grvsstp_fin_before(const tcp_flow_t *flow, uint32_t number)
{
    uint32_t fin;
    return number_of(flow, &fin) ? up_to(fin, number) : number;
}

uint32_t grvsstp_fin_certain(const tcp_flow_t *flow, uint32_t number)
{
    uint32_t fin;
    return number_of(flow, &fin) ? up_to(fin, number) : number - 1;
}
