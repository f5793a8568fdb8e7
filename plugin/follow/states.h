/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * states: the engine's observer (analyzer/state/observer.h) in Wireshark: fed on the
 * first pass, command by command.  What is shown of it is show/states.h's.
 */
#ifndef GRVSSTP_FOLLOW_STATES_H
#define GRVSSTP_FOLLOW_STATES_H

#include "follow/connection.h"

#include <epan/prefs.h>

/* The states of a new connection of which nothing is known, in file scope; NULL
 * where the preference says so. */
struct grvsstp_states *grvsstp_states_new(void);

/* What comes next is the first command of the connection. */
void grvsstp_states_start(struct grvsstp_connection *connection);

/* Registers the preferences. */
void grvsstp_states_register_preferences(module_t *module);

/* The commands that follow are those of this chunk. */
void grvsstp_states_begin_chunk(struct grvsstp_connection *connection, bool from_initiator,
                                uint32_t frame, uint32_t key);

/* Bytes were lost or not captured. */
void grvsstp_states_gap(struct grvsstp_connection *connection);

/* The same on one of several TCP connections: what was lost may have come at any
 * time since `since`, the frame that was the last there before this one. */
void grvsstp_states_late_gap(struct grvsstp_connection *connection, uint32_t since,
                             const packet_info *pinfo);

/* A command, of which `bytes` were captured. */
void grvsstp_states_command(struct grvsstp_connection *connection, bool from_initiator,
                            struct sstp_span bytes, const packet_info *pinfo);

/* Whether a Connect waits for its answer. */
bool grvsstp_states_are_connecting(const struct grvsstp_connection *connection);

/* The transport has ended. */
void grvsstp_states_end(struct grvsstp_connection *connection);

/* The frame's time in nanoseconds since 1970, as the observer is told it. */
int64_t grvsstp_states_time(const packet_info *pinfo);

#endif
