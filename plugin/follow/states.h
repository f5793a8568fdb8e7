/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * states: the engine's observer (analyzer/state/observer.h) in Wireshark: fed on the
 * first pass, command by command.  What is shown of it is show/states.h's.
 */
#ifndef GRVSSTP_FOLLOW_STATES_H
#define GRVSSTP_FOLLOW_STATES_H

#include "fields/fields.h"
#include "follow/journeys.h"
#include "state/journal.h"
#include "state/order.h"

#include <epan/packet.h>
#include <epan/prefs.h>

/* Frames in which nobody can say that a direction was silent, for something of it
 * turned out to be lost. */
struct grvsstp_doubt {
    uint32_t first, last;
};

/* With more losses than this nothing is sure any more. */
#define GRVSSTP_DOUBTS_MAX 1000u

/* What the observer said of the commands of a connection. */
struct grvsstp_states {
    struct sstp_observer observer;
    struct sstp_journal journals[2];   /* by from_initiator */
    wmem_array_t *doubts;              /* struct grvsstp_doubt; NULL until the first */
    struct grvsstp_journeys *journeys; /* NULL where they are not followed */
};

/* Before the first packet: who comes back too early is judged by `judge`, which has to stay. */
void grvsstp_states_leave_returns(const struct sstp_returns_judge *judge);

/* Forgets what is known over all connections; for an init routine. */
void grvsstp_states_reset(void);

/* The states of a new connection, of this number, of which nothing is known, in file scope; NULL
 * where the preference says so. */
struct grvsstp_states *grvsstp_states_new(uint32_t number);

/* What comes next is the first command of the connection.  Here and below, NULL is fine. */
void grvsstp_states_start(struct grvsstp_states *states);

/* Registers the preferences. */
void grvsstp_states_register_preferences(module_t *module);

/* The commands that follow are those of this chunk. */
void grvsstp_states_begin_chunk(struct grvsstp_states *states, bool from_initiator, uint32_t frame,
                                uint32_t key);

/* Bytes were lost or not captured. */
void grvsstp_states_gap(struct grvsstp_states *states);

/* Something may have been lost in any of these frames. */
void grvsstp_states_doubt(struct grvsstp_states *states, uint32_t first, uint32_t last);

/* A command, in the form of its version.  Where it `may_wait`, false says that the other
 * direction has to say something first. */
bool grvsstp_states_command(struct grvsstp_states *states, bool from_initiator,
                            enum sstp_version form, const struct sstp_order_item *item,
                            bool may_wait);

/* Whether a Connect waits for its answer. */
bool grvsstp_states_are_connecting(const struct grvsstp_states *states);

/* The transport has ended. */
void grvsstp_states_end(struct grvsstp_states *states);

/* The frame's time in nanoseconds since 1970, as the observer is told it. */
int64_t grvsstp_states_time(const packet_info *pinfo);

#endif
