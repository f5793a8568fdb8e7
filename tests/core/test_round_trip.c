/* SPDX-License-Identifier: GPL-2.0-or-later */
/* decode(encode(c)) is c, member by member, and encode(decode(x)) is x. */
#include <glib.h>
#include <inttypes.h>
#include <stdlib.h>

#include "commands.h"
#include "decode.h"
#include "encode.h"
#include "random.h"

#define NUM_COMMANDS 100000u
#define NUM_MUTATIONS 100000u

static uint64_t seed;
static struct random_store store;
static uint8_t bytes[SSTP_COMMAND_LEN_MAX], again[SSTP_COMMAND_LEN_MAX];

/* Decodes and encodes; returns whether the command was trusted. */
static bool check_bytes(size_t len, enum sstp_version version, struct sstp_command *command)
{
    if (!sstp_command_decode(sstp_span(bytes, len), version, NULL, command))
        return false;
    const size_t again_len = sstp_command_encode(command, again, sizeof again);
    if (again_len != len || memcmp(again, bytes, len) != 0)
        g_error("encode(decode(x)) is not x, seed %" PRIu64, seed);
    return true;
}

static void test_random_commands(void)
{
    struct rng random = rng(seed);
    unsigned seen[SSTP_COMMAND_ID_MAX + 1] = {0};
    size_t longest = 0;

    for (unsigned i = 0; i < NUM_COMMANDS; i++) {
        struct sstp_command command, decoded;
        random_command(&random, &store, &command);
        const size_t len = sstp_command_encode(&command, bytes, sizeof bytes);
        if (len == 0)
            g_error("command %u cannot be encoded, seed %" PRIu64, i, seed);
        if (!check_bytes(len, command.form, &decoded))
            g_error("command %u is not trusted, seed %" PRIu64, i, seed);
        const char *difference = commands_difference(&command, &decoded);
        if (difference != NULL || decoded.length != len)
            g_error("command %u comes back with another %s, seed %" PRIu64, i,
                    difference != NULL ? difference : "length", seed);
        /* The bytes tell the form by themselves, but for a list of no entries. */
        if (!check_bytes(len, SSTP_VERSION_UNKNOWN, &decoded) ||
            (decoded.form != command.form &&
             (command.id != SSTP_FANOUT_OPEN || command.fanout_entries.count > 0)))
            g_error("command %u has another form without a version, seed %" PRIu64, i, seed);
        seen[command.id]++;
        longest = len > longest ? len : longest;
    }
    for (unsigned id = SSTP_COMMAND_ID_MIN; id <= SSTP_COMMAND_ID_MAX; id++)
        g_assert_cmpuint(seen[id], >, NUM_COMMANDS / 50);
    g_assert_cmpuint(longest, >, 60000);
}

/* Bytes changed at random: whatever is trusted comes back as it was. */
static void test_mutated_commands(void)
{
    struct rng random = rng(seed + 1);
    unsigned num_trusted = 0, num_refused = 0;

    for (unsigned i = 0; i < NUM_MUTATIONS; i++) {
        struct sstp_command command;
        do {
            random_command(&random, &store, &command);
        } while (command.id == SSTP_FANOUT_OPEN && rng_below(&random, 4) > 0);
        const size_t len = sstp_command_encode(&command, bytes, sizeof bytes);
        for (size_t j = rng_below(&random, 4); j < 4; j++)
            bytes[SSTP_HEADER_LEN + rng_below(&random, len - SSTP_HEADER_LEN)] =
                rng_is_one_in(&random, 2) ? 0 : (uint8_t)rng_next(&random);
        for (int version = SSTP_VERSION_UNKNOWN; version <= SSTP_VERSION_1_6; version++) {
            if (check_bytes(len, (enum sstp_version)version, &command))
                num_trusted++;
            else
                num_refused++;
        }
    }
    g_assert_cmpuint(num_trusted, >, NUM_MUTATIONS / 10);
    g_assert_cmpuint(num_refused, >, NUM_MUTATIONS / 10);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    const char *given = g_getenv("SSTP_TEST_SEED");
    seed = given != NULL ? g_ascii_strtoull(given, NULL, 0) : 20070127;
    g_test_message("SSTP_TEST_SEED=%" PRIu64, seed);
    g_test_add_func("/round-trip/random-commands", test_random_commands);
    g_test_add_func("/round-trip/mutated-commands", test_mutated_commands);
    return g_test_run();
}
