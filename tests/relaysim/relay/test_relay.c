/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The relay and its clients in memory (GRVSSTP 3.3, 4.2.3). */
#include "world.h"

/* 4.2.3, with the authentication off, optional and required. */
static void test_store_and_forward(void)
{
    static const enum sstp_relay_auth modes[] = {SSTP_RELAY_AUTH_OFF, SSTP_RELAY_AUTH_OPTIONAL};
    for (size_t i = 0; i < G_N_ELEMENTS(modes); i++) {
        struct world *world = world_new(&(struct sstp_relay_config){.auth = modes[i]});
        struct visitor *a = visit(world, &alice);
        g_assert_true(a->is_ready);
        const uint32_t to_identity = open_to(a, "grooveIdentity://bob", "");
        const uint32_t to_device = open_to(a, "grooveIdentity://bob", "dpp:///bob");
        const uint32_t to_other = open_to(a, "grooveIdentity://bob", "dpp:///other");
        send(a, to_identity, "one");
        send(a, to_identity, "two");
        send(a, to_other, "not for this device");
        g_assert_cmpuint(a->num_acknowledged, ==, 3);
        g_assert_cmpuint(sstp_relay_num_stored(world->relay), ==, 3);
        struct visitor *b = visit(world, &bob);
        g_assert_true(b->is_ready);
        g_assert_cmpstr(b->received->str, ==, "one;two;");
        send(a, to_device, "three");
        g_assert_cmpstr(b->received->str, ==, "one;two;three;");
        /* Kept until they are acknowledged. */
        advance(world, SSTP_EP_ACK_DELAY_MS);
        g_assert_cmpuint(sstp_relay_num_stored(world->relay), ==, 1);
        g_assert_cmpuint(sstp_relay_counters(world->relay)->num_delivered, ==, 3);
        world_free(world);
    }
}

/* What was not acknowledged comes again, in order, and nothing else. */
static void test_again(void)
{
    struct world *world = world_new(&(struct sstp_relay_config){.auth = SSTP_RELAY_AUTH_OFF});
    struct who holding = bob;
    holding.holds = true;
    struct visitor *a = visit(world, &alice), *b = visit(world, &holding);
    const uint32_t id = open_to(a, "grooveIdentity://bob", "");
    send(a, id, "one");
    send(a, id, "two");
    send(a, id, "three");
    g_assert_cmpstr(b->received->str, ==, "one;two;three;");
    g_assert_cmpint(sstp_ep_complete(sstp_client_ep(b->client), 1), ==, SSTP_EP_OK);
    exchange(world);
    cut_off(b);
    g_assert_cmpuint(sstp_relay_num_stored(world->relay), ==, 2);
    b = visit(world, &bob);
    g_assert_cmpstr(b->received->str, ==, "two;three;");
    world_free(world);
}

/* Two devices of one identity: the newest is served, and the one that is left goes on. */
static void test_other_device(void)
{
    struct world *world = world_new(&(struct sstp_relay_config){.auth = SSTP_RELAY_AUTH_OFF});
    struct who first = bob, second = bob;
    second.holds = true;
    second.device = "dpp:///bobs-other";
    struct visitor *a = visit(world, &alice), *b1 = visit(world, &first);
    struct visitor *b2 = visit(world, &second);
    const uint32_t id = open_to(a, "grooveIdentity://bob", "");
    send(a, id, "one");
    g_assert_cmpstr(b2->received->str, ==, "one;");
    g_assert_cmpstr(b1->received->str, ==, "");
    cut_off(b2);
    g_assert_cmpstr(b1->received->str, ==, "one;");
    world_free(world);
}

/* A client that will not have the messages is not asked for ever. */
static void test_unwilling(void)
{
    struct world *world = world_new(&(struct sstp_relay_config){.auth = SSTP_RELAY_AUTH_OFF});
    struct who unwilling = bob;
    unwilling.availability = SSTP_HANDLER_FAULT;
    struct visitor *a = visit(world, &alice), *b = visit(world, &unwilling);
    const uint32_t id = open_to(a, "grooveIdentity://bob", "");
    send(a, id, "one");
    send(a, id, "two");
    g_assert_cmpuint(b->num_opened, ==, 0);
    g_assert_cmpuint(sstp_relay_num_stored(world->relay), ==, 2);
    cut_off(b);
    b = visit(world, &bob);
    g_assert_cmpstr(b->received->str, ==, "one;two;");
    world_free(world);
}

/* More than a window and than the output holds. */
static void test_many(void)
{
    struct world *world = world_new(
        &(struct sstp_relay_config){.auth = SSTP_RELAY_AUTH_OFF, .limits.max_queued = 5000});
    struct visitor *a = visit(world, &alice);
    const uint32_t id = open_to(a, "grooveIdentity://bob", "");
    for (unsigned i = 0; i < 300; i++) {
        char *text = g_strdup_printf("%u", i);
        send(a, id, text);
        g_free(text);
    }
    struct visitor *b = visit(world, &bob);
    for (unsigned i = 0; i < 20; i++)
        advance(world, SSTP_EP_ACK_DELAY_MS);
    GString *expected = g_string_new(NULL);
    for (unsigned i = 0; i < 300; i++)
        g_string_append_printf(expected, "%u;", i);
    g_assert_cmpstr(b->received->str, ==, expected->str);
    g_assert_cmpuint(sstp_relay_num_stored(world->relay), ==, 0);
    g_string_free(expected, TRUE);
    world_free(world);
}

/* 3.3.5.12, 3.3.6: E with its TTL, D with five minutes, TTL 0 for ever. */
static void test_expiry(void)
{
    static const struct {
        uint8_t flags;
        uint32_t ttl;
        int64_t ms; /* it is gone then, and not before; 0: never */
    } rows[] = {
        {SSTP_MESSAGE_FLAG_EPHEMERAL, 10, 10000},
        {SSTP_MESSAGE_FLAG_EPHEMERAL, 0, 0},
        {SSTP_MESSAGE_FLAG_DO_NOT_DELIVER_IF_OFFLINE, 0, 300000},
        {SSTP_MESSAGE_FLAG_DO_NOT_DELIVER_IF_OFFLINE | SSTP_MESSAGE_FLAG_EPHEMERAL, 20, 20000},
        {0, 0, 0}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct world *world = world_new(&(struct sstp_relay_config){.auth = SSTP_RELAY_AUTH_OFF});
        struct visitor *a = visit(world, &alice);
        send_flagged(a, open_to(a, "grooveIdentity://bob", ""), "x", rows[i].flags, rows[i].ttl);
        const int64_t ms = rows[i].ms != 0 ? rows[i].ms : 1000000000;
        advance(world, ms - 1);
        g_assert_cmpuint(sstp_relay_num_stored(world->relay), ==, 1);
        advance(world, 1);
        g_assert_cmpuint(sstp_relay_num_stored(world->relay), ==, rows[i].ms != 0 ? 0 : 1);
        world_free(world);
    }
}

/* A session without messages is closed, and opened again when one comes. */
static void test_idle(void)
{
    struct world *world =
        world_new(&(struct sstp_relay_config){.auth = SSTP_RELAY_AUTH_OFF, .idle_ms = 20000});
    struct visitor *a = visit(world, &alice), *b = visit(world, &bob);
    const uint32_t id = open_to(a, "grooveIdentity://bob", "");
    /* The time that counts is the endpoints', which hear of it first. */
    sstp_ep_tick(sstp_relay_connection_ep(a->connection), 1000);
    sstp_ep_tick(sstp_relay_connection_ep(b->connection), 1000);
    world->now_ms = 1000;
    send(a, id, "one");
    g_assert_cmpint(sstp_relay_next_deadline(world->relay), ==, 21000);
    advance(world, 19999);
    g_assert_cmpint(b->session_reason_id, ==, -1);
    advance(world, 1);
    g_assert_cmpint(b->session_reason_id, ==, SSTP_CLOSE_IDLE);
    send(a, id, "two");
    g_assert_cmpstr(b->received->str, ==, "one;two;");
    g_assert_cmpuint(b->num_opened, ==, 2);
    world_free(world);
}

/* 3.1.5.1, as far as the relay decides. */
static void test_refused_connect(void)
{
    static const char *const locked_out[] = {"dpp:///stolen"};
    struct world *world = world_new(&(struct sstp_relay_config){.auth = SSTP_RELAY_AUTH_OFF,
                                                                .locked_out = locked_out,
                                                                .num_locked_out = 1,
                                                                .max_connections = 1,
                                                                .max_connections_per_device = 1});
    struct who who = alice;
    who.device = "dpp:///stolen";
    g_assert_cmpint(visit(world, &who)->response_id, ==, SSTP_CONNECT_RESPONSE_CONNECT_REJECTED);
    struct visitor *a = visit(world, &alice);
    g_assert_true(a->is_ready);
    g_assert_cmpint(visit(world, &alice)->close_reason_id, ==,
                    SSTP_CONNECT_CLOSE_CROSSED_CONNECTIONS);
    g_assert_cmpint(visit(world, &bob)->response_id, ==, SSTP_CONNECT_RESPONSE_TRY_LATER);
    cut_off(a);
    g_assert_true(visit(world, &bob)->is_ready);
    sstp_relay_close(world->relay, SSTP_CONNECT_CLOSE_RESTING, 60);
    exchange(world);
    g_assert_cmpint(visit(world, &alice)->response_id, ==, SSTP_CONNECT_RESPONSE_TRY_LATER);
    world_free(world);

    world = world_new(&(struct sstp_relay_config){.auth = SSTP_RELAY_AUTH_REQUIRED});
    g_assert_cmpint(visit(world, &alice)->response_id, ==,
                    SSTP_CONNECT_RESPONSE_AUTHENTICATION_FAILED);
    g_assert_true(visit(world, &bob)->is_ready);
    world_free(world);
}

/* The keys that were registered are the ones that count. */
static void test_authentication(void)
{
    struct world *world = world_new(&(struct sstp_relay_config){.auth = SSTP_RELAY_AUTH_REQUIRED});
    struct visitor *b = visit(world, &bob);
    g_assert_true(b->is_ready);
    cut_off(b);
    b = visit(world, &bob);
    g_assert_true(b->is_ready);

    struct who thief = bob;
    thief.secret = "another";
    struct visitor *fake = visit(world, &thief);
    g_assert_cmpint(fake->response_id, ==, SSTP_CONNECT_RESPONSE_AUTHENTICATION_FAILED);
    thief.device = "dpp:///thief";
    fake = visit(world, &thief);
    g_assert_true(fake->has_failed);

    /* A second device of the account, and a second account of the device. */
    struct who second = bob;
    second.device = "dpp:///bobs-other";
    g_assert_true(visit(world, &second)->is_ready);
    second.device = bob.device;
    second.account = "another account";
    second.identity = "grooveIdentity://robert";
    g_assert_true(visit(world, &second)->is_ready);
    world_free(world);
}

/* A device that is known proves itself before its account may be attached; one
 * that sends no token at all attaches nothing. */
static void test_unproven_device(void)
{
    for (unsigned with_token = 0; with_token <= 1; with_token++) {
        struct world *world =
            world_new(&(struct sstp_relay_config){.auth = SSTP_RELAY_AUTH_OPTIONAL});
        const struct sstp_sec_random random = {fill, world};
        const struct sstp_sec_secret device_key = sstp_sec_derive_key("", bob.device),
                                     account_key = sstp_sec_derive_key("", "account");
        struct sstp_sec_secret nonce;
        uint8_t token[SSTP_SEC_TOKEN_MAX];
        uint32_t id;
        g_assert_true(visit(world, &bob)->is_ready);

        struct who silent = bob;
        silent.attaches = false;
        struct visitor *b = enter(world, &silent);
        struct sstp_ep *ep = sstp_client_ep(b->client);
        const size_t connect_len =
            with_token == 0 ? 0
                            : sstp_sec_challenge_write(SSTP_SEC_CONNECT, &device_key, &random,
                                                       &nonce, token, sizeof token);
        (void)sstp_ep_connect(ep, RELAY_URL, sstp_span(token, connect_len));
        exchange(world);
        g_assert_true(b->is_ready);
        const size_t len = sstp_sec_challenge_write(SSTP_SEC_ATTACH, &account_key, &random, &nonce,
                                                    token, sizeof token);
        (void)sstp_ep_attach(ep, sstp_span_of_string(RELAY_URL), sstp_span_of_string("account"),
                             sstp_span(token, len), &id);
        exchange(world);
        g_assert_cmpint(b->response_id, ==, SSTP_ATTACH_RESPONSE_ATTACH_REJECTED);
        g_assert_cmpint(b->session_reason_id, ==, SSTP_CLOSE_USER_AUTHENTICATION_FAILED);

        /* Nor does it help to register the identity without. */
        b->session_reason_id = -1;
        const size_t register_len =
            sstp_sec_identities_write("account", &b->identity_url, 1, token, sizeof token);
        (void)sstp_ep_register_new(ep, sstp_span(token, register_len), &id);
        exchange(world);
        g_assert_cmpint(b->session_reason_id, ==, SSTP_CLOSE_USER_AUTHENTICATION_FAILED);
        world_free(world);
    }
}

/* ConnectAuthenticate and AttachAuthenticate that prove nothing (GRVSSTP 3.3.5.3,
 * 2.2.9.1), and Register on the wrong kind of EventId (3.3.5.17). */
static void test_stale(void)
{
    struct world *world = world_new(&(struct sstp_relay_config){.auth = SSTP_RELAY_AUTH_OPTIONAL});
    uint8_t token[SSTP_SEC_TOKEN_MAX];
    uint32_t id;
    struct visitor *a = visit(world, &alice);
    (void)sstp_ep_connect_authenticate(sstp_client_ep(a->client), sstp_span(NULL, 0));
    exchange(world);
    g_assert_cmpint(a->close_reason_id, ==, SSTP_CONNECT_CLOSE_STALE_CONNECT_AUTHENTICATE);

    struct visitor *b = visit(world, &bob);
    struct sstp_ep *ep = sstp_client_ep(b->client);
    const size_t len =
        sstp_sec_register_response_write(&(struct sstp_sec_secret){{0}}, token, sizeof token);
    /* 1 is the attach session of its registration. */
    (void)sstp_ep_attach_authenticate(ep, 1, sstp_span(token, len));
    exchange(world);
    g_assert_cmpint(b->session_reason_id, ==, SSTP_CLOSE_STALE_ATTACH_AUTHENTICATE);
    (void)sstp_ep_register_new(ep, sstp_span(token, len), &id);
    exchange(world);
    g_assert_cmpint(b->close_reason_id, ==, SSTP_CONNECT_CLOSE_TOO_MANY_UNKNOWN_SESSION_CMDS);
    world_free(world);
}

/* So many identities of one connection, even where nobody has to prove anything; what
 * is registered again counts once. */
static void test_identities_max(void)
{
    enum { BATCH = 40, NUM_FULL = SSTP_REGISTRY_IDENTITIES_MAX / BATCH };
    struct world *world = world_new(&(struct sstp_relay_config){.auth = SSTP_RELAY_AUTH_OFF});
    struct visitor *b = visit(world, &bob); /* with one already */
    char *urls[BATCH];
    uint8_t token[SSTP_SEC_TOKEN_MAX];
    uint32_t id;
    for (unsigned n = 0; n <= NUM_FULL + 1; n++) {
        /* The last of all are one less, and the very last are known already. */
        const size_t num = n < NUM_FULL ? BATCH : BATCH - 1;
        for (unsigned i = 0; i < num; i++)
            urls[i] = g_strdup_printf("grooveIdentity://%u-%u", MIN(n, NUM_FULL), i);
        const size_t len = sstp_sec_identities_write("account", (const char *const *)urls, num,
                                                     token, sizeof token);
        b->session_reason_id = -1;
        (void)sstp_ep_register_new(sstp_client_ep(b->client), sstp_span(token, len), &id);
        exchange(world);
        g_assert_cmpint(b->session_reason_id, ==,
                        n == NUM_FULL - 1 ? SSTP_CLOSE_INTERNAL_ERROR : -1);
        for (unsigned i = 0; i < num; i++)
            g_free(urls[i]);
    }
    world_free(world);
}

/* A relay that wants proof believes the relays that it is told of. */
static void test_trusted_relay(void)
{
    static const char *const peers[] = {"grooveDNS://friend"};
    struct world *world = world_new(&(struct sstp_relay_config){
        .auth = SSTP_RELAY_AUTH_REQUIRED, .peer_urls = peers, .num_peers = 1});
    struct who who = alice;
    who.device = "grooveDNS://stranger";
    g_assert_cmpint(visit(world, &who)->response_id, ==,
                    SSTP_CONNECT_RESPONSE_AUTHENTICATION_FAILED);
    who.device = "grooveDNS://friend";
    struct visitor *friend = visit(world, &who);
    g_assert_true(friend->is_ready);
    send(friend, open_to(friend, "grooveIdentity://bob", ""), "x");
    g_assert_cmpuint(friend->num_acknowledged, ==, 1);
    world_free(world);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/relay/4.2.3-store-and-forward", test_store_and_forward);
    g_test_add_func("/relay/again", test_again);
    g_test_add_func("/relay/other-device", test_other_device);
    g_test_add_func("/relay/unwilling", test_unwilling);
    g_test_add_func("/relay/many", test_many);
    g_test_add_func("/relay/3.3.5.12-expiry", test_expiry);
    g_test_add_func("/relay/idle", test_idle);
    g_test_add_func("/relay/3.1.5.1-refused-connect", test_refused_connect);
    g_test_add_func("/relay/authentication", test_authentication);
    g_test_add_func("/relay/unproven-device", test_unproven_device);
    g_test_add_func("/relay/stale", test_stale);
    g_test_add_func("/relay/identities_max", test_identities_max);
    g_test_add_func("/relay/trusted-relay", test_trusted_relay);
    return g_test_run();
}
