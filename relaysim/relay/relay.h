/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * relay: the relay server role above the endpoints (GRVSSTP 3.3): store and
 * forward, multi-drop fanout, authentication in the private profile.
 *
 * Like the endpoint it has neither sockets nor a clock.  Its caller accepts
 * transports, carries the bytes of each connection's endpoint, and asks the
 * relay for time.  Work on one connection may put output on another; `wake`
 * tells of that.
 *
 *     struct sstp_relay *relay = sstp_relay_new(&config, now_ms);
 *     struct sstp_relay_connection *connection = sstp_relay_accept(relay, socket, now_ms);
 *     struct sstp_ep *ep = sstp_relay_connection_ep(connection);
 */
#ifndef RELAYSIM_RELAY_RELAY_H
#define RELAYSIM_RELAY_RELAY_H

#include "endpoint/endpoint.h"
#include "relay/config.h"

struct sstp_relay;
struct sstp_relay_connection;

struct sstp_relay *sstp_relay_new(const struct sstp_relay_config *config, int64_t now_ms);

/* Frees it with all its connections, without a word to anybody. */
void sstp_relay_free(struct sstp_relay *relay);

/* A transport was accepted; NULL without memory.  `socket` comes back in the
 * callbacks. */
struct sstp_relay_connection *sstp_relay_accept(struct sstp_relay *relay, void *socket,
                                                int64_t now_ms);
struct sstp_ep *sstp_relay_connection_ep(struct sstp_relay_connection *connection);

/* Whatever its Connect says, it is told TryLater at best: there is no room for it. */
void sstp_relay_refuse(struct sstp_relay_connection *connection);

/* A transport to another relay has been opened; NULL when it is not wanted any more,
 * or without memory: then it is to be closed. */
struct sstp_relay_connection *sstp_relay_dialed(struct sstp_relay *relay, const char *url,
                                                uint64_t number, void *socket, int64_t now_ms);
/* It could not be: `status_id` is DNSLookupFailed or HostNotReachable. */
void sstp_relay_not_dialed(struct sstp_relay *relay, const char *url, uint64_t number,
                           uint8_t status_id);

/* The transport is gone; what the endpoint still knew is told and forgotten. */
void sstp_relay_disconnect(struct sstp_relay_connection *connection);

/* The output has gone: there is room for messages that had to wait. */
void sstp_relay_output_is_empty(struct sstp_relay_connection *connection);

/* For the relay's own deadlines; each endpoint has its own beside them. */
void sstp_relay_tick(struct sstp_relay *relay, int64_t now_ms);
int64_t sstp_relay_next_deadline(const struct sstp_relay *relay);

/* ConnectClose to everybody, and TryLater to whoever comes.  `return_time`, in
 * seconds, is for Resting and for the TryLater. */
void sstp_relay_close(struct sstp_relay *relay, uint8_t reason_id, uint32_t return_time);

const struct sstp_relay_counters *sstp_relay_counters(const struct sstp_relay *relay);
/* The store, which its caller takes batches from (store/store.h), in every turn. */
struct sstp_store *sstp_relay_store(struct sstp_relay *relay);
size_t sstp_relay_num_established(const struct sstp_relay *relay); /* accepted ones, now */
uint64_t sstp_relay_num_stored(const struct sstp_relay *relay);

#endif
