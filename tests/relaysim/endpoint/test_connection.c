/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connect, ConnectResponse, ConnectClose (GRVSSTP 3.1.4.1-2, 3.1.5.1-4, 3.1.7.1). */
#include "pair.h"

static void test_established(void)
{
    struct pair *pair = pair_new(NULL);
    g_assert_cmpint(sstp_ep_connect(pair->a.ep, "dpp:///b", sstp_span(NULL, 0)), ==, SSTP_EP_OK);
    g_assert_cmpint(sstp_ep_state(pair->a.ep), ==, SSTP_CONNECTION_CONNECTING);
    pair_exchange(pair);
    assert_commands(pair, "A Connect 1.6 to dpp:///b\n"
                          "B ConnectResponse Ok 1.6\n");
    assert_events(pair, "B established\n"
                        "A established\n");
    /* Neither may connect again. */
    g_assert_cmpint(sstp_ep_connect(pair->a.ep, "dpp:///b", sstp_span(NULL, 0)), ==,
                    SSTP_EP_WRONG_STATE);
    g_assert_cmpint(sstp_ep_connect(pair->b.ep, "dpp:///a", sstp_span(NULL, 0)), ==,
                    SSTP_EP_WRONG_STATE);
    g_assert_cmpint(sstp_ep_next_deadline(pair->a.ep), ==, SSTP_EP_NEVER);
    pair_free(pair);
}

/* 3.1.5.1-2: the lesser minor; 1.7 is met as 1.6 (SPECIFICATION.md). */
static void test_version(void)
{
    static const struct {
        uint8_t a, b;
        enum sstp_version version;
    } rows[] = {{5, 5, SSTP_VERSION_1_5}, {5, 6, SSTP_VERSION_1_5}, {6, 5, SSTP_VERSION_1_5},
                {6, 6, SSTP_VERSION_1_6}, {7, 6, SSTP_VERSION_1_6}, {6, 7, SSTP_VERSION_1_6},
                {4, 6, SSTP_VERSION_1_5}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct pair *pair =
            pair_new(&(struct pair_config){.a_minor = rows[i].a, .b_minor = rows[i].b});
        pair_connect(pair);
        g_assert_cmpint(sstp_ep_version(pair->a.ep), ==, rows[i].version);
        g_assert_cmpint(sstp_ep_version(pair->b.ep), ==, rows[i].version);
        pair_free(pair);
    }
}

struct refusal {
    const char *name;
    const char *target_url;
    uint8_t major, minor;
    struct sstp_ep_connect_answer answer; /* of the higher layer */
    const char *commands;
};

static const struct refusal refusals[] = {
    {"wrong-device",
     "dpp:///c",
     1,
     6,
     {0, 0, false, false, {NULL, 0}},
     "A Connect 1.6 to dpp:///c\n"
     "B ConnectResponse WrongDevice 1.6\n"
     "B ConnectClose NoReason\n"},
    {"will-upgrade",
     "dpp:///b",
     2,
     6,
     {0, 0, false, false, {NULL, 0}},
     "A Connect 2.6 to dpp:///b\n"
     "B ConnectResponse WillUpgrade 1.6\n"
     "B ConnectClose Upgrade\n"},
    {"wont-upgrade",
     "dpp:///b",
     2,
     7,
     {0, 0, false, false, {NULL, 0}},
     "A Connect 2.7 to dpp:///b\n"
     "B ConnectResponse WontUpgrade 1.6\n"
     "B ConnectClose Upgrade\n"},
    {"connect-rejected",
     "dpp:///b",
     1,
     6,
     {SSTP_CONNECT_RESPONSE_CONNECT_REJECTED, 0, false, false, {NULL, 0}},
     "A Connect 1.6 to dpp:///b\n"
     "B ConnectResponse ConnectRejected 1.6\n"
     "B ConnectClose Rejected\n"},
    {"crossed-connections",
     "dpp:///b",
     1,
     6,
     {SSTP_CONNECT_RESPONSE_OK, 0, true, false, {NULL, 0}},
     "A Connect 1.6 to dpp:///b\n"
     "B ConnectResponse Ok 1.6\n"
     "B ConnectClose CrossedConnections\n"},
    {"try-later",
     "dpp:///b",
     1,
     6,
     {SSTP_CONNECT_RESPONSE_TRY_LATER, 90, false, false, {NULL, 0}},
     "A Connect 1.6 to dpp:///b\n"
     "B ConnectResponse TryLater 1.6\n"
     "B ConnectClose Resting\n"},
    {"authentication-failed",
     "dpp:///b",
     1,
     6,
     {SSTP_CONNECT_RESPONSE_AUTHENTICATION_FAILED, 0, false, false, {NULL, 0}},
     "A Connect 1.6 to dpp:///b\n"
     "B ConnectResponse AuthenticationFailed 1.6\n"
     "B ConnectClose DeviceAuthenticationFailed\n"},
};

static void test_refusal(gconstpointer data)
{
    const struct refusal *row = data;
    struct pair *pair =
        pair_new(&(struct pair_config){.a_major = row->major, .a_minor = row->minor});
    pair->b.connect_answer = row->answer;
    g_assert_cmpint(sstp_ep_connect(pair->a.ep, row->target_url, sstp_span(NULL, 0)), ==,
                    SSTP_EP_OK);
    pair_exchange(pair);
    assert_commands(pair, row->commands);
    g_assert_cmpint(sstp_ep_state(pair->a.ep), ==, SSTP_CONNECTION_CLOSED);
    g_assert_cmpint(sstp_ep_state(pair->b.ep), ==, SSTP_CONNECTION_CLOSED);
    pair_free(pair);
}

/* A major version below ours: NewVersionRequired, without its flags byte. */
static void test_new_version_required(void)
{
    struct pair *pair = pair_new(NULL);
    const struct sstp_command connect = {
        .id = SSTP_CONNECT, .minor_version = 9, .target_device_url = span_text("dpp:///b")};
    side_inject(&pair->b, &connect);
    assert_commands(pair, "B ConnectResponse NewVersionRequired 1.6\n"
                          "B ConnectClose NewVersionRequired\n");
    assert_events(pair, "B closed refused NewVersionRequired\n");
    /* 3 + 2 + 1 + 2 + 24 + 1: no flags byte */
    g_assert_cmpuint(sstp_ep_output(pair->b.ep).data[1], ==, 33);
    pair_free(pair);
}

/* A's Connect, without its answer's way back. */
static struct pair *asked_pair(const struct pair_config *config)
{
    struct pair *pair = pair_new(config);
    g_assert_cmpint(sstp_ep_connect(pair->a.ep, pair->b.device_url, sstp_span(NULL, 0)), ==,
                    SSTP_EP_OK);
    const struct sstp_span connect = sstp_ep_output(pair->a.ep);
    sstp_ep_receive(pair->b.ep, connect.data, connect.len);
    sstp_ep_output_taken(pair->a.ep, connect.len);
    return pair;
}

/* 3.1.5.1: the M and S bits say what the relay can, and Ok says what devices it is. */
static void test_connect_response(void)
{
    for (unsigned bits = 0; bits < 4; bits++) {
        const bool multi_drop = (bits & 1) != 0, single_hop = (bits & 2) != 0;
        struct pair *pair = asked_pair(&(struct pair_config){
            .b_role = SSTP_EP_RELAY, .multi_drop = multi_drop, .single_hop = single_hop});
        const struct sstp_command response = side_output(&pair->b, 0);
        g_assert_cmpint(response.id, ==, SSTP_CONNECT_RESPONSE);
        g_assert_true(((response.flags & SSTP_CONNECT_FLAG_MULTI_DROP) != 0) == multi_drop);
        g_assert_true(((response.flags & SSTP_CONNECT_FLAG_SINGLE_HOP) != 0) == single_hop);
        g_assert_cmpuint(response.device_urls.count, ==, 1);
        struct sstp_reader r = sstp_reader(response.device_urls.bytes);
        g_assert_true(sstp_span_is_equal(sstp_read_string(&r), span_text("grooveDNS://b")));
        pair_free(pair);
    }
}

/* 3.1.5.1: WillUpgrade says when to come back. */
static void test_will_upgrade_time(void)
{
    struct pair *pair = asked_pair(&(struct pair_config){.a_major = 2});
    const struct sstp_command response = side_output(&pair->b, 0);
    g_assert_cmpint(response.response_id, ==, SSTP_CONNECT_RESPONSE_WILL_UPGRADE);
    g_assert_cmpuint(response.wait_time, ==, 60);
    pair_free(pair);
}

/* 3.1.4.2, 3.1.5.4: Resting says when to come back, and the higher layer is told. */
static void test_return_time(void)
{
    struct pair *pair = pair_new(NULL);
    pair_connect(pair);
    sstp_ep_close_connection(pair->b.ep, SSTP_CONNECT_CLOSE_RESTING, 77);
    g_assert_cmpint(side_output(&pair->b, 0).id, ==, SSTP_CONNECT_CLOSE);
    g_assert_cmpuint(side_output(&pair->b, 0).wait_time, ==, 77);
    pair_exchange(pair);
    g_assert_cmpuint(pair->a.wait_time, ==, 77);
    pair_free(pair);
}

/* RetryTime reaches whom it concerns; nothing but the end is awaited then. */
static void test_retry_time(void)
{
    struct pair *pair = pair_new(NULL);
    (void)sstp_ep_connect(pair->a.ep, "dpp:///b", sstp_span(NULL, 0));
    side_inject(&pair->a, &(struct sstp_command){.id = SSTP_CONNECT_RESPONSE,
                                                 .major_version = 1,
                                                 .minor_version = 6,
                                                 .response_id = SSTP_CONNECT_RESPONSE_TRY_LATER,
                                                 .wait_time = 90});
    assert_events(pair, "A refused TryLater\n");
    g_assert_cmpint(sstp_ep_state(pair->a.ep), ==, SSTP_CONNECTION_ABORTING);
    side_inject(&pair->a, &(struct sstp_command){.id = SSTP_NOOP});
    assert_events(pair, "");
    side_inject(&pair->a, &(struct sstp_command){.id = SSTP_CONNECT_CLOSE,
                                                 .reason_id = SSTP_CONNECT_CLOSE_RESTING,
                                                 .wait_time = 90});
    assert_events(pair, "A closed refused Resting\n");
    pair_free(pair);
}

static void test_wrong_state(void)
{
    static const struct sstp_command connect = {.id = SSTP_CONNECT, .major_version = 1};
    static const struct sstp_command response = {.id = SSTP_CONNECT_RESPONSE, .major_version = 1};

    /* 3.1.5.1: a second Connect. */
    struct pair *pair = pair_new(NULL);
    pair_connect(pair);
    side_inject(&pair->b, &connect);
    assert_commands(pair, "B ConnectClose ProtocolError\n");
    assert_events(pair, "B closed violation ProtocolError\n");
    pair_free(pair);

    /* A Connect to who opened the connection. */
    pair = pair_new(NULL);
    side_inject(&pair->a, &connect);
    assert_commands(pair, "A ConnectClose ProtocolError\n");
    pair_free(pair);

    /* 3.1.5.2: a ConnectResponse that nobody waits for. */
    pair = pair_new(NULL);
    pair_connect(pair);
    side_inject(&pair->a, &response);
    assert_commands(pair, "A ConnectClose ProtocolError\n");
    side_inject(&pair->b, &response);
    assert_commands(pair, "B ConnectClose ProtocolError\n");
    pair_free(pair);
}

static void test_close(void)
{
    struct pair *pair = pair_new(NULL);
    pair_connect(pair);
    sstp_ep_close_connection(pair->a.ep, SSTP_CONNECT_CLOSE_RESTING, 600);
    assert_events(pair, "A closed local Resting\n");
    sstp_ep_close_connection(pair->a.ep, SSTP_CONNECT_CLOSE_IDLE, 0);
    pair_exchange(pair);
    assert_commands(pair, "A ConnectClose Resting\n");
    assert_events(pair, "B closed peer Resting\n");
    /* All that comes after one's own end is swallowed (SPECIFICATION.md). */
    side_inject(&pair->a, &(struct sstp_command){.id = SSTP_END_MESSAGE, .session_id = 1});
    assert_commands(pair, "");
    pair_free(pair);
}

static void test_timeout(void)
{
    struct pair *pair = pair_new(NULL);
    g_assert_cmpint(sstp_ep_next_deadline(pair->b.ep), ==, SSTP_EP_CONNECT_TIMEOUT_MS);
    sstp_ep_tick(pair->b.ep, SSTP_EP_CONNECT_TIMEOUT_MS - 1);
    assert_events(pair, "");
    sstp_ep_tick(pair->b.ep, SSTP_EP_CONNECT_TIMEOUT_MS);
    assert_events(pair, "B closed timeout ResponseTimeout\n");
    assert_commands(pair, ""); /* nobody knows that it is SSTP at all */

    (void)sstp_ep_connect(pair->a.ep, "dpp:///b", sstp_span(NULL, 0));
    sstp_ep_tick(pair->a.ep, SSTP_EP_CONNECT_TIMEOUT_MS);
    assert_commands(pair, "A Connect 1.6 to dpp:///b\n"
                          "A ConnectClose ResponseTimeout\n");
    assert_events(pair, "A closed timeout ResponseTimeout\n");
    pair_free(pair);
}

static void test_transport_lost(void)
{
    struct pair *pair = pair_new(NULL);
    pair_connect(pair);
    const uint32_t id = pair_open(pair, &pair->a);
    side_send(&pair->a, id, "lost", 0);
    assert_commands(pair, "A Message s=0x1\nA Data s=0x1\nA EndMessage s=0x1\n");
    sstp_ep_transport_lost(pair->a.ep);
    assert_events(pair, "A unacknowledged 0x1 #1\n"
                        "A closed transport-lost\n");
    pair_free(pair);
}

static void test_too_long(void)
{
    struct pair *pair = pair_new(NULL);
    char *url = g_strnfill(2100, 'x');
    g_assert_cmpint(sstp_ep_connect(pair->a.ep, url, sstp_span(NULL, 0)), ==, SSTP_EP_TOO_LONG);
    g_assert_cmpint(sstp_ep_state(pair->a.ep), ==, SSTP_CONNECTION_TRANSPORT_CONNECTED);
    g_free(url);
    pair_free(pair);
}

/* Appendix A, Outbound Idle Timer: a Noop after silence, and anything sent begins it
 * anew. */
static void test_outbound_idle(void)
{
    struct pair *pair = pair_new(&(struct pair_config){.outbound_idle_ms = 600000});
    pair_connect(pair);
    g_assert_cmpint(sstp_ep_next_deadline(pair->a.ep), ==, 600000);
    pair_advance(pair, 599999);
    assert_commands(pair, "");
    pair_advance(pair, 1);
    assert_commands(pair, "A Noop\n");
    pair_advance(pair, 300000);
    (void)pair_open(pair, &pair->a);
    pair_advance(pair, 599999);
    assert_commands(pair, "");
    pair_advance(pair, 1);
    assert_commands(pair, "A Noop\n");
    pair_free(pair);
}

/* For a transport that needs more life than was asked for; and less is not made of it. */
static void test_outbound_idle_limited(void)
{
    static const int64_t asked[] = {0, 600000, 45000, 20000};
    for (size_t i = 0; i < G_N_ELEMENTS(asked); i++) {
        struct pair *pair = pair_new(&(struct pair_config){.outbound_idle_ms = asked[i]});
        const int64_t expected = asked[i] == 20000 ? 20000 : 45000;
        pair_connect(pair);
        sstp_ep_limit_outbound_idle(pair->a.ep, 45000);
        pair_advance(pair, expected - 1);
        assert_commands(pair, "");
        pair_advance(pair, 1);
        assert_commands(pair, "A Noop\n");
        pair_free(pair);
    }
}

/* Likewise, for silence of the other side. */
static void test_inbound_idle(void)
{
    struct pair *pair = pair_new(&(struct pair_config){.inbound_idle_ms = 600000});
    pair_connect(pair);
    pair_advance(pair, 599999);
    assert_commands(pair, "");
    pair_advance(pair, 1);
    assert_commands(pair, "A Noop\n");
    pair_advance(pair, 599999);
    assert_commands(pair, "");
    g_assert_cmpint(sstp_ep_noop(pair->b.ep), ==, SSTP_EP_OK);
    pair_exchange(pair);
    assert_commands(pair, "B Noop\n");
    pair_advance(pair, 599999);
    assert_commands(pair, "");
    pair_advance(pair, 1);
    assert_commands(pair, "A Noop\n");
    pair_free(pair);
}

static void ignore(void *cookie, struct sstp_ep *ep, const struct sstp_ep_event *event)
{
    (void)cookie;
    (void)ep;
    (void)event;
}

/* 2.2.1: a device whose URL has no room in a Connect does not connect without a name. */
static void test_own_device_too_long(void)
{
    static const size_t lens[] = {2030, 2047, 2048, 5000};
    for (size_t i = 0; i < G_N_ELEMENTS(lens); i++) {
        char *url = g_strnfill(lens[i], 'x');
        const char *const urls[] = {url};
        struct sstp_ep *ep = sstp_ep_new(&(struct sstp_ep_config){.mem = &sstp_mem_libc,
                                                                  .role = SSTP_EP_CLIENT,
                                                                  .is_originator = true,
                                                                  .device_urls = urls,
                                                                  .num_device_urls = 1,
                                                                  .product_version = "",
                                                                  .event = ignore});
        g_assert_cmpint(sstp_ep_connect(ep, "dpp:///b", sstp_span(NULL, 0)), ==,
                        lens[i] == 2030 ? SSTP_EP_OK : SSTP_EP_TOO_LONG);
        g_assert_cmpuint(sstp_ep_output_len(ep) > 0, ==, lens[i] == 2030);
        sstp_ep_free(ep);
        g_free(url);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/connection/3.1.5.1-established", test_established);
    g_test_add_func("/connection/3.1.5.1-version", test_version);
    for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++) {
        char *path = g_strdup_printf("/connection/3.1.5.1-%s", refusals[i].name);
        g_test_add_data_func(path, &refusals[i], test_refusal);
        g_free(path);
    }
    g_test_add_func("/connection/3.1.5.1-new-version-required", test_new_version_required);
    g_test_add_func("/connection/3.1.5.1-response", test_connect_response);
    g_test_add_func("/connection/3.1.5.1-will-upgrade-time", test_will_upgrade_time);
    g_test_add_func("/connection/3.1.5.2-retry-time", test_retry_time);
    g_test_add_func("/connection/3.1.4.2-3.1.5.4-return-time", test_return_time);
    g_test_add_func("/connection/3.1.5.1-2-wrong-state", test_wrong_state);
    g_test_add_func("/connection/3.1.4.2-close", test_close);
    g_test_add_func("/connection/timeout", test_timeout);
    g_test_add_func("/connection/3.1.7.1-transport-lost", test_transport_lost);
    g_test_add_func("/connection/too-long", test_too_long);
    g_test_add_func("/connection/2.2.1-own-device-too-long", test_own_device_too_long);
    g_test_add_func("/endpoint/appendix-a-outbound-idle", test_outbound_idle);
    g_test_add_func("/endpoint/outbound-idle-limited", test_outbound_idle_limited);
    g_test_add_func("/endpoint/appendix-a-inbound-idle", test_inbound_idle);
    return g_test_run();
}
