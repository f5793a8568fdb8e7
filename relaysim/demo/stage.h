/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stage: what the scenes of `relaysim demo` are made with: the cast of play/cast.h, and time.
 *
 * A scene is a function that reads from top to bottom: it lets an actor do
 * something, then AWAITs what has to come of it, while the loop runs.
 */
#ifndef RELAYSIM_DEMO_STAGE_H
#define RELAYSIM_DEMO_STAGE_H

#include "play/cast.h"

#define DEMO_IDLE_MS 150
#define DEMO_PATIENCE_MS 5000 /* for one step */

struct demo {
    struct cast cast;
    const char *scene;
    struct proxy_login *login; /* of a proxy; NULL until there is one */
};

/* Lets the loop run until the condition holds; the scene ends, failed, when that
 * takes too long. */
#define AWAIT(demo, condition)                                                                     \
    do {                                                                                           \
        const int64_t end_ms = net_now_ms((demo)->cast.net) + DEMO_PATIENCE_MS;                    \
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

struct actor *demo_actor(struct demo *demo, const char *name);

/* A relay of these properties that listens; NULL when it cannot. */
struct station *demo_station(struct demo *demo, const char *url,
                             const struct sstp_relay_config *config);

/* Connects two devices directly, and waits until both are ready. */
bool demo_meet(struct demo *demo, struct actor *actor, struct actor *acceptor);

/* Opens a session to another actor's identity, and device unless that is NULL. */
bool demo_open(struct demo *demo, struct actor *actor, const struct actor *to, bool to_device,
               uint32_t *session_id);

/* Sends a message with these bytes and no more to say. */
bool demo_send(struct demo *demo, struct actor *actor, uint32_t session_id, struct sstp_span data,
               uint8_t flags);

/* Says ConnectClose, and waits until both ends are gone. */
bool demo_leave(struct demo *demo, struct actor *actor, uint8_t reason_id);

/* A workspace's message as text, of about `len` characters, to be freed. */
GString *demo_mime(struct demo *demo, size_t len);
/* Random bytes, to be freed. */
GByteArray *demo_binary(struct demo *demo, size_t len);

#endif
