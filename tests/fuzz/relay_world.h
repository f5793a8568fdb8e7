/* SPDX-License-Identifier: GPL-2.0-or-later */
/* relay_world: the fuzzed relay with its visitors, for the files of fuzz_relay.c. */
#ifndef TESTS_FUZZ_RELAY_WORLD_H
#define TESTS_FUZZ_RELAY_WORLD_H

#include <glib.h>

#include "maker.h"
#include "relay/relay.h"
#include "relay_model.h"
#include "security/security.h"
#include "watch.h"

#define VISITORS_MAX 8u
#define SESSIONS_MAX 128u
#define IDS_MAX 4u
/* A power of 2: the relay has 256 messages under way in each of a visitor's queues, one for
 * each identity, each of its devices or none, and each resource. */
#define QUEUE_SIZE 16384u
#define ROUNDS_MAX 2000u
#define WALL_MS 1700000000000
#define GONE_MS 10000 /* who is closed and takes nothing is cut off after so long */
#define ANSWERS_SIZE (64u << 10)
#define SECRET_VARIANTS 2u

/* Numbers of messages, oldest first. */
struct queue {
    int items[QUEUE_SIZE];
    unsigned first, end;
};

/* A session of a connection, whoever opened it. */
struct session {
    uint32_t id;
    int message; /* that is under way */
    bool has_data;
    uint32_t recipient; /* of one that the relay opened: the model's bit */
    unsigned resource;
};

enum habit {
    HABIT_OPENS = 1,        /* takes every session that is offered */
    HABIT_ACKNOWLEDGES = 2, /* and every message */
    HABIT_CONNECTS = 4,     /* dialed, it answers the Connect */
    HABIT_ABSENT = 8        /* takes nothing off */
};

struct world;

struct visitor {
    struct world *world;
    struct sstp_relay_connection *connection; /* NULL: there is nobody */
    uint64_t label;
    const char *url; /* its device */
    unsigned account, variant;
    unsigned habits;
    bool is_dialed, is_awake, is_held;
    int64_t closed_ms; /* since when; INT64_MAX */
    struct watch watch;
    struct sstp_sec_secret connect_nonce, attach_nonce;             /* that it asked with */
    struct sstp_sec_secret relay_connect_nonce, relay_attach_nonce; /* and was asked with */
    uint32_t next_id;            /* of the sessions that it opens without doing harm */
    unsigned open_ids;           /* a bit for each of its first eight ids: a session is open */
    uint32_t relay_ids[IDS_MAX]; /* of the last sessions that the relay opened */
    unsigned num_relay_ids;
    uint8_t last_response;                                  /* of an AttachResponse */
    uint8_t last_token;                                     /* the MessageID of the last token */
    struct session given[SESSIONS_MAX], sent[SESSIONS_MAX]; /* by id, the latest that fit */
    struct queue ended;    /* messages of its own, given and not taken in */
    struct queue arrived;  /* taken in and not acknowledged */
    struct queue received; /* the relay's, not acknowledged; with the recipient above it */
    size_t answers_len;
    uint8_t answers[ANSWERS_SIZE]; /* what its habits make it say next */
};

struct world {
    struct sstp_relay *relay;
    int64_t now_ms, slept_ms; /* of a machine that slept, the clock stood still */
    int64_t step_ms;          /* that the time since 1970 has been set */
    uint8_t random;
    struct sstp_relay_config config;
    bool is_durable, is_in_bulk, is_full, has_flooded;
    unsigned memory_left;           /* requests until one gets nothing; 0: all get something */
    struct sstp_store_batch *batch; /* that is under way for longer */
    bool holds_batches;
    unsigned num_dials[MAKER_RELAYS];  /* that have no answer yet; one may have been given up */
    uint64_t last_dials[MAKER_RELAYS]; /* the number of the last of them */
    uint64_t last_label;
    struct visitor visitors[VISITORS_MAX];
    struct model model;
    struct maker maker;
    uint8_t bytes[SSTP_COMMAND_LEN_MAX];
};

#define PICK(byte, ...)                                                                            \
    ((const int64_t[]){                                                                            \
        __VA_ARGS__})[(byte) % (sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))]

extern struct world world;
extern const struct sstp_mem relay_world_memory; /* that gives nothing at times */

/* ---- relay_visitor.c ---- */

void fill(void *cookie, void *bytes, size_t len);
struct sstp_sec_secret key_of(const char *url, unsigned variant);
void on_sent(void *socket, const struct sstp_command *command);
void on_noted(void *socket, const struct sstp_ep_note *note);
void on_wake(void *cookie, void *socket);
void on_hold(void *cookie, void *socket, bool is_held);
void on_dial(void *cookie, const char *url, uint64_t number);
void on_log(void *cookie, void *socket, const char *text);
void on_store_failing(void *cookie, const char *why);
void on_store_full(void *cookie, bool is_full);
void on_discarded(void *cookie, const struct sstp_relay_discard *discard);
uint64_t on_label(void *cookie, void *socket);
bool has_own(const struct visitor *visitor, const struct program_step *step);
void give(struct visitor *visitor, const uint8_t *bytes, size_t len);
void say(struct visitor *visitor, const struct sstp_command *command);
void leave(struct visitor *visitor);
void disconnect(struct visitor *visitor);
struct visitor *enter(const char *url, unsigned habits);
void answer_dial(unsigned relay, bool is_well, unsigned habits);

/* ---- relay_turns.c ---- */

void finish_batch(void);
void settle(void);
/* What the store is told of the clocks in every turn. */
void tell_clocks(void);
void pass(int64_t ms);
void start_relay(void);
void stop_relay(void);
void restart(bool is_crash, uint64_t seed);
void configure(const uint8_t *bytes);

/* ---- relay_say.c ---- */

/* Any command, several times over: each is another. */
void do_command(struct visitor *visitor, struct program_step *step);
void do_bytes(struct visitor *visitor, struct program_step *step);
/* Everything that it takes to be online, as far as `stages` goes. */
void log_in(struct visitor *visitor, unsigned stages, unsigned identities);

#endif
