/* SPDX-License-Identifier: GPL-2.0-or-later */
/* client_world: the fuzzed client with its owner and the other side, for the files of
 * fuzz_client.c. */
#ifndef TESTS_FUZZ_CLIENT_WORLD_H
#define TESTS_FUZZ_CLIENT_WORLD_H

#include "client/client.h"
#include "client/retry.h"
#include "endpoint/internal.h"
#include "maker.h"
#include "watch.h"

#define TAGS_MAX 512u
#define NUMBERS_MAX 64u
#define IDS_MAX 4u
#define ANSWERS_SIZE (64u << 10)
#define ROUNDS_MAX 2000u

enum habit {
    HABIT_CONNECTS = 1, /* answers Connect, Attach and Register as a good relay does */
    HABIT_OPENS = 2,
    HABIT_ACKNOWLEDGES = 4,
    HABIT_COMPLETES = 8, /* the owner's: takes every message at once */
    HABIT_AVAILABLE = 16 /* likewise: sessions are ready from the beginning */
};

/* What a good relay says to a Connect and an Attach. */
enum profile { PROFILE_OFF, PROFILE_NEW, PROFILE_KNOWN, PROFILE_STRANGER, PROFILE_REJECTS };

/* What has become of a message of the owner's. */
enum fate { FATE_NONE, FATE_SENT, FATE_ACKNOWLEDGED, FATE_LOST };

struct world {
    struct sstp_client *client; /* NULL: between two connections */
    struct client_retry retry;
    struct sstp_client_config config;
    int64_t now_ms, next_ms;
    uint8_t random;
    unsigned habits;
    enum profile profile;
    bool is_in_bulk, attaches;
    bool is_ready, has_failed, is_closed;
    uint32_t wait_time;
    uint8_t reason_id; /* of its end */
    uint8_t fates[TAGS_MAX];
    size_t num_tags;
    uint64_t numbers[NUMBERS_MAX]; /* of messages that the owner has not completed */
    size_t num_numbers;
    uint32_t own_ids[IDS_MAX], event_ids[IDS_MAX]; /* of the last that the client opened */
    unsigned num_own_ids, num_event_ids;
    struct sstp_sec_secret nonce, attach_nonce; /* that the client asked with */
    struct sstp_sec_secret relay_nonce;         /* that it was asked with */
    struct watch watch;
    struct maker maker;
    size_t answers_len;
    uint8_t answers[ANSWERS_SIZE];
    uint8_t bytes[SSTP_COMMAND_LEN_MAX];
};

extern struct world world;

/* Sets in the configuration who is told, and the random numbers. */
void world_hear(void);

/* What the other side says of a Connect or an Attach; returns the length of the token. */
size_t world_make_response(bool is_connect, uint8_t *token, uint8_t *response_id);

/* The client gets these bytes. */
void world_give(const uint8_t *bytes, size_t len);

struct sstp_ep *world_ep(void);

/* A connection begins. */
void world_connect(void);

/* The client is freed, if there is one. */
void world_free(void);

/* Attempts begin anew. */
void world_begin_retry(void);

/* Until nobody has anything to say. */
void world_settle(void);

/* Lets time pass; between two connections the next may begin. */
void world_pass(int64_t ms);

#endif
