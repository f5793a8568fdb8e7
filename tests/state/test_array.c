/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>
#include <string.h>

#include "counting_mem.h"
#include "state/array.h"

struct item {
    uint32_t value;
    uint8_t zeroes[9];
};

static void add(struct sstp_array *array, uint32_t value)
{
    const struct item nothing = {0};
    struct item *item = sstp_array_add(array);
    g_assert_nonnull(item);
    g_assert_true(memcmp(item, &nothing, sizeof nothing) == 0);
    g_assert_true(item == sstp_array_at(array, array->num - 1));
    item->value = value;
    memset(item->zeroes, 0xff, sizeof item->zeroes);
}

static void check_items(const struct sstp_array *array)
{
    for (uint32_t i = 0; i < array->num; i++)
        g_assert_cmpuint(((const struct item *)sstp_array_at(array, i))->value, ==, i * 7);
}

/* At, below and above every size that is special. */
static void test_sizes(void)
{
    static const uint32_t sizes[] = {1,
                                     3,
                                     4,
                                     5,
                                     8,
                                     9,
                                     SSTP_ARRAY_BLOCK / 2,
                                     SSTP_ARRAY_BLOCK - 1,
                                     SSTP_ARRAY_BLOCK,
                                     SSTP_ARRAY_BLOCK + 1,
                                     2 * SSTP_ARRAY_BLOCK - 1,
                                     2 * SSTP_ARRAY_BLOCK,
                                     2 * SSTP_ARRAY_BLOCK + 1,
                                     4 * SSTP_ARRAY_BLOCK,
                                     4 * SSTP_ARRAY_BLOCK + 1,
                                     9 * SSTP_ARRAY_BLOCK};
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        struct counting_mem memory;
        struct sstp_array array;
        counting_mem_init(&memory);
        sstp_array_init(&array, &memory.mem, sizeof(struct item));
        for (uint32_t n = 0; n < sizes[i]; n++) {
            g_assert_cmpuint(array.num, ==, n);
            add(&array, n * 7);
        }
        check_items(&array);
        sstp_array_clear(&array);
        g_assert_cmpuint(array.num, ==, 0);
        g_assert_cmpuint(memory.num_blocks, ==, 0);
        add(&array, 0); /* good for use again */
        check_items(&array);
        sstp_array_clear(&array);
        g_assert_cmpuint(memory.num_blocks, ==, 0);
    }
}

static void test_nothing(void)
{
    struct counting_mem memory;
    struct sstp_array array;
    counting_mem_init(&memory);
    sstp_array_init(&array, &memory.mem, sizeof(struct item));
    sstp_array_clear(&array);
    sstp_array_clear(&array);
    g_assert_cmpuint(memory.num_requests, ==, 0);
}

/* An item is moved a few times while the array is small, and never after the
 * first block; at most one block is spare. */
static void test_cost(void)
{
    const uint32_t num = 100 * SSTP_ARRAY_BLOCK;
    struct counting_mem memory;
    struct sstp_array array;
    counting_mem_init(&memory);
    sstp_array_init(&array, &memory.mem, sizeof(struct item));
    const struct item *stays = NULL;
    for (uint32_t n = 0; n < num; n++) {
        add(&array, n * 7);
        if (n == SSTP_ARRAY_BLOCK)
            stays = sstp_array_at(&array, n);
    }
    g_assert_true(stays == sstp_array_at(&array, SSTP_ARRAY_BLOCK));
    check_items(&array);
    /* A request a block, the doublings of the first block and of the directory. */
    g_assert_cmpuint(memory.num_requests, <=, 100 + 10 + 10);
    g_assert_cmpuint(memory.num_bytes, <=,
                     (100 + 1) * SSTP_ARRAY_BLOCK * sizeof(struct item) + 256 * sizeof(void *));
    sstp_array_clear(&array);

    /* A small one is small. */
    for (uint32_t n = 0; n < 3; n++)
        add(&array, n * 7);
    g_assert_cmpuint(memory.num_bytes, <=, 4 * sizeof(struct item) + 4 * sizeof(void *));
    sstp_array_clear(&array);
    g_assert_cmpuint(memory.num_blocks, ==, 0);
}

/* Without memory nothing is added, nothing lost, and the next call succeeds. */
static void test_each_allocation(void)
{
    const uint32_t num = 6 * SSTP_ARRAY_BLOCK;
    size_t num_failed = 1;
    for (size_t n = 1; num_failed > 0; n++) {
        struct counting_mem memory;
        struct sstp_array array;
        counting_mem_init(&memory);
        memory.fails_at = n;
        sstp_array_init(&array, &memory.mem, sizeof(struct item));
        for (uint32_t i = 0; i < num; i++) {
            const size_t before = memory.num_failed;
            struct item *item = sstp_array_add(&array);
            if (item == NULL) {
                g_assert_cmpuint(memory.num_failed, ==, before + 1);
                g_assert_cmpuint(array.num, ==, i);
                check_items(&array);
                item = sstp_array_add(&array);
            }
            g_assert_nonnull(item);
            item->value = i * 7;
        }
        check_items(&array);
        num_failed = memory.num_failed;
        sstp_array_clear(&array);
        g_assert_cmpuint(memory.num_blocks, ==, 0);
        g_assert_cmpuint(n, <, 100);
    }
}

/* The index is a u32: the last one is never given. */
static void test_full(void)
{
    struct counting_mem memory;
    struct sstp_array array;
    counting_mem_init(&memory);
    sstp_array_init(&array, &memory.mem, 1);
    array.num = UINT32_MAX;
    g_assert_null(sstp_array_add(&array));
    g_assert_cmpuint(memory.num_requests, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/state/array/sizes", test_sizes);
    g_test_add_func("/state/array/nothing", test_nothing);
    g_test_add_func("/state/array/cost", test_cost);
    g_test_add_func("/state/array/each-allocation", test_each_allocation);
    g_test_add_func("/state/array/full", test_full);
    return g_test_run();
}
