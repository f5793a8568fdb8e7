/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * player: a scenario while it is played, which the parts of the player share: play/stage.h
 * sets it up, play/act.h does the steps, play/fact.h keeps what the devices are told, and
 * play/judge.h holds it against the expectations.
 */
#ifndef RELAYSIM_PLAY_PLAYER_H
#define RELAYSIM_PLAY_PLAYER_H

#include "play/cast.h"
#include "play/speaker.h"
#include "scenario/scenario.h"

/* How connections to relays travel where the scenario does not say so: over a carrier, and those
 * over HTTP through a proxy of the player's own, if wanted; CONNECT and SOCKS always are. */
struct play_way {
    enum scenario_carrier via;
    bool is_proxied;
};

#define SCENARIO_PATIENCE_MS 10000 /* for one expectation */
#define SCENARIO_GOODBYE_MS 3000   /* for everybody to be gone */

enum fact_kind {
    FACT_REFUSED,      /* id: of the ConnectResponse */
    FACT_DISCONNECTED, /* id: the reason; number: ReturnTime */
    FACT_CUT,
    FACT_FAILED,         /* text: why */
    FACT_OPEN_REFUSED,   /* session, id: of the OpenResponse */
    FACT_CLOSED,         /* session, id: the reason */
    FACT_LOST,           /* session, id: StatusId; indexes */
    FACT_OPENED,         /* session; no expectation need claim it */
    FACT_RECEIVED,       /* message, number: of the endpoint */
    FACT_ACKNOWLEDGED,   /* message; id: CommandId, number: MessageCount, place */
    FACT_UNACKNOWLEDGED, /* message */
    FACT_KINDS
};

/* Something that a device was told. */
struct fact {
    enum fact_kind kind;
    bool is_claimed;     /* by an expectation */
    unsigned connection; /* of the device's: 1, 2, ... */
    uint32_t session_id;
    unsigned message;
    uint8_t id;
    uint64_t number;
    unsigned place; /* among the messages that one command acknowledges: 0, ... */
    char *text;
    GArray *indexes; /* uint16_t */
    GBytes *status;  /* what tells one SessionStatus from another */
};

/* A session while it is played. */
struct session_play {
    bool is_known;
    uint32_t id;
    unsigned originator_connection, receiver_connection;
    GArray *states; /* enum sstp_session_state, as its originator went through them */
    guint state_at; /* the one that was expected last */
};

struct device_play {
    struct actor *actor;
    GPtrArray *facts;
    unsigned connection; /* the number of established ones */
    uint64_t acks_left;  /* of the command that acknowledges */
    bool is_leaving;     /* the end of its connection is no news */
};

struct player {
    const struct scenario *scenario;
    struct cast cast;
    uint64_t seed;
    struct play_way way;          /* of connections for which the scenario names none */
    struct cast_proxy *own_proxy; /* for these, or NULL */
    struct device_play devices[SCENARIO_DEVICES_MAX];
    struct session_play sessions[SCENARIO_SESSIONS_MAX];
    struct speaker speakers[SCENARIO_SPEAKERS_MAX];
    /* When the proxies die, which they do once, in bytes that the loop has carried; 0: never. */
    uint64_t proxies_die_at;
    int64_t begun_ms; /* the first step, or what came of the last call of a puppet */
    char *folder;     /* of the stores; NULL until there is one */
    bool is_over;     /* what is told now is told to nobody */
    GPtrArray *failures;
};

/* Says what went wrong at a step, or with NULL at the end; always false. */
bool player_fail(struct player *player, const struct scenario_step *step, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Lets the loop run once, until `end_ms` at the latest, and the proxies die when it is time; false
 * when it is past, or the play is stopped. */
bool player_turn(struct player *player, int64_t end_ms);

/* Waits until a device has no connection. */
bool player_await_gone(struct player *player, const struct actor *actor, int64_t patience_ms);

#endif
