/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cast: devices and relays in one process, on live loopback sockets or simulated ones, which the
 * tour (demo/demo.h) and the scenarios (play/play.h) move.
 *
 * An actor is a device in the role of a client, a station a relay.  What an actor is
 * told is kept in its members, and handed on to the owner of the cast.  Nothing here
 * waits: who wants to see what comes of something lets the loop run.
 *
 *     struct actor *cara = cast_actor(cast, "Cara");
 *     struct station *relay = cast_station(cast, url, &config);
 *     actor_dial(cara, relay, relay->url, false);
 *     while (!cara->is_ready && cast_turn(cast, end_ms)) {
 *     }
 */
#ifndef RELAYSIM_PLAY_CAST_H
#define RELAYSIM_PLAY_CAST_H

#include <glib.h>

#include "base/random.h"
#include "carrier/proxy_login.h"
#include "carrier/http_options.h"
#include "carrier/polling_options.h"
#include "live/client.h"
#include "live/puppet.h"
#include "live/relay.h"
#include "net/net.h"

#define CAST_ACTORS_MAX 32
#define CAST_RELAYS_MAX 6
#define CAST_NUMBERS_MAX 64
#define CAST_ACK_DELAY_MS 60 /* the products' 5 seconds would make everything long */
#define CAST_PROXIES_MAX 3
#define CAST_RELAY_HOST 1u  /* of the first station, in the capture */
#define CAST_PROXY_HOST 7u  /* of the first proxy */
#define CAST_ACTOR_HOST 10u /* of the first actor */
#define CAST_PUPPETS_MAX 8
#define CAST_PUPPET_HOST 60u /* of the first puppet */

struct cast;

struct actor {
    struct cast *cast;
    const char *name;
    char *device_url, *identity_url, *account_url;
    const char *product_version;
    uint8_t host; /* in the capture */
    uint8_t major_version, minor_version;
    const char *secret;   /* its keys come from it */
    int64_t ack_delay_ms; /* CAST_ACK_DELAY_MS unless set otherwise */
    int64_t connect_timeout_ms, open_timeout_ms, outbound_idle_ms, inbound_idle_ms;
    const struct carrier_ops *carrier; /* of its connections to relays; carrier_direct */
    const struct cast_proxy *proxy;    /* that they go through; NULL */
    struct proxy_login *login;         /* what it has learned of that proxy; NULL */
    struct http_options http;          /* of the last of them, over HTTP */
    bool says_nothing;                 /* no Connect follows when the transport is there */
    bool is_dialing;                   /* it connects, and is not connected to */

    /* How it answers whoever opens a session. */
    enum sstp_availability availability;
    bool holds; /* messages are completed by the owner, not at once */

    /* Its connection. */
    struct live_client *client;         /* NULL when it has none, nor waits for one */
    struct live_connection *connection; /* NULL when it is not there */
    struct net_listener *listener;

    /* What has happened since the last connection began. */
    bool is_ready, is_closed, has_failed;
    int response_id; /* of the ConnectResponse; -1 */
    uint8_t close_reason_id;
    unsigned num_acknowledged, num_unacknowledged;
    unsigned num_received, num_bytes_received;
    unsigned num_lost; /* destinations, by SessionStatus */
    unsigned num_opened, num_sessions_closed;
    int open_response_id;               /* of a session that was refused; -1 */
    int session_reason_id;              /* of the last Close; -1 */
    uint32_t opened_id;                 /* the peer's last session */
    uint64_t numbers[CAST_NUMBERS_MAX]; /* of the messages received, if it holds */
};

/* What a relay listens on: SSTP, the same on the port of SSL, and HTTP. */
enum { STATION_SSTP, STATION_443, STATION_HTTP, STATION_DOORS };

struct station {
    const char *url; /* outlives the cast, as what its configuration points to */
    uint8_t host;
    char *addresses[STATION_DOORS]; /* kept when it has ended: nobody listens there then */
    struct polling_options polling; /* what its Polling clients are told, and when they are lost */
    struct live_relay *relay;
    bool has_claim; /* while it was never started: */
    int claim;      /* a socket that keeps the port, where nobody listens */
    /* The other relays that it dials: wherever they are by then. */
    const char *peer_urls[CAST_RELAYS_MAX];
    const char *peer_addresses[CAST_RELAYS_MAX];
    uint8_t peer_hosts[CAST_RELAYS_MAX];
    size_t peers[CAST_RELAYS_MAX]; /* places in cast->stations */
    size_t num_peers;
};

/* Whether somebody has had enough of a play: asked every now and then while it waits. */
struct cast_stop {
    bool (*is_stopped)(void *cookie);
    void *cookie;
};

/* A proxy of HTTP and SOCKS5 (proxy/server.h) that actors may go through.  It looks names of
 * servers up among the stations alone.  Both legs of a connection through it are in the capture:
 * clients find it at 198.51.100.HOST, relays see 192.0.2.HOST. */
struct cast_proxy {
    struct cast *cast;
    struct proxy_server *server;     /* NULL while it is not there */
    const struct proxy_login *login; /* that it wants to hear, its owner's; NULL: none */
    char *address;                   /* the same each time */
    int claim;                       /* a socket that keeps the port */
    uint8_t host;
};

/* Who says what its owner has it say, and nothing of its own (live/puppet.h). */
struct puppet {
    struct cast *cast;
    const char *name;
    struct station place; /* where others call it: without a relay */
    struct live_puppet *live;
    struct puppet *peer; /* of its last connection */
    struct http_options http;
    struct proxy_login *login; /* what it has learned of its proxy; NULL */
    bool is_polling;           /* it called so last */
    bool has_been_there;       /* since it was to be connected last */
    char *failure;             /* why that came to nothing; NULL */
};

struct cast {
    struct net *net;
    const struct recording *recording;
    const struct cast_stop *stop; /* NULL: it is played to its end */
    struct random_seeded random;
    struct actor actors[CAST_ACTORS_MAX];
    size_t num_actors;
    struct station stations[CAST_RELAYS_MAX];
    size_t num_stations;
    struct cast_proxy proxies[CAST_PROXIES_MAX];
    size_t num_proxies;
    struct puppet puppets[CAST_PUPPETS_MAX];
    size_t num_puppets;
    GPtrArray *ended; /* relays that have, and are freed with the loop */

    /* An address could not be had, or was not reached: a sentence.  Its owner always wants to know,
     * and says so before cast_init(). */
    void (*wrong)(void *cookie, const char *why);
    /* Everything that an actor is told, when its members know of it; NULL. */
    void (*told)(void *cookie, struct actor *actor, const struct sstp_ep_event *event);
    /* Its attaching or registering came to nothing; NULL. */
    void (*failed)(void *cookie, struct actor *actor, const char *why);
    void *cookie;
};

/* Where it all happens: on loopback; or in memory, on a simulated clock, which outlives the cast
 * and is the recording's; or on loopback by such a clock. */
struct cast_world {
    struct simulation *simulation; /* NULL: the system's clock */
    bool has_sockets;              /* with a simulation */
};

/* Starts the loop; false when it cannot.  Faults: base/fault.h, or NULL. */
bool cast_init(struct cast *cast, const struct recording *recording, struct faults *faults,
               uint64_t seed, struct cast_world world);
void cast_clear(struct cast *cast);

/* Lets the loop run once, until `end_ms` of net_now_ms() at the latest; false when it is past, or
 * when the play is stopped. */
bool cast_turn(struct cast *cast, int64_t end_ms);
bool cast_is_stopped(const struct cast *cast);

/* Tells its owner `error`, a sentence, which is freed; always false. */
bool cast_is_wrong(const struct cast *cast, char *error);

/* A device with URLs of its own, made up; in SSTP 1.6 as SharePoint Workspace 2010. */
struct actor *cast_actor(struct cast *cast, const char *name);

/* One like it, that is the same device in a new connection. */
struct actor *actor_again(struct actor *actor);

/* A relay of these properties, that is not started. */
struct station *cast_station(struct cast *cast, const char *url);

/* The name of its host, as its URL has it; and where the door is that has this port in the
 * capture, NULL where it has none. */
const char *station_name(const struct station *station);
const char *station_door(const struct station *station, uint16_t port);

/* What a relay listens on: the ports as the capture has them; claims a socket for each, false with
 * *error; and keeps what net_listener_address() has said of them, which is freed. */
extern const uint16_t station_ports[STATION_DOORS];
bool station_claim_doors(struct net *net, int sockets[STATION_DOORS], char **error);
void station_keep_addresses(struct station *station, char *addresses);
/* Its Polling clients are told to come as soon as may be: whoever plays waits for them. */
void station_hurry(struct station *station);

/* One relay knows where another one is. */
void station_add_peer(struct cast *cast, struct station *station, size_t peer);

/* Starts it on a free port; false when it cannot listen.  Acknowledgements are hurried
 * unless the configuration says when. */
bool station_start(struct cast *cast, struct station *station,
                   const struct sstp_relay_config *config);

/* Ends it without a word to anybody; the loop runs until its store is written. */
void station_end(struct cast *cast, struct station *station);

/* Gives up the port of a station that was never started, if it has one. */
void station_release(struct cast *cast, struct station *station);

/* A proxy that is not there yet, and lets in whoever knows `login`; NULL where no port is to be
 * had, and the owner of the cast is told. */
struct cast_proxy *cast_proxy(struct cast *cast, const struct proxy_login *login);

/* It listens; false when it cannot. */
bool cast_proxy_start(struct cast_proxy *proxy);

/* It dies: everything that it has is closed, and nobody listens.  Harmless where it is not there.
 */
void cast_proxy_end(struct cast_proxy *proxy);

/* The last call: while the loop is there. */
void cast_proxy_clear(struct cast_proxy *proxy);

/* A puppet that is at its URL, grooveDNS://NAME, which outlives the cast as the name does. */
struct puppet *cast_puppet(struct cast *cast, const char *name, const char *url);

/* It can be called; and it calls another one, who can, through `proxy` unless that is NULL.  False
 * where it cannot be tried; what comes of it, both know later. */
bool puppet_listen(struct puppet *puppet);
bool puppet_call(struct puppet *puppet, const struct puppet *other,
                 const struct carrier_ops *carrier, const struct cast_proxy *proxy);
bool puppet_is_there(const struct puppet *puppet);

/* Before the loop ends, and after that. */
void cast_puppet_end(struct puppet *puppet);
void cast_puppet_clear(struct puppet *puppet);

/* The port of a relay that a carrier leads to through a proxy (GRVHENC 2.1). */
uint16_t cast_port_behind(const struct carrier_ops *carrier);

/* Connects to a relay, by its carrier and through its proxy, and asks for a device, attaching and
 * registering if wanted. */
bool actor_dial(struct actor *actor, const struct station *station, const char *target_url,
                bool attaches);

/* Takes one peer device; then another dials it. */
bool actor_listen(struct actor *actor);
bool actor_dial_peer(struct actor *actor, const struct actor *acceptor, const char *target_url);

/* Does not listen any more; harmless if it did not. */
void actor_stop_listening(struct actor *actor);

/* The endpoint of its connection, with the time told; NULL without one. */
struct sstp_ep *actor_ep(struct actor *actor);

/* The endpoint was used from outside a callback. */
void actor_wake(struct actor *actor);

/* The state that a session of the actor's is in; -1 when it has none. */
int actor_session_state(struct actor *actor, uint32_t session_id);

#endif
