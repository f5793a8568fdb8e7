/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * carrier: how the bytes of one SSTP connection travel.
 *
 * A carrier stands between an endpoint and the transports that carry its bytes: TCP
 * connections, which its owner opens, accepts, reads and writes.  Like the endpoint it has
 * neither sockets nor a clock, and calls nobody back: after each call its owner looks at
 * what it wants and what has become of it.
 *
 *     struct carrier *carrier = carrier_new(&carrier_direct, &config);
 *     while ((transport = carrier_next_wanted(carrier)) != NULL)
 *         ... open it, then carrier_opened(transport) or carrier_not_opened(transport, why)
 *     if (carrier_is_ready(carrier))
 *         carrier_set_ep(carrier, ep);
 *     carrier_receive(transport, data, len); ...
 *     if (carrier_is_gone(carrier))
 *         carrier_free(carrier);
 *
 * Each way of travelling is a row of functions, struct carrier_ops.  The plain way,
 * carrier/direct.h, is just one of them: one transport, whose bytes are the endpoint's.
 *
 * How the others fit:
 *
 * CONNECT and SOCKS (a client's; carrier/connect.h, carrier/socks.h): one transport, to the
 * proxy.  In `opened` they put their request into the output; `receive` reads the answer, and
 * `deadline` bounds the wait for it.  carrier_set_ready() when the way is free, carrier_fail()
 * when the proxy will not; from then on they hand everything on as direct does, with
 * carrier/pass.h.  A proxy that wants to know who asks is told with carrier/proxy_auth.h, which
 * those over HTTP have for their transports, too; where it closes the connection after the
 * question, they go on with another transport.
 *
 * LongLived and KeepAlive (GRVHENC 3.1 to 3.4): two transports, `number` 0 for GET and 1 for
 * POST.  `begin` wants both; carrier_set_ready() when both have their handshake.  `output` of
 * POST is the endpoint's, in bodies; what GET brings goes to the endpoint.  Where KeepAlive has
 * lost its POST, carrier_want() asks for it again; whoever may not be lost is followed by
 * carrier_lose(), which takes the others along, as at LongLived's content limit: its owner makes
 * another carrier then.
 *
 * Polling (3.5, 3.6): a transport for a request, or for several; none at all between two
 * polls.  Its `deadline` is then what wakes it, and its `tick` wants the next one.
 *
 * On the server's side a transport is accepted before anybody knows what it carries.  It
 * begins in a carrier of its own, whose `receive` looks at the first bytes.  That one becomes
 * another by carrier_become(), as for direct and for the first half of a virtual connection;
 * or the transport belongs to a virtual connection that is there, found by its GUID in a table
 * that all of these carriers share (`shared`), and carrier_move() takes it there.  The carrier that
 * is left without a transport, and has neither been ready nor has a name, is gone without a word;
 * half a virtual connection may be without one, and its own time ends it.
 */
#ifndef RELAYSIM_CARRIER_CARRIER_H
#define RELAYSIM_CARRIER_CARRIER_H

#include "endpoint/endpoint.h"
#include "security/security.h"

struct http_options;

#define CARRIER_TRANSPORTS_MAX 8u      /* of one carrier at a time */
#define CARRIER_PROXY_TIMEOUT_MS 90000 /* GRVHENC 3.7.2.1, 3.9.2.1 */

struct carrier;
struct carrier_transport;
struct proxy_login;

/* Whom a client's transport leads to. */
enum carrier_target { CARRIER_TO_SERVER, CARRIER_TO_PROXY };

enum carrier_phase {
    CARRIER_WANTED,  /* awaits carrier_next_wanted() */
    CARRIER_OPENING, /* awaits carrier_opened() or carrier_not_opened() */
    CARRIER_OPEN
};

/* One TCP connection, as seen from here. */
struct carrier_transport {
    struct carrier *carrier;
    void *owner;     /* whatever its owner has there */
    unsigned number; /* the carrier's own name for it */
    enum carrier_target target;
    enum carrier_phase phase;
    /* What the way of travelling keeps of this one transport, wherever it moves, and how that
     * is freed; NULL. */
    void *state;
    void (*clear)(void *state);
};

/* What all functions of a row may rely on: the transport is open, and time has been told. */
struct carrier_ops {
    const char *name;    /* as --via has it */
    uint16_t port;       /* where its transports lead, as a capture shows them */
    uint16_t proxy_port; /* likewise, to a proxy, of one that may do with or without; or 0 */
    size_t state_size;   /* of what it keeps, see carrier_state(); zeroed */
    /* A Noop after so long at the latest, see sstp_ep_limit_outbound_idle(); NULL: as without. */
    int64_t (*keepalive_ms)(const struct carrier *carrier);

    /* A client begins: what it wants first.  A server's begins with a transport instead. */
    void (*begin)(struct carrier *carrier);
    /* What it keeps is about to be freed; or NULL. */
    void (*clear)(struct carrier *carrier);

    /* A transport is there, opened or accepted; or could not be opened. */
    void (*opened)(struct carrier_transport *transport);
    void (*not_opened)(struct carrier_transport *transport, const char *why);
    /* It is gone: the peer has closed it, or it broke.  It is freed after the call. */
    void (*lost)(struct carrier_transport *transport);

    /* The carrier was ready, and its endpoint is there: it gets what has come already; or NULL. */
    void (*started)(struct carrier *carrier);

    /* What both ends know the connection by; NULL: its only transport tells. */
    const char *(*connection_name)(const struct carrier *carrier);

    /* As in struct net_user (net/net.h). */
    void (*receive)(struct carrier_transport *transport, const void *data, size_t len);
    bool (*has_room)(const struct carrier_transport *transport);
    size_t (*output_len)(const struct carrier_transport *transport);
    size_t (*output)(const struct carrier_transport *transport, struct sstp_span *pieces,
                     size_t max);
    void (*taken)(struct carrier_transport *transport, size_t len);
    bool (*is_over)(const struct carrier_transport *transport);

    /* Its own time, beside the endpoint's; both NULL where it has none. */
    void (*tick)(struct carrier *carrier);
    int64_t (*deadline)(const struct carrier *carrier); /* SSTP_EP_NEVER */
};

struct carrier_config {
    bool is_server;
    int64_t now_ms;
    int64_t timeout_ms;        /* for the proxy's answers; 0: CARRIER_PROXY_TIMEOUT_MS */
    const char *target;        /* "HOST:PORT" that a proxy is asked for; outlives the carrier */
    bool has_proxy;            /* a client's, that may do with or without */
    struct proxy_login *login; /* for a proxy that wants one (carrier/proxy_auth.h); NULL */
    void *shared;              /* of all carriers of a server; NULL */
    uint8_t peer[16];          /* whom it has accepted: an address, of IPv4 with zeros after it */
    /* For those over HTTP: their limits and timers, NULL: the products'; outlives the carrier.
     * A client's randomness; and what time it was at 0 ms, in milliseconds since 1970. */
    const struct http_options *http;
    struct sstp_sec_random random;
    int64_t epoch_ms;
    void *owner; /* see carrier_owner() */
};

/* ------------------------------------------------------------------------
 * For its owner
 */

struct carrier *carrier_new(const struct carrier_ops *ops, const struct carrier_config *config);

/* With its transports, without a word.  NULL is fine. */
void carrier_free(struct carrier *carrier);

void *carrier_owner(const struct carrier *carrier);

/* What both ends know the connection by, where that is not its transport's addresses; NULL. */
const char *carrier_connection_name(const struct carrier *carrier);

/* See struct carrier_ops; 0: as without. */
int64_t carrier_keepalive_ms(const struct carrier *carrier);

/* A transport that is to be opened now; NULL when there is none. */
struct carrier_transport *carrier_next_wanted(struct carrier *carrier);

void carrier_opened(struct carrier_transport *transport);
/* Frees the transport. */
void carrier_not_opened(struct carrier_transport *transport, const char *why);

/* A server has accepted one. */
struct carrier_transport *carrier_accepted(struct carrier *carrier);

/* It is gone; frees it. */
void carrier_lost(struct carrier_transport *transport);

/* It is not opened any more; frees it. */
void carrier_abandon(struct carrier_transport *transport);

/* The way is free: SSTP may begin, with the endpoint that carrier_set_ep() names.  It stays
 * the caller's, and is there until the carrier is freed. */
bool carrier_is_ready(const struct carrier *carrier);
void carrier_set_ep(struct carrier *carrier, struct sstp_ep *ep);

/* Why the way is not free, and will not be; NULL where that is not so. */
const char *carrier_failure(const struct carrier *carrier);

/* Whether it is over, so that its transports are to be closed at once; and whether none is
 * left then: the endpoint, where there was one, has been told that its transport is lost. */
bool carrier_is_lost(const struct carrier *carrier);
bool carrier_is_gone(const struct carrier *carrier);

/* Its transports; NULL from the last one on. */
struct carrier_transport *carrier_transport(const struct carrier *carrier, unsigned i);

void carrier_receive(struct carrier_transport *transport, const void *data, size_t len);
bool carrier_has_room(const struct carrier_transport *transport);
size_t carrier_output_len(const struct carrier_transport *transport);
size_t carrier_output(const struct carrier_transport *transport, struct sstp_span *pieces,
                      size_t max);
void carrier_taken(struct carrier_transport *transport, size_t len);
bool carrier_is_over(const struct carrier_transport *transport);

/* The time of the carrier and of its endpoint. */
void carrier_tick(struct carrier *carrier, int64_t now_ms);
int64_t carrier_deadline(const struct carrier *carrier);

/* ------------------------------------------------------------------------
 * For the ways of travelling
 */

/* What a carrier keeps, of its ops' state_size. */
void *carrier_state(const struct carrier *carrier);

const struct carrier_ops *carrier_ops(const struct carrier *carrier);
const struct carrier_config *carrier_config(const struct carrier *carrier);
struct sstp_ep *carrier_ep(const struct carrier *carrier); /* NULL before it is ready */
int64_t carrier_now_ms(const struct carrier *carrier);

/* Asks for one more transport; asserts that there are not too many. */
void carrier_want(struct carrier *carrier, enum carrier_target target, unsigned number);

void carrier_set_ready(struct carrier *carrier);

/* There will be no way; `why` is copied.  Before it was ready. */
void carrier_fail(struct carrier *carrier, const char *why);

/* What is left of the transports is of no use: the connection is lost.  For its owner, too. */
void carrier_lose(struct carrier *carrier);

/* From now on it travels another way, with a new state. */
void carrier_become(struct carrier *carrier, const struct carrier_ops *ops);

/* Another carrier has this transport from now on, and its endpoint does what is due by now. */
void carrier_move(struct carrier_transport *transport, struct carrier *to);

#endif
