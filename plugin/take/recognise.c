/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "take/recognise.h"

#include "take/opening.h"
#include "take/ports.h"

/* A Connect that is cut into smaller first segments than this is put together before we look
 * at it. */
#define LOOK_LEN 48u

static struct sstp_span bytes_of(tvbuff_t *tvb)
{
    const unsigned captured = tvb_captured_length(tvb);
    return sstp_span(captured > 0 ? tvb_get_ptr(tvb, 0, (int)captured) : NULL, captured);
}

/* Whether this may be the first byte of a connection: the SYN says so, or the
 * bytes come out of a tunnel that has just been dug. */
static bool may_be_start(const struct grvsstp_transport *transport)
{
    return grvsstp_transport_is_at_start(transport) || grvsstp_transport_is_in_tunnel(transport);
}

/* Whether a tunnel leads to a port that is SSTP's or TLS's, and no TLS begins with 0x01. */
static bool is_to_sstp(const packet_info *pinfo)
{
    return pinfo->srcport == SSTP_PORT || pinfo->destport == SSTP_PORT ||
           pinfo->srcport == GRVSSTP_TLS_PORT || pinfo->destport == GRVSSTP_TLS_PORT;
}

static enum grvsstp_verdict recognise_commands(const struct grvsstp_transport *transport,
                                               struct sstp_span bytes, const packet_info *pinfo,
                                               int bits_wanted)
{
    const bool is_start = may_be_start(transport);
    const struct sstp_look_hint hint = {.is_start = is_start};
    const struct sstp_look look = sstp_look(bytes, true, &hint);
    if (look.bits < 0)
        return GRVSSTP_NOT_OURS;
    if (look.bits >= bits_wanted)
        return GRVSSTP_COMMANDS;
    const bool is_held = grvsstp_opening_may_await_in_tunnel(transport);
    const bool may_be_connect = look.wants_more && bytes.len < LOOK_LEN &&
                                bytes.data[0] == SSTP_CONNECT && (is_start || is_held);
    if (!may_be_connect)
        return GRVSSTP_NOT_OURS;
    /* Behind SOCKS nobody can wait, for it would be handed the same bytes again; and in a tunnel
     * of HTTP's no account is kept. */
    if (transport->way == GRVSSTP_WAY_SOCKS ||
        (transport->way == GRVSSTP_WAY_HTTP && is_to_sstp(pinfo)))
        return GRVSSTP_COMMANDS;
    /* Whoever owns the port is to be given its bytes as they come, as where they are held. */
    const bool is_others = !is_held && grvsstp_port_is_others(transport);
    return is_others ? GRVSSTP_NOT_OURS : GRVSSTP_WAIT_FOR_MORE;
}

/* Commands after what another protocol put before them. */
static bool has_commands_after(struct grvsstp_prefix prefix,
                               const struct grvsstp_transport *transport, struct sstp_span bytes,
                               const packet_info *pinfo, int bits_wanted)
{
    if (prefix.len == 0 || prefix.len >= bytes.len)
        return false;
    const struct sstp_span rest = sstp_span(bytes.data + prefix.len, bytes.len - prefix.len);
    return recognise_commands(transport, rest, pinfo, MAX(bits_wanted, 1)) == GRVSSTP_COMMANDS;
}

void grvsstp_recognise(const struct grvsstp_transport *transport, tvbuff_t *tvb,
                       const packet_info *pinfo, int bits_wanted,
                       struct grvsstp_recognised *recognised)
{
    const struct sstp_span bytes = bytes_of(tvb);

    recognised->verdict = GRVSSTP_NOT_OURS;
    recognised->prefix = (struct grvsstp_prefix){GRVSSTP_PREFIX_NONE, 0};
    if (bytes.len == 0)
        return;
    if (transport->way == GRVSSTP_WAY_TCP || transport->way == GRVSSTP_WAY_HTTP) {
        const struct grvsstp_prefix prefix = grvsstp_prefix_before(bytes);
        if (has_commands_after(prefix, transport, bytes, pinfo, bits_wanted)) {
            recognised->verdict = GRVSSTP_COMMANDS;
            recognised->prefix = prefix;
            return;
        }
    }
    recognised->head_at = bytes.data;
    if (bits_wanted == 0)
        recognised->verdict = GRVSSTP_COMMANDS;
    else if (bytes.data[0] < 'A')
        recognised->verdict = recognise_commands(transport, bytes, pinfo, bits_wanted);
    else if (henc_http_is_encapsulation(bytes, &recognised->head) ||
             henc_http_is_answer(bytes, &recognised->head)) /* no CommandId */
        recognised->verdict = GRVSSTP_ENCAPSULATED;
}

int grvsstp_bits_wanted(const struct grvsstp_transport *transport)
{
    return transport->analysis->server_port == SSTP_PORT ? SSTP_LOOK_OWN_PORT : SSTP_LOOK_ANY_PORT;
}

int grvsstp_wait_for_more(tvbuff_t *tvb, packet_info *pinfo)
{
    if (pinfo->can_desegment == 0)
        return 0;
    pinfo->desegment_offset = 0;
    pinfo->desegment_len = DESEGMENT_ONE_MORE_SEGMENT;
    return (int)tvb_captured_length(tvb);
}
