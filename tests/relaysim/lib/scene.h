/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scene: towns (town.h) of two relays, for what goes over a hop. */
#ifndef RELAYSIM_TESTS_SCENE_H
#define RELAYSIM_TESTS_SCENE_H

#include "town.h"

#define READY(client, id) (town_session_state(client, id) == (int)SSTP_SESSION_READY)

/* The scene of 4.2.6: A, B and C at Relay1, D and E at Relay2. */
struct scene {
    struct town *town;
    struct town_relay *relay1, *relay2;
    struct town_client *a, *b, *c, *d, *e;
    uint32_t id;
};

struct scene scene_set(uint8_t minor, const struct sstp_relay_config *relay2);
/* The clients of Relay2, which are not there in every test. */
void scene_bring_d_and_e(struct scene *s, uint8_t minor);
/* A opens a session to all of them, which is ready. */
void scene_open_to_all(struct scene *s);

/* A at Relay1, with a session that goes to a puppet as Relay2, which takes it. */
struct puppet_scene {
    struct town *town;
    struct town_relay *relay1, *two;
    struct town_client *a;
    uint32_t id; /* A's, to `names` as town_fanout() has them */
};

struct puppet_scene puppet_scene_set(const char *names);

/* The puppet says StopSending, which Relay1 alone has heard so far. */
void puppet_scene_block(const struct puppet_scene *s);

#endif
