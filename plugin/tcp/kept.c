/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcp/kept.h"

#include <epan/proto_data.h>

#include "fields/fields.h"
#include "tcp/header.h"
#include "tcp/segments.h"
#include "tcp/transport.h"

/* Of the data that is kept with a frame; 0 and 1 are those of segments that TCP withholds. */
#define DIVIDED_KEY 2u

/* Those of a direction. */
struct noted {
    struct grvsstp_segments segments;
    wmem_array_t *all; /* struct grvsstp_segment */
};

/* A chunk that was divided: every pass divides it alike.  File scope. */
struct divided {
    struct divided *next; /* of the same frame */
    uint32_t seq;         /* on the wire, as TCP hands the chunk on */
    uint32_t num_skipped; /* bytes before it in its segment that belong to it */
    unsigned num_parts;
    struct grvsstp_part *parts;
};

static bool is_on;

/* By their flow; forgotten with the capture. */
static wmem_map_t *all_noted;

/* Where a chunk was handed on last. */
static uint32_t last_frame;

/* That of the part which is dissected now.  It is of the pool of its packet, and so none of TCP's.
 */
static const struct tcpinfo *at_hand;
static bool is_known_at_hand;

void grvsstp_kept_reset(void)
{
    is_on = grvsstp_transport_is_set(GRVSSTP_TCP_KEEPS) &&
            grvsstp_transport_is_set(GRVSSTP_TCP_ANALYZES);
    at_hand = NULL;
    last_frame = 0;
}

/* ------------------------------------------------------------------------
 * After each frame
 */

static struct noted *noted_of(const tcp_flow_t *flow)
{
    if (all_noted == NULL)
        all_noted = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), g_direct_hash,
                                           g_direct_equal);
    struct noted *noted = wmem_map_lookup(all_noted, flow);
    if (noted != NULL)
        return noted;
    noted = wmem_new0(wmem_file_scope(), struct noted);
    noted->all = wmem_array_new(wmem_file_scope(), sizeof(struct grvsstp_segment));
    wmem_map_insert(all_noted, flow, noted);
    return noted;
}

static const struct grvsstp_segments *segments_of(const tcp_flow_t *flow)
{
    return &noted_of(flow)->segments;
}

void grvsstp_kept_note_frame(const struct tcp_analysis *analysis, tvbuff_t *tvb,
                             const packet_info *pinfo)
{
    struct grvsstp_header header;

    if (!is_on || analysis == NULL || pinfo->fragmented ||
        !grvsstp_header_read(analysis, tvb, pinfo, &header) || header.len == 0 ||
        (header.flags & GRVSSTP_HEADER_SYN) != 0)
        return;
    const struct grvsstp_segment segment = {header.seq, header.seq + header.len, header.ack,
                                            header.flags};
    struct noted *noted = noted_of(analysis->fwd);
    const unsigned next = grvsstp_segments_next(&noted->segments);
    if (next == wmem_array_get_count(noted->all))
        wmem_array_append_one(noted->all, segment);
    else
        *(struct grvsstp_segment *)wmem_array_index(noted->all, next) = segment;
    noted->segments.all = wmem_array_get_raw(noted->all);
    noted->segments.num++;
}

/* ------------------------------------------------------------------------
 * Dividing
 */

/* First pass: divides a chunk, which is not all of the segment at hand. */
static struct divided *divide(const struct tcp_analysis *analysis, const tcp_unacked_t *unacked,
                              uint32_t seq, uint32_t len, uint32_t num_skipped, packet_info *pinfo)
{
    const struct grvsstp_segment own = {.seq = unacked->seq, .end = unacked->nextseq};
    struct divided *first =
        p_get_proto_data(wmem_file_scope(), pinfo, proto_grvsstp_sstp, DIVIDED_KEY);
    struct divided *divided = wmem_new0(wmem_file_scope(), struct divided);
    const uint32_t end = seq + len;

    divided->seq = seq;
    divided->num_skipped = num_skipped;
    for (uint32_t number = seq - num_skipped; number != end;
         number += divided->parts[divided->num_parts++].len) {
        divided->parts = wmem_realloc(wmem_file_scope(), divided->parts,
                                      (divided->num_parts + 1) * sizeof(struct grvsstp_part));
        divided->parts[divided->num_parts] =
            grvsstp_segments_part(segments_of(analysis->fwd), &own, number, end);
    }
    if (first != NULL) {
        divided->next = first->next;
        first->next = divided;
    } else {
        p_add_proto_data(wmem_file_scope(), pinfo, proto_grvsstp_sstp, DIVIDED_KEY, divided);
    }
    return divided;
}

/* First pass: how many bytes of the segment at hand before the chunk TCP has skipped as sent again,
 * though nobody has brought them: where its data comes before the SYN of its side, TCP counts from
 * two beginnings. */
static uint32_t num_skipped(const struct grvsstp_transport *transport, const tcp_unacked_t *own,
                            tvbuff_t *tvb, const packet_info *pinfo)
{
    const uint32_t num = transport->seq - own->seq;

    if (transport->way != GRVSSTP_WAY_TCP || transport->tcpinfo->is_reassembled ||
        last_frame == pinfo->num || num == 0 ||
        !grvsstp_segments_is_within(transport->seq, own->seq, own->nextseq) ||
        (uint32_t)tvb_raw_offset(tvb) < num ||
        grvsstp_segments_have(segments_of(transport->analysis->fwd), own->seq, transport->seq))
        return 0;
    return num;
}

/* How a chunk is divided; NULL where it is not. */
static struct divided *divided_of(const struct grvsstp_transport *transport, tvbuff_t *tvb,
                                  packet_info *pinfo)
{
    struct divided *divided =
        p_get_proto_data(wmem_file_scope(), pinfo, proto_grvsstp_sstp, DIVIDED_KEY);
    const uint32_t len = tvb_reported_length(tvb);

    while (divided != NULL && divided->seq != transport->seq)
        divided = divided->next;
    if (divided != NULL || PINFO_FD_VISITED(pinfo))
        return divided;
    const tcp_unacked_t *own = grvsstp_header_segment(transport->analysis, pinfo);
    if (own == NULL)
        return NULL;
    const uint32_t skipped = num_skipped(transport, own, tvb, pinfo);
    if (skipped == 0 && grvsstp_segments_is_within(transport->seq, own->seq, own->nextseq) &&
        (int32_t)(transport->seq + len - own->nextseq) <= 0)
        return NULL;
    return divide(transport->analysis, own, transport->seq, len, skipped, pinfo);
}

/* ------------------------------------------------------------------------
 * Dissecting
 */

static bool may_be_divided(const struct grvsstp_transport *transport, tvbuff_t *tvb)
{
    return transport->tcpinfo != NULL && transport->analysis != NULL &&
           transport->way != GRVSSTP_WAY_PROXY &&
           tvb_captured_length(tvb) == tvb_reported_length(tvb);
}

/* What TCP would have called with, had it handed the part on by itself. */
static struct tcpinfo *tcpinfo_of(const struct grvsstp_transport *transport,
                                  const struct grvsstp_part *part, int32_t offset,
                                  packet_info *pinfo)
{
    struct tcpinfo *tcpinfo = wmem_new(pinfo->pool, struct tcpinfo);

    *tcpinfo = *transport->tcpinfo;
    tcpinfo->seq += (uint32_t)offset;
    tcpinfo->nxtseq = tcpinfo->seq + part->len;
    if (part->is_known) {
        tcpinfo->flags = part->flags;
        tcpinfo->lastackseq = part->ack - grvsstp_transport_base(transport->analysis->rev);
    }
    return tcpinfo;
}

/* First pass: makes one of a part and the next one. */
static void join_next(struct divided *divided, unsigned at)
{
    struct grvsstp_part *part = &divided->parts[at];

    part->len += part[1].len;
    memmove(part + 1, part + 2, (divided->num_parts - at - 2) * sizeof *part);
    divided->num_parts--;
}

/* Dissects a part, which lies at an offset from the beginning of what TCP handed on; whether it was
 * taken. */
static bool dissect_part(grvsstp_kept_dissector *dissector,
                         const struct grvsstp_transport *transport, const struct grvsstp_part *part,
                         int32_t offset, tvbuff_t *bytes, packet_info *pinfo, proto_tree *tree,
                         int argument)
{
    struct tcpinfo *tcpinfo = tcpinfo_of(transport, part, offset, pinfo);

    at_hand = tcpinfo;
    is_known_at_hand = part->is_known;
    return dissector(bytes, pinfo, tree, tcpinfo, argument) != 0;
}

/* A chunk with what TCP has skipped before it. */
static tvbuff_t *with_skipped(tvbuff_t *tvb, uint32_t num_skipped)
{
    if (num_skipped == 0)
        return tvb;
    return tvb_new_subset_length(tvb_get_ds_tvb(tvb), tvb_raw_offset(tvb) - (int)num_skipped,
                                 (int)(num_skipped + tvb_captured_length(tvb)));
}

static int dissect_parts(grvsstp_kept_dissector *dissector,
                         const struct grvsstp_transport *transport, struct divided *divided,
                         tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, int argument)
{
    tvbuff_t *all = with_skipped(tvb, divided->num_skipped);
    bool is_taken = false;
    uint32_t at = 0;

    for (unsigned i = 0; i < divided->num_parts;) {
        const int32_t offset = (int32_t)(at - divided->num_skipped);
        const struct grvsstp_part *part = &divided->parts[i];
        is_taken |= dissect_part(dissector, transport, part, offset,
                                 tvb_new_subset_length(all, (int)at, (int)part->len), pinfo, tree,
                                 argument);
        if (pinfo->desegment_len != 0 && i + 1 < divided->num_parts && !PINFO_FD_VISITED(pinfo)) {
            pinfo->desegment_len = 0;
            join_next(divided, i);
            continue;
        }
        if (pinfo->desegment_len != 0)
            pinfo->desegment_offset = MAX(pinfo->desegment_offset + offset, 0);
        at += divided->parts[i++].len;
    }
    return is_taken ? (int)tvb_captured_length(tvb) : 0;
}

int grvsstp_kept_dissect(grvsstp_kept_dissector *dissector, tvbuff_t *tvb, packet_info *pinfo,
                         proto_tree *tree, void *data, int argument)
{
    struct divided *divided = NULL;

    if (is_on && data != at_hand && grvsstp_transport_is_carried(pinfo)) {
        const struct grvsstp_transport transport = grvsstp_transport(pinfo, tvb, data);
        if (may_be_divided(&transport, tvb))
            divided = divided_of(&transport, tvb, pinfo);
        last_frame = pinfo->num;
        if (divided != NULL)
            return dissect_parts(dissector, &transport, divided, tvb, pinfo, tree, argument);
    }
    return dissector(tvb, pinfo, tree, data, argument);
}

bool grvsstp_kept_is_known(const struct tcpinfo *tcpinfo)
{
    return is_on && tcpinfo == at_hand && is_known_at_hand;
}
