/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the endpoint makes of each row of the tables of GRVSSTP 3.1.5.7 and
 * 3.1.4.5. */
#include "pair.h"

/* Brings a session of A's into a state. */
static uint32_t reach(struct pair *pair, enum sstp_session_state state)
{
    uint32_t id;
    pair_connect(pair);
    (void)sstp_ep_open(pair->a.ep, span_text("apphandler"), span_text("grooveIdentity://b"),
                       span_text(""), &id);
    sstp_ep_output_taken(pair->a.ep, sstp_ep_output_len(pair->a.ep));
    struct sstp_command response = {.id = SSTP_OPEN_RESPONSE, .session_id = id};
    if (state == SSTP_SESSION_SUSPENDED) {
        response.response_id = SSTP_OPEN_RESPONSE_OK_STOP_SENDING;
        side_inject(&pair->a, &response);
    } else if (state != SSTP_SESSION_OPENING) {
        side_inject(&pair->a, &response);
    }
    if (state == SSTP_SESSION_BLOCKED) {
        response.response_id = SSTP_OPEN_RESPONSE_STOP_SENDING;
        side_inject(&pair->a, &response);
    }
    g_string_truncate(pair->commands, 0);
    g_string_truncate(pair->events, 0);
    return id;
}

/* 3.1.5.7, every state with every ResponseId there can be. */
static void test_open_response(void)
{
    for (int s = SSTP_SESSION_OPENING; s <= SSTP_SESSION_BLOCKED; s++)
        for (unsigned response_id = 0; response_id <= 0x10; response_id++) {
            struct pair *pair = pair_new(NULL);
            const enum sstp_session_state before = (enum sstp_session_state)s;
            const uint32_t id = reach(pair, before);
            enum sstp_session_state after = before, expected;
            side_inject(&pair->a, &(struct sstp_command){.id = SSTP_OPEN_RESPONSE,
                                                         .session_id = id,
                                                         .response_id = (uint8_t)response_id});
            const bool exists = sstp_ep_session_state(pair->a.ep, id, &after);
            if (!sstp_session_transition(before, (uint8_t)response_id, &expected)) {
                assert_commands(pair, "A ConnectClose ProtocolError\n");
                assert_events(pair, "A closed violation ProtocolError\n");
                g_assert_false(exists);
            } else if (expected == SSTP_SESSION_CLOSED) {
                g_assert_false(exists);
                g_assert_cmpint(sstp_ep_state(pair->a.ep), ==, SSTP_CONNECTION_ESTABLISHED);
            } else {
                char *told =
                    g_strdup_printf("A session-state 0x1 %s\n", sstp_session_state_name(expected));
                g_assert_true(exists);
                g_assert_cmpint(after, ==, expected);
                assert_events(pair, expected == before ? "" : told);
                g_free(told);
            }
            pair_free(pair);
        }
}

/* 3.1.4.5, row by row. */
static void test_availability(void)
{
    static const struct {
        enum sstp_availability first, then;
        const char *commands;
        int state; /* of the receiver's session; -1: gone */
    } cases[] = {
        {SSTP_HANDLER_NOT_READY, SSTP_HANDLER_READY, "B OpenResponse s=0x1 StartSending\n",
         SSTP_SESSION_READY},
        {SSTP_HANDLER_NOT_READY, SSTP_HANDLER_NOT_READY, "", SSTP_SESSION_SUSPENDED},
        {SSTP_HANDLER_NOT_READY, SSTP_HANDLER_FAULT, "B Close s=0x1 QuotaWouldBeExceeded\n", -1},
        {SSTP_HANDLER_READY, SSTP_HANDLER_READY, "", SSTP_SESSION_READY},
        {SSTP_HANDLER_READY, SSTP_HANDLER_NOT_READY, "B OpenResponse s=0x1 StopSending\n",
         SSTP_SESSION_BLOCKED},
        {SSTP_HANDLER_READY, SSTP_HANDLER_FAULT, "B Close s=0x1 QuotaWouldBeExceeded\n", -1},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct pair *pair = pair_new(NULL);
        enum sstp_session_state state;
        pair_connect(pair);
        pair->b.availability = cases[i].first;
        const uint32_t id = pair_open(pair, &pair->a);
        g_assert_cmpint(sstp_ep_set_availability(pair->b.ep, id, cases[i].then,
                                                 SSTP_CLOSE_QUOTA_WOULD_BE_EXCEEDED),
                        ==, SSTP_EP_OK);
        assert_commands(pair, cases[i].commands);
        const bool exists = sstp_ep_session_state(pair->b.ep, id, &state);
        g_assert_cmpint(exists ? (int)state : -1, ==, cases[i].state);
        pair_exchange(pair);
        g_assert_cmpint(sstp_ep_state(pair->a.ep), ==, SSTP_CONNECTION_ESTABLISHED);
        pair_free(pair);
    }
}

/* The rows that begin in 'blocked'. */
static void test_availability_blocked(void)
{
    struct pair *pair = pair_new(NULL);
    pair_connect(pair);
    const uint32_t id = pair_open(pair, &pair->a);
    (void)sstp_ep_set_availability(pair->b.ep, id, SSTP_HANDLER_NOT_READY, 0);
    (void)sstp_ep_set_availability(pair->b.ep, id, SSTP_HANDLER_NOT_READY, 0);
    assert_commands(pair, "B OpenResponse s=0x1 StopSending\n");
    (void)sstp_ep_set_availability(pair->b.ep, id, SSTP_HANDLER_READY, 0);
    assert_commands(pair, "B OpenResponse s=0x1 StartSending\n");
    (void)sstp_ep_set_availability(pair->b.ep, id, SSTP_HANDLER_NOT_READY, 0);
    (void)sstp_ep_set_availability(pair->b.ep, id, SSTP_HANDLER_FAULT, SSTP_CLOSE_INTERNAL_ERROR);
    assert_commands(pair, "B OpenResponse s=0x1 StopSending\n"
                          "B Close s=0x1 InternalError\n");
    pair_exchange(pair);
    assert_events(pair, "A session-state 0x1 blocked\n"
                        "A session-state 0x1 ready\n"
                        "A session-state 0x1 blocked\n"
                        "A session-closed 0x1 InternalError\n");
    pair_free(pair);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/transition/3.1.5.7-open-response", test_open_response);
    g_test_add_func("/transition/3.1.4.5-availability", test_availability);
    g_test_add_func("/transition/3.1.4.5-blocked", test_availability_blocked);
    return g_test_run();
}
