/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fact: what the devices of a scenario were told. */
#ifndef RELAYSIM_PLAY_FACT_H
#define RELAYSIM_PLAY_FACT_H

#include "play/player.h"

void facts_init(struct player *player);
void facts_clear(struct player *player);

/* For the cast. */
void facts_told(void *cookie, struct actor *actor, const struct sstp_ep_event *event);
void facts_failed(void *cookie, struct actor *actor, const char *why);

/* The oldest fact of a kind that nobody has claimed; NULL. */
struct fact *facts_next(const struct player *player, unsigned device, enum fact_kind kind);

/* Whether it is about this session. */
bool fact_is_of_session(const struct player *player, unsigned device, const struct fact *fact,
                        unsigned session);

/* In words: "Close NoReason of s1"; to be freed. */
char *fact_describe(const struct player *player, unsigned device, const struct fact *fact);

/* What a device was told that nobody has claimed, in words; to be freed. */
char *facts_describe(const struct player *player, unsigned device);

#endif
