/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * relay: a relay (relay/relay.h) on listening sockets (net/net.h).
 */
#ifndef RELAYSIM_LIVE_RELAY_H
#define RELAYSIM_LIVE_RELAY_H

#include "net/net.h"
#include "record/recording.h"
#include "relay/relay.h"

struct live_peer_way;
struct live_relay;
struct proxy_login;

#define LIVE_RELAY_MAX_HALF_OPEN 64u

struct live_relay_config {
    const int *sockets; /* to listen on, of net_claim(); taken over, whatever comes of it */
    size_t num_sockets;
    const uint16_t *ports; /* of each, as in struct net_listen_config; NULL: all 2492 */
    /* For those over HTTP, on port 80: limits and timers; the names are the relay's.  NULL: the
     * usual. */
    const struct http_options *http;
    /* Where the peers of the relay's configuration are, in their order; outlives it, and
     * is looked at when one is dialed. */
    const char *const *peer_addresses;
    const struct live_peer_way
        *peer_ways; /* likewise (live/connection.h); NULL: straight to all of them */
    struct proxy_login *proxy_login; /* for the proxies on these ways; or NULL */
    /* Of more transports than this (0: the above) that are not established, the oldest
     * are dropped. */
    size_t max_half_open;
    const struct recording *recording; /* NULL for none */
    bool tells_refusals;               /* on stderr; otherwise in the log alone */
    uint8_t host;                      /* in the capture; 0: the usual */
    const uint8_t *peer_hosts;         /* likewise, in the order of the peers; NULL */
};

/* Starts a relay that listens.  The callbacks of `config` are set here.
 * NULL with *error, a sentence to be freed, when it cannot. */
struct live_relay *live_relay_new(struct net *net, const struct sstp_relay_config *config,
                                  const struct live_relay_config *net_config, char **error);

/* Frees it.  Its connections have to be gone: net_free() comes before. */
void live_relay_free(struct live_relay *live_relay);

/* Belongs into net_config.settled: the relay's own time. */
void live_relay_settled(struct live_relay *live_relay);

/* ConnectClose to everybody; new connections are refused, or, with `stops_listening`, not taken
 * at all, nor opened.  Where somebody may come over HTTP they are taken and refused as long as
 * anybody is left: over Polling, a goodbye waits until it is asked for. */
void live_relay_close(struct live_relay *live_relay, uint8_t reason_id, uint32_t return_time,
                      bool stops_listening);

/* ConnectClose is sent by now, whatever the store still has to write; false when it has been
 * before. */
bool live_relay_close_now(struct live_relay *live_relay);

/* Transports that are open, with those who have been said goodbye to. */
size_t live_relay_num_open(const struct live_relay *live_relay);

/* Ends it while the loop goes on: resets what is open, and frees the relay with its store.
 * False while the store is being written: the loop has to run, and this to be called
 * again.  What is left of it is freed by live_relay_free(). */
bool live_relay_stop(struct live_relay *live_relay);

/* NULL when it has been stopped. */
struct sstp_relay *live_relay_relay(struct live_relay *live_relay);

/* Transports that it takes at a time, with so many established and half open ones (0: the
 * above, and that of relay/relay.h); over HTTP each may have two. */
size_t live_relay_max_open(size_t max_connections, size_t max_half_open, bool has_http);

/* Where it listens, as net_listener_address() says it; to be freed. */
char *live_relay_address(const struct live_relay *live_relay);

/* Ends the relay's timer, so that the loop can end; the last call before
 * net_free(). */
void live_relay_end(struct live_relay *live_relay);

#endif
