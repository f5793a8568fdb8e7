/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kept: segments that TCP keeps by its preference `tcp.reassemble_out_of_order`, and hands on
 * together with the one that fills the hole before them.  Each is dissected by itself, with what
 * its own header acknowledged, as without the preference, only in another frame.  Bytes of a segment
 * that it skips as sent again are dissected with the rest where nobody has brought them.  Where the
 * preference is off all this does nothing.
 */
#ifndef GRVSSTP_TCP_KEPT_H
#define GRVSSTP_TCP_KEPT_H

#include <epan/dissectors/packet-tcp.h>
#include <epan/packet.h>

/* First pass, after each frame that the connection carried: notes what its segment acknowledged;
 * `tvb` is the whole frame. */
void grvsstp_kept_note_frame(const struct tcp_analysis *analysis, tvbuff_t *tvb,
                             const packet_info *pinfo);

/* Dissects a chunk; `argument` is the caller's. */
typedef int grvsstp_kept_dissector(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data,
                                   int argument);

/* Has a chunk dissected, as it is or segment by segment, the same on each pass; `data` is what
 * TCP called with.  Whoever asks for more bytes than a segment has is given the next one with it.
 * Returns what the dissector does of one that is whole: the length, if it took any. */
int grvsstp_kept_dissect(grvsstp_kept_dissector *dissector, tvbuff_t *tvb, packet_info *pinfo,
                         proto_tree *tree, void *data, int argument);

/* Whether a chunk is such a segment, and its acknowledgement number is its own, whatever frame
 * brought it. */
bool grvsstp_kept_is_known(const struct tcpinfo *tcpinfo);

/* Forgets the capture before, and looks at the preference; for an init routine. */
void grvsstp_kept_reset(void);

#endif
