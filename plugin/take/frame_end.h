/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frame_end: what comes after the dissection of a frame of a connection that is ours, or turns
 * out to be: the segment that TCP withheld, and the end.
 */
#ifndef GRVSSTP_FRAME_END_H
#define GRVSSTP_FRAME_END_H

#include <epan/conversation.h>
#include <epan/packet.h>

/* After the dissection of a TCP frame, which is tvb: shows what TCP withheld, and notes the end
 * of the connection. */
void grvsstp_frame_end(conversation_t *conversation, tvbuff_t *tvb, packet_info *pinfo,
                       proto_tree *tree);

#endif
