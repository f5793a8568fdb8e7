/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fin: where the directions of TCP connections end.
 *
 * A FIN has a number, which is acknowledged as if it were a byte, and is none.  TCP's own dissector
 * remembers it only where it was asked for all bytes up to the end.  First pass only.
 */
#ifndef GRVSSTP_TCP_FIN_H
#define GRVSSTP_TCP_FIN_H

#include <epan/dissectors/packet-tcp.h>
#include <epan/packet.h>

/* After each frame of TCP's, which has left its analysis like this, or NULL; `tvb` is the whole
 * frame. */
void grvsstp_fin_note_frame(const struct tcp_analysis *analysis, tvbuff_t *tvb,
                            const packet_info *pinfo);

/* Whether the FIN of a flow was captured so far. */
bool grvsstp_fin_is_seen(const tcp_flow_t *flow);

/* The number up to which the bytes of a flow go of which all before `number` was received: that,
 * or where a FIN that was captured has the number before. */
uint32_t grvsstp_fin_before(const tcp_flow_t *flow, uint32_t number);

/* The same without doubt: where no FIN was captured, what is before `number` may be one. */
uint32_t grvsstp_fin_certain(const tcp_flow_t *flow, uint32_t number);

#endif
