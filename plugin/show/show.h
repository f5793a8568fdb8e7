/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * show: one chunk of an SSTP connection in the packet details and columns.
 *
 * chunk.c walks the pieces of a chunk, command.c shows one command, token.c the
 * security message in it, info.c the Info column.  None of them changes state.
 */
#ifndef GRVSSTP_SHOW_H
#define GRVSSTP_SHOW_H

#include "follow/connection.h"

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
/* `states` is what the states add, see grvsstp_states_info(), or NULL. */
void grvsstp_info_add_command(struct grvsstp_info *info, const struct sstp_command *command,
                              const char *states);
void grvsstp_info_add_text(struct grvsstp_info *info, const char *text);
/* Puts the text into the column, after what earlier chunks of the frame left. */
void grvsstp_info_end(struct grvsstp_info *info, packet_info *pinfo);

/* Where a command is shown. */
struct grvsstp_place {
    packet_info *pinfo;
    struct grvsstp_connection *connection;
    bool from_initiator;
    tvbuff_t *tvb; /* the command starts at offset */
    int offset;
    proto_tree *tree;
};

/* Which of the fields of states somebody wants; found out once a chunk, for it
 * costs as much as to add them. */
struct grvsstp_states_wanted {
    bool connection, session, links, acknowledgement, journeys;
};

struct grvsstp_tapping; /* tap.h */

/* A command as it was found. */
struct grvsstp_found {
    struct sstp_span bytes;            /* as many as were captured */
    uint32_t command_len;              /* CommandLength */
    const struct grvsstp_split *split; /* NULL where it lies whole in one frame */
    /* What the observer says of it, or NULL, and what of that is wanted. */
    const struct sstp_observation *seen;
    const struct grvsstp_states_wanted *wanted;
    struct grvsstp_tapping *tapping;
    bool is_first; /* of its chunk */
};

/* Adds the command at `place` to tree and Info.  Returns the command's tree, for
 * what others know of it. */
proto_tree *grvsstp_show_command(const struct grvsstp_place *place,
                                 const struct grvsstp_found *found, struct grvsstp_info *info);

/* Adds whose bytes those at offset are: connection, side and encapsulation. */
void grvsstp_add_origin(proto_tree *tree, const struct grvsstp_place *place, int offset);

/* Adds the parts of the command's security token, which lies at offset in tvb. */
void grvsstp_show_token(packet_info *pinfo, proto_tree *tree, tvbuff_t *tvb, int offset,
                        const struct sstp_command *command);

/* Shows all of tvb by the plan that the first pass made of it under `key`. */
void grvsstp_show_chunk(struct grvsstp_connection *connection, bool from_initiator, tvbuff_t *tvb,
                        packet_info *pinfo, proto_tree *tree, uint32_t key);

/* The same as a layer of its own, for whoever carries SSTP in another protocol. */
void grvsstp_show_layer(struct grvsstp_connection *connection, bool from_initiator, tvbuff_t *tvb,
                        packet_info *pinfo, proto_tree *tree, uint32_t key);

/* The same by a plan that was kept elsewhere; NULL where all is whole commands. */
void grvsstp_show_planned_layer(struct grvsstp_connection *connection, bool from_initiator,
                                tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, uint32_t key,
                                const struct grvsstp_plan *plan);

/* Creates the handle that makes the layer; at handoff. */
void grvsstp_display_init(void);

#endif
