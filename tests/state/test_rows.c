/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>
#include <string.h>

#include "counting_mem.h"
#include "state/rows.h"

#define NUM 5000u

/* Three columns: one goes up, now and then not; one jumps; one is one of two. */
static void make(uint32_t index, uint64_t *row)
{
    row[0] = index / 3 * 10;
    row[1] = index * 0x9e3779b97f4a7c15u;
    row[2] = index % 5 == 0;
}

static void fill(struct sstp_rows *rows, uint32_t num)
{
    uint64_t row[3];

    while (rows->num < num) {
        make(rows->num, row);
        g_assert_true(sstp_rows_add(rows, row));
    }
}

static void check(const struct sstp_rows *rows, uint32_t index)
{
    uint64_t row[3], wanted[3];

    sstp_rows_get(rows, index, row);
    make(index, wanted);
    g_assert_cmpint(memcmp(row, wanted, sizeof wanted), ==, 0);
}

static void test_any_order(void)
{
    struct counting_mem counting;
    struct sstp_rows rows;

    counting_mem_init(&counting);
    sstp_rows_init(&rows, &counting.mem, 3);
    for (uint32_t num = 1; num <= NUM; num++) {
        fill(&rows, num);
        check(&rows, num - 1);
        check(&rows, num / 2);
        if (num > 2) { /* one after the other, and the same again */
            check(&rows, num / 2 + 1);
            check(&rows, num / 2 + 1);
        }
    }
    for (uint32_t n = 0, i = 0; n < NUM; n++, i = (i + 1777) % NUM)
        check(&rows, i);
    sstp_rows_clear(&rows);
    g_assert_cmpuint(counting.num_blocks, ==, 0);
}

static void test_find(void)
{
    struct sstp_rows rows;
    uint64_t row[3], wanted[3];

    sstp_rows_init(&rows, &sstp_mem_libc, 3);
    g_assert_false(sstp_rows_find(&rows, 0, 7, row));
    row[0] = 3;
    row[1] = row[2] = 0;
    g_assert_true(sstp_rows_add(&rows, row));
    g_assert_false(sstp_rows_find(&rows, 0, 2, row));
    sstp_rows_clear(&rows);

    sstp_rows_init(&rows, &sstp_mem_libc, 3);
    for (uint32_t num = 1; num <= 200; num++) {
        fill(&rows, num);
        for (uint32_t value = 0; value < 700; value++) {
            const uint32_t last = MIN(value / 10 * 3 + 2, num - 1);
            g_assert_true(sstp_rows_find(&rows, 0, value, row));
            make(last, wanted);
            g_assert_cmpint(memcmp(row, wanted, sizeof wanted), ==, 0);
        }
    }
    sstp_rows_clear(&rows);
}

/* A copy of before brings the rows of then back, wherever the memory has gone since. */
static void test_undo(void)
{
    struct counting_mem counting;
    struct sstp_rows rows;
    uint64_t other[3] = {1, 2, 3};

    counting_mem_init(&counting);
    sstp_rows_init(&rows, &counting.mem, 3);
    for (uint32_t num = 0; num < 300; num++) {
        const struct sstp_rows was = rows;
        for (uint32_t i = 0; i < 1 + num % 40; i++, other[1] += 1000003)
            g_assert_true(sstp_rows_add(&rows, other));
        if (rows.num > 1) { /* the one of this index is another one afterwards */
            uint64_t row[3];
            sstp_rows_get(&rows, rows.num - 2, row);
        }
        sstp_rows_undo(&rows, &was);
        if (num > 1)
            check(&rows, num - 2);
        g_assert_cmpuint(rows.num, ==, num);
        fill(&rows, num + 1);
    }
    for (uint32_t i = 0; i < 300; i++)
        check(&rows, i);
    sstp_rows_clear(&rows);
    g_assert_cmpuint(counting.num_blocks, ==, 0);
}

/* Whatever request fails, no row is half there. */
static void test_memory(void)
{
    for (size_t fails_at = 1; fails_at < 12; fails_at++) {
        struct counting_mem counting;
        struct sstp_rows rows;
        uint64_t row[3];

        counting_mem_init(&counting);
        counting.fails_at = fails_at;
        sstp_rows_init(&rows, &counting.mem, 3);
        for (uint32_t tries = 0; rows.num < 400; tries++) {
            g_assert_cmpuint(tries, <=, 400);
            make(rows.num, row);
            (void)sstp_rows_add(&rows, row);
        }
        g_assert_cmpuint(counting.num_failed, ==, 1);
        for (uint32_t i = 0; i < rows.num; i++)
            check(&rows, i);
        sstp_rows_clear(&rows);
        g_assert_cmpuint(counting.num_blocks, ==, 0);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/state/rows/any-order", test_any_order);
    g_test_add_func("/state/rows/find", test_find);
    g_test_add_func("/state/rows/undo", test_undo);
    g_test_add_func("/state/rows/memory", test_memory);
    return g_test_run();
}
