/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random numbers: the system's fill what they are to fill; a row is the same each time. */
#include "base/random.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

/* Every byte is filled, and none beyond. */
static void test_system(void)
{
    enum { LEN = 100000 };
    uint8_t *bytes = g_malloc0(LEN + 1), *others = g_malloc0(LEN);
    bool seen[256] = {false};
    random_system(NULL, bytes, LEN);
    random_system(NULL, others, LEN);
    g_assert_true(memcmp(bytes, others, LEN) != 0);
    for (size_t i = LEN / 2; i < LEN; i++)
        seen[bytes[i]] = true;
    for (unsigned value = 0; value < 256; value++)
        g_assert_true(seen[value]);
    g_assert_cmpuint(bytes[LEN], ==, 0);
    random_system(NULL, bytes + LEN, 0);
    g_assert_cmpuint(bytes[LEN], ==, 0);
    g_free(bytes);
    g_free(others);
}

/* The lowest bytes of splitmix64 from seed 0, as its author publishes it: 0xe220a8397b1dcdaf,
 * 0x6e789e6aa1b965f4, 0x06c45d188009454f. */
static void test_seeded(void)
{
    static const uint8_t expected[] = {0xaf, 0xf4, 0x4f};
    struct random_seeded random = {0}, parts = {0}, other = {1};
    uint8_t bytes[3], one_by_one[3], others[3];
    random_seeded_fill(&random, bytes, sizeof bytes);
    g_assert_true(memcmp(bytes, expected, sizeof expected) == 0);
    for (size_t i = 0; i < 3; i++)
        random_seeded_fill(&parts, &one_by_one[i], 1);
    g_assert_true(memcmp(one_by_one, bytes, sizeof bytes) == 0);
    random_seeded_fill(&other, others, sizeof others);
    g_assert_true(memcmp(bytes, others, 3) != 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/random/system", test_system);
    g_test_add_func("/random/seeded", test_seeded);
    return g_test_run();
}
