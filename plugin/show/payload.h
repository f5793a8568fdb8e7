/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * payload: whom a whole message is handed to.
 *
 * At its EndMessage the payload goes to the dissector that is registered for the
 * session's ResourceURL in the table "sstp.resource_url" (without regard to
 * case), else to the heuristic list "sstp.payload", else, where it is MIME as
 * Groove's own is, to Wireshark's.  Dissectors of the table and the list get the
 * ResourceURL as their data, a char pointer that may be NULL.  The columns stay
 * those of the commands.
 */
#ifndef GRVSSTP_PAYLOAD_H
#define GRVSSTP_PAYLOAD_H

#include "show/show.h"

/* What is known of a message beside its bytes. */
struct grvsstp_envelope {
    const struct grvsstp_place *place; /* of its EndMessage */
    proto_tree *tree;                  /* likewise */
    uint32_t session_id;
    uint32_t number;          /* sstp.message.number; 0 where it is not known */
    const char *resource_url; /* NULL where it is not known */
};

/* A whole message for the tap of exported objects. */
struct grvsstp_object {
    uint32_t stream; /* sstp.stream */
    bool from_initiator;
    uint32_t session_id;
    uint32_t number;          /* 0 where it is not known */
    const char *resource_url; /* NULL where it is not known */
    struct sstp_span payload; /* good until the frame is done */
};

/* Set by whoever registers the export; 0 as long as nobody has. */
extern int grvsstp_tap_object;

/* Registers the table and the list; at registration. */
void grvsstp_payload_register(void);

/* Looks up Wireshark's dissectors; at handoff. */
void grvsstp_payload_handoff(void);

/* Whether somebody wants messages even where no details are shown. */
bool grvsstp_payload_is_wanted_always(void);

/* Whether anybody wants the message put together, whose first bytes are these. */
bool grvsstp_payload_is_wanted(const struct grvsstp_envelope *envelope, struct sstp_span beginning);

/* Hands on the message, which is all of tvb. */
void grvsstp_payload_hand_over(const struct grvsstp_envelope *envelope, tvbuff_t *tvb);

#endif
