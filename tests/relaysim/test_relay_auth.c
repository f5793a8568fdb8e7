/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is there, and what that lets him do (GRVSSTP 3.1.5.1, 3.3.5.1, 3.3.5.14-17). */
#include "store.h"
#include "world.h"

#define BOB "grooveIdentity://bob"

static const enum sstp_relay_auth with_proof[] = {SSTP_RELAY_AUTH_OPTIONAL,
                                                  SSTP_RELAY_AUTH_REQUIRED};

static const struct who mallory = {.device = "dpp:///mallory",
                                   .identity = "grooveIdentity://mallory",
                                   .account = "mallory",
                                   .secret = "another",
                                   .attaches = true,
                                   .availability = SSTP_HANDLER_READY};

/* Registers identities, beside those that the visitor has; the Close's reason, or -1. */
static int register_more(struct visitor *visitor, const char *account, const char *const *urls,
                         size_t num)
{
    uint8_t token[SSTP_SEC_TOKEN_MAX];
    uint32_t id;
    const size_t len = sstp_sec_identities_write(account, urls, num, token, sizeof token);
    visitor->session_reason_id = -1;
    g_assert_cmpint(
        sstp_ep_register_new(sstp_client_ep(visitor->client), sstp_span(token, len), &id), ==,
        SSTP_EP_OK);
    exchange(visitor->world);
    return visitor->session_reason_id;
}

static void send_to_bob(struct world *world, const char *text)
{
    struct who sender = alice;
    sender.attaches = true;
    sender.account = "alice";
    sender.identity = "grooveIdentity://alice";
    struct visitor *a = visit(world, &sender);
    g_assert_true(a->is_ready);
    send(a, open_to(a, BOB, ""), text);
    g_assert_cmpuint(a->num_acknowledged, ==, 1);
}

/* Whoever proves something proves that he is himself, and nobody else. */
static void test_identity_of_another(void)
{
    static const char *const two[] = {"grooveIdentity://new", BOB};
    for (size_t i = 0; i < G_N_ELEMENTS(with_proof); i++) {
        struct world *world = world_new(&(struct sstp_relay_config){.auth = with_proof[i]});
        struct visitor *b = visit(world, &bob);
        g_assert_true(b->is_ready);
        cut_off(b);
        struct who thief = mallory;
        thief.identity = BOB;
        struct visitor *m = visit(world, &thief);
        g_assert_false(m->is_ready);
        g_assert_true(m->has_failed);
        m = visit(world, &mallory);
        g_assert_true(m->is_ready);
        g_assert_cmpint(register_more(m, "mallory", two, 2), ==,
                        SSTP_CLOSE_USER_AUTHENTICATION_FAILED);
        send_to_bob(world, "secret");
        g_assert_cmpstr(m->received->str, ==, "");
        /* All or nothing: the other one is still anybody's. */
        b = visit(world, &bob);
        g_assert_cmpstr(b->received->str, ==, "secret;");
        g_assert_cmpint(register_more(b, "account", two, 2), ==, -1);
        world_free(world);
    }
}

/* The account has to be one that was attached on this connection, with a proof. */
static void test_identity_of_another_account(void)
{
    static const char *const urls[] = {BOB};
    for (size_t i = 0; i < G_N_ELEMENTS(with_proof); i++) {
        struct world *world = world_new(&(struct sstp_relay_config){.auth = with_proof[i]});
        g_assert_true(visit(world, &bob)->is_ready);
        struct visitor *m = visit(world, &mallory);
        g_assert_true(m->is_ready);
        g_assert_cmpint(register_more(m, "account", urls, 1), ==,
                        SSTP_CLOSE_USER_AUTHENTICATION_FAILED);
        world_free(world);
    }
}

/* Without authentication nobody proves anything, so two may have one identity; and
 * nothing of it is kept that would count where proof is asked for. */
static void test_identity_unproven(void)
{
    struct sstp_store *store = sstp_store_new();
    struct sstp_registry *registry = sstp_store_registry(store);
    const struct sstp_sec_secret key = {{1}};
    g_assert_true(sstp_registry_add(registry, "dpp:///mallory", &key, "mallory", &key));
    struct world *world =
        world_new(&(struct sstp_relay_config){.auth = SSTP_RELAY_AUTH_OFF, .store = store});
    struct who other = mallory;
    other.identity = BOB;
    struct visitor *m = visit(world, &other), *b = visit(world, &bob);
    g_assert_true(m->is_ready);
    g_assert_true(b->is_ready);
    g_assert_false(sstp_registry_is_of_another(registry, "account", BOB));
    world_free(world);
}

/* A locked-out identity is not registered, and a locked-out account not attached, with
 * or without authentication; the rest of the connection goes on. */
static void test_locked_out(void)
{
    static const enum sstp_relay_auth modes[] = {SSTP_RELAY_AUTH_OFF, SSTP_RELAY_AUTH_OPTIONAL,
                                                 SSTP_RELAY_AUTH_REQUIRED};
    static const char *const locked_out[] = {BOB, "mallory"};
    static const char *const urls[] = {"grooveIdentity://robert"}, *const both[] = {urls[0], BOB};
    for (size_t i = 0; i < G_N_ELEMENTS(modes); i++) {
        struct world *world = world_new(&(struct sstp_relay_config){
            .auth = modes[i], .locked_out = locked_out, .num_locked_out = 2});
        struct who robert = bob;
        robert.identity = urls[0];
        struct visitor *b = visit(world, &robert);
        g_assert_true(b->is_ready);
        g_assert_cmpint(register_more(b, "account", both, 2), ==,
                        SSTP_CLOSE_USER_AUTHENTICATION_FAILED);
        g_assert_cmpint(register_more(b, "account", urls, 1), ==, -1);
        b = visit(world, &bob);
        g_assert_false(b->is_ready);
        struct visitor *m = visit(world, &mallory);
        g_assert_false(m->is_ready);
        g_assert_true(m->has_failed);
        world_free(world);
    }
}

/* 3.1.1.1: a connection is one of all its SourceDeviceURLs where nothing is proven, and
 * one of the first where that alone is. */
static void test_devices(void)
{
    static const char *const urls[] = {"dpp:///bob", "dpp:///bobs-other", "dpp:///bob"};
    for (enum sstp_relay_auth auth = SSTP_RELAY_AUTH_OFF; auth <= SSTP_RELAY_AUTH_REQUIRED;
         auth++) {
        const bool counts = auth == SSTP_RELAY_AUTH_OFF;
        struct world *world =
            world_new(&(struct sstp_relay_config){.auth = auth, .max_connections_per_device = 1});
        struct who sender = mallory;
        struct visitor *m = visit(world, &sender);
        send(m, open_to(m, BOB, "dpp:///bobs-other"), "other");
        struct visitor *b = visit_with(world, &bob, urls, G_N_ELEMENTS(urls));
        g_assert_true(b->is_ready);
        g_assert_cmpstr(b->received->str, ==, counts ? "other;" : "");
        send(m, open_to(m, BOB, "dpp:///bob"), "first");
        g_assert_cmpstr(b->received->str, ==, counts ? "other;first;" : "first;");

        struct who other = bob;
        other.device = "dpp:///bobs-other";
        struct visitor *second = visit(world, &other);
        g_assert_true(second->is_ready == !counts);
        g_assert_cmpint(second->close_reason_id, ==,
                        counts ? SSTP_CONNECT_CLOSE_CROSSED_CONNECTIONS : -1);
        /* It counts as long as it is there. */
        cut_off(b);
        if (counts)
            second = visit(world, &other);
        g_assert_true(second->is_ready);
        g_assert_cmpint(visit(world, &other)->close_reason_id, ==,
                        SSTP_CONNECT_CLOSE_CROSSED_CONNECTIONS);
        world_free(world);
    }
}

/* A device that a Connect names twice is one connection of it. */
static void test_device_twice(void)
{
    static const char *const urls[] = {"dpp:///bob", "dpp:///bob"};
    struct world *world = world_new(
        &(struct sstp_relay_config){.auth = SSTP_RELAY_AUTH_OFF, .max_connections_per_device = 2});
    g_assert_true(visit_with(world, &bob, urls, 2)->is_ready);
    g_assert_true(visit_with(world, &bob, urls, 2)->is_ready);
    g_assert_cmpint(visit_with(world, &bob, urls, 2)->close_reason_id, ==,
                    SSTP_CONNECT_CLOSE_CROSSED_CONNECTIONS);
    world_free(world);
}

/* 3.1.5.1: any of them can be locked out, wherever it stands. */
static void test_locked_out_device(void)
{
    static const char *const locked_out[] = {"dpp:///stolen"};
    static const char *const urls[] = {"dpp:///bob", "dpp:///stolen"};
    for (enum sstp_relay_auth auth = SSTP_RELAY_AUTH_OFF; auth <= SSTP_RELAY_AUTH_REQUIRED;
         auth++) {
        struct world *world = world_new(&(struct sstp_relay_config){
            .auth = auth, .locked_out = locked_out, .num_locked_out = 1});
        g_assert_cmpint(visit_with(world, &bob, urls, 2)->response_id, ==,
                        SSTP_CONNECT_RESPONSE_CONNECT_REJECTED);
        g_assert_true(visit_with(world, &bob, urls, 1)->is_ready);
        world_free(world);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/relay-auth/3.3.5.17-identity-of-another", test_identity_of_another);
    g_test_add_func("/relay-auth/3.3.5.17-another-account", test_identity_of_another_account);
    g_test_add_func("/relay-auth/identity-unproven", test_identity_unproven);
    g_test_add_func("/relay-auth/locked-out", test_locked_out);
    g_test_add_func("/relay-auth/3.1.1.1-devices", test_devices);
    g_test_add_func("/relay-auth/device-twice", test_device_twice);
    g_test_add_func("/relay-auth/3.1.5.1-locked-out-device", test_locked_out_device);
    return g_test_run();
}
