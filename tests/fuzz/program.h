/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * program: the input of a structure-aware fuzz target, a row of operations.
 *
 * An operation has PROGRAM_STEP bytes.  What matters most for where it leads is spelt out
 * in the first six of them, and all else is drawn from random numbers whose seed is the
 * whole of it: a changed byte makes another operation in the same place, and operations are
 * put in, left out and moved as wholes, by the mutator that is here, too.  The first one is
 * the configuration.
 */
#ifndef TESTS_FUZZ_PROGRAM_H
#define TESTS_FUZZ_PROGRAM_H

#include "must.h"
#include "random.h"

#define PROGRAM_STEP 8u
#define PROGRAM_STEPS_MAX 400u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct program {
    const uint8_t *data;
    size_t size, pos;
};

struct program_step {
    uint8_t bytes[PROGRAM_STEP];
    struct rng rng; /* whatever else is to be decided */
};

/* The next operation; false at the end, where half of one is left out. */
bool program_next(struct program *program, struct program_step *step);

/* Commands that the endpoints under test were given, in all runs of this process.  With
 * GRVSSTP_FUZZ_COUNT in the environment they are printed at its end. */
void program_count_command(void);

#endif
