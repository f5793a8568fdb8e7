/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcapng: blocks of the form that the format has, whose lengths fit. */
#include "capture/pcapng.h"

#include <string.h>

static guint32 number_at(const GString *file, gsize at)
{
    guint32 number;

    g_assert_cmpuint(at + sizeof number, <=, file->len);
    memcpy(&number, file->str + at, sizeof number);
    return number;
}

/* The types of all blocks; each has its length twice, a multiple of four. */
static guint types_of(const GString *file, guint32 *types, gsize *starts, guint max)
{
    guint num = 0;

    for (gsize at = 0; at < file->len; num++) {
        const guint32 len = number_at(file, at + 4);
        g_assert_cmpuint(num, <, max);
        g_assert_cmpuint(len % 4, ==, 0);
        g_assert_cmpuint(number_at(file, at + len - 4), ==, len);
        starts[num] = at;
        types[num] = number_at(file, at);
        at += len;
    }
    return num;
}

static void test_blocks(void)
{
    static const guint32 expected[] = {0x0a0d0d0a, 10, 1, 6, 6, 1, 6};
    static const guint16 link_types[] = {1, 1, 101};
    GString *file = g_string_new(NULL);
    GArray *interfaces = g_array_new(FALSE, FALSE, sizeof(guint16));
    guint32 types[8];
    gsize starts[8];

    pcapng_append_head(file);
    pcapng_append_secrets(file, 0x544c534b, (const guint8 *)"key", 3);
    for (guint i = 0; i < 3; i++) {
        const struct pcapng_packet packet = {
            link_types[i], G_GINT64_CONSTANT(0x123456789a), i,
            100,           (const guint8 *)"abc",           i == 1 ? NULL : "why"};
        pcapng_append_packet(file, interfaces, &packet);
    }
    g_assert_cmpuint(types_of(file, types, starts, 8), ==, G_N_ELEMENTS(expected));
    g_assert_true(memcmp(types, expected, sizeof expected) == 0);
    const gsize last = starts[6];
    g_assert_cmpuint(number_at(file, last + 8), ==, 1); /* of the second interface */
    g_assert_cmpuint(number_at(file, last + 12), ==, 0x12);
    g_assert_cmpuint(number_at(file, last + 16), ==, 0x3456789a);
    g_assert_cmpuint(number_at(file, last + 20), ==, 2);
    g_assert_cmpuint(number_at(file, last + 24), ==, 100);
    g_assert_true(memcmp(file->str + last + 28, "ab\0\0\1\0\3\0why\0\0\0\0\0", 16) == 0);
    g_array_free(interfaces, TRUE);
    g_string_free(file, TRUE);
}

/* A long comment is cut, and never within a character. */
static void test_long_comments(void)
{
    for (gsize before = 0; before < 4; before++) {
        GString *comment = g_string_new(NULL), *file = g_string_new(NULL);
        GArray *interfaces = g_array_new(FALSE, FALSE, sizeof(guint16));
        guint32 types[2];
        gsize starts[2];

        for (gsize i = 0; i < before; i++)
            g_string_append_c(comment, 'x');
        while (comment->len < 70000)
            g_string_append(comment, "\xe2\x82\xac");
        const struct pcapng_packet packet = {1, -5, 0, 0, NULL, comment->str};
        pcapng_append_packet(file, interfaces, &packet);
        g_assert_cmpuint(types_of(file, types, starts, 2), ==, 2);
        g_assert_cmpuint(number_at(file, starts[1] + 16), ==, 0);
        guint16 len;
        memcpy(&len, file->str + starts[1] + 30, sizeof len);
        g_assert_cmpuint(len, <=, PCAPNG_COMMENT_MAX);
        g_assert_cmpuint(len, >, PCAPNG_COMMENT_MAX - 3);
        g_assert_true(g_utf8_validate(file->str + starts[1] + 32, len, NULL));
        g_array_free(interfaces, TRUE);
        g_string_free(file, TRUE);
        g_string_free(comment, TRUE);
    }
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pcapng/blocks", test_blocks);
    g_test_add_func("/pcapng/long_comments", test_long_comments);
    return g_test_run();
}
