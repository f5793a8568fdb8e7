/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows with several messages: written, walked through, changed, and what is none. */
#include "store/disk_more.h"

#define NUM 4u

static const uint8_t ours[] = {1, 2}, others[] = {9};

/* Message i, from 0, of the row. */
static struct sstp_disk_message message_of(unsigned i)
{
    static const char *const heads[NUM] = {"h", "", "head", "hh"};
    static const char *const data[NUM] = {"abc", "", "d", "ef"};
    return (struct sstp_disk_message){.id = 5 + 100 * (uint64_t)i,
                                      .expires_ms = i == 2 ? INT64_MAX : (int64_t)i,
                                      .stored_ms = 1700000000000 + (int64_t)i,
                                      .queues = sstp_span(ours, sizeof ours),
                                      .head = sstp_span_of_string(heads[i]),
                                      .data = sstp_span_of_string(data[i])};
}

static GByteArray *more_of_all(void)
{
    GByteArray *more = g_byte_array_new();
    for (unsigned i = 0; i < NUM; i++) {
        const struct sstp_disk_message message = message_of(i);
        (i == 0 ? sstp_disk_add_first : sstp_disk_add_more)(more, &message);
    }
    return more;
}

/* At its first message, of which it has `data` or only the length of that. */
static void begin(struct sstp_disk_walk *walk, const GByteArray *more, bool has_data)
{
    struct sstp_disk_message first = message_of(0);
    first.data = sstp_span(has_data ? "abcdef" : NULL, 6);
    sstp_disk_begin_walk(walk, &first, sstp_span(more->data, more->len));
}

static void check_message(const struct sstp_disk_walk *walk, unsigned i, bool has_data)
{
    const struct sstp_disk_message expected = message_of(i), *found = &walk->message;
    g_assert_false(walk->is_at_end);
    g_assert_cmpuint(found->row, ==, 5);
    g_assert_cmpuint(found->id, ==, expected.id);
    g_assert_cmpint(found->expires_ms, ==, expected.expires_ms);
    g_assert_cmpint(found->stored_ms, ==, expected.stored_ms);
    g_assert_true(sstp_span_is_equal(found->head, expected.head));
    g_assert_cmpuint(found->data.len, ==, expected.data.len);
    g_assert_true(!has_data || sstp_span_is_equal(found->data, expected.data));
}

static void test_walk(void)
{
    GByteArray *more = more_of_all();
    for (unsigned has_data = 0; has_data < 2; has_data++) {
        struct sstp_disk_walk walk;
        begin(&walk, more, has_data != 0);
        for (unsigned i = 0; i < NUM; i++) {
            check_message(&walk, i, has_data != 0);
            g_assert_cmpuint(walk.message.queues.len, ==, 2);
            sstp_disk_walk_on(&walk);
        }
        g_assert_true(walk.is_at_end);
        g_assert_false(walk.is_wrong);
    }
    g_byte_array_unref(more);
}

/* A row of one. */
static void test_alone(void)
{
    struct sstp_disk_walk walk;
    const struct sstp_disk_message first = message_of(0);
    sstp_disk_begin_walk(&walk, &first, sstp_span(NULL, 0));
    check_message(&walk, 0, true);
    sstp_disk_walk_on(&walk);
    g_assert_true(walk.is_at_end);
    g_assert_false(walk.is_wrong);
}

/* Each message of it in turn is for others, and then for none; the rest stays as it was. */
static void test_standing(void)
{
    for (unsigned changed = 0; changed < NUM; changed++) {
        GByteArray *more = more_of_all();
        for (unsigned step = 0; step < 2; step++) {
            const struct sstp_span queues = sstp_span(others, step == 0 ? sizeof others : 0);
            struct sstp_disk_walk walk;
            begin(&walk, more, true);
            for (unsigned i = 0; i < changed; i++)
                sstp_disk_walk_on(&walk);
            GByteArray *other = sstp_disk_set_standing(&walk, queues);
            g_byte_array_unref(more);
            more = other;
            begin(&walk, more, true);
            for (unsigned i = 0; i < NUM; i++) {
                check_message(&walk, i, true);
                g_assert_true(sstp_span_is_equal(walk.message.queues,
                                                 i == changed ? queues : sstp_span(ours, 2)));
                sstp_disk_walk_on(&walk);
            }
            g_assert_true(walk.is_at_end);
            g_assert_false(walk.is_wrong);
        }
        g_byte_array_unref(more);
    }
}

static bool is_wrong(const GByteArray *more, size_t data_len)
{
    /* Copies that end with their last byte. */
    uint8_t *copy = g_memdup2(more->data, more->len), *data = g_malloc0(data_len);
    struct sstp_disk_message first = message_of(0);
    struct sstp_disk_walk walk;
    unsigned num = 0;
    first.data = sstp_span(data, data_len);
    sstp_disk_begin_walk(&walk, &first, sstp_span(copy, more->len));
    for (; !walk.is_at_end && num <= NUM; num++)
        sstp_disk_walk_on(&walk);
    g_assert_cmpuint(num, <=, NUM);
    g_free(copy);
    g_free(data);
    return walk.is_wrong;
}

/* Cut anywhere, with more data than its messages have, or with less; with any byte another. */
static void test_wrong(void)
{
    GByteArray *more = more_of_all();
    g_assert_false(is_wrong(more, 6));
    g_assert_true(is_wrong(more, 5));
    g_assert_true(is_wrong(more, 7));
    for (guint len = more->len - 1; len > 0; len--) {
        GByteArray *part = g_byte_array_new();
        g_byte_array_append(part, more->data, len);
        g_assert_true(is_wrong(part, 6));
        g_byte_array_unref(part);
    }
    for (guint i = 0; i < more->len; i++)
        for (unsigned byte = 0; byte < 256; byte++) {
            const uint8_t before = more->data[i];
            more->data[i] = (uint8_t)byte;
            (void)is_wrong(more, 6);
            more->data[i] = before;
        }
    more->data[0] = 3; /* no standing */
    g_assert_true(is_wrong(more, 6));
    g_byte_array_unref(more);
}

/* Ids rise. */
static void test_order(void)
{
    GByteArray *more = g_byte_array_new();
    struct sstp_disk_message message = message_of(0);
    sstp_disk_add_first(more, &message);
    message.data = sstp_span(NULL, 0);
    sstp_disk_add_more(more, &message);
    g_assert_true(is_wrong(more, 3));
    g_byte_array_unref(more);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/disk_more/walk", test_walk);
    g_test_add_func("/disk_more/alone", test_alone);
    g_test_add_func("/disk_more/standing", test_standing);
    g_test_add_func("/disk_more/wrong", test_wrong);
    g_test_add_func("/disk_more/order", test_order);
    return g_test_run();
}
