/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * client: how a client makes itself known to a relay (GRVSSTP 3.2.4.1): Connect
 * with a token, Attach, Register, in the private profile of security/security.h.
 *
 * It owns an endpoint, deals with the events of those commands itself, and hands
 * all others on to its owner unchanged.  Like the endpoint it has neither socket
 * nor clock.  With `attaches` unset it is just an endpoint: for a peer device, or
 * for who only sends.
 *
 *     struct sstp_client *client = sstp_client_new(&config);
 *     sstp_client_start(client);
 *     ... carry the bytes of sstp_client_ep(client) until `ready` is called
 */
#ifndef RELAYSIM_CLIENT_CLIENT_H
#define RELAYSIM_CLIENT_CLIENT_H

#include "endpoint/endpoint.h"
#include "security/security.h"

struct sstp_client;

struct sstp_client_config {
    const char *device_url; /* strings outlive the client */
    const char *target_url; /* the relay's or the peer's device URL */
    bool is_originator;
    bool attaches; /* to a relay, with the account and identities below */
    const char *account_url;
    const char *const *identity_urls;
    size_t num_identities;
    struct sstp_sec_secret device_key, account_key;
    struct sstp_sec_random random;
    uint8_t major_version, minor_version; /* as in the endpoint */
    const char *product_version;
    int64_t now_ms;
    int64_t ack_delay_ms;                                         /* as in the endpoint */
    int64_t connect_timeout_ms, open_timeout_ms, auth_timeout_ms; /* likewise */
    int64_t outbound_idle_ms, inbound_idle_ms;                    /* likewise */
    uint32_t first_session_id;                                    /* likewise */
    struct sstp_ep_limits limits;

    /* Established, and attached and registered where that was asked for. */
    void (*ready)(void *cookie, struct sstp_client *client);
    /* The relay would not have it; the connection is being closed. */
    void (*failed)(void *cookie, struct sstp_client *client, const char *why);
    void (*event)(void *cookie, struct sstp_ep *ep, const struct sstp_ep_event *event);
    void *cookie;
    struct sstp_ep_witness witness; /* the endpoint's */
};

/* NULL without memory. */
struct sstp_client *sstp_client_new(const struct sstp_client_config *config);
void sstp_client_free(struct sstp_client *client);

/* Sends Connect; only for the originator. */
enum sstp_ep_err sstp_client_start(struct sstp_client *client);

struct sstp_ep *sstp_client_ep(struct sstp_client *client);

#endif
