/* SPDX-License-Identifier: GPL-2.0-or-later */
/* observer_event: attach and register sessions; for the observer alone. */
#ifndef SSTP_STATE_OBSERVER_EVENT_H
#define SSTP_STATE_OBSERVER_EVENT_H

#include "state/observing.h"

void sstp_observing_event_command(const struct sstp_observing *observing);

#endif
