/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sessions: ids, every command in a wrong state, closes that cross (GRVSSTP
 * 3.1.4.3-4, 3.1.5.5-12, 3.2.5, 3.3.5). */
#include "pair.h"

#define UNKNOWN "TooManyUnknownSessionCmds"

static const struct sstp_span empty = {NULL, 0};

/* 3.1.4.3.1 */
static void test_id_ranges(void)
{
    struct pair *pair = pair_new(NULL);
    pair_connect(pair);
    g_assert_cmphex(pair_open(pair, &pair->a), ==, 0x00000001);
    g_assert_cmphex(pair_open(pair, &pair->a), ==, 0x00000002);
    g_assert_cmphex(pair_open(pair, &pair->b), ==, 0x80000001);
    g_assert_cmphex(pair_open(pair, &pair->b), ==, 0x80000002);
    pair_free(pair);

    static const struct {
        bool to_acceptor;
        uint32_t id;
        bool is_right;
    } rows[] = {{true, 0x00000000, true},   {true, 0x7fffffff, true},  {true, 0x80000000, false},
                {true, 0xffffffff, false},  {false, 0x80000000, true}, {false, 0xffffffff, true},
                {false, 0x7fffffff, false}, {false, 0x00000000, false}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        pair = pair_new(NULL);
        pair_connect(pair);
        struct side *side = rows[i].to_acceptor ? &pair->b : &pair->a;
        side_inject(side, &(struct sstp_command){.id = SSTP_OPEN,
                                                 .session_id = rows[i].id,
                                                 .resource_url = span_text("r"),
                                                 .identity_url = span_text("i")});
        g_assert_cmpint(sstp_ep_state(side->ep), ==,
                        rows[i].is_right ? SSTP_CONNECTION_ESTABLISHED : SSTP_CONNECTION_CLOSED);
        pair_free(pair);
    }
}

/* The commands that both roles know, with ids of nothing. */
static const struct sstp_command unknowns[] = {
    {.id = SSTP_OPEN_RESPONSE, .session_id = 9},
    {.id = SSTP_SESSION_STATUS,
     .session_id = 9,
     .form = SSTP_VERSION_1_6,
     .status_id = SSTP_SESSION_STATUS_LOCKED_OUT},
    {.id = SSTP_MESSAGE, .session_id = 9},
    {.id = SSTP_DATA, .session_id = 9},
    {.id = SSTP_END_MESSAGE, .session_id = 9},
};

/* 3.1.5.7, 3.1.5.8, 3.1.5.10-12: no such session. */
static void test_unknown_session(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(unknowns); i++) {
        struct pair *pair = pair_new(NULL);
        pair_connect(pair);
        side_inject(&pair->b, &unknowns[i]);
        assert_commands(pair, "B ConnectClose " UNKNOWN "\n");
        assert_events(pair, "B closed violation " UNKNOWN "\n");
        pair_free(pair);
    }
    /* 3.1.5.9: but a Close is ignored. */
    struct pair *pair = pair_new(NULL);
    pair_connect(pair);
    side_inject(&pair->b, &(struct sstp_command){.id = SSTP_CLOSE, .session_id = 9});
    assert_commands(pair, "");
    assert_events(pair, "");
    pair_free(pair);
}

struct early {
    enum sstp_ep_role role;
    struct sstp_command command;
    const char *commands;
};

#define EARLY(role_, reason_, ...)                                                                 \
    {                                                                                              \
        role_, {__VA_ARGS__}, "B ConnectClose " reason_ "\n"                                       \
    }

/* Before any Connect: every command there is, to both roles. */
static const struct early early[] = {
    EARLY(SSTP_EP_CLIENT, "ProtocolError", .id = SSTP_CONNECT_RESPONSE),
    EARLY(SSTP_EP_CLIENT, "ProtocolError", .id = SSTP_CONNECT_AUTHENTICATE),
    EARLY(SSTP_EP_RELAY, "ProtocolError", .id = SSTP_CONNECT_AUTHENTICATE),
    EARLY(SSTP_EP_CLIENT, UNKNOWN, .id = SSTP_OPEN),
    EARLY(SSTP_EP_RELAY, UNKNOWN, .id = SSTP_OPEN),
    EARLY(SSTP_EP_CLIENT, "ProtocolError", .id = SSTP_FANOUT_OPEN),
    EARLY(SSTP_EP_RELAY, UNKNOWN, .id = SSTP_FANOUT_OPEN),
    EARLY(SSTP_EP_CLIENT, UNKNOWN, .id = SSTP_OPEN_RESPONSE),
    EARLY(SSTP_EP_CLIENT, UNKNOWN, .id = SSTP_SESSION_STATUS),
    EARLY(SSTP_EP_CLIENT, UNKNOWN, .id = SSTP_CLOSE),
    EARLY(SSTP_EP_CLIENT, UNKNOWN, .id = SSTP_MESSAGE),
    EARLY(SSTP_EP_CLIENT, UNKNOWN, .id = SSTP_DATA),
    EARLY(SSTP_EP_CLIENT, UNKNOWN, .id = SSTP_END_MESSAGE),
    EARLY(SSTP_EP_CLIENT, "ProtocolError", .id = SSTP_NOOP),
    EARLY(SSTP_EP_CLIENT, "ProtocolError", .id = SSTP_ATTACH),
    EARLY(SSTP_EP_RELAY, UNKNOWN, .id = SSTP_ATTACH),
    EARLY(SSTP_EP_CLIENT, "ProtocolError", .id = SSTP_ATTACH_RESPONSE),
    EARLY(SSTP_EP_RELAY, "ProtocolError", .id = SSTP_ATTACH_RESPONSE),
    EARLY(SSTP_EP_CLIENT, "ProtocolError", .id = SSTP_ATTACH_AUTHENTICATE),
    EARLY(SSTP_EP_RELAY, UNKNOWN, .id = SSTP_ATTACH_AUTHENTICATE),
    EARLY(SSTP_EP_CLIENT, "ProtocolError", .id = SSTP_REGISTER),
    EARLY(SSTP_EP_RELAY, UNKNOWN, .id = SSTP_REGISTER),
    EARLY(SSTP_EP_CLIENT, "ProtocolError", .id = SSTP_REGISTER_RESPONSE),
    EARLY(SSTP_EP_RELAY, "ProtocolError", .id = SSTP_REGISTER_RESPONSE),
};

static void test_not_established(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(early); i++) {
        struct pair *pair = pair_new(&(struct pair_config){.b_role = early[i].role});
        side_inject(&pair->b, &early[i].command);
        assert_commands(pair, early[i].commands);
        g_assert_cmpint(sstp_ep_state(pair->b.ep), ==, SSTP_CONNECTION_CLOSED);
        pair_free(pair);
    }
}

/* 3.2.5.3, 3.2.5.6, 3.2.5.14, 3.2.5.16-17, 3.3.5.15, 3.3.5.18: established, but
 * of the wrong role. */
static void test_wrong_role(void)
{
    static const struct {
        enum sstp_ep_role role;
        uint8_t id;
    } rows[] = {{SSTP_EP_CLIENT, SSTP_CONNECT_AUTHENTICATE},
                {SSTP_EP_CLIENT, SSTP_FANOUT_OPEN},
                {SSTP_EP_CLIENT, SSTP_ATTACH},
                {SSTP_EP_CLIENT, SSTP_REGISTER},
                {SSTP_EP_CLIENT, SSTP_ATTACH_AUTHENTICATE},
                {SSTP_EP_RELAY, SSTP_ATTACH_RESPONSE},
                {SSTP_EP_RELAY, SSTP_REGISTER_RESPONSE}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct pair *pair = pair_new(&(struct pair_config){.b_role = rows[i].role});
        pair_connect(pair);
        side_inject(&pair->b, &(struct sstp_command){.id = rows[i].id, .form = SSTP_VERSION_1_6});
        assert_commands(pair, "B ConnectClose ProtocolError\n");
        pair_free(pair);
    }
}

/* 3.1.5.5: an id that is in use. */
static void test_duplicate(void)
{
    struct pair *pair = pair_new(NULL);
    pair_connect(pair);
    const uint32_t id = pair_open(pair, &pair->a);
    side_inject(&pair->b, &(struct sstp_command){.id = SSTP_OPEN,
                                                 .session_id = id,
                                                 .resource_url = span_text("r"),
                                                 .identity_url = span_text("i")});
    assert_commands(pair, "B ConnectClose " UNKNOWN "\n");
    pair_free(pair);
}

/* 2.2.5.1: names that must not be empty, but for presence. */
static void test_empty_names(void)
{
    static const struct {
        const char *resource_url, *identity_url;
        bool is_right;
    } rows[] = {{"", "i", false},
                {"r", "", false},
                {"grooveWanDPP", "", true},
                {"grooveWANDPP", "", true},
                {"r", "i", true}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct pair *pair = pair_new(NULL);
        pair_connect(pair);
        side_inject(&pair->b,
                    &(struct sstp_command){.id = SSTP_OPEN,
                                           .session_id = 1,
                                           .resource_url = span_text(rows[i].resource_url),
                                           .identity_url = span_text(rows[i].identity_url)});
        assert_commands(pair, rows[i].is_right ? "B OpenResponse s=0x1 Ok\n"
                                               : "B ConnectClose ProtocolError\n");
        pair_free(pair);
    }
}

/* 3.1.5.5: what the OpenResponse says. */
static void test_open(void)
{
    static const struct {
        enum sstp_availability availability;
        const char *commands;
    } rows[] = {{SSTP_HANDLER_READY, "B OpenResponse s=0x1 Ok\n"},
                {SSTP_HANDLER_NOT_READY, "B OpenResponse s=0x1 OkStopSending\n"},
                {SSTP_HANDLER_FAULT, "B OpenResponse s=0x1 Unknown\n"}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct pair *pair = pair_new(NULL);
        uint32_t id;
        enum sstp_session_state state;
        pair_connect(pair);
        pair->b.availability = rows[i].availability;
        (void)sstp_ep_open(pair->a.ep, span_text("r"), span_text("i"), empty, &id);
        assert_commands(pair, "A Open s=0x1 r\n");
        pair_exchange(pair);
        assert_commands(pair, rows[i].commands);
        g_assert_cmpint(sstp_ep_session_state(pair->b.ep, id, &state), ==,
                        rows[i].availability != SSTP_HANDLER_FAULT);
        pair_free(pair);
    }
}

/* 3.1.5.7: an OpenResponse on a session of the other side's. */
static void test_response_to_receiver(void)
{
    struct pair *pair = pair_new(NULL);
    pair_connect(pair);
    const uint32_t id = pair_open(pair, &pair->a);
    side_inject(&pair->b, &(struct sstp_command){.id = SSTP_OPEN_RESPONSE, .session_id = id});
    assert_commands(pair, "B ConnectClose ProtocolError\n");
    pair_free(pair);
}

/* 3.1.5.10-12: a MessageReceiver that waits for something else. */
static void test_receiver_states(void)
{
    enum { M = SSTP_MESSAGE, D = SSTP_DATA, E = SSTP_END_MESSAGE };
    static const struct {
        const char *name;
        uint8_t ids[4];
        bool is_right;
    } rows[] = {
        {"Data in waiting", {D}, false},
        {"EndMessage in waiting", {E}, false},
        {"Message in ready", {M, M}, false},
        {"EndMessage in ready: no Data", {M, E}, false},
        {"Message in buffering", {M, D, M}, false},
        {"Data in buffering", {M, D, D, E}, true},
        {"whole", {M, D, E}, true},
        {"whole, then Data", {M, D, E, D}, false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct pair *pair = pair_new(NULL);
        pair_connect(pair);
        const uint32_t id = pair_open(pair, &pair->a);
        for (size_t c = 0; c < 4 && rows[i].ids[c] != 0; c++)
            side_inject(&pair->b, &(struct sstp_command){.id = rows[i].ids[c], .session_id = id});
        g_test_message("%s", rows[i].name);
        if (rows[i].is_right)
            assert_commands(pair, "");
        else
            g_assert_true(
                g_str_has_suffix(pair->events->str, "B closed violation ProtocolError\n"));
        pair_free(pair);
    }
    /* On a session of one's own there is no receiver at all. */
    struct pair *pair = pair_new(NULL);
    pair_connect(pair);
    const uint32_t id = pair_open(pair, &pair->a);
    side_inject(&pair->a, &(struct sstp_command){.id = SSTP_MESSAGE, .session_id = id});
    assert_commands(pair, "A ConnectClose ProtocolError\n");
    pair_free(pair);
}

/* Errata: what was under way to a session that its receiver has closed is
 * swallowed, and its messages count. */
static void test_crossing_close(void)
{
    struct pair *pair = pair_new(NULL);
    pair_connect(pair);
    const uint32_t first = pair_open(pair, &pair->a), second = pair_open(pair, &pair->a);
    side_send(&pair->a, first, "never read", 0);
    side_send(&pair->a, second, "read", 0);
    g_assert_cmpint(sstp_ep_close_session(pair->b.ep, first, SSTP_CLOSE_INTERNAL_ERROR), ==,
                    SSTP_EP_OK);
    pair_exchange(pair);
    assert_events(pair, "B message 0x2 #2, 4 bytes\n"
                        "A unacknowledged 0x1 #1\n"
                        "A session-closed 0x1 InternalError\n");
    g_string_truncate(pair->commands, 0);
    pair_advance(pair, SSTP_EP_ACK_DELAY_MS);
    assert_commands(pair, "B Noop [acks 2]\n");
    assert_events(pair, "A acknowledged-late 0x1 #1\n"
                        "A acknowledged 0x2 #2\n");
    g_assert_cmpuint(sstp_ep_num_unacknowledged(pair->a.ep), ==, 0);

    /* Once the id is opened anew it is a session like any other. */
    side_inject(&pair->b, &(struct sstp_command){.id = SSTP_OPEN,
                                                 .session_id = first,
                                                 .resource_url = span_text("r"),
                                                 .identity_url = span_text("i")});
    side_inject(&pair->b, &(struct sstp_command){.id = SSTP_CLOSE, .session_id = first});
    side_inject(&pair->b, &(struct sstp_command){.id = SSTP_DATA, .session_id = first});
    assert_commands(pair, "B OpenResponse s=0x1 Ok\n"
                          "B ConnectClose " UNKNOWN "\n");
    pair_free(pair);
}

/* Both close at once, and answers are under way to who has closed. */
static void test_both_close(void)
{
    struct pair *pair = pair_new(NULL);
    uint32_t id;
    pair_connect(pair);
    (void)sstp_ep_open(pair->a.ep, span_text("r"), span_text("i"), empty, &id);
    (void)sstp_ep_close_session(pair->a.ep, id, SSTP_CLOSE_NO_REASON);
    pair->b.closes_opened = true;
    pair_exchange(pair);
    assert_commands(pair, "A Open s=0x1 r\n"
                          "A Close s=0x1 NoReason\n"
                          "B OpenResponse s=0x1 Ok\n"
                          "B Close s=0x1 NoReason\n");
    g_assert_cmpint(sstp_ep_state(pair->a.ep), ==, SSTP_CONNECTION_ESTABLISHED);
    g_assert_cmpint(sstp_ep_state(pair->b.ep), ==, SSTP_CONNECTION_ESTABLISHED);
    pair_free(pair);
}

/* Ids of sessions that ended long ago are not remembered for ever. */
static void test_forgotten(void)
{
    struct pair *pair = pair_new(&(struct pair_config){.limits.max_sessions = 4});
    pair_connect(pair);
    const uint32_t first = pair_open(pair, &pair->a);
    (void)sstp_ep_close_session(pair->b.ep, first, SSTP_CLOSE_NO_REASON);
    pair_exchange(pair);
    for (unsigned i = 0; i < 1024; i++) {
        const uint32_t id = pair_open(pair, &pair->a);
        (void)sstp_ep_close_session(pair->b.ep, id, SSTP_CLOSE_NO_REASON);
        pair_exchange(pair);
    }
    g_string_truncate(pair->commands, 0);
    side_inject(&pair->b, &(struct sstp_command){.id = SSTP_DATA, .session_id = first + 1});
    assert_commands(pair, "");
    side_inject(&pair->b, &(struct sstp_command){.id = SSTP_DATA, .session_id = first});
    assert_commands(pair, "B ConnectClose " UNKNOWN "\n");
    pair_free(pair);
}

static void test_limits(void)
{
    struct pair *pair = pair_new(&(struct pair_config){.limits.max_sessions = 2});
    uint32_t id;
    pair_connect(pair);
    (void)pair_open(pair, &pair->a);
    (void)pair_open(pair, &pair->a);
    g_assert_cmpint(sstp_ep_open(pair->a.ep, span_text("r"), span_text("i"), empty, &id), ==,
                    SSTP_EP_FULL);
    side_inject(&pair->b, &(struct sstp_command){.id = SSTP_OPEN,
                                                 .session_id = 77,
                                                 .resource_url = span_text("r"),
                                                 .identity_url = span_text("i")});
    assert_commands(pair, "B OpenResponse s=0x4d Unknown\n");
    pair_free(pair);
}

/* Appendix A, Session Establishment Timer: only what has no answer at all. */
static void test_open_timeout(void)
{
    struct pair *pair = pair_new(&(struct pair_config){.open_timeout_ms = 1000});
    uint32_t ids[3];
    pair_connect(pair);
    pair->b.availability = SSTP_HANDLER_NOT_READY;
    ids[0] = pair_open(pair, &pair->a); /* suspended: that is an answer */
    for (size_t i = 1; i < 3; i++) {
        sstp_ep_tick(pair->a.ep, i == 1 ? 0 : 400);
        g_assert_cmpint(sstp_ep_open(pair->a.ep, span_text("r"),
                                     span_text("grooveIdentity://somebody"), span_text(""),
                                     &ids[i]),
                        ==, SSTP_EP_OK);
    }
    g_string_truncate(pair->commands, 0);
    g_string_truncate(pair->events, 0);
    /* B does not get them before it is too late. */
    sstp_ep_tick(pair->a.ep, 999);
    assert_commands(pair, "");
    g_assert_cmpint(sstp_ep_next_deadline(pair->a.ep), ==, 1000);
    sstp_ep_tick(pair->a.ep, 1000);
    assert_commands(pair, "A Close s=0x2 NoReason\n");
    assert_events(pair, "A session-closed 0x2 NoReason\n");
    g_assert_cmpint(sstp_ep_next_deadline(pair->a.ep), ==, 1400);
    sstp_ep_tick(pair->a.ep, 1400);
    assert_commands(pair, "A Close s=0x3 NoReason\n");
    g_assert_cmpint(sstp_ep_next_deadline(pair->a.ep), ==, SSTP_EP_NEVER);
    /* The answers that come now are swallowed. */
    pair_exchange(pair);
    g_assert_cmpint(sstp_ep_state(pair->a.ep), ==, SSTP_CONNECTION_ESTABLISHED);
    pair_free(pair);
}

/* Note <5>: the I flag of a relay's Open says that there is no DeviceURL. */
static void test_identity_targeted(void)
{
    static const struct {
        enum sstp_ep_role role;
        const char *device;
        bool has_flag;
    } rows[] = {{SSTP_EP_RELAY, "", true},
                {SSTP_EP_RELAY, "dpp:///a", false},
                {SSTP_EP_CLIENT, "", false},
                {SSTP_EP_CLIENT, "dpp:///a", false}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct pair *pair = pair_new(&(struct pair_config){.b_role = rows[i].role});
        uint32_t id;
        pair_connect(pair);
        g_assert_cmpint(sstp_ep_open(pair->b.ep, span_text("r"), span_text("grooveIdentity://i"),
                                     span_text(rows[i].device), &id),
                        ==, SSTP_EP_OK);
        const struct sstp_command open = side_output(&pair->b, 0);
        g_assert_true(((open.flags & SSTP_OPEN_FLAG_IDENTITY_TARGETED) != 0) == rows[i].has_flag);
        pair_free(pair);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/session/3.1.4.3.1-id-ranges", test_id_ranges);
    g_test_add_func("/session/note-5-identity-targeted", test_identity_targeted);
    g_test_add_func("/session/3.1.5-unknown", test_unknown_session);
    g_test_add_func("/session/3.1.5-not-established", test_not_established);
    g_test_add_func("/session/3.2.5-3.3.5-wrong-role", test_wrong_role);
    g_test_add_func("/session/3.1.5.5-duplicate", test_duplicate);
    g_test_add_func("/session/2.2.5.1-empty-names", test_empty_names);
    g_test_add_func("/session/3.1.5.5-open", test_open);
    g_test_add_func("/session/3.1.5.7-to-receiver", test_response_to_receiver);
    g_test_add_func("/session/3.1.5.10-12-receiver-states", test_receiver_states);
    g_test_add_func("/session/crossing-close", test_crossing_close);
    g_test_add_func("/session/both-close", test_both_close);
    g_test_add_func("/session/forgotten", test_forgotten);
    g_test_add_func("/session/limits", test_limits);
    g_test_add_func("/endpoint/appendix-a-open-timeout", test_open_timeout);
    return g_test_run();
}
