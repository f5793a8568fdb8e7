/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * relay_net: a relay (relay.h) on a listening socket (net.h).
 */
#ifndef RELAYSIM_RELAY_NET_H
#define RELAYSIM_RELAY_NET_H

#include "net.h"
#include "relay.h"

struct relay_net;

#define RELAY_NET_MAX_HALF_OPEN 64u

/* Starts a relay that listens on `address`, and finds its peers at the addresses that go
 * with their URLs in `config`; these outlive it.  Of more than `max_half_open` transports
 * (0: the above) that are not established, the oldest are dropped.  The callbacks of
 * `config` are set here.
 * NULL with *error, a sentence to be freed, when it cannot. */
struct relay_net *relay_net_new(struct net *net, const struct sstp_relay_config *config,
                                const char *address, const char *const *peer_addresses,
                                size_t max_half_open, char **error);

/* Frees it.  Its connections have to be gone: net_free() comes before. */
void relay_net_free(struct relay_net *relay_net);

/* Belongs into net_config.settled: the relay's own time. */
void relay_net_settled(struct relay_net *relay_net);

/* ConnectClose to everybody; new connections are refused, or, with
 * `stops_listening`, not taken at all. */
void relay_net_close(struct relay_net *relay_net, uint8_t reason_id, uint32_t return_time,
                     bool stops_listening);

struct sstp_relay *relay_net_relay(struct relay_net *relay_net);

/* Where it listens; to be freed. */
char *relay_net_address(const struct relay_net *relay_net);

/* Ends the relay's timer, so that the loop can end; the last call before
 * net_free(). */
void relay_net_end(struct relay_net *relay_net);

#endif
