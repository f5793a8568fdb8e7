/* SPDX-License-Identifier: GPL-2.0-or-later */
/* observer_session: sessions; for the observer alone. */
#ifndef SSTP_STATE_OBSERVER_SESSION_H
#define SSTP_STATE_OBSERVER_SESSION_H

#include "state/observing.h"

/* Commands of sessions, attach and register sessions. */
void sstp_observing_session_command(const struct sstp_observing *observing);

#endif
