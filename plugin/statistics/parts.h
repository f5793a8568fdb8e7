/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * parts: the statistics, one a file, as statistics.c puts them together; and what
 * several of them need.
 */
#ifndef GRVSSTP_STATISTICS_PARTS_H
#define GRVSSTP_STATISTICS_PARTS_H

#include "show/tap.h"

#include <epan/tap.h>

void grvsstp_connections_table_register(void); /* -z grvsstp,connections */
void grvsstp_sessions_table_register(void);    /* -z grvsstp,sessions */
void grvsstp_acks_table_register(void);        /* -z grvsstp,acks */
void grvsstp_journeys_table_register(void);    /* -z grvsstp,journeys */
void grvsstp_selfcheck_table_register(void);   /* -z grvsstp,selfcheck */
void grvsstp_conversations_register(void);     /* -z conv,grvsstp and endpoints,grvsstp */
void grvsstp_flow_register(void);              /* -z flow,grvsstp,... */
void grvsstp_journey_flow_register(void);      /* -z flow,grvsstp_journeys,... */
void grvsstp_follow_register(void);            /* -z follow,grvsstp,... */
void grvsstp_objects_register(void);           /* --export-objects grvsstp,... */
void grvsstp_filters_register(void);           /* the menus' conversation filters */
void grvsstp_command_tree_register(void);      /* -z grvsstp,tree; at handoff */

/* The leg of the message that the command has ended, or SSTP_STORY_NONE. */
uint32_t grvsstp_ended_leg(const struct grvsstp_tap *tap,
                           const struct grvsstp_tapped_command *tapped);

/* After the first pass: what only the whole capture tells of journeys. */
void grvsstp_journeys_table_finish(void);

/* Whether a connection lives in TCP connections of its own choice, one or many at
 * a time, whose ports say nothing of it. */
bool grvsstp_is_virtual(const struct grvsstp_connection *connection);

/* "192.0.2.1:49152", of the sender of a chunk or of its receiver; without the port
 * for the client of a virtual connection.  In the packet's pool. */
const char *grvsstp_peer_text(const packet_info *pinfo, const struct grvsstp_tap *tap,
                              bool is_initiator);

/* Bytes of application data that a Data command carries, captured or not; 0 for
 * any other. */
uint32_t grvsstp_payload_len(const struct sstp_command *command);

/* "messages", "fanout", "attach", "register" */
const char *grvsstp_session_kind_name(enum sstp_session_kind kind);

/* "Close EmptySession", of a command that ends a session by a reason or a refusal; false for any
 * other. */
bool grvsstp_session_end_text(char *text, size_t size, const struct sstp_command *command);

/* Whether a command is one of a session, and if so the session's index in the
 * observer.  (A pointer would not outlive the next session.) */
bool grvsstp_session_index(const struct grvsstp_tap *tap,
                           const struct grvsstp_tapped_command *tapped, uint32_t *index);

/* What an acknowledging command covers; false where it is not known. */
bool grvsstp_acknowledgement(const struct grvsstp_tap *tap,
                             const struct grvsstp_tapped_command *tapped,
                             struct sstp_observed_acknowledgement *acknowledgement);

/* Messages sent and not acknowledged, by direction, as the commands so far tell. */
struct grvsstp_outstanding {
    bool is_known[2];
    uint32_t num[2];
};

void grvsstp_outstanding_note(struct grvsstp_outstanding *outstanding,
                              const struct grvsstp_tap *tap,
                              const struct grvsstp_tapped_command *tapped);

/* Copies what came from the wire into `text`: printable ASCII without the bar that
 * tshark puts between columns, cut where it is too long. */
void grvsstp_plain_text(char *text, size_t size, const char *from_wire);

#endif
