/* SPDX-License-Identifier: GPL-2.0-or-later */
/* observer_message: messages and their acknowledgement; for the observer alone. */
#ifndef SSTP_STATE_OBSERVER_MESSAGE_H
#define SSTP_STATE_OBSERVER_MESSAGE_H

#include "state/observing.h"

/* Message, Data and EndMessage on a session that is there. */
void sstp_observing_message_command(const struct sstp_observing *observing,
                                    struct sstp_observed_session *session, uint32_t index);

/* The MessageCount of the command. */
void sstp_observing_acknowledge(const struct sstp_observing *observing);

#endif
