/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "program.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

bool program_next(struct program *program, struct program_step *step)
{
    uint64_t seed = 0;
    if (program->size - program->pos < PROGRAM_STEP ||
        program->pos >= PROGRAM_STEPS_MAX * PROGRAM_STEP)
        return false;
    memcpy(step->bytes, program->data + program->pos, PROGRAM_STEP);
    memcpy(&seed, step->bytes, sizeof seed);
    step->rng = rng(seed);
    program->pos += PROGRAM_STEP;
    return true;
}

/* ------------------------------------------------------------------------
 * Counting
 */

static uint64_t num_commands;
static struct timespec begin;

static void print_count(void)
{
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    const double seconds =
        (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
    fprintf(stderr, "%" PRIu64 " commands in %.0f seconds, %.0f a second\n", num_commands, seconds,
            (double)num_commands / seconds);
}

void program_count_command(void)
{
    if (num_commands++ == 0) {
        clock_gettime(CLOCK_MONOTONIC, &begin);
        if (getenv("GRVSSTP_FUZZ_COUNT") != NULL)
            (void)atexit(print_count);
    } else if (num_commands % 1000000 == 0 && getenv("GRVSSTP_FUZZ_COUNT") != NULL) {
        print_count(); /* a process that is killed has said how far it had come */
    }
}

/* ------------------------------------------------------------------------
 * The mutator
 */

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2,
                                 size_t size2, uint8_t *out, size_t max_size, unsigned seed);

struct steps {
    uint8_t *data;
    size_t num, max;
};

static uint8_t *at(const struct steps *steps, size_t index)
{
    return steps->data + index * PROGRAM_STEP;
}

/* Room for `count` more before `index`; false when there is none. */
static bool make_room(struct steps *steps, size_t index, size_t count)
{
    if (steps->num + count > steps->max)
        return false;
    memmove(at(steps, index + count), at(steps, index), (steps->num - index) * PROGRAM_STEP);
    steps->num += count;
    return true;
}

static void leave_out(struct steps *steps, size_t index, size_t count)
{
    memmove(at(steps, index), at(steps, index + count),
            (steps->num - index - count) * PROGRAM_STEP);
    steps->num -= count;
}

/* A run of operations from `from` is said once more before `to`. */
static void repeat(struct steps *steps, struct rng *rng)
{
    uint8_t copy[16 * PROGRAM_STEP];
    const size_t from = rng_below(rng, steps->num), to = rng_below(rng, steps->num + 1);
    size_t count = 1 + rng_below(rng, 16);
    if (count > steps->num - from)
        count = steps->num - from;
    memcpy(copy, at(steps, from), count * PROGRAM_STEP);
    if (make_room(steps, to, count))
        memcpy(at(steps, to), copy, count * PROGRAM_STEP);
}

static void change_byte(struct steps *steps, struct rng *rng)
{
    uint8_t *byte = at(steps, rng_below(rng, steps->num)) + rng_below(rng, PROGRAM_STEP);
    switch (rng_below(rng, 4)) {
    case 0:
        *byte = (uint8_t)rng_next(rng);
        break;
    case 1:
        *byte = (uint8_t)(*byte + 1);
        break;
    case 2:
        *byte = (uint8_t)(*byte ^ 1u << rng_below(rng, 8));
        break;
    default:
        *byte = (uint8_t)rng_below(rng, 8);
        break;
    }
}

static void mutate(struct steps *steps, struct rng *rng)
{
    const size_t index = rng_below(rng, steps->num);
    switch (rng_below(rng, 8)) {
    case 0:
    case 1:
        if (make_room(steps, index, 1))
            rng_fill(rng, at(steps, index), PROGRAM_STEP);
        break;
    case 2:
        if (steps->num > 1)
            leave_out(steps, index, 1 + rng_below(rng, (steps->num - index) / 4 + 1));
        break;
    case 3:
        repeat(steps, rng);
        break;
    case 4:
        rng_fill(rng, at(steps, index), PROGRAM_STEP);
        break;
    default:
        change_byte(steps, rng);
        break;
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    struct rng random = rng(seed);
    struct steps steps = {data, size / PROGRAM_STEP, max_size / PROGRAM_STEP};

    if (steps.max > PROGRAM_STEPS_MAX)
        steps.max = PROGRAM_STEPS_MAX;
    if (steps.num > steps.max)
        steps.num = steps.max;
    if (steps.max == 0)
        return 0;
    if (steps.num == 0) {
        steps.num = 1;
        rng_fill(&random, data, PROGRAM_STEP);
    }
    for (size_t left = 1 + rng_below(&random, 4); left > 0 && steps.num > 0; left--)
        mutate(&steps, &random);
    return steps.num * PROGRAM_STEP;
}

/* The beginning of one, then the end of the other. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2,
                                 size_t size2, uint8_t *out, size_t max_size, unsigned seed)
{
    struct rng random = rng(seed);
    const size_t num1 = size1 / PROGRAM_STEP, num2 = size2 / PROGRAM_STEP;
    const size_t head = rng_below(&random, num1 + 1), from = rng_below(&random, num2 + 1);
    size_t num = head;
    if (head * PROGRAM_STEP > max_size)
        return 0;
    memcpy(out, data1, head * PROGRAM_STEP);
    for (size_t i = from; i < num2 && (num + 1) * PROGRAM_STEP <= max_size; i++, num++)
        memcpy(out + num * PROGRAM_STEP, data2 + i * PROGRAM_STEP, PROGRAM_STEP);
    return num * PROGRAM_STEP;
}
