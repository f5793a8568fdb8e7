/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Notes: every change of a state and every message, at both ends, with how it ended. */
#include "pair.h"

static void test_connection(void)
{
    struct pair *pair = pair_new(NULL);
    g_assert_cmpint(sstp_ep_connect(pair->a.ep, "dpp:///b", sstp_span(NULL, 0)), ==, SSTP_EP_OK);
    assert_notes(pair, "A connecting\n");
    pair_exchange(pair);
    assert_notes(pair, "B connecting\nB established\nA established\n");
    sstp_ep_close_connection(pair->b.ep, SSTP_CONNECT_CLOSE_IDLE, 0);
    pair_exchange(pair);
    assert_notes(pair, "B closed local\nA closed peer\n");
    sstp_ep_transport_lost(pair->a.ep);
    assert_notes(pair, "");
    pair_free(pair);
}

static void connect_to(struct pair *pair, const char *url)
{
    g_assert_cmpint(sstp_ep_connect(pair->a.ep, url, sstp_span(NULL, 0)), ==, SSTP_EP_OK);
    pair_exchange(pair);
}

static void test_connection_ends(void)
{
    struct pair *pair = pair_new(NULL);
    connect_to(pair, "dpp:///c");
    assert_notes(pair, "A connecting\nB connecting\nB aborting\nB closed refused\n"
                       "A aborting\nA closed refused\n");
    pair_free(pair);

    pair = pair_new(NULL);
    pair->b.connect_answer.is_crossed = true;
    connect_to(pair, "dpp:///b");
    assert_notes(pair, "A connecting\nB connecting\nB aborting\nB closed refused\n"
                       "A established\nA closed peer\n");
    pair_free(pair);

    pair = pair_new(NULL);
    g_assert_cmpint(sstp_ep_connect(pair->a.ep, "dpp:///b", sstp_span(NULL, 0)), ==, SSTP_EP_OK);
    sstp_ep_tick(pair->a.ep, SSTP_EP_CONNECT_TIMEOUT_MS);
    assert_notes(pair, "A connecting\nA closed timeout\n");
    sstp_ep_transport_lost(pair->b.ep);
    assert_notes(pair, "B closed transport-lost\n");
    pair_free(pair);

    pair = pair_new(NULL);
    pair_connect(pair);
    side_inject(&pair->b, &(struct sstp_command){.id = SSTP_MESSAGE, .session_id = 9});
    assert_notes(pair, "B closed violation\n");
    pair_free(pair);
}

static uint32_t open_to(struct pair *pair, enum sstp_availability availability)
{
    uint32_t id;
    pair->b.availability = availability;
    g_assert_cmpint(sstp_ep_open(pair->a.ep, span_text("apphandler"),
                                 span_text("grooveIdentity://b"), sstp_span(NULL, 0), &id),
                    ==, SSTP_EP_OK);
    pair_exchange(pair);
    return id;
}

static void set_availability(struct pair *pair, uint32_t id, enum sstp_availability availability)
{
    g_assert_cmpint(sstp_ep_set_availability(pair->b.ep, id, availability, 0), ==, SSTP_EP_OK);
    pair_exchange(pair);
}

static void test_session(void)
{
    struct pair *pair = pair_new(NULL);
    pair_connect(pair);
    uint32_t id = open_to(pair, SSTP_HANDLER_NOT_READY);
    assert_notes(pair, "A ours 0x1 opening\nB theirs 0x1 opening\nB theirs 0x1 suspended\n"
                       "A ours 0x1 suspended\n");
    set_availability(pair, id, SSTP_HANDLER_READY);
    assert_notes(pair, "B theirs 0x1 ready\nA ours 0x1 ready\n");
    set_availability(pair, id, SSTP_HANDLER_NOT_READY);
    assert_notes(pair, "B theirs 0x1 blocked\nA ours 0x1 blocked\n");
    set_availability(pair, id, SSTP_HANDLER_READY);
    assert_notes(pair, "B theirs 0x1 ready\nA ours 0x1 ready\n");
    set_availability(pair, id, SSTP_HANDLER_FAULT);
    assert_notes(pair, "B theirs 0x1 closed here\nA ours 0x1 closed there\n");

    open_to(pair, SSTP_HANDLER_FAULT);
    assert_notes(pair, "A ours 0x2 opening\nB theirs 0x2 opening\nB theirs 0x2 closed refused\n"
                       "A ours 0x2 closed refused\n");

    /* Both close it: each knows of its own first, and of nothing more. */
    id = open_to(pair, SSTP_HANDLER_READY);
    g_string_truncate(pair->notes, 0);
    g_assert_cmpint(sstp_ep_close_session(pair->a.ep, id, 0), ==, SSTP_EP_OK);
    g_assert_cmpint(sstp_ep_close_session(pair->b.ep, id, 0), ==, SSTP_EP_OK);
    pair_exchange(pair);
    assert_notes(pair, "A ours 0x3 closed here\nB theirs 0x3 closed here\n");

    open_to(pair, SSTP_HANDLER_READY);
    g_string_truncate(pair->notes, 0);
    sstp_ep_transport_lost(pair->a.ep);
    assert_notes(pair, "A ours 0x4 closed connection\nA closed transport-lost\n");
    pair_free(pair);
}

/* Those that the receiver never has in its table are noted like the others. */
static void test_session_without_room(void)
{
    struct pair *pair = pair_new(&(struct pair_config){
        .b_role = SSTP_EP_RELAY, .multi_drop = true, .limits = {.max_sessions = 1}});
    pair_connect(pair);
    const struct sstp_command open = {.id = SSTP_OPEN,
                                      .session_id = 1,
                                      .resource_url = span_text("r"),
                                      .identity_url = span_text("grooveIdentity://b")};
    struct sstp_command second = open;
    second.session_id = 2;
    side_inject(&pair->b, &open);
    side_inject(&pair->b, &second);
    assert_notes(pair, "B theirs 0x1 opening\nB theirs 0x1 ready\n"
                       "B theirs 0x2 opening\nB theirs 0x2 closed refused\n");
    side_inject(&pair->b, &(struct sstp_command){.id = SSTP_FANOUT_OPEN,
                                                 .form = SSTP_VERSION_1_6,
                                                 .session_id = 3,
                                                 .resource_url = span_text("r")});
    assert_notes(pair, "B theirs 0x3 opening\nB theirs 0x3 ready\nB theirs 0x3 closed here\n");
    pair_free(pair);

    /* One that could not be sent has never been. */
    pair = pair_new(NULL);
    pair_connect(pair);
    char *url = g_strnfill(3000, 'x');
    uint32_t id;
    g_assert_cmpint(
        sstp_ep_open(pair->a.ep, span_text(url), span_text("i"), sstp_span(NULL, 0), &id), ==,
        SSTP_EP_TOO_LONG);
    assert_notes(pair, "");
    g_free(url);
    pair_free(pair);
}

static void test_open_timeout(void)
{
    struct pair *pair = pair_new(&(struct pair_config){.open_timeout_ms = 100});
    uint32_t id;
    pair_connect(pair);
    g_assert_cmpint(
        sstp_ep_open(pair->a.ep, span_text("r"), span_text("i"), sstp_span(NULL, 0), &id), ==,
        SSTP_EP_OK);
    sstp_ep_tick(pair->a.ep, 100);
    assert_notes(pair, "A ours 0x1 opening\nA ours 0x1 closed here\n");
    pair_free(pair);
}

static void test_messages(void)
{
    struct pair *pair = pair_new(NULL);
    pair_connect(pair);
    pair->b.holds = true;
    const uint32_t one = pair_open(pair, &pair->a), two = pair_open(pair, &pair->a);
    /* Begun in one order, ended in the other. */
    const struct sstp_ep_message message = {.flags = 0};
    g_assert_cmpint(sstp_ep_message_begin(pair->a.ep, one, &message), ==, SSTP_EP_OK);
    g_assert_cmpint(sstp_ep_message_data(pair->a.ep, one, span_text("abc")), ==, SSTP_EP_OK);
    side_send(&pair->a, two, "", 0);
    g_assert_cmpint(sstp_ep_message_data(pair->a.ep, one, span_text("defg")), ==, SSTP_EP_OK);
    g_assert_cmpint(sstp_ep_message_end(pair->a.ep, one, NULL), ==, SSTP_EP_OK);
    assert_notes(pair, "A sent 0x2 #1 begun as #2, 0 bytes\nA sent 0x1 #2 begun as #1, 7 bytes\n");
    pair_exchange(pair);
    assert_notes(pair, "B delivered 0x2 #1, 0 bytes\nB delivered 0x1 #2, 7 bytes\n");
    side_complete(&pair->b, 0);
    pair_advance(pair, SSTP_EP_ACK_DELAY_MS);
    assert_notes(pair, "A acknowledged 0x2 #1\n");

    /* Closed by the receiver: the sender gives it up, the count comes all the same. */
    side_send(&pair->a, one, "x", 0);
    g_assert_cmpint(sstp_ep_close_session(pair->b.ep, one, 0), ==, SSTP_EP_OK);
    pair_exchange(pair);
    assert_notes(pair, "A sent 0x1 #3 begun as #3, 1 bytes\nB theirs 0x1 closed here\n"
                       "B discarded 0x1 #3\nA ours 0x1 closed there\n"
                       "A unacknowledged 0x1 #2 there\nA unacknowledged 0x1 #3 there\n");
    side_complete(&pair->b, 1);
    pair_advance(pair, SSTP_EP_ACK_DELAY_MS);
    assert_notes(pair, "A acknowledged 0x1 #2, given up\nA acknowledged 0x1 #3, given up\n");

    side_send(&pair->a, two, "y", 0);
    g_string_truncate(pair->notes, 0);
    sstp_ep_transport_lost(pair->a.ep);
    assert_notes(pair, "A ours 0x2 closed connection\nA closed transport-lost\n"
                       "A unacknowledged 0x2 #4 connection\n");
    pair_free(pair);
}

/* A client closes a session whose last destination is gone; its messages are lost first. */
static void test_last_destination(void)
{
    struct pair *pair =
        pair_new(&(struct pair_config){.b_role = SSTP_EP_RELAY, .multi_drop = true});
    const struct sstp_fanout_entry entry = {.identity_url = span_text("grooveIdentity://b")};
    const uint16_t index = 0;
    uint32_t id;
    pair_connect(pair);
    pair->b.holds = true;
    g_assert_cmpint(sstp_ep_fanout_open(pair->a.ep, span_text("r"), &entry, 1, &id), ==,
                    SSTP_EP_OK);
    pair_exchange(pair);
    set_availability(pair, id, SSTP_HANDLER_READY);
    side_send(&pair->a, id, "x", 0);
    pair_exchange(pair);
    g_string_truncate(pair->notes, 0);
    g_assert_cmpint(
        sstp_ep_session_status(pair->b.ep, id, SSTP_SESSION_STATUS_LOCKED_OUT, &index, 1), ==,
        SSTP_EP_OK);
    pair_exchange(pair);
    assert_notes(pair, "B theirs 0x1 closed here\nA unacknowledged 0x1 #1 there\n"
                       "A ours 0x1 closed here\n");
    pair_free(pair);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/endpoint-note/connection", test_connection);
    g_test_add_func("/endpoint-note/connection-ends", test_connection_ends);
    g_test_add_func("/endpoint-note/session", test_session);
    g_test_add_func("/endpoint-note/session-without-room", test_session_without_room);
    g_test_add_func("/endpoint-note/open-timeout", test_open_timeout);
    g_test_add_func("/endpoint-note/messages", test_messages);
    g_test_add_func("/endpoint-note/last-destination", test_last_destination);
    return g_test_run();
}
