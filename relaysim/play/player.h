/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * player: what the parts of the player share.  play/play.c does the steps,
 * play/fact.c keeps what the devices are told, play/judge.c holds it against the
 * expectations.
 */
#ifndef RELAYSIM_PLAY_PLAYER_H
#define RELAYSIM_PLAY_PLAYER_H

#include "play/cast.h"
#include "scenario/scenario.h"

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
    struct device_play devices[SCENARIO_DEVICES_MAX];
    struct session_play sessions[SCENARIO_SESSIONS_MAX];
    char *folder; /* of the stores; NULL until there is one */
    bool is_over; /* what is told now is told to nobody */
    GPtrArray *failures;
};

/* Says what went wrong at a step, or with NULL at the end; always false. */
bool player_fail(struct player *player, const struct scenario_step *step, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Lets the loop run once, until `end_ms` at the latest; false when it is past. */
bool player_turn(struct player *player, int64_t end_ms);

/* ---- play/fact.c ---- */

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

/* ---- play/judge.c ---- */

/* Waits until an expectation holds; false, with a failure, if it does not. */
bool judge(struct player *player, const struct scenario_step *step);

/* What is left at the end; false, with failures, if anything is. */
bool judge_leftovers(struct player *player);

#endif
