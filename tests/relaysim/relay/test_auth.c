/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is there, and what that lets him do (GRVSSTP 3.1.5.1, 3.3.5.1, 3.3.5.14-17). */
#include "store/store.h"
#include "world.h"

#define BOB "grooveIdentity://bob"
#define ROBERT "grooveIdentity://robert"

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
    static const char *const urls[] = {ROBERT}, *const both[] = {ROBERT, BOB};
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

/* A connection whose Connect has a token, of a device that the relay does not know or that
 * has not been proven yet, and that says no more. */
static struct visitor *begin_with_token(struct world *world, const struct who *who)
{
    const struct sstp_sec_random random = {fill, world};
    const struct sstp_sec_secret key =
        sstp_sec_derive_key(who->secret != NULL ? who->secret : "", who->device);
    struct sstp_sec_secret nonce;
    uint8_t token[SSTP_SEC_TOKEN_MAX];
    struct who silent = *who;
    silent.attaches = false;
    struct visitor *visitor = enter(world, &silent);
    const size_t len =
        sstp_sec_challenge_write(SSTP_SEC_CONNECT, &key, &random, &nonce, token, sizeof token);
    (void)sstp_ep_connect(sstp_client_ep(visitor->client), RELAY_URL, sstp_span(token, len));
    exchange(world);
    g_assert_true(visitor->is_ready);
    return visitor;
}

static uint32_t fanout_to(struct visitor *from, const struct sstp_fanout_entry *entries, size_t num)
{
    uint32_t id = 0;
    g_assert_cmpint(sstp_ep_fanout_open(sstp_client_ep(from->client), sstp_span_of_string("r"),
                                        entries, num, &id),
                    ==, SSTP_EP_OK);
    exchange(from->world);
    return id;
}

/* 3.3.5.5-6 where authentication is required: who has not proven himself sends nothing. */
static void test_unproven_sender(void)
{
    const struct sstp_fanout_entry to_bob = {.identity_url = sstp_span_of_string(BOB)};
    for (unsigned is_known = 0; is_known <= 1; is_known++) {
        struct world *world = world_new(&(struct sstp_relay_config){
            .auth = SSTP_RELAY_AUTH_REQUIRED, .supports_multi_drop = true});
        if (is_known) {
            struct visitor *m = visit(world, &mallory);
            g_assert_true(m->is_ready);
            (void)fanout_to(m, &to_bob, 1);
            g_assert_cmpint(m->session_reason_id, ==, -1); /* with a proof it may */
        }
        struct visitor *m = begin_with_token(world, &mallory);
        (void)open_to(m, BOB, "");
        g_assert_cmpint(m->open_response_id, ==, SSTP_OPEN_RESPONSE_UNKNOWN);
        (void)fanout_to(m, &to_bob, 1);
        g_assert_cmpint(m->session_reason_id, ==, SSTP_CLOSE_DEVICE_AUTHENTICATION_FAILED);
        world_free(world);
    }
}

/* 3.1.4.4: with its Close an attach session is gone, and what it had proven with it. */
static void test_attach_closed(void)
{
    static const char *const urls[] = {"grooveIdentity://robert"};
    for (enum sstp_relay_auth auth = SSTP_RELAY_AUTH_OFF; auth <= SSTP_RELAY_AUTH_REQUIRED;
         auth++) {
        struct world *world = world_new(&(struct sstp_relay_config){.auth = auth});
        struct visitor *b = visit(world, &bob);
        /* 1 is the EventId of its Attach. */
        g_assert_cmpint(sstp_ep_close_session(sstp_client_ep(b->client), 1, SSTP_CLOSE_NO_REASON),
                        ==, SSTP_EP_OK);
        exchange(world);
        g_assert_cmpint(register_more(b, "account", urls, 1), ==,
                        SSTP_CLOSE_USER_AUTHENTICATION_FAILED);
        world_free(world);
    }
}

/* Appendix A, Authentication Timer: each step has the whole of it. */
static void test_timer_of_each_step(void)
{
    struct world *world = world_new(
        &(struct sstp_relay_config){.auth = SSTP_RELAY_AUTH_OPTIONAL, .auth_timeout_ms = 1000});
    const struct sstp_sec_random random = {fill, world};
    const struct sstp_sec_secret key = sstp_sec_derive_key("another", "mallory");
    struct sstp_sec_secret nonce;
    uint8_t token[SSTP_SEC_REGISTER_MAX];
    uint32_t id;
    struct visitor *m = begin_with_token(world, &mallory);
    struct sstp_ep *ep = sstp_client_ep(m->client);
    advance(world, 999);
    size_t len =
        sstp_sec_challenge_write(SSTP_SEC_ATTACH, &key, &random, &nonce, token, sizeof token);
    (void)sstp_ep_attach(ep, sstp_span_of_string(RELAY_URL), sstp_span_of_string("mallory"),
                         sstp_span(token, len), &id);
    exchange(world);
    g_assert_cmpint(m->response_id, ==, SSTP_ATTACH_RESPONSE_AWAITING_REGISTER);
    advance(world, 999);
    const struct sstp_sec_registration registration = {
        .device_key = sstp_sec_derive_key("another", mallory.device), .account_key = key};
    len = sstp_sec_register_write(&registration, token, sizeof token);
    (void)sstp_ep_register(ep, id, sstp_span(token, len));
    exchange(world);
    advance(world, 999);
    g_assert_false(m->is_closed);
    advance(world, 1);
    g_assert_cmpint(m->close_reason_id, ==, SSTP_CONNECT_CLOSE_RESPONSE_TIMEOUT);
    world_free(world);
}

/* A key that was registered once is the one that counts, whoever says otherwise: another
 * key of the device, and another one of the account, register nothing. */
static void test_registered_keys(void)
{
    for (unsigned of_account = 0; of_account <= 1; of_account++) {
        struct world *world =
            world_new(&(struct sstp_relay_config){.auth = SSTP_RELAY_AUTH_OPTIONAL});
        const struct sstp_sec_random random = {fill, world};
        const struct sstp_sec_secret wrong = {{9}};
        struct sstp_sec_secret nonce;
        uint8_t token[SSTP_SEC_REGISTER_MAX];
        uint32_t id;
        g_assert_true(visit(world, &bob)->is_ready);
        /* Another device of the account, which both sides know the key of. */
        struct who other = bob;
        other.device = "dpp:///bobs-other";
        struct visitor *b = begin_with_token(world, &other);
        struct sstp_ep *ep = sstp_client_ep(b->client);
        const struct sstp_sec_secret device_key = sstp_sec_derive_key("", other.device),
                                     account_key = sstp_sec_derive_key("", "account");
        size_t len = sstp_sec_challenge_write(SSTP_SEC_ATTACH, &account_key, &random, &nonce, token,
                                              sizeof token);
        (void)sstp_ep_attach(ep, sstp_span_of_string(RELAY_URL), sstp_span_of_string("account"),
                             sstp_span(token, len), &id);
        exchange(world);
        g_assert_cmpint(b->response_id, ==, SSTP_ATTACH_RESPONSE_AWAITING_REGISTER);
        if (!of_account)
            g_assert_true(visit(world, &other)->is_ready); /* it was quicker */
        const struct sstp_sec_registration registration = {
            .device_key = of_account ? device_key : wrong,
            .account_key = of_account ? wrong : account_key,
            .is_new_device = true};
        len = sstp_sec_register_write(&registration, token, sizeof token);
        (void)sstp_ep_register(ep, id, sstp_span(token, len));
        exchange(world);
        g_assert_cmpint(b->session_reason_id, ==, SSTP_CLOSE_PROTOCOL_ERROR);
        world_free(world);
    }
}

/* 3.3.4.1.2: a recipient of a fanout whose device is locked out is reported, and gets
 * nothing; the others do. */
static void test_locked_out_device_of_fanout(void)
{
    static const char *const locked_out[] = {"dpp:///stolen"};
    const struct sstp_fanout_entry to[] = {
        {.identity_url = sstp_span_of_string(BOB), .device_url = sstp_span_of_string("dpp:///bob")},
        {.identity_url = sstp_span_of_string(BOB),
         .device_url = sstp_span_of_string("dpp:///stolen")}};
    struct world *world = world_new(&(struct sstp_relay_config){.auth = SSTP_RELAY_AUTH_OFF,
                                                                .supports_multi_drop = true,
                                                                .locked_out = locked_out,
                                                                .num_locked_out = 1});
    struct visitor *a = visit(world, &alice);
    const uint32_t id = fanout_to(a, to, 2);
    g_assert_cmpuint(a->num_lost, ==, 1);
    send(a, id, "x");
    g_assert_cmpuint(a->num_acknowledged, ==, 1);
    g_assert_cmpuint(sstp_relay_num_stored(world->relay), ==, 1);
    world_free(world);
}

static void note_log(void *cookie, void *socket, const char *text)
{
    (void)cookie;
    g_string_append_printf(((struct visitor *)socket)->received, "%s\n", text);
}

/* 2.2.1.1: SourceDeviceURLs identify the sender.  A Connect in which they do not is no valid
 * one (3.1.5), whatever has to be proven, and however many come. */
static void test_connect_without_a_device(gconstpointer data)
{
    static const char *const urls[] = {"dpp:///mallory", "", "dpp:///another"};
    static const struct {
        const char *const *urls;
        size_t num;
    } rows[] = {{urls, 0}, {urls + 1, 1}, {urls + 1, 2}, {urls, 2}};
    static const char *const peers[] = {"grooveDNS://other"};
    struct world *world =
        world_new(&(struct sstp_relay_config){.auth = (enum sstp_relay_auth)GPOINTER_TO_INT(data),
                                              .max_connections_per_device = 1,
                                              .peer_urls = peers,
                                              .num_peers = 1,
                                              .log = note_log});
    struct who who = mallory;
    for (size_t i = 0; i < 2 * G_N_ELEMENTS(rows); i++) {
        who.attaches = i % 2 == 0; /* with a token, or without */
        struct visitor *m = visit_with(world, &who, rows[i / 2].urls, rows[i / 2].num);
        g_assert_false(m->is_ready);
        g_assert_cmpint(m->response_id, ==, -1);
        g_assert_cmpint(m->close_reason_id, ==, SSTP_CONNECT_CLOSE_PROTOCOL_ERROR);
        g_assert_nonnull(strstr(m->received->str, "the Connect names no device"));
        g_assert_cmpuint(sstp_relay_num_established(world->relay), ==, 0);
        cut_off(m);
    }
    world_free(world);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/relay-auth/3.3.5.17-identity-of-another", test_identity_of_another);
    g_test_add_func("/relay-auth/3.3.5.17-another-account", test_identity_of_another_account);
    g_test_add_func("/relay-auth/identity-unproven", test_identity_unproven);
    g_test_add_func("/relay-auth/locked-out", test_locked_out);
    g_test_add_func("/relay-auth/3.1.1.1-devices", test_devices);
    g_test_add_func("/relay-auth/3.3.5.5-6-unproven-sender", test_unproven_sender);
    g_test_add_func("/relay-auth/3.1.4.4-attach-closed", test_attach_closed);
    g_test_add_func("/relay-auth/appendix-a-each-step", test_timer_of_each_step);
    g_test_add_func("/relay-auth/registered-keys", test_registered_keys);
    g_test_add_func("/relay-auth/3.3.4.1.2-locked-out-device", test_locked_out_device_of_fanout);
    g_test_add_func("/relay-auth/device-twice", test_device_twice);
    g_test_add_func("/relay-auth/3.1.5.1-locked-out-device", test_locked_out_device);
    static const char *const modes[] = {"off", "optional", "required"};
    for (int i = 0; i < (int)G_N_ELEMENTS(modes); i++) {
        char *path = g_strdup_printf("/relay-auth/2.2.1.1-no-device/%s", modes[i]);
        g_test_add_data_func(path, GINT_TO_POINTER(i), test_connect_without_a_device);
        g_free(path);
    }
    return g_test_run();
}
