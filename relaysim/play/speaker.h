/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * speaker: one end of one TCP connection that says the bytes it is given, and keeps what it hears;
 * for what no endpoint and no carrier would do.
 *
 *     speaker_init(&speaker, cast, 60);
 *     speaker_call(&speaker, station_door(station, 80), hosts);
 *     speaker_say(&speaker, bytes);
 *     while (!speaker_takes(&speaker, answer) && cast_turn(cast, end_ms)) {
 *     }
 *     speaker_hang_up(&speaker);
 */
#ifndef RELAYSIM_PLAY_SPEAKER_H
#define RELAYSIM_PLAY_SPEAKER_H

#include <glib.h>

#include "play/cast.h"

#define SPEAKER_HEARD_MAX (1u << 20) /* bytes that are kept; what comes after them is not */

struct speaker {
    struct cast *cast;
    uint8_t host; /* in the capture */
    struct net_listener *listener;
    struct net_connection *socket; /* NULL when there is none; or it is being opened */
    bool is_open, is_hanging_up;
    GByteArray *says, *heard;
};

void speaker_init(struct speaker *speaker, struct cast *cast, uint8_t host);
/* When the loop is gone. */
void speaker_clear(struct speaker *speaker);

/* Connects to an address; false when it cannot, and the owner of the cast is told.  It has none. */
bool speaker_call(struct speaker *speaker, const char *address, struct net_hosts hosts);

/* The same to another speaker, whom it finds at a port. */
bool speaker_call_peer(struct speaker *speaker, struct speaker *peer, uint16_t port);

/* Whether there is a connection, or somebody may come. */
bool speaker_can_speak(const struct speaker *speaker);

/* As soon as the connection is there. */
void speaker_say(struct speaker *speaker, struct sstp_span bytes);

/* After what it has said; the peer hears its end. */
void speaker_hang_up(struct speaker *speaker);

/* Whether it has heard these bytes; then they, and what it heard before them, are forgotten. */
bool speaker_takes(struct speaker *speaker, struct sstp_span bytes);

#endif
