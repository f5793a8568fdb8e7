/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * states: what the packet details, the Info column and the taps show of the states that
 * follow/states.h follows; on every pass.
 */
#ifndef GRVSSTP_SHOW_STATES_H
#define GRVSSTP_SHOW_STATES_H

#include "show/show.h"

struct grvsstp_states_wanted grvsstp_states_find_wanted(proto_tree *tree);

/* The ResourceURL of the session that the observation is about, in `pool`, or NULL. */
const char *grvsstp_states_resource_url(const struct grvsstp_connection *connection,
                                        bool from_initiator, const struct sstp_observation *seen,
                                        wmem_allocator_t *pool);

/* The session of an observation, or NULL; of a message's command it is the message's. */
const struct sstp_observed_session *
grvsstp_states_session(const struct grvsstp_connection *connection, bool from_initiator,
                       const struct sstp_observation *seen);

/* The same where there are findings. */
uint32_t grvsstp_states_claims_of(const struct grvsstp_connection *connection, uint32_t frame,
                                  bool is_later, uint32_t findings);

/* Of an observation's findings (SSTP_OBSERVED() bits) those that can be claimed of a command of
 * this frame: not what rests on the silence of a side that was not heard.  `is_later`: after the
 * first pass. */
static inline uint32_t grvsstp_states_claims(const struct grvsstp_connection *connection,
                                             uint32_t frame, bool is_later, uint32_t findings)
{
    return findings == 0 ? 0 : grvsstp_states_claims_of(connection, frame, is_later, findings);
}

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
