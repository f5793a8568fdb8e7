/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * show: the layer of an encapsulation in the packet details and columns.
 * Reads what the first pass kept, and the bytes of the message; changes nothing.
 */
#ifndef GRVHENC_SHOW_H
#define GRVHENC_SHOW_H

#include "http/connection.h"

/* One message, or a piece of a LongLived body. */
struct grvhenc_part {
    packet_info *pinfo;
    proto_tree *tree;
    tvbuff_t *tvb; /* of the TCP chunk, or of the frame that ended the connection */
    int offset, len;
    const struct grvhenc_record *record;
    const struct henc_http *http; /* NULL for a piece of a body */
    tvbuff_t *body;               /* NULL where there is none */
    bool is_stray;                /* data where none may be */
    bool is_end;                  /* nothing but the end of the TCP connection */
};

/* Adds the layer, and the SSTP commands that the part released. */
void grvhenc_show_part(const struct grvhenc_part *part);

/* Adds where the message is whole that these bytes begin, and what brought one that came in
 * pieces: in TCP's own fields, as if it had put them together. */
void grvhenc_show_reassembled_in(const struct grvhenc_joint *joint, tvbuff_t *tvb,
                                 packet_info *pinfo, proto_tree *tree);
void grvhenc_show_segments(const struct grvhenc_joint *joint, tvbuff_t *tvb, packet_info *pinfo,
                           proto_tree *tree);

/* Looks those fields up; at handoff. */
void grvhenc_show_init(void);

/* Adds the layer at the end of a TCP connection that ended its virtual one. */
void grvhenc_show_end(packet_info *pinfo, proto_tree *tree, tvbuff_t *tvb,
                      const struct grvhenc_record *record);

#endif
