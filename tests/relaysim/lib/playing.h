/* SPDX-License-Identifier: GPL-2.0-or-later */
/* playing: a scenario that is read, and a player of it that nobody but the test tells anything: its
 * network is one in memory, on a simulated clock.  Waiting comes to its end at once. */
#ifndef TESTS_RELAYSIM_PLAYING_H
#define TESTS_RELAYSIM_PLAYING_H

#include "play/player.h"
#include "scenario_text.h"

struct playing {
    struct scenario *scenario;
    struct player *player;
    struct recording recording;
    struct simulation *simulation;
};

void playing_begin(struct playing *playing, const char *text);
void playing_end(struct playing *playing);

/* A device is told of an event. */
void playing_tell(struct playing *playing, unsigned device, struct sstp_ep_event event);

/* A device has a connection; a session of A's to B has this id, on the connections that they have.
 */
void playing_connect(struct playing *playing, unsigned device);
void playing_open(struct playing *playing, unsigned session, uint32_t id);

/* What has failed so far, in one text, which is empty after that; to be freed. */
char *playing_failures(struct playing *playing);

#endif
