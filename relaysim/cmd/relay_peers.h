/* SPDX-License-Identifier: GPL-2.0-or-later */
/* relay_peers: where the other relays are, and how they are reached, as --peer, --peer-proxy and
 * --proxy-auth have it. */
#ifndef RELAYSIM_CMD_RELAY_PEERS_H
#define RELAYSIM_CMD_RELAY_PEERS_H

#include <glib.h>

#include "carrier/http_options.h"
#include "live/connection.h"

struct relay_peers {
    guint num;
    char **urls, **addresses; /* up to NULL */
    char **proxies;           /* of each; NULL without */
    struct live_peer_way *ways;
    struct http_options *http; /* of each, for a way over HTTP */
    uint64_t longlived_limit;  /* of all of these */
    struct proxy_login *login; /* for all proxies; NULL */
};

/* NULL, or a sentence that begins with the option: whether a value can be one. */
char *relay_peers_check(const char *peer);
char *relay_peers_check_proxy(const char *peer_proxy);

/* From the values of the options, which have been checked; `own_urls` are the relay's.  False
 * with a sentence; what there is then is cleared by relay_peers_clear(), too.  `longlived_limit` is
 * that of what goes to them, as in carrier/http_options.h. */
bool relay_peers_read(struct relay_peers *peers, char *const *values, char *const *proxy_values,
                      const char *proxy_auth, char *const *own_urls, uint64_t longlived_limit);

void relay_peers_clear(struct relay_peers *peers);

#endif
