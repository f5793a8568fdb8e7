/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tap: what the statistics are told of the traffic.
 *
 * Two taps.  "grvsstp" carries a struct grvsstp_tap for each chunk (a segment, an
 * HTTP body) that held commands, with all of them: a frame can hold more commands
 * than Wireshark queues for a tap.  "grvsstp_follow" carries a struct
 * grvsstp_followed for each Data command.  Whole messages are told to the export
 * of objects alone (payload.h).
 */
#ifndef GRVSSTP_TAP_H
#define GRVSSTP_TAP_H

#include "show/show.h"

/* One command.  The spans of `command` are good until the frame is done. */
struct grvsstp_tapped_command {
    struct sstp_command command;
    bool has_states; /* seen means something */
    struct sstp_observation seen;
};

struct grvsstp_tap {
    const struct grvsstp_connection *connection; /* states: for the observer's questions */
    bool from_initiator;
    unsigned num_commands;
    const struct grvsstp_tapped_command *commands;
};

/* The payload of one Data command. */
struct grvsstp_followed {
    uint32_t stream; /* sstp.stream */
    bool from_initiator;
    uint32_t session_id;
    struct sstp_span payload; /* good until the frame is done */
};

extern int grvsstp_tap;        /* "grvsstp" */
extern int grvsstp_tap_follow; /* "grvsstp_follow" */

/* Registers both; at registration. */
void grvsstp_taps_register(void);

/* A chunk's commands on their way to the tap. */
struct grvsstp_tapping {
    bool is_wanted;
    wmem_array_t *commands; /* struct grvsstp_tapped_command */
};

void grvsstp_tapping_begin(struct grvsstp_tapping *tapping, const packet_info *pinfo);
/* `seen` is NULL where nothing is known. */
void grvsstp_tapping_add(struct grvsstp_tapping *tapping, const struct grvsstp_place *place,
                         const struct sstp_command *command, const struct sstp_observation *seen);
/* Tells of what was added, if anybody wants to know. */
void grvsstp_tapping_end(struct grvsstp_tapping *tapping, const struct grvsstp_place *place);

#endif
