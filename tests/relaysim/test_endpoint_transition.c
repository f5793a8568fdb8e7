/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of GRVSSTP 3.1.5.7 and 3.1.4.5, written out once more by hand, and
 * what the endpoint makes of each row. */
#include "pair.h"

#define V SSTP_EP_RESPONSE_VIOLATION

static const struct {
    enum sstp_ep_session_state state;
    enum sstp_ep_response_action ok, no_resource, unknown, no_entries, start, stop, ok_stop,
        not_supported;
} rows[] = {
    {SSTP_EP_SESSION_OPENING, SSTP_EP_RESPONSE_READY, SSTP_EP_RESPONSE_REMOVE,
     SSTP_EP_RESPONSE_REMOVE, SSTP_EP_RESPONSE_REMOVE, V, V, SSTP_EP_RESPONSE_SUSPEND,
     SSTP_EP_RESPONSE_REMOVE},
    {SSTP_EP_SESSION_SUSPENDED, V, V, V, V, SSTP_EP_RESPONSE_READY, V, V, V},
    {SSTP_EP_SESSION_READY, V, V, V, V, SSTP_EP_RESPONSE_NOTHING, SSTP_EP_RESPONSE_BLOCK, V, V},
    {SSTP_EP_SESSION_BLOCKED, V, V, V, V, SSTP_EP_RESPONSE_READY, SSTP_EP_RESPONSE_NOTHING, V, V},
};

static void test_response_table(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const enum sstp_ep_session_state s = rows[i].state;
        g_assert_cmpint(sstp_ep_response_action(s, 0x00), ==, rows[i].ok);
        g_assert_cmpint(sstp_ep_response_action(s, 0x04), ==, rows[i].no_resource);
        g_assert_cmpint(sstp_ep_response_action(s, 0x05), ==, rows[i].unknown);
        g_assert_cmpint(sstp_ep_response_action(s, 0x08), ==, rows[i].no_entries);
        g_assert_cmpint(sstp_ep_response_action(s, 0x09), ==, rows[i].start);
        g_assert_cmpint(sstp_ep_response_action(s, 0x0a), ==, rows[i].stop);
        g_assert_cmpint(sstp_ep_response_action(s, 0x0b), ==, rows[i].ok_stop);
        g_assert_cmpint(sstp_ep_response_action(s, 0x0c), ==, rows[i].not_supported);
        for (unsigned id = 0; id <= UINT8_MAX; id++)
            if (sstp_open_response_name((uint8_t)id) == NULL)
                g_assert_cmpint(sstp_ep_response_action(s, (uint8_t)id), ==, V);
    }
}

/* Brings a session of A's into a state. */
static uint32_t reach(struct pair *pair, enum sstp_ep_session_state state)
{
    uint32_t id;
    pair_connect(pair);
    (void)sstp_ep_open(pair->a.ep, span_text("apphandler"), span_text("grooveIdentity://b"),
                       span_text(""), NULL, &id);
    sstp_ep_output_taken(pair->a.ep, sstp_ep_output(pair->a.ep).len);
    struct sstp_command response = {.id = SSTP_OPEN_RESPONSE, .session_id = id};
    if (state == SSTP_EP_SESSION_SUSPENDED) {
        response.response_id = SSTP_OPEN_RESPONSE_OK_STOP_SENDING;
        side_inject(&pair->a, &response);
    } else if (state != SSTP_EP_SESSION_OPENING) {
        side_inject(&pair->a, &response);
    }
    if (state == SSTP_EP_SESSION_BLOCKED) {
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
    for (int s = 0; s < SSTP_EP_SESSION_STATE_COUNT; s++)
        for (unsigned response_id = 0; response_id <= 0x10; response_id++) {
            struct pair *pair = pair_new(NULL);
            const enum sstp_ep_session_state before = (enum sstp_ep_session_state)s;
            const uint32_t id = reach(pair, before);
            enum sstp_ep_session_state after = before;
            side_inject(&pair->a, &(struct sstp_command){.id = SSTP_OPEN_RESPONSE,
                                                         .session_id = id,
                                                         .response_id = (uint8_t)response_id});
            const bool exists = sstp_ep_session_state(pair->a.ep, id, &after);
            switch (sstp_ep_response_action(before, (uint8_t)response_id)) {
            case SSTP_EP_RESPONSE_VIOLATION:
                assert_commands(pair, "A ConnectClose ProtocolError\n");
                assert_events(pair, "A closed violation ProtocolError\n");
                g_assert_false(exists);
                break;
            case SSTP_EP_RESPONSE_NOTHING:
                g_assert_true(exists);
                g_assert_cmpint(after, ==, before);
                assert_events(pair, "");
                break;
            case SSTP_EP_RESPONSE_READY:
                g_assert_cmpint(after, ==, SSTP_EP_SESSION_READY);
                assert_events(pair, "A session-state 0x1 ready\n");
                break;
            case SSTP_EP_RESPONSE_SUSPEND:
                g_assert_cmpint(after, ==, SSTP_EP_SESSION_SUSPENDED);
                break;
            case SSTP_EP_RESPONSE_BLOCK:
                g_assert_cmpint(after, ==, SSTP_EP_SESSION_BLOCKED);
                break;
            case SSTP_EP_RESPONSE_REMOVE:
                g_assert_false(exists);
                g_assert_cmpint(sstp_ep_state(pair->a.ep), ==, SSTP_EP_ESTABLISHED);
                break;
            }
            pair_free(pair);
        }
}

/* 3.1.4.5, row by row. */
static void test_availability(void)
{
    static const struct {
        enum sstp_ep_availability first, then;
        const char *commands;
        int state; /* of the receiver's session; -1: gone */
    } cases[] = {
        {SSTP_EP_NOT_READY, SSTP_EP_READY, "B OpenResponse s=0x1 StartSending\n",
         SSTP_EP_SESSION_READY},
        {SSTP_EP_NOT_READY, SSTP_EP_NOT_READY, "", SSTP_EP_SESSION_SUSPENDED},
        {SSTP_EP_NOT_READY, SSTP_EP_FAULT, "B Close s=0x1 QuotaWouldBeExceeded\n", -1},
        {SSTP_EP_READY, SSTP_EP_READY, "", SSTP_EP_SESSION_READY},
        {SSTP_EP_READY, SSTP_EP_NOT_READY, "B OpenResponse s=0x1 StopSending\n",
         SSTP_EP_SESSION_BLOCKED},
        {SSTP_EP_READY, SSTP_EP_FAULT, "B Close s=0x1 QuotaWouldBeExceeded\n", -1},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct pair *pair = pair_new(NULL);
        enum sstp_ep_session_state state;
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
        g_assert_cmpint(sstp_ep_state(pair->a.ep), ==, SSTP_EP_ESTABLISHED);
        pair_free(pair);
    }
}

/* The rows that begin in 'blocked'. */
static void test_availability_blocked(void)
{
    struct pair *pair = pair_new(NULL);
    pair_connect(pair);
    const uint32_t id = pair_open(pair, &pair->a);
    (void)sstp_ep_set_availability(pair->b.ep, id, SSTP_EP_NOT_READY, 0);
    (void)sstp_ep_set_availability(pair->b.ep, id, SSTP_EP_NOT_READY, 0);
    assert_commands(pair, "B OpenResponse s=0x1 StopSending\n");
    (void)sstp_ep_set_availability(pair->b.ep, id, SSTP_EP_READY, 0);
    assert_commands(pair, "B OpenResponse s=0x1 StartSending\n");
    (void)sstp_ep_set_availability(pair->b.ep, id, SSTP_EP_NOT_READY, 0);
    (void)sstp_ep_set_availability(pair->b.ep, id, SSTP_EP_FAULT, SSTP_CLOSE_INTERNAL_ERROR);
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
    g_test_add_func("/transition/3.1.5.7-table", test_response_table);
    g_test_add_func("/transition/3.1.5.7-open-response", test_open_response);
    g_test_add_func("/transition/3.1.4.5-availability", test_availability);
    g_test_add_func("/transition/3.1.4.5-blocked", test_availability_blocked);
    return g_test_run();
}
