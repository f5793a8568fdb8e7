/* SPDX-License-Identifier: GPL-2.0-or-later */
/* relay_counters: what a relay has done, as a line of JSON. */
#ifndef RELAYSIM_CMD_RELAY_COUNTERS_H
#define RELAYSIM_CMD_RELAY_COUNTERS_H

#include "net/net.h"
#include "relay/relay.h"

/* A line with its end, to be freed.  `wall_ms` is the time since 1970; `uptime_ms`, which no
 * clock that is set can move, is what rates are made with. */
char *relay_counters_line(const struct sstp_relay *relay, struct net_bytes bytes, int64_t wall_ms,
                          int64_t uptime_ms);

#endif
