/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Segments: copies have data and comments of their own. */
#include "record/segment.h"

#include <string.h>

static void test_copy(void)
{
    uint8_t data[] = {1, 2, 3};
    GByteArray *comments = g_byte_array_new();
    g_byte_array_append(comments, (const guint8 *)"one", 3);
    const struct segment segment = {
        .sequence = 7, .data = data, .len = sizeof data, .comments = comments};
    struct segment *copy = segment_copy(&segment);
    data[0] = 9;
    segment_add_comments(copy, comments);
    segment_add_comments(copy, NULL);
    g_assert_cmpuint(copy->sequence, ==, 7);
    g_assert_cmpuint(copy->len, ==, 3);
    g_assert_cmpint(memcmp(copy->data, "\1\2\3", 3), ==, 0);
    g_assert_cmpuint(copy->comments->len, ==, 6);
    g_assert_cmpint(memcmp(copy->comments->data, "oneone", 6), ==, 0);
    g_assert_cmpuint(comments->len, ==, 3);
    segment_free(copy);
    segment_free(NULL);
    g_byte_array_free(comments, TRUE);
}

static void test_kinds(void)
{
    const struct segment one = {.connection = 1, .from_initiator = true, .flags = SEGMENT_ACK};
    struct segment other = one;
    g_assert_true(segment_is_ack(&one));
    g_assert_true(segment_is_beside(&one, &other));
    other.from_initiator = false;
    g_assert_false(segment_is_beside(&one, &other));
    other = one;
    other.connection = 2;
    g_assert_false(segment_is_beside(&one, &other));
    other.flags = SEGMENT_ACK | SEGMENT_FIN;
    g_assert_false(segment_is_ack(&other));
    other = one;
    other.len = 1;
    g_assert_false(segment_is_ack(&other));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/segment/copy", test_copy);
    g_test_add_func("/segment/kinds", test_kinds);
    return g_test_run();
}
