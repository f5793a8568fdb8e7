/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * demo: the cast of `relaysim demo`, devices and relays on live loopback sockets
 * in one process.
 *
 * A scene is a function that reads from top to bottom: it lets an actor do
 * something, then AWAITs what has to come of it, while the loop runs.  What
 * an actor is told is kept in its members for the scenes to look at.
 */
#ifndef RELAYSIM_DEMO_H
#define RELAYSIM_DEMO_H

#include <glib.h>

#include "client.h"
#include "net.h"
#include "options.h"
#include "relay_net.h"

#define DEMO_ACTORS_MAX 32
#define DEMO_RELAYS_MAX 6
#define DEMO_ACK_DELAY_MS 60 /* the products' 5 seconds would make the tour long */
#define DEMO_IDLE_MS 150
#define DEMO_PATIENCE_MS 5000 /* for one step */
#define DEMO_NUMBERS_MAX 64

struct demo;

/* A device, in the role of a client. */
struct actor {
    struct demo *demo;
    const char *name;
    char *device_url, *identity_url, *account_url;
    const char *product_version;
    uint8_t host; /* in the capture */
    uint8_t major_version, minor_version;
    const char *secret; /* its keys come from it */

    /* How it answers whoever opens a session. */
    enum sstp_availability availability;
    bool holds; /* messages are completed by the scene, not at once */

    /* Its connection. */
    struct net_connection *socket;
    struct sstp_client *client;
    struct net_listener *listener;
    struct actor *listens_for; /* the actor that takes the next peer */

    /* What has happened, since actor_reset() or the last connection. */
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
    uint64_t numbers[DEMO_NUMBERS_MAX]; /* of the messages received, if it holds */
};

struct station {
    const char *url;
    uint8_t host;
    char *address;
    struct relay_net *relay;
};

struct demo {
    struct net *net;
    struct random_seeded random;
    struct actor actors[DEMO_ACTORS_MAX];
    size_t num_actors;
    struct station stations[DEMO_RELAYS_MAX];
    size_t num_stations;
    const char *scene;
};

/* Lets the loop run until the condition holds; the scene ends, failed, when that
 * takes too long. */
#define AWAIT(demo, condition)                                                                     \
    do {                                                                                           \
        const int64_t end_ms = net_now_ms((demo)->net) + DEMO_PATIENCE_MS;                         \
        while (!(condition))                                                                       \
            if (!demo_step(demo, end_ms, #condition))                                              \
                return false;                                                                      \
    } while (0)

/* A step that says itself what went wrong. */
#define DO(step)                                                                                   \
    do {                                                                                           \
        if (!(step))                                                                               \
            return false;                                                                          \
    } while (0)

/* What has to hold at once. */
#define EXPECT(demo, condition)                                                                    \
    do {                                                                                           \
        if (!(condition) && !demo_is_wrong(demo, #condition))                                      \
            return false;                                                                          \
    } while (0)

bool demo_step(struct demo *demo, int64_t end_ms, const char *condition);
bool demo_is_wrong(struct demo *demo, const char *condition); /* always false */

/* A device with URLs of its own; in SSTP 1.6 as SharePoint Workspace 2010. */
struct actor *demo_actor(struct demo *demo, const char *name);

/* One like it, that is the same device in a new connection. */
struct actor *demo_again(struct actor *actor);

/* A relay of these properties on a free port; NULL when it cannot listen. */
struct station *demo_station(struct demo *demo, const char *url,
                             const struct sstp_relay_config *config);

/* Connects to a relay, attaching and registering if wanted. */
bool actor_dial(struct actor *actor, const struct station *station, bool attaches);

/* The same, asking for another device than the one that is there. */
bool actor_dial_for(struct actor *actor, const struct station *station, const char *target_url);

/* Connects two devices directly: `acceptor` listens, `actor` dials. */
bool actor_dial_device(struct actor *actor, struct actor *acceptor);

struct sstp_ep *actor_ep(struct actor *actor);

/* The endpoint was used from outside a callback. */
void actor_wake(struct actor *actor);

/* Opens a session to another actor's identity, and device unless that is NULL. */
bool actor_open(struct actor *actor, const struct actor *to, bool to_device, uint32_t *session_id);

/* The state that a session of the actor's is in; -1 when it has none. */
int actor_session_state(struct actor *actor, uint32_t session_id);

/* Sends a message with these bytes and no more to say. */
bool actor_send(struct actor *actor, uint32_t session_id, struct sstp_span data, uint8_t flags);

/* Says ConnectClose, and waits until both ends are gone. */
bool actor_leave(struct actor *actor, uint8_t reason_id);

/* A workspace's message as text, of about `len` characters, to be freed. */
GString *demo_mime(struct demo *demo, size_t len);
/* Random bytes, to be freed. */
GByteArray *demo_binary(struct demo *demo, size_t len);

/* ---- the scenes: demo_direct.c, demo_relay.c, demo_refuse.c ---- */

bool scene_device_to_device(struct demo *demo);
bool scene_message_fields(struct demo *demo);
bool scene_acknowledgement(struct demo *demo);
bool scene_flow_control(struct demo *demo);
bool scene_store_and_forward(struct demo *demo);
bool scene_authenticated(struct demo *demo);
bool scene_fanout_1_5(struct demo *demo);
bool scene_fanout_1_6(struct demo *demo);
bool scene_quota(struct demo *demo);
bool scene_refused_sessions(struct demo *demo);
bool scene_refused_accounts(struct demo *demo);
bool scene_refused_connections(struct demo *demo);
bool scene_resting(struct demo *demo);

#endif
