/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcp/kept.h"

#include <epan/proto_data.h>

#include "fields/fields.h"
#include "tcp/header.h"
#include "tcp/transport.h"

/* Of the data that is kept with a frame; 0 and 1 are those of segments that TCP withholds. */
#define DIVIDED_KEY 2u

struct segment {
    uint32_t seq, end, ack; /* on the wire */
    uint8_t flags;
};

/* The latest of a direction, a ring. */
struct segments {
    unsigned num; /* ever */
    wmem_array_t *all;
};

/* A part of a chunk that is dissected by itself. */
struct part {
    uint32_t len;
    bool is_known; /* the rest is, too; else it is as TCP has it */
    uint8_t flags;
    uint32_t ack; /* on the wire */
};

/* A chunk that was divided: every pass divides it alike.  File scope. */
struct divided {
    struct divided *next; /* of the same frame */
    uint32_t seq;         /* on the wire */
    unsigned num_parts;
    struct part *parts;
};

static bool is_on;

/* By their flow; forgotten with the capture. */
static wmem_map_t *all_segments;

/* That of the part which is dissected now.  It is of the pool of its packet, and so none of TCP's.
 */
static const struct tcpinfo *at_hand;
static bool is_known_at_hand;

void grvsstp_kept_reset(void)
{
    is_on = grvsstp_transport_is_set(GRVSSTP_TCP_KEEPS) &&
            grvsstp_transport_is_set(GRVSSTP_TCP_ANALYZES);
    at_hand = NULL;
}

/* ------------------------------------------------------------------------
 * After each frame
 */

static struct segments *segments_of(const tcp_flow_t *flow)
{
    if (all_segments == NULL)
        all_segments = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), g_direct_hash,
                                              g_direct_equal);
    struct segments *segments = wmem_map_lookup(all_segments, flow);
    if (segments != NULL)
        return segments;
    segments = wmem_new0(wmem_file_scope(), struct segments);
    segments->all = wmem_array_new(wmem_file_scope(), sizeof(struct segment));
    wmem_map_insert(all_segments, flow, segments);
    return segments;
}

void grvsstp_kept_note_frame(const struct tcp_analysis *analysis, tvbuff_t *tvb,
                             const packet_info *pinfo)
{
    struct grvsstp_header header;

    if (!is_on || analysis == NULL || pinfo->fragmented ||
        !grvsstp_header_read(analysis, tvb, pinfo, &header) || header.len == 0 ||
        (header.flags & GRVSSTP_HEADER_SYN) != 0)
        return;
    const struct segment segment = {header.seq, header.seq + header.len, header.ack, header.flags};
    struct segments *segments = segments_of(analysis->fwd);
    if (segments->num < GRVSSTP_KEPT_SEGMENTS_MAX)
        wmem_array_append_one(segments->all, segment);
    else
        *(struct segment *)wmem_array_index(segments->all,
                                            segments->num % GRVSSTP_KEPT_SEGMENTS_MAX) = segment;
    segments->num++;
}

/* ------------------------------------------------------------------------
 * Dividing
 */

static bool is_within(uint32_t number, uint32_t begin, uint32_t end)
{
    return (int32_t)(number - begin) >= 0 && (int32_t)(number - end) < 0;
}

/* The first that brought the byte with this number, or NULL; where else the next begins, at most
 * `end`. */
static const struct segment *find(const struct segments *segments, uint32_t number, uint32_t *end)
{
    const unsigned num = segments != NULL ? wmem_array_get_count(segments->all) : 0;

    for (unsigned i = 0; i < num; i++) {
        const unsigned at = (segments->num + i) % num; /* the oldest first, where it is full */
        const struct segment *segment = wmem_array_index(segments->all, at);
        if (is_within(number, segment->seq, segment->end))
            return segment;
        if (is_within(segment->seq, number, *end))
            *end = segment->seq;
    }
    return NULL;
}

/* The part that begins with this number. */
static struct part part_at(const tcp_flow_t *flow, const tcp_unacked_t *own, uint32_t number,
                           uint32_t end)
{
    struct part part = {.is_known = false};

    if (is_within(number, own->seq, own->nextseq)) {
        part.len = MIN(own->nextseq - number, end - number);
        return part;
    }
    if (is_within(own->seq, number, end))
        end = own->seq;
    const struct segment *segment =
        find(all_segments != NULL ? wmem_map_lookup(all_segments, flow) : NULL, number, &end);
    if (segment != NULL && is_within(segment->end, number, end))
        end = segment->end;
    part.len = end - number;
    part.is_known = segment != NULL;
    part.flags = segment != NULL ? segment->flags : 0;
    part.ack = segment != NULL ? segment->ack : 0;
    return part;
}

/* First pass: divides a chunk, which is more than the segment at hand. */
static struct divided *divide(const struct tcp_analysis *analysis, const tcp_unacked_t *own,
                              uint32_t seq, uint32_t len, packet_info *pinfo)
{
    struct divided *first =
        p_get_proto_data(wmem_file_scope(), pinfo, proto_grvsstp_sstp, DIVIDED_KEY);
    struct divided *divided = wmem_new0(wmem_file_scope(), struct divided);
    const uint32_t end = seq + len;

    divided->seq = seq;
    for (uint32_t number = seq; number != end; number += divided->parts[divided->num_parts++].len) {
        divided->parts = wmem_realloc(wmem_file_scope(), divided->parts,
                                      (divided->num_parts + 1) * sizeof(struct part));
        divided->parts[divided->num_parts] = part_at(analysis->fwd, own, number, end);
    }
    if (first != NULL) {
        divided->next = first->next;
        first->next = divided;
    } else {
        p_add_proto_data(wmem_file_scope(), pinfo, proto_grvsstp_sstp, DIVIDED_KEY, divided);
    }
    return divided;
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
    if (own == NULL || (is_within(transport->seq, own->seq, own->nextseq) &&
                        (int32_t)(transport->seq + len - own->nextseq) <= 0))
        return NULL;
    return divide(transport->analysis, own, transport->seq, len, pinfo);
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
                                  const struct part *part, uint32_t offset, packet_info *pinfo)
{
    struct tcpinfo *tcpinfo = wmem_new(pinfo->pool, struct tcpinfo);

    *tcpinfo = *transport->tcpinfo;
    tcpinfo->seq += offset;
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
    struct part *part = &divided->parts[at];

    part->len += part[1].len;
    memmove(part + 1, part + 2, (divided->num_parts - at - 2) * sizeof *part);
    divided->num_parts--;
}

/* Dissects a part; whether it was taken. */
static bool dissect_part(grvsstp_kept_dissector *dissector,
                         const struct grvsstp_transport *transport, const struct part *part,
                         uint32_t offset, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                         int argument)
{
    tvbuff_t *bytes = tvb_new_subset_length(tvb, (int)offset, (int)part->len);
    struct tcpinfo *tcpinfo = tcpinfo_of(transport, part, offset, pinfo);

    at_hand = tcpinfo;
    is_known_at_hand = part->is_known;
    return dissector(bytes, pinfo, tree, tcpinfo, argument) != 0;
}

static int dissect_parts(grvsstp_kept_dissector *dissector,
                         const struct grvsstp_transport *transport, struct divided *divided,
                         tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, int argument)
{
    bool is_taken = false;
    uint32_t offset = 0;

    for (unsigned i = 0; i < divided->num_parts;) {
        is_taken |= dissect_part(dissector, transport, &divided->parts[i], offset, tvb, pinfo, tree,
                                 argument);
        if (pinfo->desegment_len != 0 && i + 1 < divided->num_parts && !PINFO_FD_VISITED(pinfo)) {
            pinfo->desegment_len = 0;
            join_next(divided, i);
            continue;
        }
        if (pinfo->desegment_len != 0)
            pinfo->desegment_offset += (int)offset;
        offset += divided->parts[i++].len;
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
        if (divided != NULL)
            return dissect_parts(dissector, &transport, divided, tvb, pinfo, tree, argument);
    }
    return dissector(tvb, pinfo, tree, data, argument);
}

bool grvsstp_kept_is_known(const struct tcpinfo *tcpinfo)
{
    return is_on && tcpinfo == at_hand && is_known_at_hand;
}
