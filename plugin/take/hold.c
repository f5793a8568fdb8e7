/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "take/hold.h"

#include "follow/states.h"
#include "http/chunk.h"
#include "http/packet-grvhenc.h"
#include "tcp/header.h"

/* What of a chunk its own frame brought: what other dissectors had TCP put before that was held in
 * frames of its own while a Connect is awaited. */
static tvbuff_t *own_part(const struct grvsstp_opening *opening,
                          struct grvsstp_transport *transport, tvbuff_t *tvb,
                          const packet_info *pinfo)
{
    const tcp_unacked_t *segment = grvsstp_header_segment(transport->analysis, pinfo);
    const uint32_t before = segment != NULL ? segment->seq - transport->seq : 0;

    if (!opening->is_awaited || before >= tvb_captured_length(tvb))
        return tvb;
    transport->seq += before;
    return tvb_new_subset_remaining(tvb, (int)before);
}

bool grvsstp_hold_has(const struct grvsstp_opening *opening, uint32_t frame, uint32_t seq,
                      uint32_t len)
{
    const unsigned num = opening->held != NULL ? wmem_array_get_count(opening->held) : 0;

    for (unsigned i = num; i > 0; i--) {
        const struct grvhenc_chunk *chunk =
            *(struct grvhenc_chunk **)wmem_array_index(opening->held, i - 1);
        if (chunk->frame != frame)
            break;
        if (chunk->seq - seq < len)
            return true;
    }
    return false;
}

void grvsstp_hold(struct grvsstp_opening *opening, const struct grvsstp_transport *transport,
                  tvbuff_t *tvb, packet_info *pinfo)
{
    if (opening->held == NULL) {
        opening->held = wmem_array_new(wmem_file_scope(), sizeof(struct grvhenc_chunk *));
        opening->held_since_ns = grvsstp_states_time(pinfo);
        opening->held_len = 0;
    }
    struct grvsstp_transport own = *transport;
    tvbuff_t *own_tvb = own_part(opening, &own, tvb, pinfo);
    struct grvhenc_chunk *chunk = grvhenc_hold(&own, own_tvb, pinfo);
    wmem_array_append_one(opening->held, chunk);
    opening->held_len += tvb_captured_length(own_tvb);
    opening->held_frame = pinfo->num;
}

void grvsstp_hold_let_go(struct grvsstp_opening *opening)
{
    for (unsigned i = 0; opening->held != NULL && i < wmem_array_get_count(opening->held); i++)
        grvhenc_let_go(*(struct grvhenc_chunk **)wmem_array_index(opening->held, i));
    opening->is_over |= opening->held != NULL; /* of them no account is kept */
    opening->held = NULL;
    opening->is_awaited = false;
}
