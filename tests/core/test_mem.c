/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>
#include <string.h>

#include "check.h"
#include "counting_mem.h"
#include "mem.h"

static void *resize(const struct sstp_mem *mem, void *block, size_t size)
{
    return mem->resize(mem->cookie, block, size);
}

static void check_as_realloc(const struct sstp_mem *mem)
{
    char *block = resize(mem, NULL, 4);
    g_assert_nonnull(block);
    memcpy(block, "abcd", 4);
    block = resize(mem, block, 4000);
    g_assert_nonnull(block);
    check_same_bytes(block, 4, "abcd", 4);
    block = resize(mem, block, 2);
    check_same_bytes(block, 2, "ab", 2);
    g_assert_null(resize(mem, block, 0));
    g_assert_null(resize(mem, NULL, 0));
}

static void test_libc(void)
{
    check_as_realloc(&sstp_mem_libc);
}

/* What the other tests rely on. */
static void test_counting(void)
{
    struct counting_mem counting;
    counting_mem_init(&counting);
    check_as_realloc(&counting.mem);
    g_assert_cmpuint(counting.num_requests, ==, 3);
    g_assert_cmpuint(counting.max_blocks, ==, 1);
    g_assert_cmpuint(counting.max_bytes, ==, 4000);
    g_assert_cmpuint(counting.num_blocks, ==, 0);
    g_assert_cmpuint(counting.num_bytes, ==, 0);

    counting_mem_init(&counting);
    counting.fails_at = 2;
    char *block = resize(&counting.mem, NULL, 4);
    memcpy(block, "abcd", 4);
    g_assert_null(resize(&counting.mem, block, 8));
    g_assert_cmpuint(counting.num_failed, ==, 1);
    check_same_bytes(block, 4, "abcd", 4);
    block = resize(&counting.mem, block, 8);
    check_same_bytes(block, 4, "abcd", 4);
    resize(&counting.mem, block, 0);
    g_assert_cmpuint(counting.num_blocks, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mem/libc", test_libc);
    g_test_add_func("/mem/counting", test_counting);
    return g_test_run();
}
