/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>

#include "counting_mem.h"
#include "random.h"
#include "state/id_tree.h"

#define NUM_IDS 100000u

/* ------------------------------------------------------------------------
 * Ids of every kind, by their number
 */

static uint32_t dense(uint32_t n)
{
    return n;
}

static uint32_t dense_from_above(uint32_t n)
{
    return UINT32_MAX - n;
}

/* As the two sides of a connection choose them. */
static uint32_t both_ranges(uint32_t n)
{
    return n / 2 + (n % 2 == 0 ? 0 : 0x80000000u);
}

/* All different in their upper bits alone. */
static uint32_t sparse(uint32_t n)
{
    return n << 15;
}

/* What a table of 2^k buckets would put into one. */
static uint32_t equal_below(uint32_t n)
{
    return n << 15 | 0x7abc;
}

/* Bits in reverse order, so that each new one splits at the top. */
static uint32_t reversed(uint32_t n)
{
    uint32_t id = 0;
    for (unsigned bit = 0; bit < 32; bit++)
        id |= (n >> bit & 1) << (31 - bit);
    return id;
}

/* A multiplication with an odd number never repeats. */
static uint32_t scattered(uint32_t n)
{
    return n * 2654435761u + 12345u;
}

/* The ids that make a tree as deep as it gets come first: one a bit. */
static uint32_t deepest(uint32_t n)
{
    return n < 32 ? 1u << n : n == 32 ? 0 : 0x00020000u + n;
}

static const struct {
    const char *name;
    uint32_t (*id)(uint32_t n);
} kinds[] = {
    {"dense", dense},
    {"dense from above", dense_from_above},
    {"both ranges", both_ranges},
    {"sparse", sparse},
    {"equal below", equal_below},
    {"reversed", reversed},
    {"scattered", scattered},
    {"deepest", deepest},
};

/* ------------------------------------------------------------------------
 * The depth
 */

/* The layout of a branch, as id_tree.c has it: a reference is twice an index, odd
 * for a leaf. */
struct branch {
    uint32_t bit;
    uint32_t children[2];
};

/* The branches that are passed on the way to the leaf of an id, whose bits have
 * to fall all the way: that, and nothing else, is why there are at most 32. */
static unsigned depth_of(const struct sstp_id_tree *tree, uint32_t id)
{
    unsigned depth = 0;
    uint64_t above = UINT64_C(1) << 32;
    for (uint32_t at = tree->root; at % 2 == 0;) {
        const struct branch *branch = sstp_array_at(&tree->branches, at / 2);
        g_assert_cmpuint(branch->bit, !=, 0);
        g_assert_cmpuint(branch->bit & (branch->bit - 1), ==, 0);
        g_assert_cmpuint(branch->bit, <, above);
        above = branch->bit;
        at = branch->children[(id & branch->bit) != 0];
        depth++;
    }
    return depth;
}

static void test_kinds(void)
{
    for (size_t kind = 0; kind < G_N_ELEMENTS(kinds); kind++) {
        uint32_t (*id)(uint32_t) = kinds[kind].id;
        struct counting_mem memory;
        struct sstp_id_tree tree;
        unsigned max_depth = 0;
        uint32_t value = 77;

        g_test_message("%s", kinds[kind].name);
        counting_mem_init(&memory);
        sstp_id_tree_init(&tree, &memory.mem);
        for (uint32_t n = 0; n < NUM_IDS; n++) {
            g_assert_false(sstp_id_tree_find(&tree, id(n), &value));
            g_assert_true(sstp_id_tree_put(&tree, id(n), n));
        }
        for (uint32_t n = 0; n < NUM_IDS; n++) {
            g_assert_true(sstp_id_tree_find(&tree, id(n), &value));
            g_assert_cmpuint(value, ==, n);
            max_depth = MAX(max_depth, depth_of(&tree, id(n)));
        }
        for (uint32_t n = NUM_IDS; n < NUM_IDS + 1000; n++)
            g_assert_false(sstp_id_tree_find(&tree, id(n), &value));
        g_assert_cmpuint(max_depth, <=, 32);
        g_assert_cmpuint(max_depth, >=, 17); /* 2^17 is the first above NUM_IDS */
        /* One leaf each, and one branch less: nothing more is to be walked. */
        g_assert_cmpuint(tree.leaves.num, ==, NUM_IDS);
        g_assert_cmpuint(tree.branches.num, ==, NUM_IDS - 1);
        g_assert_cmpuint(memory.num_bytes, <, 24 * NUM_IDS);
        sstp_id_tree_clear(&tree);
        g_assert_cmpuint(memory.num_blocks, ==, 0);
    }
}

/* 33 ids that share ever shorter beginnings make the one path of 32. */
static void test_deepest_path(void)
{
    struct sstp_id_tree tree;
    sstp_id_tree_init(&tree, &sstp_mem_libc);
    for (uint32_t n = 0; n <= 32; n++)
        g_assert_true(sstp_id_tree_put(&tree, deepest(n), n));
    g_assert_cmpuint(depth_of(&tree, 0), ==, 32);
    g_assert_cmpuint(depth_of(&tree, 1), ==, 32);
    g_assert_cmpuint(depth_of(&tree, 0x80000000u), ==, 1);
    sstp_id_tree_clear(&tree);
}

/* ------------------------------------------------------------------------
 * The rest
 */

static void test_edges(void)
{
    static const uint32_t ids[] = {0, 1, 0x7fffffff, 0x80000000, 0x80000001, UINT32_MAX};
    struct sstp_id_tree tree;
    uint32_t value;

    sstp_id_tree_init(&tree, &sstp_mem_libc);
    for (size_t i = 0; i < G_N_ELEMENTS(ids); i++) {
        for (size_t j = 0; j < G_N_ELEMENTS(ids); j++)
            g_assert_cmpint(sstp_id_tree_find(&tree, ids[j], &value), ==, j < i);
        g_assert_true(sstp_id_tree_put(&tree, ids[i], UINT32_MAX - (uint32_t)i));
    }
    /* A new value for an id that is in takes no room. */
    const uint32_t num_leaves = tree.leaves.num;
    for (size_t i = 0; i < G_N_ELEMENTS(ids); i++)
        g_assert_true(sstp_id_tree_put(&tree, ids[i], (uint32_t)i));
    g_assert_cmpuint(tree.leaves.num, ==, num_leaves);
    for (size_t i = 0; i < G_N_ELEMENTS(ids); i++) {
        g_assert_true(sstp_id_tree_find(&tree, ids[i], &value));
        g_assert_cmpuint(value, ==, i);
    }
    sstp_id_tree_clear(&tree);
    g_assert_false(sstp_id_tree_find(&tree, 0, &value));
    g_assert_true(sstp_id_tree_put(&tree, 5, 6));
    g_assert_true(sstp_id_tree_find(&tree, 5, &value));
    sstp_id_tree_clear(&tree);
}

/* Against GLib's table, with few ids so that they repeat, and while the memory
 * gives out now and then: what was put in stays, what failed is not there. */
static void test_random(void)
{
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct rng random = rng(seed);
        struct counting_mem memory;
        struct sstp_id_tree tree;
        GHashTable *expected = g_hash_table_new(NULL, NULL);

        counting_mem_init(&memory);
        sstp_id_tree_init(&tree, &memory.mem);
        for (unsigned i = 0; i < 500; i++) {
            const uint32_t id = (uint32_t)rng_next(&random) & 0x80000c3fu;
            const uint32_t new_value = (uint32_t)rng_below(&random, 1000);
            uint32_t value;
            gpointer known;
            memory.fails_at = rng_is_one_in(&random, 4) ? memory.num_requests + 1 : 0;
            if (sstp_id_tree_put(&tree, id, new_value))
                g_hash_table_insert(expected, GUINT_TO_POINTER(id), GUINT_TO_POINTER(new_value));
            const uint32_t asked = (uint32_t)rng_next(&random) & 0x80000c3fu;
            const bool is_there =
                g_hash_table_lookup_extended(expected, GUINT_TO_POINTER(asked), NULL, &known);
            g_assert_cmpint(sstp_id_tree_find(&tree, asked, &value), ==, is_there);
            if (is_there)
                g_assert_cmpuint(value, ==, GPOINTER_TO_UINT(known));
        }
        g_assert_cmpuint(tree.leaves.num, ==, g_hash_table_size(expected));
        sstp_id_tree_clear(&tree);
        g_assert_cmpuint(memory.num_blocks, ==, 0);
        g_hash_table_unref(expected);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/state/id-tree/kinds", test_kinds);
    g_test_add_func("/state/id-tree/deepest-path", test_deepest_path);
    g_test_add_func("/state/id-tree/edges", test_edges);
    g_test_add_func("/state/id-tree/random", test_random);
    return g_test_run();
}
