/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages and their acknowledgement (GRVSSTP 3.1.4.6-8, 3.1.5.10-13, 3.1.5.19,
 * 3.1.6.1, 4.3.1, 4.3.2). */
#include "pair.h"

#define SENT "A Message s=0x1\nA Data s=0x1\nA EndMessage s=0x1\n"

/* A connection with a session of A's. */
static struct pair *ready_pair(uint32_t *session_id)
{
    struct pair *pair = pair_new(NULL);
    pair_connect(pair);
    *session_id = pair_open(pair, &pair->a);
    return pair;
}

/* 3.1.4.6: at, below and above what one Data holds, and an empty one. */
static void test_splitting(void)
{
    static const struct {
        size_t len;
        unsigned num_data;
    } rows[] = {{0, 1},    {1, 1},    {2047, 1}, {2048, 1},
                {2049, 2}, {4096, 2}, {4097, 3}, {100000, 49}};
    for (size_t i = 0; i < 2 * G_N_ELEMENTS(rows); i++) {
        const size_t len = rows[i / 2].len;
        const bool is_lent = i % 2 == 1;
        uint32_t id;
        struct pair *pair = ready_pair(&id);
        uint8_t *bytes = g_malloc(len + 1);
        for (size_t b = 0; b < len; b++)
            bytes[b] = (uint8_t)(b * 7 + b / 251);
        const struct sstp_ep_message message = {.data = sstp_span(bytes, len)};
        g_assert_cmpint(is_lent ? sstp_ep_lend_message(pair->a.ep, id, &message, NULL, bytes)
                                : sstp_ep_send_message(pair->a.ep, id, &message, NULL),
                        ==, SSTP_EP_OK);
        char *note = g_strdup_printf("A sent 0x%x #1 begun as #1, %zu bytes\n", id, len);
        g_assert_nonnull(strstr(pair->notes->str, note));
        g_free(note);
        unsigned num = 0;
        for (const char *at = pair->commands->str; (at = strstr(at, "A Data")) != NULL; at++)
            num++;
        g_assert_cmpuint(num, ==, rows[i / 2].num_data);
        pair_exchange_cut(pair, i % 4 < 2 ? 0 : 3);
        g_assert_cmpuint(pair->b.data->len, ==, len);
        g_assert_true(len == 0 || memcmp(pair->b.data->data, bytes, len) == 0);
        g_assert_cmpuint(pair->a.num_released, ==, is_lent);
        g_free(bytes);
        pair_free(pair);
    }
}

/* An empty message is one Data command of length 7 (SPECIFICATION.md). */
static void test_empty(void)
{
    uint32_t id;
    struct pair *pair = ready_pair(&id);
    side_send(&pair->a, id, "", 0);
    const struct sstp_span output = sstp_ep_output(pair->a.ep);
    g_assert_cmpuint(output.len, ==, 13 + 7 + 7);
    g_assert_cmphex(output.data[13], ==, SSTP_DATA);
    g_assert_cmphex(output.data[14], ==, 7);
    pair_free(pair);
}

/* Every optional field arrives as it was sent. */
static void test_fields(void)
{
    uint32_t id;
    struct pair *pair = ready_pair(&id);
    const struct sstp_ep_message sent = {
        .flags = SSTP_MESSAGE_FLAG_EPHEMERAL | SSTP_MESSAGE_FLAG_STREAM_SIZE |
                 SSTP_MESSAGE_FLAG_FRAGMENT | SSTP_MESSAGE_FLAG_TRACK |
                 SSTP_MESSAGE_FLAG_DO_NOT_DELIVER_IF_OFFLINE,
        .user_ref = span_text("ref"),
        .ttl = 7,
        .ephemeral_reserved_len = 5,
        .byte_stream_size = UINT64_C(0x1122334455667788),
        .session_size = 2,
        .message_size = 3,
        .num_fragments = 4,
        .this_fragment = 5,
        .fragment_id = span_text("fragment"),
        .fragment_offset = UINT64_C(0x99aabbccddeeff00),
        .data = span_text("data")};
    g_assert_cmpint(sstp_ep_send_message(pair->a.ep, id, &sent, NULL), ==, SSTP_EP_OK);
    pair_exchange_cut(pair, 1);
    const struct sstp_ep_message *got = &pair->b.message;
    g_assert_cmphex(got->flags, ==, sent.flags);
    g_assert_cmpuint(got->user_ref.len, ==, 3);
    g_assert_cmpuint(got->ttl, ==, sent.ttl);
    g_assert_cmpuint(got->ephemeral_reserved_len, ==, 5);
    g_assert_cmphex(got->byte_stream_size, ==, sent.byte_stream_size);
    g_assert_cmpuint(got->session_size, ==, 2);
    g_assert_cmpuint(got->message_size, ==, 3);
    g_assert_cmpuint(got->num_fragments, ==, 4);
    g_assert_cmpuint(got->this_fragment, ==, 5);
    g_assert_cmpuint(got->fragment_id.len, ==, 8);
    g_assert_cmphex(got->fragment_offset, ==, sent.fragment_offset);
    pair_free(pair);
}

/* 3.1.4.6: only in 'ready', only one at a time, only on one's own session. */
static void test_may_not_send(void)
{
    const struct sstp_ep_message message = {.data = span_text("x")};
    struct pair *pair = pair_new(NULL);
    pair_connect(pair);
    g_assert_cmpint(sstp_ep_send_message(pair->a.ep, 1, &message, NULL), ==, SSTP_EP_NO_SESSION);
    pair->b.availability = SSTP_HANDLER_NOT_READY;
    const uint32_t id = pair_open(pair, &pair->a);
    g_assert_cmpint(sstp_ep_send_message(pair->a.ep, id, &message, NULL), ==, SSTP_EP_WRONG_STATE);
    (void)sstp_ep_set_availability(pair->b.ep, id, SSTP_HANDLER_READY, 0);
    pair_exchange(pair);
    g_assert_cmpint(sstp_ep_message_end(pair->a.ep, id, NULL), ==, SSTP_EP_WRONG_STATE);
    g_assert_cmpint(sstp_ep_message_begin(pair->a.ep, id, &message), ==, SSTP_EP_OK);
    g_assert_cmpint(sstp_ep_message_begin(pair->a.ep, id, &message), ==, SSTP_EP_WRONG_STATE);
    g_assert_cmpint(sstp_ep_send_message(pair->b.ep, id, &message, NULL), ==, SSTP_EP_WRONG_STATE);
    /* What has begun is ended, blocked or not (4.4.1). */
    (void)sstp_ep_set_availability(pair->b.ep, id, SSTP_HANDLER_NOT_READY, 0);
    pair_exchange(pair);
    g_assert_cmpint(sstp_ep_message_end(pair->a.ep, id, NULL), ==, SSTP_EP_OK);
    g_assert_cmpint(sstp_ep_message_begin(pair->a.ep, id, &message), ==, SSTP_EP_WRONG_STATE);
    pair_exchange(pair);
    g_assert_cmpuint(pair->b.numbers->len, ==, 1);
    pair_free(pair);
}

/* 3.1.2.1, 3.1.6.1: five seconds from the EndMessage on. */
static void test_ack_timer(void)
{
    uint32_t id;
    struct pair *pair = ready_pair(&id);
    side_send(&pair->a, id, "x", 0);
    pair_exchange(pair);
    assert_commands(pair, SENT);
    g_assert_cmpint(sstp_ep_next_deadline(pair->b.ep), ==, SSTP_EP_ACK_DELAY_MS);
    pair_advance(pair, SSTP_EP_ACK_DELAY_MS - 1);
    assert_commands(pair, "");
    pair_advance(pair, 1);
    assert_commands(pair, "B Noop [acks 1]\n");
    assert_events(pair, "B message 0x1 #1, 1 bytes\nA acknowledged 0x1 #1\n");
    g_assert_cmpint(sstp_ep_next_deadline(pair->b.ep), ==, SSTP_EP_NEVER);
    pair_free(pair);
}

/* 3.1.6.1 sends the count that there is, and completion starts the timer anew. */
static void test_ack_timer_incomplete(void)
{
    uint32_t id;
    struct pair *pair = ready_pair(&id);
    pair->b.holds = true;
    side_send(&pair->a, id, "x", 0);
    pair_exchange(pair);
    g_string_truncate(pair->commands, 0);
    pair_advance(pair, SSTP_EP_ACK_DELAY_MS);
    assert_commands(pair, "B Noop\n");
    pair_advance(pair, 60000);
    assert_commands(pair, "");
    side_complete(&pair->b, 0);
    g_assert_cmpint(sstp_ep_next_deadline(pair->b.ep), ==, pair->now_ms + SSTP_EP_ACK_DELAY_MS);
    pair_advance(pair, SSTP_EP_ACK_DELAY_MS);
    assert_commands(pair, "B Noop [acks 1]\n");
    pair_free(pair);
}

/* 3.1.4.7: the A flag. */
static void test_ack_immediately(void)
{
    uint32_t id;
    struct pair *pair = ready_pair(&id);
    side_send(&pair->a, id, "x", 0);
    side_send(&pair->a, id, "y", SSTP_MESSAGE_FLAG_ACK_IMMEDIATELY);
    pair_exchange(pair);
    assert_commands(pair, SENT SENT "B Noop [acks 2]\n");
    assert_events(pair, "B message 0x1 #1, 1 bytes\nB message 0x1 #2, 1 bytes\n"
                        "A acknowledged 0x1 #1\nA acknowledged 0x1 #2\n");
    g_assert_cmpint(sstp_ep_next_deadline(pair->b.ep), ==, SSTP_EP_NEVER);
    pair_free(pair);
}

/* An A flag after a message that is not complete has to wait for that. */
static void test_ack_immediately_later(void)
{
    uint32_t id;
    struct pair *pair = ready_pair(&id);
    pair->b.holds = true;
    side_send(&pair->a, id, "x", 0);
    side_send(&pair->a, id, "y", SSTP_MESSAGE_FLAG_ACK_IMMEDIATELY);
    pair_exchange(pair);
    g_string_truncate(pair->commands, 0);
    side_complete(&pair->b, 1);
    assert_commands(pair, "");
    side_complete(&pair->b, 0);
    assert_commands(pair, "B Noop [acks 2]\n");
    pair_free(pair);
}

/* 3.1.4.6: the count rides on a Message, and the timer stops. */
static void test_piggy_back(void)
{
    uint32_t id;
    struct pair *pair = ready_pair(&id);
    const uint32_t back = pair_open(pair, &pair->b);
    side_send(&pair->a, id, "x", 0);
    pair_exchange(pair);
    g_string_truncate(pair->commands, 0);
    side_send(&pair->b, back, "y", 0);
    assert_commands(pair, "B Message s=0x80000001 [acks 1]\n"
                          "B Data s=0x80000001\nB EndMessage s=0x80000001\n");
    g_assert_cmpint(sstp_ep_next_deadline(pair->b.ep), ==, SSTP_EP_NEVER);
    pair_exchange(pair);
    assert_events(pair, "B message 0x1 #1, 1 bytes\n"
                        "A acknowledged 0x1 #1\n"
                        "A message 0x80000001 #1, 1 bytes\n");
    pair_free(pair);
}

/* 3.1.4.2, 3.1.5.4: the count rides on a ConnectClose, and what is left is lost. */
static void test_connect_close(void)
{
    uint32_t id;
    struct pair *pair = ready_pair(&id);
    side_send(&pair->a, id, "x", 0);
    pair_exchange(pair);
    side_send(&pair->a, id, "too late", 0);
    sstp_ep_close_connection(pair->b.ep, SSTP_CONNECT_CLOSE_IDLE, 0);
    pair_exchange(pair);
    assert_commands(pair, SENT SENT "B ConnectClose Idle [acks 1]\n");
    assert_events(pair, "B message 0x1 #1, 1 bytes\n"
                        "B closed local Idle\n"
                        "A acknowledged 0x1 #1\n"
                        "A unacknowledged 0x1 #2\n"
                        "A closed peer Idle\n");
    pair_free(pair);
}

/* 3.1.5.10: the count of a Message counts even where the message is for a session that was
 * closed from here. */
static void test_count_for_closed(void)
{
    uint32_t id;
    struct pair *pair = ready_pair(&id);
    const uint32_t other = pair_open(pair, &pair->b);
    side_send(&pair->a, id, "x", 0);
    pair_exchange(pair);
    (void)sstp_ep_close_session(pair->a.ep, other, SSTP_CLOSE_NO_REASON);
    g_string_truncate(pair->events, 0);
    side_inject(&pair->a, &(struct sstp_command){
                              .id = SSTP_MESSAGE, .session_id = other, .message_count = 1});
    assert_events(pair, "A acknowledged 0x1 #1\n");
    g_assert_cmpint(sstp_ep_state(pair->a.ep), ==, SSTP_CONNECTION_ESTABLISHED);
    pair_free(pair);
}

/* 4.3.1: A1 B1 A2 B2; B is done first; two and two. */
static void test_4_3_1(void)
{
    uint32_t a;
    struct pair *pair = ready_pair(&a);
    const uint32_t b = pair_open(pair, &pair->a);
    pair->b.holds = true;
    side_send(&pair->a, a, "A1", 0);
    side_send(&pair->a, b, "B1", 0);
    side_send(&pair->a, a, "A2", 0);
    side_send(&pair->a, b, "B2", 0);
    pair_exchange(pair);
    g_string_truncate(pair->commands, 0);
    g_string_truncate(pair->events, 0);
    side_complete(&pair->b, 1);
    side_complete(&pair->b, 3);
    g_assert_cmpint(sstp_ep_noop(pair->b.ep), ==, SSTP_EP_OK);
    pair_exchange(pair);
    assert_commands(pair, "B Noop\n");
    assert_events(pair, "");
    side_complete(&pair->b, 0);
    pair_advance(pair, SSTP_EP_ACK_DELAY_MS);
    assert_commands(pair, "B Noop [acks 2]\n");
    assert_events(pair, "A acknowledged 0x1 #1\nA acknowledged 0x2 #2\n");
    side_complete(&pair->b, 2);
    pair_advance(pair, SSTP_EP_ACK_DELAY_MS);
    assert_commands(pair, "B Noop [acks 2]\n");
    assert_events(pair, "A acknowledged 0x1 #3\nA acknowledged 0x2 #4\n");
    pair_free(pair);
}

/* 4.3.2: interleaved commands; the order is that of the EndMessages. */
static void test_4_3_2(void)
{
    static const struct sstp_ep_message none;
    uint32_t a;
    struct pair *pair = ready_pair(&a);
    const uint32_t b = pair_open(pair, &pair->a);
    struct sstp_ep *ep = pair->a.ep;
    (void)sstp_ep_message_begin(ep, a, &none);
    (void)sstp_ep_message_data(ep, a, span_text("a"));
    (void)sstp_ep_message_begin(ep, b, &none);
    (void)sstp_ep_message_data(ep, b, span_text("bb"));
    (void)sstp_ep_message_end(ep, b, NULL);
    (void)sstp_ep_message_data(ep, a, span_text("aa"));
    (void)sstp_ep_message_end(ep, a, NULL);
    pair_exchange_cut(pair, 5);
    pair_advance(pair, SSTP_EP_ACK_DELAY_MS);
    assert_events(pair, "B message 0x2 #1, 2 bytes\nB message 0x1 #2, 3 bytes\n"
                        "A acknowledged 0x2 #1\nA acknowledged 0x1 #2\n");
    pair_free(pair);
}

/* Errata: more than there is acknowledges what there is. */
static void test_excess(void)
{
    uint32_t id;
    struct pair *pair = ready_pair(&id);
    side_send(&pair->a, id, "x", 0);
    side_inject(&pair->a, &(struct sstp_command){.id = SSTP_NOOP, .message_count = UINT32_MAX});
    assert_events(pair, "A acknowledged 0x1 #1\n");
    side_inject(&pair->a, &(struct sstp_command){.id = SSTP_NOOP, .message_count = 1});
    assert_events(pair, "");
    g_assert_cmpint(sstp_ep_state(pair->a.ep), ==, SSTP_CONNECTION_ESTABLISHED);
    pair_free(pair);
}

/* Many messages are acknowledged before the timer, 32 at a time. */
static void test_ack_count(void)
{
    uint32_t id;
    struct pair *pair = ready_pair(&id);
    for (unsigned i = 0; i < SSTP_EP_ACK_COUNT + 1; i++)
        side_send(&pair->a, id, "x", 0);
    pair_exchange(pair);
    g_assert_true(g_str_has_suffix(pair->commands->str, "\nB Noop [acks 32]\n"));
    g_assert_cmpuint(sstp_ep_num_unacknowledged(pair->a.ep), ==, 1);
    pair_free(pair);
}

/* Limits: at and one above. */
static void test_limits(void)
{
    struct pair *pair = pair_new(&(struct pair_config){.limits.max_message = 10});
    pair_connect(pair);
    const uint32_t id = pair_open(pair, &pair->a);
    side_send(&pair->a, id, "0123456789", 0);
    const struct sstp_ep_message longer = {.data = span_text("0123456789a")};
    g_assert_cmpint(sstp_ep_send_message(pair->a.ep, id, &longer, NULL), ==, SSTP_EP_TOO_LONG);
    static const struct sstp_ep_message none;
    (void)sstp_ep_message_begin(pair->a.ep, id, &none);
    (void)sstp_ep_message_data(pair->a.ep, id, longer.data);
    (void)sstp_ep_message_end(pair->a.ep, id, NULL);
    pair_exchange(pair);
    assert_events(pair, "B message 0x1 #1, 10 bytes\n"
                        "B session-closed 0x1 QuotaWouldBeExceeded\n"
                        "A acknowledged 0x1 #1\n"
                        "A unacknowledged 0x1 #2\n"
                        "A session-closed 0x1 QuotaWouldBeExceeded\n");
    pair_free(pair);

    pair = pair_new(&(struct pair_config){.limits.max_queued = 100});
    pair_connect(pair);
    const uint32_t other = pair_open(pair, &pair->a);
    side_send(&pair->a, other,
              "a message that fills the queue to more than a hundred bytes, "
              "with its three headers",
              0);
    g_assert_cmpint(sstp_ep_send_message(pair->a.ep, other, &longer, NULL), ==, SSTP_EP_FULL);
    pair_exchange(pair);
    g_assert_cmpint(sstp_ep_send_message(pair->a.ep, other, &longer, NULL), ==, SSTP_EP_OK);
    pair_free(pair);

    pair = pair_new(&(struct pair_config){.limits.max_unacknowledged = 2});
    pair_connect(pair);
    const uint32_t third = pair_open(pair, &pair->a);
    side_send(&pair->a, third, "1", 0);
    side_send(&pair->a, third, "2", 0);
    g_assert_cmpint(sstp_ep_send_message(pair->a.ep, third, &longer, NULL), ==, SSTP_EP_FULL);
    pair_free(pair);
}

/* A peer that takes nothing is given up, not fed for ever. */
static void test_unread(void)
{
    struct pair *pair = pair_new(&(struct pair_config){.limits.max_unread = 1000});
    pair_connect(pair);
    for (unsigned i = 0; i < 1000 && sstp_ep_state(pair->b.ep) != SSTP_CONNECTION_CLOSED; i++) {
        side_inject(&pair->b, &(struct sstp_command){.id = SSTP_OPEN,
                                                     .session_id = i,
                                                     .resource_url = span_text("r"),
                                                     .identity_url = span_text("i")});
        side_inject(&pair->b, &(struct sstp_command){.id = SSTP_CLOSE, .session_id = i});
    }
    g_assert_true(g_str_has_suffix(pair->events->str, "B closed no-memory InternalError\n"));
    g_assert_cmpuint(sstp_ep_output_len(pair->b.ep), <=, 1008);
    pair_free(pair);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/message/3.1.4.6-splitting", test_splitting);
    g_test_add_func("/message/empty", test_empty);
    g_test_add_func("/message/2.2.10-fields", test_fields);
    g_test_add_func("/message/3.1.4.6-may-not-send", test_may_not_send);
    g_test_add_func("/message/3.1.6.1-ack-timer", test_ack_timer);
    g_test_add_func("/message/3.1.6.1-ack-timer-incomplete", test_ack_timer_incomplete);
    g_test_add_func("/message/3.1.4.7-ack-immediately", test_ack_immediately);
    g_test_add_func("/message/3.1.4.7-ack-immediately-later", test_ack_immediately_later);
    g_test_add_func("/message/3.1.4.6-piggy-back", test_piggy_back);
    g_test_add_func("/message/3.1.5.4-connect-close", test_connect_close);
    g_test_add_func("/message/3.1.5.10-count-for-closed", test_count_for_closed);
    g_test_add_func("/message/4.3.1-several-sessions", test_4_3_1);
    g_test_add_func("/message/4.3.2-interleaved", test_4_3_2);
    g_test_add_func("/message/3.1.5.19-excess", test_excess);
    g_test_add_func("/message/3.1.4.8-ack-count", test_ack_count);
    g_test_add_func("/message/limits", test_limits);
    g_test_add_func("/message/unread", test_unread);
    return g_test_run();
}
