/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * maker: commands of every kind, of values that meet.
 *
 * Every field of the command's row (command.h) is filled in, mostly from small pools of
 * names and numbers, so that commands meet the state that earlier ones have made; now and
 * then with what is empty, too long, of another kind, or out of nowhere.
 */
#ifndef TESTS_FUZZ_MAKER_H
#define TESTS_FUZZ_MAKER_H

#include "program.h"

/* The names of a small world. */
enum {
    MAKER_DEVICES = 4,
    MAKER_IDENTITIES = 4,
    MAKER_ACCOUNTS = 3,
    MAKER_RESOURCES = 2,
    MAKER_RELAYS = 3, /* the first is the relay under test */
};
extern const char *const maker_devices[MAKER_DEVICES];
extern const char *const maker_identities[MAKER_IDENTITIES];
extern const char *const maker_accounts[MAKER_ACCOUNTS];
extern const char *const maker_resources[MAKER_RESOURCES];
extern const char *const maker_relays[MAKER_RELAYS];

/* Who makes commands, and what is said of them. */
struct maker {
    struct rng *rng;
    const char *device_url; /* the maker's own */
    const char *target_url; /* whom it connects to */
    enum sstp_version version;
    uint32_t session_id; /* that the command is about */
    /* A token for the command, in `room` of `size` bytes: its length. */
    size_t (*token)(void *cookie, const struct sstp_command *command, uint8_t *room, size_t size);
    void *cookie;

    /* What the spans of the last command point into. */
    size_t used;
    uint8_t store[16384];
};

/* The command that is the maker's next. */
void maker_command(struct maker *maker, enum sstp_command_id id, struct sstp_command *command);

/* A string that is one of a pool, or none of it. */
struct sstp_span maker_pick(struct maker *maker, const char *const *pool, size_t num);

/* Its bytes, in `bytes` of SSTP_COMMAND_LEN_MAX: how many.  `is_damaged` cuts, stretches or
 * changes them. */
size_t maker_encode(struct maker *maker, const struct sstp_command *command, bool is_damaged,
                    uint8_t *bytes);

#endif
