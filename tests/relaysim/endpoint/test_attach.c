/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attach and register sessions (GRVSSTP 3.2.5.15, 3.2.5.18, 3.3.5.3, 3.3.5.14-17). */
#include "pair.h"

#define UNKNOWN "B ConnectClose TooManyUnknownSessionCmds\n"

static const struct sstp_span none = {NULL, 0};

static struct pair *relay_pair(void)
{
    struct pair *pair = pair_new(&(struct pair_config){.b_role = SSTP_EP_RELAY});
    pair_connect(pair);
    return pair;
}

static uint32_t attach(struct pair *pair)
{
    uint32_t id;
    g_assert_cmpint(
        sstp_ep_attach(pair->a.ep, span_text("grooveDNS://b"), span_text("account"), none, &id), ==,
        SSTP_EP_OK);
    pair_exchange(pair);
    g_string_truncate(pair->commands, 0);
    g_string_truncate(pair->events, 0);
    return id;
}

static void test_whole(void)
{
    struct pair *pair = relay_pair();
    uint32_t id, other;
    (void)sstp_ep_connect_authenticate(pair->a.ep, none);
    (void)sstp_ep_attach(pair->a.ep, none, span_text("account"), none, &id);
    pair_exchange(pair);
    (void)sstp_ep_attach_response(pair->b.ep, id, SSTP_ATTACH_RESPONSE_AWAITING_REGISTER, none);
    pair_exchange(pair);
    (void)sstp_ep_attach_authenticate(pair->a.ep, id, none);
    (void)sstp_ep_register(pair->a.ep, id, none);
    pair_exchange(pair);
    (void)sstp_ep_register_response(pair->b.ep, id, none);
    pair_exchange(pair);
    (void)sstp_ep_register_new(pair->a.ep, none, &other);
    pair_exchange(pair);
    (void)sstp_ep_register_response(pair->b.ep, other, none);
    (void)sstp_ep_close_session(pair->b.ep, id, SSTP_CLOSE_USER_AUTHENTICATION_FAILED);
    pair_exchange(pair);
    assert_commands(pair, "A ConnectAuthenticate\n"
                          "A Attach s=0x1 account\n"
                          "B AttachResponse s=0x1 AwaitingRegister\n"
                          "A AttachAuthenticate s=0x1\n"
                          "A Register s=0x1\n"
                          "B RegisterResponse s=0x1\n"
                          "A Register s=0x2\n"
                          "B RegisterResponse s=0x2\n"
                          "B Close s=0x1 UserAuthenticationFailed\n");
    assert_events(pair, "B connect-authenticate\n"
                        "B attach\n"
                        "A attach-response\n"
                        "B attach-authenticate\n"
                        "B register\n"
                        "A register-response\n"
                        "B register\n"
                        "A register-response\n"
                        "A session-closed 0x1 UserAuthenticationFailed\n");
    pair_free(pair);
}

/* One number space (SPECIFICATION.md): an event's id is no session's, and the reverse. */
static void test_one_space(void)
{
    struct pair *pair = relay_pair();
    const uint32_t id = attach(pair);
    g_assert_cmphex(id, ==, 1);
    g_assert_cmphex(pair_open(pair, &pair->a), ==, 2);
    side_inject(&pair->b, &(struct sstp_command){.id = SSTP_OPEN,
                                                 .session_id = id,
                                                 .resource_url = span_text("r"),
                                                 .identity_url = span_text("i")});
    assert_commands(pair, UNKNOWN);
    pair_free(pair);
}

static void test_violations(void)
{
    /* 1 is an attach session, 2 a register session, 3 a session, 4 nothing,
     * 0x80000004 the relay's own to give. */
    static const struct {
        uint8_t id;
        uint32_t event_id;
        const char *commands;
    } rows[] = {
        {SSTP_ATTACH, 1, UNKNOWN},
        {SSTP_ATTACH, 2, UNKNOWN},
        {SSTP_ATTACH, 3, UNKNOWN},
        {SSTP_ATTACH, 0x80000004, "B ConnectClose ProtocolError\n"},
        {SSTP_ATTACH_AUTHENTICATE, 2, UNKNOWN},
        {SSTP_ATTACH_AUTHENTICATE, 3, UNKNOWN},
        {SSTP_ATTACH_AUTHENTICATE, 4, UNKNOWN},
        {SSTP_REGISTER, 2, UNKNOWN},
        {SSTP_REGISTER, 3, UNKNOWN},
        {SSTP_REGISTER, 0x80000004, "B ConnectClose ProtocolError\n"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct pair *pair = relay_pair();
        uint32_t id;
        (void)attach(pair);
        (void)sstp_ep_register_new(pair->a.ep, none, &id);
        pair_exchange(pair);
        g_assert_cmphex(id, ==, 2);
        (void)pair_open(pair, &pair->a);
        side_inject(&pair->b, &(struct sstp_command){.id = rows[i].id,
                                                     .session_id = rows[i].event_id,
                                                     .account_url = span_text("account")});
        assert_commands(pair, rows[i].commands);
        pair_free(pair);
    }
}

/* 3.2.5.15, 3.2.5.18 */
static void test_responses(void)
{
    static const struct {
        uint8_t id;
        uint32_t event_id;
        bool is_right;
    } rows[] = {{SSTP_ATTACH_RESPONSE, 1, true},   {SSTP_ATTACH_RESPONSE, 2, false},
                {SSTP_ATTACH_RESPONSE, 9, false},  {SSTP_REGISTER_RESPONSE, 1, true},
                {SSTP_REGISTER_RESPONSE, 2, true}, {SSTP_REGISTER_RESPONSE, 9, false}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct pair *pair = relay_pair();
        uint32_t id;
        (void)attach(pair);
        (void)sstp_ep_register_new(pair->a.ep, none, &id);
        g_string_truncate(pair->commands, 0);
        side_inject(&pair->a,
                    &(struct sstp_command){.id = rows[i].id, .session_id = rows[i].event_id});
        assert_commands(pair, rows[i].is_right ? "" : "A ConnectClose ProtocolError\n");
        pair_free(pair);
    }
}

/* What was under way to an attach session that the relay has closed is swallowed. */
static void test_crossing_close(void)
{
    struct pair *pair = relay_pair();
    const uint32_t id = attach(pair);
    (void)sstp_ep_attach_authenticate(pair->a.ep, id, none);
    (void)sstp_ep_register(pair->a.ep, id, none);
    (void)sstp_ep_close_session(pair->b.ep, id, SSTP_CLOSE_STALE_ATTACH_AUTHENTICATE);
    pair_exchange(pair);
    assert_events(pair, "A session-closed 0x1 StaleAttachAuthenticate\n");
    g_assert_cmpint(sstp_ep_state(pair->b.ep), ==, SSTP_CONNECTION_ESTABLISHED);
    g_assert_cmpint(sstp_ep_register(pair->a.ep, id, none), ==, SSTP_EP_NO_SESSION);
    pair_free(pair);
}

/* The client closes a Register while its answer is under way. */
static void test_crossing_response(void)
{
    struct pair *pair = relay_pair();
    uint32_t id;
    g_assert_cmpint(sstp_ep_register_new(pair->a.ep, none, &id), ==, SSTP_EP_OK);
    pair_exchange(pair);
    (void)sstp_ep_register_response(pair->b.ep, id, none);
    (void)sstp_ep_close_session(pair->a.ep, id, SSTP_CLOSE_NO_REASON);
    pair_exchange(pair);
    g_assert_cmpint(sstp_ep_state(pair->a.ep), ==, SSTP_CONNECTION_ESTABLISHED);
    g_assert_cmpint(sstp_ep_state(pair->b.ep), ==, SSTP_CONNECTION_ESTABLISHED);
    pair_free(pair);
}

/* Appendix A, Authentication Timer: each Attach and Register is answered in time, or the
 * connection ends. */
static void test_auth_timeout(void)
{
    enum { AFTER_ATTACH, AFTER_REGISTER, AFTER_RESPONSE, AFTER_CLOSE, NUM_CASES };
    for (unsigned n = 0; n < NUM_CASES; n++) {
        struct pair *pair = relay_pair();
        const bool is_over = n == AFTER_RESPONSE || n == AFTER_CLOSE;
        const uint32_t id = attach(pair);
        pair_advance(pair, SSTP_EP_AUTH_TIMEOUT_MS - 1);
        if (n != AFTER_ATTACH) {
            (void)sstp_ep_attach_response(pair->b.ep, id, SSTP_ATTACH_RESPONSE_OK, none);
            pair_exchange(pair);
            g_assert_cmpint(sstp_ep_next_deadline(pair->a.ep), ==, SSTP_EP_NEVER);
            (void)sstp_ep_register(pair->a.ep, id, none);
            pair_advance(pair, SSTP_EP_AUTH_TIMEOUT_MS - 1);
        }
        if (n == AFTER_RESPONSE)
            (void)sstp_ep_register_response(pair->b.ep, id, none);
        else if (n == AFTER_CLOSE)
            (void)sstp_ep_close_session(pair->b.ep, id, SSTP_CLOSE_NO_REASON);
        pair_exchange(pair);
        g_string_truncate(pair->commands, 0);
        g_string_truncate(pair->events, 0);
        g_assert_true((sstp_ep_next_deadline(pair->a.ep) == SSTP_EP_NEVER) == is_over);
        pair_advance(pair, 1);
        assert_commands(pair, is_over ? "" : "A ConnectClose ResponseTimeout\n");
        assert_events(pair, is_over ? ""
                                    : "A closed timeout ResponseTimeout\n"
                                      "B closed peer ResponseTimeout\n");
        pair_free(pair);
    }
}

/* As long as one of two is not answered. */
static void test_auth_timeout_of_two(void)
{
    struct pair *pair = relay_pair();
    const uint32_t id = attach(pair);
    uint32_t other;
    (void)sstp_ep_register_new(pair->a.ep, none, &other);
    pair_exchange(pair);
    (void)sstp_ep_attach_response(pair->b.ep, id, SSTP_ATTACH_RESPONSE_OK, none);
    pair_exchange(pair);
    g_string_truncate(pair->commands, 0);
    pair_advance(pair, SSTP_EP_AUTH_TIMEOUT_MS);
    assert_commands(pair, "A ConnectClose ResponseTimeout\n");
    pair_free(pair);
}

/* 3.1.4.3.1: the EventId of a Register that was closed may be used again. */
static void test_register_again(void)
{
    struct pair *pair = relay_pair();
    uint32_t id;
    (void)sstp_ep_register_new(pair->a.ep, none, &id);
    pair_exchange(pair);
    (void)sstp_ep_close_session(pair->b.ep, id, SSTP_CLOSE_USER_AUTHENTICATION_FAILED);
    pair_exchange(pair);
    g_string_truncate(pair->commands, 0);
    g_string_truncate(pair->events, 0);
    for (unsigned i = 0; i < 2; i++) {
        side_inject(&pair->b, &(struct sstp_command){.id = SSTP_REGISTER, .session_id = id});
        assert_events(pair, "B register\n");
        (void)sstp_ep_close_session(pair->b.ep, id, SSTP_CLOSE_USER_AUTHENTICATION_FAILED);
        assert_commands(pair, "B Close s=0x1 UserAuthenticationFailed\n");
    }
    pair_free(pair);
}

/* 2.2.14.1, and the limit of how many there are: one too many is refused itself. */
static void test_limits(void)
{
    struct pair *pair = relay_pair();
    side_inject(&pair->b, &(struct sstp_command){.id = SSTP_ATTACH, .session_id = 1});
    assert_commands(pair, "B ConnectClose ProtocolError\n");
    pair_free(pair);

    pair = pair_new(&(struct pair_config){.b_role = SSTP_EP_RELAY, .limits.max_attaches = 1});
    pair_connect(pair);
    (void)attach(pair);
    uint32_t id;
    g_assert_cmpint(sstp_ep_attach(pair->a.ep, none, span_text("account"), none, &id), ==,
                    SSTP_EP_FULL);
    side_inject(&pair->b, &(struct sstp_command){.id = SSTP_ATTACH,
                                                 .session_id = 7,
                                                 .account_url = span_text("account")});
    assert_commands(pair, "B Close s=0x7 InternalError\n");
    /* What goes with it may be under way. */
    side_inject(&pair->b, &(struct sstp_command){.id = SSTP_ATTACH_AUTHENTICATE, .session_id = 7});
    side_inject(&pair->b, &(struct sstp_command){.id = SSTP_REGISTER, .session_id = 8});
    assert_commands(pair, "B Close s=0x8 InternalError\n");
    /* With room again, either can be used. */
    (void)sstp_ep_close_session(pair->a.ep, 1, SSTP_CLOSE_NO_REASON);
    pair_exchange(pair);
    g_string_truncate(pair->events, 0);
    side_inject(&pair->b, &(struct sstp_command){.id = SSTP_REGISTER, .session_id = 8});
    assert_events(pair, "B register\n");
    g_assert_cmpint(sstp_ep_state(pair->b.ep), ==, SSTP_CONNECTION_ESTABLISHED);
    pair_free(pair);

    /* 1024 unless told otherwise. */
    pair = relay_pair();
    for (uint32_t n = 1; n <= 1025; n++)
        side_inject(&pair->b, &(struct sstp_command){.id = SSTP_REGISTER, .session_id = n});
    assert_commands(pair, "B Close s=0x401 InternalError\n");
    pair_free(pair);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/event/whole", test_whole);
    g_test_add_func("/event/one-number-space", test_one_space);
    g_test_add_func("/event/3.3.5.14-17-violations", test_violations);
    g_test_add_func("/event/3.2.5.15-18-responses", test_responses);
    g_test_add_func("/event/crossing-close", test_crossing_close);
    g_test_add_func("/event/crossing-response", test_crossing_response);
    g_test_add_func("/event/appendix-a-auth-timeout", test_auth_timeout);
    g_test_add_func("/event/appendix-a-auth-timeout-of-two", test_auth_timeout_of_two);
    g_test_add_func("/event/3.1.4.3.1-register-again", test_register_again);
    g_test_add_func("/event/limits", test_limits);
    return g_test_run();
}
