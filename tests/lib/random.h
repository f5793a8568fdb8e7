/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * random: numbers that a seed repeats, and random commands made of them.
 *
 * A failing test prints its seed; the same seed makes the same commands.
 */
#ifndef TESTS_LIB_RANDOM_H
#define TESTS_LIB_RANDOM_H

#include "command.h"

struct rng {
    uint64_t state;
};

struct rng rng(uint64_t seed);

uint64_t rng_next(struct rng *rng);

/* From 0 to below - 1; below is at least 1. */
size_t rng_below(struct rng *rng, size_t below);

/* True once in n times. */
bool rng_is_one_in(struct rng *rng, size_t n);

void rng_fill(struct rng *rng, uint8_t *bytes, size_t len);

/* What the spans of a random command point into. */
struct random_store {
    size_t used;
    uint8_t bytes[2 * SSTP_COMMAND_LEN_MAX];
};

/* A command that every table row allows: any id, any presence condition, values
 * known and unknown, reserved bits set now and then, lengths up to the limit.
 * It is valid until the store is used again.  Encoding and decoding it with its
 * own form gives the same members back: ThisFragment stays below 2^24, for above
 * it the bytes after TTL can be read in two ways (SPECIFICATION.md, 2.2.10.1). */
void random_command(struct rng *rng, struct random_store *store, struct sstp_command *command);

#endif
