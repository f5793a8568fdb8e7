/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random runs: two endpoints talk as a seed makes them, and observers on the way
 * have to be right about everything that the endpoints know.
 *
 *     test_random_runs --runs 1000          seeds 1 to 1000
 *     test_random_runs --seed 77            that one again
 *     test_random_runs --for 3600           new seeds, for so many seconds
 *     test_random_runs --seed 77 --write p  p.pcapng and p.jsonl, see write_run.h
 */
#include "apart.h"
#include "compare.h"
#include "write_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define CONNECTIONS_MAX 2
#define LISTENERS_MAX 8
#define NUM_APART 2

/* One run: a connection, or two of the same sides one after the other. */
struct run {
    struct listener listeners[LISTENERS_MAX];
    unsigned num_listeners;
    struct apart apart[NUM_APART];
    struct write_run *writer;
};

static void on_bytes(void *cookie, enum play_point point, bool from_initiator, const void *data,
                     size_t len, int64_t time_ns)
{
    struct run *run = cookie;
    for (unsigned i = 0; i < run->num_listeners; i++)
        if (run->listeners[i].point == point)
            listener_hear(&run->listeners[i], from_initiator, data, len, time_ns);
    for (unsigned i = 0; i < NUM_APART; i++)
        apart_hear(&run->apart[i], point, from_initiator, data, len, time_ns);
    if (run->writer != NULL && point == PLAY_AT_INITIATOR)
        write_run_bytes(run->writer, from_initiator, data, len, time_ns);
}

static enum play_point any_point(struct rng *rng)
{
    return (enum play_point)rng_below(rng, PLAY_POINT_COUNT);
}

/* Everybody who hears all of it, and some who do not. */
static void add_listeners(struct run *run, const struct course *course,
                          struct listener_verdict *verdict, struct rng *rng)
{
    static const enum listener_kind damaged[] = {LISTENER_LATE, LISTENER_GAPPY, LISTENER_TRUSTING};

    for (int i = 0; i < PLAY_POINT_COUNT; i++)
        listener_init(&run->listeners[run->num_listeners++], LISTENER_WHOLE, (enum play_point)i,
                      course, verdict, *rng);
    for (size_t i = 0; i < G_N_ELEMENTS(damaged); i++) {
        const enum play_point point = any_point(rng);
        const struct rng own = {rng_next(rng)};
        listener_init(&run->listeners[run->num_listeners++], damaged[i], point, course, verdict,
                      own);
    }
}

/* The damaged ones stay for a second connection, and are as good as new there. */
static void replace_listeners(struct run *run, const struct course *course,
                              struct listener_verdict *verdict, const struct rng *rng)
{
    for (unsigned i = 0; i < run->num_listeners; i++) {
        struct listener *listener = &run->listeners[i];
        if (i >= PLAY_POINT_COUNT) {
            listener_go_on(listener, course);
            continue;
        }
        listener_clear(listener);
        listener_init(listener, LISTENER_WHOLE, (enum play_point)i, course, verdict, *rng);
    }
}

/* Those to whom the directions come apart are of one connection each. */
static void add_apart(struct run *run, const struct course *course,
                      struct listener_verdict *verdict, struct rng *rng)
{
    static const enum listener_kind kinds[NUM_APART] = {LISTENER_TWO_CAPTURES, LISTENER_REORDERED};

    for (unsigned i = 0; i < NUM_APART; i++) {
        const struct rng own = {rng_next(rng)};
        apart_init(&run->apart[i], kinds[i], course, verdict, own);
    }
}

static void end_connection(struct run *run)
{
    for (unsigned i = 0; i < run->num_listeners; i++)
        listener_end(&run->listeners[i]);
    for (unsigned i = 0; i < NUM_APART; i++) {
        apart_end(&run->apart[i]);
        apart_clear(&run->apart[i]);
    }
}

static bool run_seed(uint64_t seed, struct listener_verdict *verdict, struct write_run *writer)
{
    struct rng dice = rng(seed);
    struct run run = {.writer = writer};
    const struct play_hears hears = {on_bytes, &run};
    const unsigned num_connections = rng_is_one_in(&dice, 4) ? CONNECTIONS_MAX : 1;
    struct play *plays[CONNECTIONS_MAX];
    unsigned num_plays = 0;

    verdict->seed = seed;
    verdict->has_failed = false;
    while (num_plays < num_connections && !verdict->has_failed) {
        struct play *play = plays[num_plays] = play_new(rng_next(&dice), &hears);
        verdict->play = play;
        if (num_plays++ == 0)
            add_listeners(&run, play_course(play), verdict, &dice);
        else
            replace_listeners(&run, play_course(play), verdict, &dice);
        add_apart(&run, play_course(play), verdict, &dice);
        if (writer != NULL)
            write_run_connection(writer, play);
        play_run(play);
        end_connection(&run);
        verdict->num_reused_ids += play_course(play)->num_reused_ids;
        if (writer != NULL)
            write_run_connection_end(writer);
    }
    for (unsigned i = 0; i < run.num_listeners; i++)
        listener_clear(&run.listeners[i]);
    while (num_plays > 0)
        play_free(plays[--num_plays]);
    return !verdict->has_failed;
}

/* ------------------------------------------------------------------------
 * Many runs
 */

static int usage(void)
{
    (void)fputs("usage: test_random_runs [--runs N | --for SECONDS | --seed N [--write PREFIX]]\n",
                stderr);
    return 2;
}

static int finish(const struct listener_verdict *verdict, uint64_t num_runs, uint64_t num_failed)
{
    printf("# %" PRIu64 " runs, %" PRIu64 " observations, %" PRIu64 " of them damaged, %" PRIu64
           " messages acknowledged\n",
           num_runs, verdict->num_compared, verdict->num_damaged, verdict->num_linked);
    printf("# %" PRIu64 " commands waited for what their sender had received\n",
           verdict->num_waited);
    printf("# %" PRIu64 " of %" PRIu64 " searches for a command after a loss were fooled\n",
           verdict->num_fooled, verdict->num_searching);
    printf("%s 1 - random runs\n1..1\n", num_failed == 0 ? "ok" : "not ok");
    return num_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* A test that compares nothing has not passed. */
static bool has_enough(const struct listener_verdict *verdict, uint64_t num_runs)
{
    for (int id = SSTP_COMMAND_ID_MIN; id <= SSTP_COMMAND_ID_MAX; id++)
        if (verdict->num_commands[id] < num_runs / 10)
            return false;
    return verdict->num_linked >= 100 * num_runs && verdict->num_damaged >= 100 * num_runs &&
           verdict->num_reused_ids >= num_runs && verdict->num_late_counts >= num_runs / 10 &&
           verdict->findings == COMPARE_NOTES && verdict->num_waited >= num_runs &&
           verdict->num_fooled <= verdict->num_searching / 100;
}

static int run_many(uint64_t num_runs)
{
    struct listener_verdict verdict = {0};
    uint64_t num_failed = 0;

    for (uint64_t seed = 1; seed <= num_runs && num_failed < 5; seed++)
        num_failed += !run_seed(seed, &verdict, NULL);
    if (num_failed == 0 && !has_enough(&verdict, num_runs)) {
        printf("# too little happened\n");
        num_failed++;
    }
    return finish(&verdict, num_runs, num_failed);
}

static int run_for(uint64_t seconds)
{
    struct listener_verdict verdict = {0};
    const int64_t end = g_get_monotonic_time() + (int64_t)seconds * G_USEC_PER_SEC;
    const uint64_t first = (uint64_t)g_get_real_time();
    uint64_t num_runs = 0, num_failed = 0;

    printf("# seeds from %" PRIu64 " on\n", first);
    for (; g_get_monotonic_time() < end && num_failed < 5; num_runs++)
        num_failed += !run_seed(first + num_runs, &verdict, NULL);
    return finish(&verdict, num_runs, num_failed);
}

static int run_one(uint64_t seed, const char *prefix)
{
    struct listener_verdict verdict = {0};
    struct write_run *writer = NULL;

    if (prefix != NULL && (writer = write_run_open(prefix)) == NULL) {
        perror(prefix);
        return EXIT_FAILURE;
    }
    bool is_good = run_seed(seed, &verdict, writer);
    if (!write_run_close(writer)) {
        perror(prefix);
        is_good = false;
    }
    return finish(&verdict, 1, !is_good);
}

static bool parse_number(const char *text, uint64_t *number)
{
    char *end;
    *number = g_ascii_strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0';
}

int main(int argc, char **argv)
{
    uint64_t runs = 0, seconds = 0, seed = 0;
    bool has_seed = false, is_good = argc % 2 == 1;
    const char *prefix = NULL;

    for (int i = 1; is_good && i < argc; i += 2) {
        if (g_str_equal(argv[i], "--write"))
            prefix = argv[i + 1];
        else if (g_str_equal(argv[i], "--seed"))
            is_good = has_seed = parse_number(argv[i + 1], &seed);
        else if (g_str_equal(argv[i], "--for"))
            is_good = parse_number(argv[i + 1], &seconds);
        else if (g_str_equal(argv[i], "--runs"))
            is_good = parse_number(argv[i + 1], &runs);
        else
            is_good = false;
    }
    if (!is_good || has_seed + (seconds > 0) + (runs > 0) != 1 || (prefix != NULL && !has_seed))
        return usage();
    if (has_seed)
        return run_one(seed, prefix);
    return runs > 0 ? run_many(runs) : run_for(seconds);
}
