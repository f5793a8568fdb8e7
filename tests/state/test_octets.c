/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>

#include "counting_mem.h"
#include "state/octets.h"

/* Of every length, and at every edge of one. */
static const uint64_t numbers[] = {0,          1,           0x7f,          0x80,      0x3fff,
                                   0x4000,     0x1fffff,    0x200000,      0xfffffff, 0x10000000,
                                   UINT32_MAX, 0x7ffffffff, 0x3ffffffffff, INT64_MAX, UINT64_MAX,
                                   1ull << 63, 0x7fffffffff};

static void test_numbers(void)
{
    enum { ROUNDS = 500 };
    struct counting_mem counting;
    struct sstp_octets octets;
    uint32_t at = 0;

    counting_mem_init(&counting);
    sstp_octets_init(&octets, &counting.mem);
    for (unsigned round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
            uint8_t some[SSTP_OCTETS_MAX], *end = some;
            end = sstp_put_number(end, numbers[i]);
            end = sstp_put_difference(end, numbers[i], numbers[(i + round) % 7]);
            g_assert_cmpint(end - some, <=, 20);
            g_assert_true(sstp_octets_add(&octets, some, (size_t)(end - some)));
        }
    for (unsigned round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
            g_assert_cmphex(sstp_take_number(&octets, &at), ==, numbers[i]);
            g_assert_cmphex(sstp_take_difference(&octets, &at, numbers[(i + round) % 7]), ==,
                            numbers[i]);
        }
    g_assert_cmpuint(at, ==, octets.num);
    sstp_octets_clear(&octets);
    g_assert_cmpuint(counting.num_blocks, ==, 0);
}

/* A small difference is short both ways. */
static void test_short(void)
{
    uint8_t some[SSTP_OCTETS_MAX];

    g_assert_cmpint(sstp_put_difference(some, 1000, 1063) - some, ==, 1);
    g_assert_cmpint(sstp_put_difference(some, 1063, 1000) - some, ==, 1);
    g_assert_cmpint(sstp_put_difference(some, 0, UINT64_MAX) - some, ==, 1);
}

/* Without memory nothing is added, and what was there stays. */
static void test_memory(void)
{
    const uint8_t some[SSTP_OCTETS_MAX] = {7};
    struct counting_mem counting;
    struct sstp_octets octets;

    counting_mem_init(&counting);
    sstp_octets_init(&octets, &counting.mem);
    g_assert_true(sstp_octets_add(&octets, some, 1));
    counting.fails_at = counting.num_requests + 1;
    g_assert_false(sstp_octets_add(&octets, some, sizeof some));
    g_assert_cmpuint(octets.num, ==, 1);
    g_assert_true(sstp_octets_add(&octets, some, sizeof some));
    g_assert_cmpuint(octets.num, ==, 1 + sizeof some);
    g_assert_cmpuint(sstp_octets_get(&octets, 0), ==, 7);
    g_assert_cmpuint(sstp_octets_get(&octets, 1), ==, 7);
    sstp_octets_clear(&octets);
    g_assert_cmpuint(counting.num_blocks, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/state/octets/numbers", test_numbers);
    g_test_add_func("/state/octets/short", test_short);
    g_test_add_func("/state/octets/memory", test_memory);
    return g_test_run();
}
