/* SPDX-License-Identifier: GPL-2.0-or-later */
/* client_run: what `relaysim client` does once its options are read. */
#ifndef RELAYSIM_CMD_CLIENT_RUN_H
#define RELAYSIM_CMD_CLIENT_RUN_H

#include "cmd/client_config.h"

/* Connects, for as long as `retry_ms` says, and again whenever the connection is lost after
 * it has once been ready; what was not acknowledged is sent again then.  Returns the exit code,
 * every failure with a sentence on stderr. */
int client_run(const struct client_run *config);

#endif
