/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * observer: one SSTP connection as somebody sees it who hears both sides and
 * never acts: the states of the connection, its sessions and their
 * MessageReceivers, the acknowledgement ledger of each direction, and who broke
 * which rule (GRVSSTP 3.1 to 3.3).
 *
 * Commands are handed in, in the order in which they passed, with where and when
 * that was.  Each gives an observation, which is small and holds indexes; what
 * they stand for is asked for by the functions at the end, at any time later.
 * What only later commands tell (who acknowledged, who answered) is there as soon
 * as they have come.
 *
 *     struct sstp_observer observer;
 *     sstp_observer_init(&observer, &sstp_mem_libc, SSTP_OBSERVER_FROM_START);
 *     struct sstp_observation seen;
 *     sstp_observer_command(&observer, from_initiator, &command, place, &seen);
 *     if (seen.session_state == SSTP_SESSION_BLOCKED) ...
 *     sstp_observer_clear(&observer);
 *
 * Whoever comes late, or misses bytes, knows less: states are unknown until a
 * command fixes them, messages have no numbers, and nothing is called a violation
 * that rests on what was not seen (plugin/FIELDS.md, Findings); the other
 * side, as long as nothing was heard of it, may have said anything.  Memory that
 * is not there counts as missed commands.
 *
 * Directions are indexed by from_initiator, as everywhere.
 */
#ifndef SSTP_STATE_OBSERVER_H
#define SSTP_STATE_OBSERVER_H

#include "state/observed.h"

/* What is known when the first command comes. */
enum sstp_observer_begin {
    SSTP_OBSERVER_FROM_START,   /* it is the first that the connection carried */
    SSTP_OBSERVER_LATE,         /* nothing, and who opened the connection is a guess */
    SSTP_OBSERVER_LATE_TRUSTING /* likewise, but nothing is outstanding: a user's word */
};

/* `mem` has to outlive the observer. */
void sstp_observer_init(struct sstp_observer *observer, const struct sstp_mem *mem,
                        enum sstp_observer_begin begin);
void sstp_observer_clear(struct sstp_observer *observer);

/* What is known of all connections, which has to outlive the observer; without it nothing is
 * said of a device that comes back too soon. */
void sstp_observer_share_returns(struct sstp_observer *observer, struct sstp_returns *returns);

/* A command passed, as sstp_command_decode() left it.  One that breaks the rules
 * of its bytes is taken for what it says as far as that goes. */
void sstp_observer_command(struct sstp_observer *observer, bool from_initiator,
                           const struct sstp_command *command, struct sstp_observed_place place,
                           struct sstp_observation *seen);

/* The same, where it is known what the sender can have known (order.h): a rule that the other
 * side's commands make is not broken by who had not received them.  `knowledge` is NULL where
 * nothing is known of that: then it knew all that passed before.
 *
 * With may_refuse, a command that would break a rule unless the other side has said what was
 * not seen so far (sstp_observed_rests_on_silence()) is refused: false, and nothing has
 * changed. */
bool sstp_observer_take(struct sstp_observer *observer, bool from_initiator,
                        const struct sstp_command *command, struct sstp_observed_place place,
                        const struct sstp_observed_knowledge *knowledge, bool may_refuse,
                        struct sstp_observation *seen);

/* Bytes of either direction were lost, or not captured. */
void sstp_observer_gap(struct sstp_observer *observer);

/* The transport is gone (GRVSSTP 3.1.7.1). */
void sstp_observer_transport_end(struct sstp_observer *observer);

/* ------------------------------------------------------------------------
 * What the indexes of an observation stand for
 */

const struct sstp_observed_session *sstp_observer_session(const struct sstp_observer *observer,
                                                          uint32_t index);
const struct sstp_observed_exchange *sstp_observer_exchange(const struct sstp_observer *observer,
                                                            uint32_t index);
struct sstp_observed_message sstp_observer_message(const struct sstp_observer *observer,
                                                   bool from_initiator, uint32_t index);
struct sstp_observed_entry sstp_observer_entry(const struct sstp_observer *observer,
                                               bool from_initiator, uint32_t position);
struct sstp_observed_acknowledgement
sstp_observer_acknowledgement(const struct sstp_observer *observer, bool from_initiator,
                              uint32_t index);

/* Whether the message of this direction at `position` still waits for its
 * acknowledgement.  Not so after a gap, when nobody can say. */
bool sstp_observer_is_outstanding(const struct sstp_observer *observer, bool from_initiator,
                                  uint32_t position);

/* Who acknowledged the message of this direction at `position`; false as long as nobody has. */
bool sstp_observer_acknowledged_by(const struct sstp_observer *observer, bool from_initiator,
                                   uint32_t position, struct sstp_observed_acknowledgement *by);

#endif
