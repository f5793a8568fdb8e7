/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state: the engine's observer (analyzer/state/observer.h) in Wireshark: fed on
 * the first pass, command by command, and asked on every pass for what the
 * packet details, the Info column and the taps show of it.
 */
#ifndef GRVSSTP_STATE_H
#define GRVSSTP_STATE_H

#include "show/show.h"

#include <epan/prefs.h>

/* The states of a new connection of which nothing is known, in file scope; NULL
 * where the preference says so. */
struct grvsstp_states *grvsstp_states_new(void);

/* What comes next is the first command of the connection. */
void grvsstp_states_start(struct grvsstp_connection *connection);

/* Registers the preferences. */
void grvsstp_states_register_preferences(module_t *module);

/* ------------------------------------------------------------------------
 * First pass
 */

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

/* ------------------------------------------------------------------------
 * Every pass
 */

struct grvsstp_states_wanted grvsstp_states_find_wanted(proto_tree *tree);

/* The frame's time in nanoseconds since 1970, as the observer is told it. */
int64_t grvsstp_states_time(const packet_info *pinfo);

/* The ResourceURL of the session that the observation is about, in `pool`, or NULL. */
const char *grvsstp_states_resource_url(const struct grvsstp_connection *connection,
                                        bool from_initiator, const struct sstp_observation *seen,
                                        wmem_allocator_t *pool);

/* The session of an observation, or NULL; of a message's command it is the message's. */
const struct sstp_observed_session *
grvsstp_states_session(const struct grvsstp_connection *connection, bool from_initiator,
                       const struct sstp_observation *seen);

/* Adds what is known to the command's tree, its findings to `item`. */
void grvsstp_states_show(const struct grvsstp_place *place, proto_tree *tree, proto_item *item,
                         const struct sstp_command *command, const struct sstp_observation *seen,
                         const struct grvsstp_states_wanted *wanted);

/* What the Info column says of the command beside its name: "[#14, acked in 203]"
 * of an EndMessage, "[acks #12-#14]" of a MessageCount; NULL for nothing. */
const char *grvsstp_states_info(const struct grvsstp_place *place,
                                const struct sstp_command *command,
                                const struct sstp_observation *seen);

#endif
