/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stage: the relays and devices of a scenario, and the stores of those that have one. */
#ifndef RELAYSIM_PLAY_STAGE_H
#define RELAYSIM_PLAY_STAGE_H

#include "play/player.h"

/* Makes all of them, and starts the relays that are to be there; false with failures. */
bool stage_set(struct player *player);

/* Starts a relay, that may have been there before; false with a failure. */
bool stage_start_relay(struct player *player, const struct scenario_step *step, unsigned i);

/* How one goes to a relay or puppet at this step, which says so or leaves it to whoever plays it.
 */
struct stage_way {
    const struct carrier_ops *carrier;
    const struct cast_proxy *proxy; /* NULL: straight */
};
struct stage_way stage_way(const struct player *player, const struct scenario_step *step);

/* Ends one; one that says goodbye is there until everybody has gone. */
bool stage_end_relay(struct player *player, const struct scenario_step *step, unsigned i,
                     bool says_goodbye, uint8_t reason_id);

/* A proxy of the scenario dies, and is there again; false with a failure. */
bool stage_end_proxy(struct player *player, const struct scenario_step *step, unsigned i);
bool stage_start_proxy(struct player *player, const struct scenario_step *step, unsigned i);

/* A speaker ends its connection, and waits until it is gone. */
void stage_hang_up(struct player *player, unsigned i);

/* Removes the stores.  Everybody is gone. */
void stage_clear(struct player *player);

#endif
