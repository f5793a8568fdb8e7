/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config: what a relay is made with, and what it tells its owner.
 */
#ifndef RELAYSIM_RELAY_CONFIG_H
#define RELAYSIM_RELAY_CONFIG_H

#include "endpoint/config.h"
#include "security/security.h"

#define SSTP_RELAY_MAX_CONNECTIONS 1000u

struct sstp_store;

enum sstp_relay_auth {
    SSTP_RELAY_AUTH_OFF,      /* tokens are not looked at; whoever attaches is believed */
    SSTP_RELAY_AUTH_OPTIONAL, /* nobody attaches without; sending needs none */
    SSTP_RELAY_AUTH_REQUIRED  /* a Connect without a token is refused */
};

struct sstp_relay_counters {
    uint64_t num_connections;  /* established ones, ever */
    uint64_t num_sessions;     /* opened by peers */
    uint64_t num_received;     /* messages */
    uint64_t num_delivered;    /* acknowledged by a recipient */
    uint64_t num_acknowledged; /* to their senders */
    uint64_t num_forwarded;    /* shares, acknowledged by another relay */
    uint64_t num_discarded;    /* their time was over */
};

/* Why a relay does not keep a message for a recipient, or does not any more. */
enum sstp_relay_discard_reason {
    SSTP_RELAY_DISCARD_TTL,        /* its TTL is over */
    SSTP_RELAY_DISCARD_OFFLINE,    /* DoNotDeliverIfOffline: the timer for that is over */
    SSTP_RELAY_DISCARD_EXPIRED,    /* one of the two; an earlier run stored it */
    SSTP_RELAY_DISCARD_QUOTA,      /* it would have exceeded the recipient's */
    SSTP_RELAY_DISCARD_FULL,       /* it would have exceeded what is stored in all */
    SSTP_RELAY_DISCARD_RELAY,      /* the other relay cannot be reached, or has none of them left */
    SSTP_RELAY_DISCARD_SESSION,    /* its sender closed the session before it was sent on */
    SSTP_RELAY_DISCARD_CONNECTION, /* its sender is gone before it was sent on */
    SSTP_RELAY_DISCARD_COUNT
};

struct sstp_relay_discard {
    enum sstp_relay_discard_reason reason;
    const struct sstp_payload_origin
        *origin;              /* store/store.h; NULL when it came in an earlier run */
    const char *identity_url; /* the recipient; NULL for a share: see relay_url */
    const char *device_url;   /* "" when identity-targeted */
    const char *resource_url; /* NULL for a share */
    const char *relay_url;    /* of a share: the other relay, with all its recipients there */
};

struct sstp_relay_config {
    const char *const *urls; /* device URLs; outlive the relay */
    size_t num_urls;
    const char *product_version;
    uint8_t minor_version; /* 5 or 6 */
    enum sstp_relay_auth auth;
    const struct sstp_mem *mem; /* the endpoints'; NULL: libc's; its blocks are freed by libc */
    struct sstp_store *store;   /* taken over; NULL: one in memory */
    uint64_t quota;             /* bytes stored for one identity; 0: no limit */
    size_t max_bytes;           /* stored in all; 0: 1 GiB */
    size_t max_cached; /* bytes that a durable store keeps in memory; 0: as store/store.h says */
    size_t max_assembling; /* of all messages that are not whole yet; 0: 256 MiB */
    size_t max_queues;     /* for one identity: a device and a resource each; 0: 1024 */
    bool supports_multi_drop, supports_single_hop;
    const char *const *peer_urls; /* other relays that can be dialed; outlive the relay */
    size_t num_peers;
    int64_t transport_timeout_ms;                /* for a dialed transport (note <11>); 0: 180000 */
    int64_t connect_timeout_ms, open_timeout_ms; /* as in the endpoint */
    int64_t outbound_idle_ms, inbound_idle_ms;   /* likewise, of accepted connections */
    int64_t auth_timeout_ms;                     /* between its steps; 0: 60000 */
    int64_t offline_ttl_ms;            /* of messages with D (GRVSSTP 3.3.2.1); 0: 300000 */
    int64_t peer_idle_ms;              /* outbound, of connections to other relays; 0: 240000 */
    size_t max_connections;            /* established; TryLater beyond; 0: the above */
    size_t max_connections_per_device; /* CrossedConnections beyond; 0: no limit */
    uint32_t retry_time;               /* of TryLater and WillUpgrade, in seconds; 0: 60 */
    int64_t ack_delay_ms;              /* as in the endpoint */
    int64_t idle_ms; /* a delivery session without messages is closed then; 0: 60000 */
    int64_t hung_ms; /* a connection that answers nothing for so long has hung; 0: 20000 */
    const char *const *locked_out; /* device and identity URLs; outlive the relay */
    size_t num_locked_out;
    struct sstp_ep_limits limits;
    struct sstp_sec_random random;

    /* These come in the middle of the relay's work.  But for the answer to `dial`, nothing of
     * the relay and its endpoints is to be called in them. */

    /* Output waits, or a deadline has changed, on a connection. */
    void (*wake)(void *cookie, void *socket);
    /* Nothing is to be read from a connection, or something again; may be NULL. */
    void (*hold)(void *cookie, void *socket, bool is_held);
    /* A transport to another relay is needed.  Answered, at once or later, by
     * sstp_relay_dialed() or sstp_relay_not_dialed() with the same number; what has been
     * given up meanwhile may still be. */
    void (*dial)(void *cookie, const char *url, uint64_t number);
    /* One line on what happened; may be NULL. */
    void (*log)(void *cookie, void *socket, const char *text);
    /* The same on what was refused, and the option that says so: seldom, however often it
     * happens (base/log_seldom.h). */
    void (*tell)(void *cookie, void *socket, const char *text);
    /* A message has been discarded; or NULL.  With it, `label` is asked for a number by
     * which a connection is known in the origins of its messages. */
    void (*discarded)(void *cookie, const struct sstp_relay_discard *discard);
    uint64_t (*label)(void *cookie, void *socket);
    /* The store cannot be written, or, with NULL, again; may be NULL. */
    void (*store_failing)(void *cookie, const char *why);
    /* It is full, near max_bytes, or no more; may be NULL. */
    void (*store_full)(void *cookie, bool is_full);
    void *cookie;
    /* Of every connection; instead of its cookie it gets the connection's socket. */
    struct sstp_ep_witness witness;
};

#endif
