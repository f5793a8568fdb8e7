/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What comes to the relay: sessions, and messages to many (GRVSSTP 3.3.4, 3.3.5.5-6, 4.2.5). */
#include "world.h"

static uint32_t fanout_to(struct visitor *from, const char *const *identities, size_t num)
{
    struct sstp_fanout_entry entries[8] = {{.failover_device_urls = {NULL, 0}}};
    uint32_t id = 0;
    for (size_t i = 0; i < num; i++)
        entries[i].identity_url = sstp_span_of_string(identities[i]);
    g_assert_cmpint(sstp_ep_fanout_open(sstp_client_ep(from->client), sstp_span_of_string("r"),
                                        entries, num, &id),
                    ==, SSTP_EP_OK);
    exchange(from->world);
    return id;
}

/* 4.2.5, with a recipient that is locked out, and one whose quota ends. */
static void test_fanout(void)
{
    static const char *const locked_out[] = {"grooveIdentity://mallory"};
    static const char *const to[] = {"grooveIdentity://bob", "grooveIdentity://mallory",
                                     "grooveIdentity://carl"};
    for (uint8_t minor = 5; minor <= 6; minor++) {
        struct world *world = world_new(&(struct sstp_relay_config){.auth = SSTP_RELAY_AUTH_OFF,
                                                                    .supports_multi_drop = true,
                                                                    .quota = 400,
                                                                    .locked_out = locked_out,
                                                                    .num_locked_out = 1});
        struct who sender = alice;
        enum sstp_session_state state;
        sender.minor = minor;
        struct visitor *a = visit(world, &sender), *b = visit(world, &bob);
        const uint32_t id = fanout_to(a, to, 3);
        g_assert_true(sstp_ep_session_state(sstp_client_ep(a->client), id, &state));
        g_assert_cmpint(state, ==, SSTP_SESSION_READY);
        g_assert_cmpuint(a->num_lost, ==, 1);
        send(a, id, "one");
        g_assert_cmpuint(a->num_acknowledged, ==, 1);
        g_assert_cmpstr(b->received->str, ==, "one;");
        g_assert_cmpuint(sstp_relay_num_stored(world->relay), ==, 1);
        /* Bob has fetched his share; Carl, who is away, has no room for another. */
        char *large = g_strnfill(100, 'x');
        send(a, id, large);
        g_free(large);
        g_assert_cmpuint(a->num_lost, ==, 2);
        g_assert_cmpuint(a->num_acknowledged, ==, 2);
        send(a, id, "three");
        g_assert_true(g_str_has_suffix(b->received->str, "x;three;"));
        world_free(world);
    }
}

/* Nobody left: EmptySession, at the opening and later. */
static void test_fanout_empty(void)
{
    static const char *const locked_out[] = {"grooveIdentity://mallory"};
    static const char *const to_carl[] = {"grooveIdentity://carl"};
    struct world *world = world_new(&(struct sstp_relay_config){.auth = SSTP_RELAY_AUTH_OFF,
                                                                .supports_multi_drop = true,
                                                                .quota = 300,
                                                                .locked_out = locked_out,
                                                                .num_locked_out = 1});
    struct who relay_like = alice;
    struct visitor *a = visit(world, &relay_like);
    (void)fanout_to(a, locked_out, 1);
    g_assert_cmpint(a->session_reason_id, ==, SSTP_CLOSE_EMPTY_SESSION);
    a->session_reason_id = -1;
    const uint32_t id = fanout_to(a, to_carl, 1);
    char *large = g_strnfill(100, 'x');
    send(a, id, large);
    g_free(large);
    g_assert_cmpint(a->session_reason_id, ==, SSTP_CLOSE_EMPTY_SESSION);
    g_assert_cmpuint(sstp_relay_num_stored(world->relay), ==, 0);
    g_assert_cmpuint(sstp_ep_num_unacknowledged(sstp_client_ep(a->client)), ==, 0);
    world_free(world);
}

/* 2.2.9.1 QuotaWouldBeExceeded, on the message and on the next Open. */
static void test_quota(void)
{
    struct world *world =
        world_new(&(struct sstp_relay_config){.auth = SSTP_RELAY_AUTH_OFF, .quota = 372});
    struct visitor *a = visit(world, &alice);
    uint32_t id = open_to(a, "grooveIdentity://carl", "");
    char *text = g_strnfill(100, 'x');
    send(a, id, text);
    g_assert_cmpuint(a->num_acknowledged, ==, 1);
    send(a, id, text);
    g_free(text);
    g_assert_cmpint(a->session_reason_id, ==, SSTP_CLOSE_QUOTA_WOULD_BE_EXCEEDED);
    g_assert_cmpuint(a->num_unacknowledged, ==, 1);
    a->session_reason_id = -1;
    (void)open_to(a, "grooveIdentity://carl", "dpp:///any");
    g_assert_cmpint(a->session_reason_id, ==, SSTP_CLOSE_QUOTA_WOULD_BE_EXCEEDED);
    g_assert_cmpint(a->open_response_id, ==, -1);
    /* Others have room. */
    id = open_to(a, "grooveIdentity://dora", "");
    send(a, id, "y");
    g_assert_cmpuint(a->num_acknowledged, ==, 2);
    world_free(world);
}

/* The strict naming convention, lock-outs, presence (notes <13>, <3>). */
static void test_refused_open(void)
{
    static const char *const locked_out[] = {"grooveIdentity://mallory", "dpp:///stolen"};
    static const struct {
        const char *identity, *device;
        int response_id;
    } rows[] = {{"mailto:bob", "", SSTP_OPEN_RESPONSE_UNKNOWN},
                {"grooveIdentity://bob", "http://x", SSTP_OPEN_RESPONSE_UNKNOWN},
                {"grooveIdentity://mallory", "", SSTP_OPEN_RESPONSE_UNKNOWN},
                {"grooveIdentity://bob", "dpp:///stolen", SSTP_OPEN_RESPONSE_UNKNOWN},
                {"grooveIdentity://bob", "dpp:///x", -1}};
    struct world *world = world_new(&(struct sstp_relay_config){
        .auth = SSTP_RELAY_AUTH_OFF, .locked_out = locked_out, .num_locked_out = 2});
    struct visitor *a = visit(world, &alice);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        a->open_response_id = -1;
        (void)open_to(a, rows[i].identity, rows[i].device);
        g_assert_cmpint(a->open_response_id, ==, rows[i].response_id);
    }
    world_free(world);
}

/* What was taken is acknowledged for its size, too, before the timer and the count. */
static void test_acknowledged_for_size(void)
{
    struct world *world = world_new(&(struct sstp_relay_config){.auth = SSTP_RELAY_AUTH_OFF});
    struct visitor *a = visit(world, &alice);
    const uint32_t id = open_to(a, "grooveIdentity://bob", "");
    char *text = g_strnfill(64 << 10, 'x');
    send_flagged(a, id, text, 0, 0);
    g_assert_cmpuint(a->num_acknowledged, ==, 0);
    send_flagged(a, id, text, 0, 0);
    g_assert_cmpuint(a->num_acknowledged, ==, 2);
    g_free(text);
    g_assert_cmpuint(sstp_relay_counters(world->relay)->num_acknowledged, ==, 2);
    world_free(world);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/relay-receive/4.2.5-fanout", test_fanout);
    g_test_add_func("/relay-receive/3.3.4.1.2-empty", test_fanout_empty);
    g_test_add_func("/relay-receive/2.2.9-quota", test_quota);
    g_test_add_func("/relay-receive/refused-open", test_refused_open);
    g_test_add_func("/relay-receive/acknowledged-for-size", test_acknowledged_for_size);
    return g_test_run();
}
