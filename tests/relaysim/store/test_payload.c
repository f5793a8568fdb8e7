/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A message as the store keeps it. */
#include "store/payload.h"

#include <stdlib.h>

static struct sstp_ep_message message_of(const char *data, size_t len)
{
    return (struct sstp_ep_message){.flags = 0x12,
                                    .ttl = 5,
                                    .user_ref = sstp_span_of_string("ref"),
                                    .fragment_id = sstp_span_of_string("id"),
                                    .data = sstp_span(data, len)};
}

/* A copy: what it was made of may go. */
static void test_copy(void)
{
    char data[] = "abc", ref[] = "ref";
    struct sstp_ep_message message = message_of(data, 3);
    message.user_ref = sstp_span_of_string(ref);
    struct sstp_payload *payload = sstp_payload_new(&message);
    data[0] = ref[0] = 'x';
    const struct sstp_ep_message *kept = sstp_payload_message(payload);
    g_assert_true(sstp_span_is_equal(kept->data, sstp_span_of_string("abc")));
    g_assert_true(sstp_span_is_equal(kept->user_ref, sstp_span_of_string("ref")));
    g_assert_true(sstp_span_is_equal(kept->fragment_id, sstp_span_of_string("id")));
    g_assert_cmpuint(kept->flags, ==, 0x12);
    g_assert_cmpuint(kept->ttl, ==, 5);
    g_assert_cmpuint(sstp_store_payload_cost(payload), ==, 3 + 3 + 2 + SSTP_PAYLOAD_OVERHEAD);
    sstp_payload_unref(payload);
}

/* The buffer of a long message is taken over, but not one that is mostly empty. */
static void test_take(void)
{
    static const struct {
        size_t len, spare;
        bool is_taken;
    } rows[] = {{4095, 0, false}, {4096, 0, true}, {4096, 1030, true}, {4096, 1031, false}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const size_t len = rows[i].len;
        struct sstp_ep_block block = {malloc(len + rows[i].spare), len + rows[i].spare};
        memset(block.data, 'x', len);
        struct sstp_ep_message message = message_of(block.data, len);
        void *const data = block.data;
        struct sstp_payload *payload = sstp_payload_take(&message, &block);
        g_test_message("%zu and %zu", len, rows[i].spare);
        g_assert_true((block.data == NULL) == rows[i].is_taken);
        g_assert_true((sstp_payload_message(payload)->data.data == data) == rows[i].is_taken);
        g_assert_cmpuint(sstp_payload_message(payload)->data.len, ==, len);
        g_assert_cmpuint(sstp_store_payload_cost(payload), ==, len + 5 + SSTP_PAYLOAD_OVERHEAD);
        free(block.data);
        sstp_payload_unref(payload);
    }
}

/* On the disk, the content stays as long as somebody has a reference, and no longer. */
static void test_pinned(void)
{
    const struct sstp_ep_message message = message_of("abc", 3);
    struct sstp_payload *payload = sstp_payload_new(&message);
    payload->num_refs++; /* the store's own */
    payload->id = 1;
    g_assert_true(sstp_payload_ref(payload) == payload);
    sstp_payload_unref(payload);
    g_assert_nonnull(payload->content);
    sstp_payload_unref(payload);
    g_assert_null(payload->content);
    sstp_store_payload_unref(payload);

    /* In memory alone it stays. */
    payload = sstp_payload_new(&message);
    payload->num_refs++;
    sstp_payload_unref(payload);
    g_assert_nonnull(payload->content);
    sstp_store_payload_unref(payload);
}

static void test_origin(void)
{
    const struct sstp_ep_message message = message_of("", 0);
    struct sstp_payload *payload = sstp_payload_new(&message);
    g_assert_null(sstp_payload_origin(payload));
    sstp_payload_set_origin(payload, &(struct sstp_payload_origin){.label = 1});
    sstp_payload_set_origin(payload, &(struct sstp_payload_origin){.label = 2, .number = 3});
    g_assert_cmpuint(sstp_payload_origin(payload)->label, ==, 2);
    g_assert_cmpuint(sstp_payload_origin(payload)->number, ==, 3);
    sstp_payload_unref(payload);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/payload/copy", test_copy);
    g_test_add_func("/payload/take", test_take);
    g_test_add_func("/payload/pinned", test_pinned);
    g_test_add_func("/payload/origin", test_origin);
    return g_test_run();
}
