/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "take/recognise.h"

#include "henc/http.h"

/* A Connect that is cut into smaller first segments than this is put together by
 * TCP before we look at it. */
#define LOOK_LEN 48u

/* Whether this may be the first byte of a connection: the SYN says so, or the
 * bytes come out of a tunnel that has just been dug. */
static bool may_be_start(const struct grvsstp_transport *transport, const packet_info *pinfo)
{
    return grvsstp_transport_is_at_start(transport) || grvsstp_transport_is_inside(pinfo, "http") ||
           grvsstp_transport_is_inside(pinfo, "socks");
}

enum grvsstp_verdict grvsstp_recognise(const struct grvsstp_transport *transport, tvbuff_t *tvb,
                                       const packet_info *pinfo, int bits_wanted)
{
    const unsigned captured = tvb_captured_length(tvb);

    if (captured == 0)
        return GRVSSTP_NOT_OURS;
    if (bits_wanted == 0)
        return GRVSSTP_COMMANDS;
    const struct sstp_span bytes = sstp_span(tvb_get_ptr(tvb, 0, (int)captured), captured);
    if (bytes.data[0] >= 'A') { /* no CommandId, so HTTP or nothing */
        if (henc_http_is_encapsulation(bytes) || henc_http_is_answer(bytes))
            return GRVSSTP_ENCAPSULATED;
        return henc_http_begins_polling(bytes) && may_be_start(transport, pinfo) &&
                       pinfo->can_desegment > 0
                   ? GRVSSTP_WAIT_FOR_MORE
                   : GRVSSTP_NOT_OURS;
    }

    const struct sstp_look look = sstp_look(bytes, true, NULL);
    if (look.bits < 0)
        return GRVSSTP_NOT_OURS;
    if (look.bits >= bits_wanted)
        return GRVSSTP_COMMANDS;
    const bool may_be_connect = look.wants_more && bytes.len < LOOK_LEN &&
                                bytes.data[0] == SSTP_CONNECT && may_be_start(transport, pinfo);
    if (!may_be_connect)
        return GRVSSTP_NOT_OURS;
    /* Behind SOCKS nobody can wait, for it would be handed the same bytes again.  It
     * was told a port that is SSTP's or TLS's, and no TLS begins with 0x01. */
    if (grvsstp_transport_is_inside(pinfo, "socks"))
        return GRVSSTP_COMMANDS;
    return pinfo->can_desegment > 0 ? GRVSSTP_WAIT_FOR_MORE : GRVSSTP_NOT_OURS;
}

int grvsstp_wait_for_more(tvbuff_t *tvb, packet_info *pinfo)
{
    pinfo->desegment_offset = 0;
    pinfo->desegment_len = DESEGMENT_ONE_MORE_SEGMENT;
    return (int)tvb_captured_length(tvb);
}
