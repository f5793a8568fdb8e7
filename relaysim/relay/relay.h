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
#include "security/security.h"

#define SSTP_RELAY_MAX_CONNECTIONS 1000u

struct sstp_relay;
struct sstp_store;
struct sstp_relay_connection;

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
    void (*sent)(void *cookie, void *socket, const struct sstp_command *command); /* or NULL */
    void (*noted)(void *cookie, void *socket, const struct sstp_ep_note *note);   /* or NULL */
    /* A message has been discarded; or NULL.  With it, `label` is asked for a number by
     * which a connection is known in the origins of its messages. */
    void (*discarded)(void *cookie, const struct sstp_relay_discard *discard);
    uint64_t (*label)(void *cookie, void *socket);
    /* The store cannot be written, or, with NULL, again; may be NULL. */
    void (*store_failing)(void *cookie, const char *why);
    /* It is full, near max_bytes, or no more; may be NULL. */
    void (*store_full)(void *cookie, bool is_full);
    void *cookie;
};

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
