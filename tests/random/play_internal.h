/* SPDX-License-Identifier: GPL-2.0-or-later */
/* play_internal: what play.c, the path and the clock, shares with play_actor.c, the
 * higher layers, and play_acts.c, what they do. */
#ifndef TESTS_RANDOM_PLAY_INTERNAL_H
#define TESTS_RANDOM_PLAY_INTERNAL_H

#include "play.h"

#include "endpoint/endpoint.h"
#include "endpoint/internal.h"
#include "random.h"
#include "core/stream.h"

/* What a higher layer may do next, and how often it does. */
enum act {
    ACT_OPEN,
    ACT_SEND,
    ACT_BEGIN,
    ACT_DATA,
    ACT_END,
    ACT_COMPLETE,
    ACT_CLOSE_SESSION,
    ACT_AVAILABILITY,
    ACT_STATUS,
    ACT_NOOP,
    ACT_EVENT,
    ACT_AUTHENTICATE,
    ACT_COUNT
};

/* An attach or register session, and what may come next. */
enum event_phase {
    EVENT_AWAITS_ATTACH_RESPONSE = 1,
    EVENT_IS_ATTACHED,
    EVENT_AWAITS_REGISTER_RESPONSE,
    EVENT_IS_REGISTERED /* one of its own */
};

/* A command whose views at this end wait for what comes of it. */
struct pending {
    struct course_command *command;
    struct course_view *view;
    bool needs_session;
};

/* One side: its endpoint and its higher layer. */
struct actor {
    struct play *play;
    bool is_initiator;
    struct sstp_ep *ep;
    const char *device_url;

    /* What it is like. */
    struct sstp_ep_connect_answer connect_answer;
    unsigned weights[ACT_COUNT];
    size_t max_open;         /* sessions of its own at a time */
    unsigned holds;          /* in 8: messages that are completed later */
    unsigned refuses, stops; /* in 16: answers to Open */
    unsigned reacts;         /* in 8: does something within callbacks */
    unsigned reuses;         /* in 8: an id again */
    bool has_twins;
    size_t max_message;

    /* What it remembers. */
    GArray *held;       /* uint64_t: numbers of messages */
    GArray *used_ids;   /* uint32_t: ids of its sessions */
    GHashTable *events; /* enum event_phase by id */
    unsigned num_resources;

    /* The bytes that come, cut into commands. */
    struct sstp_stream framing;
    guint num_received;

    GArray *pending; /* struct pending */
    struct course_command *receiving;
};

struct play {
    struct rng rng;
    struct course *course;
    struct play_hears hears;
    struct actor actors[2]; /* the acceptor, the initiator */
    struct sstp_ep_config configs[2];
    GByteArray *near[2], *far[2]; /* by direction */
    unsigned weights[5];          /* of near and far of each direction, and of acts */
    int64_t now_ms;
    int64_t num_heard;
    unsigned step, num_steps;
    enum play_end end;
};

/* A number from low to high. */
size_t play_between(struct play *play, size_t low, size_t high);

/* True `times` in `in`. */
bool play_chance(struct play *play, unsigned times, unsigned in);

/* Ends what the endpoint of the actor was told to do: what it sent goes its way. */
void play_end_step(struct actor *actor);

/* Makes a higher layer of its own kind. */
void play_actor_init(struct play *play, bool is_initiator);
void play_actor_clear(struct actor *actor);

/* One thing that the higher layer does. */
void play_actor_act(struct actor *actor);
extern void (*const play_acts[ACT_COUNT])(struct actor *actor);

/* Completes what it holds back; false when that was nothing. */
bool play_actor_complete_all(struct actor *actor);

void play_actor_close_connection(struct actor *actor);

/* Where an attach or register session is. */
void play_set_phase(struct actor *actor, uint32_t id, enum event_phase phase);

/* The endpoint's callbacks. */
void play_actor_on_event(void *cookie, struct sstp_ep *ep, const struct sstp_ep_event *event);
void play_on_sent(void *cookie, const struct sstp_command *command);

#endif
