/* SPDX-License-Identifier: GPL-2.0-or-later */
/* client_check: what the command line of `relaysim client` says, and whether it belongs together.
 */
#ifndef RELAYSIM_CMD_CLIENT_CHECK_H
#define RELAYSIM_CMD_CLIENT_CHECK_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/wear_plan.h"

struct client_options {
    char *relay, *relay_443, *relay_http, *proxy, *socks_proxy, *proxy_auth, *relay_url, *device,
        *account, *resource, *message, *file;
    char *capture, *truth, **faults;
    struct wear_plan wear;
    uint64_t seed;
    bool has_answers;
    char **listens, **identities, **to;
    unsigned version, via, format;
    int64_t num_messages, timeout_ms, retry_ms, retry_pause_ms, num_expected, size, ttl, rate,
        longlived_limit;
    bool has_lines, acks_immediately, is_not_if_offline, receives, longlived_hangs, is_verbose;
};

/* False with a sentence. */
gboolean client_check(const struct client_options *o);

/* Whether it connects to a relay; otherwise to a peer device, which knows no accounts. */
gboolean client_is_relay(const struct client_options *o);

gboolean client_is_identity(const char *url);

/* By which name a relay goes over HTTP: that of its URL; a peer device has none, and goes by its
 * address.  To be freed. */
char *client_http_name(const struct client_options *o);

#endif
