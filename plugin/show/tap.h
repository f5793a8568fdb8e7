/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tap: what the statistics are told of the traffic.
 *
 * Three taps.  "grvsstp" carries a struct grvsstp_tap for each chunk (a segment, an
 * HTTP body) that held commands, with all of them: a frame can hold more commands
 * than Wireshark queues for a tap.  "grvsstp_follow" carries a struct
 * grvsstp_followed for each Data command.  "grvsstp_findings" carries a struct
 * grvsstp_tapped_findings for what is wrong beside the commands.  Whole messages are
 * told to the export of objects alone (payload.h).
 */
#ifndef GRVSSTP_TAP_H
#define GRVSSTP_TAP_H

#include "show/show.h"

/* One command.  The spans of `command` are good until the frame is done. */
struct grvsstp_tapped_command {
    struct sstp_command command;
    struct sstp_span bytes; /* that were captured of it; good as long */
    bool is_whole;          /* they are all */
    bool has_states;        /* seen means something */
    struct sstp_observation seen;
    uint64_t findings;    /* of its bytes: GRVSSTP_TAPPED_FINDING() bits */
    uint32_t ordinal;     /* among the commands of its chunk, from 0: as the journal has them */
    uint32_t first_frame; /* that brought a piece of it */
};

#define GRVSSTP_TAPPED_FINDING(finding) (UINT64_C(1) << (unsigned)(finding))

struct grvsstp_tap {
    const struct grvsstp_connection *connection; /* states: for the observer's questions */
    bool from_initiator;
    uint32_t key; /* of the chunk in its frame */
    unsigned num_commands;
    const struct grvsstp_tapped_command *commands;
};

struct grvhenc_virtual;

/* What no command carries: a gap, a header that ends the framing, an encapsulation. */
struct grvsstp_tapped_findings {
    const struct grvsstp_connection *connection;
    bool from_initiator;    /* whose bytes it is about; false for an encapsulation's answer */
    uint64_t findings;      /* GRVSSTP_TAPPED_FINDING() bits */
    uint32_t henc_findings; /* henc_finding_bit()s */
    /* The part is one of this virtual connection, which lives as long as the capture; told of
     * each part, also of one without findings.  NULL: not of an encapsulation. */
    const struct grvhenc_virtual *virtual_connection;
};

/* The payload of one Data command. */
struct grvsstp_followed {
    uint32_t stream; /* sstp.stream */
    bool from_initiator;
    uint32_t session_id;
    struct sstp_span payload; /* good until the frame is done */
};

extern int grvsstp_tap;          /* "grvsstp" */
extern int grvsstp_tap_follow;   /* "grvsstp_follow" */
extern int grvsstp_tap_findings; /* "grvsstp_findings" */

/* Registers all; at registration. */
void grvsstp_taps_register(void);

/* A chunk's commands on their way to the tap. */
struct grvsstp_tapping {
    bool is_wanted;
    uint32_t key;           /* of the chunk */
    uint32_t num_shown;     /* commands */
    wmem_array_t *commands; /* struct grvsstp_tapped_command */
    uint64_t findings;      /* that no command carries */
};

void grvsstp_tapping_begin(struct grvsstp_tapping *tapping, const packet_info *pinfo, uint32_t key);
/* Whether anybody wants to know of commands. */
bool grvsstp_tapping_is_wanted(const struct grvsstp_tapping *tapping);
/* The next command of the chunk, as it was `found`, with the findings of its bytes. */
void grvsstp_tapping_add(struct grvsstp_tapping *tapping, const struct grvsstp_place *place,
                         const struct sstp_command *command, const struct grvsstp_found *found,
                         uint64_t findings);
/* A finding of the chunk that no command carries. */
void grvsstp_tapping_add_finding(struct grvsstp_tapping *tapping, enum sstp_finding finding);
/* Tells of what was added, if anybody wants to know. */
void grvsstp_tapping_end(struct grvsstp_tapping *tapping, const struct grvsstp_place *place);

/* Tells of such findings, if anybody wants to know. */
void grvsstp_tap_queue_findings(packet_info *pinfo, const struct grvsstp_tapped_findings *findings);

#endif
