/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * display: one chunk of an SSTP connection in the packet details and columns.
 *
 * chunk.c walks the pieces of a chunk, command.c shows one command, token.c the
 * security message in it, info.c the Info column.  None of them changes state.
 */
#ifndef GRVSSTP_DISPLAY_H
#define GRVSSTP_DISPLAY_H

#include "connection.h"

/* The Info column of one chunk, put together command by command:
 * "Message, Data, EndMessage s=0x21, Noop [acks 2]". */
struct grvsstp_info {
    bool is_wanted;        /* somebody will see the column */
    unsigned num_commands; /* so far */
    wmem_strbuf_t *text;
    bool has_open_session; /* the text ends in names whose "s=0x21" is still to come */
    uint32_t open_session_id;
};

void grvsstp_info_begin(struct grvsstp_info *info, packet_info *pinfo);
void grvsstp_info_add_command(struct grvsstp_info *info, const struct sstp_command *command);
void grvsstp_info_add_text(struct grvsstp_info *info, const char *text);
/* Puts the text into the column, behind what earlier chunks of the frame left. */
void grvsstp_info_end(struct grvsstp_info *info, packet_info *pinfo);

/* Where a command is shown. */
struct grvsstp_place {
    packet_info *pinfo;
    const struct grvsstp_connection *connection;
    bool from_initiator;
    tvbuff_t *tvb; /* the command starts at offset */
    int offset;
    proto_tree *tree;
};

/* Adds the command at `place`, whose bytes (or as many as were captured) are
 * `bytes` and whose CommandLength says `command_len`, to tree and Info.  `split`
 * is NULL where the command lies whole in one frame.  Returns the command's
 * tree, for what others know of it. */
proto_tree *grvsstp_show_command(const struct grvsstp_place *place, struct sstp_span bytes,
                                 uint32_t command_len, const struct grvsstp_split *split,
                                 struct grvsstp_info *info);

/* Adds the parts of the command's security token, which lies at offset in tvb. */
void grvsstp_show_token(packet_info *pinfo, proto_tree *tree, tvbuff_t *tvb, int offset,
                        const struct sstp_command *command);

/* Shows all of tvb by the plan that the first pass made of it under `key`. */
void grvsstp_show_chunk(const struct grvsstp_connection *connection, bool from_initiator,
                        tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, uint32_t key);

/* The same as a layer of its own, for whoever carries SSTP in another protocol. */
void grvsstp_show_layer(const struct grvsstp_connection *connection, bool from_initiator,
                        tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, uint32_t key);

/* Creates the handle that makes the layer; at handoff. */
void grvsstp_display_init(void);

/* Adds the expert note of a finding about `len` bytes at offset. */
void grvsstp_show_finding(packet_info *pinfo, proto_tree *tree, proto_item *item, tvbuff_t *tvb,
                          enum sstp_finding finding, int offset, int len);

#endif
