/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who has begun to prove who it is goes on with that, or goes (Appendix A). */
#include "world.h"

/* Appendix A, Authentication Timer: who has begun and does not go on, goes. */
static void test_auth_timeout(void)
{
    struct world *world = world_new(
        &(struct sstp_relay_config){.auth = SSTP_RELAY_AUTH_OPTIONAL, .auth_timeout_ms = 1000});
    const struct sstp_sec_random random = {fill, world};
    const struct sstp_sec_secret key = sstp_sec_derive_key("", bob.device);
    struct sstp_sec_secret nonce;
    uint8_t token[SSTP_SEC_TOKEN_MAX];
    struct visitor *a = visit(world, &alice), *done = visit(world, &bob);
    struct who silent = bob;
    silent.attaches = false;
    silent.device = "dpp:///another";
    struct visitor *b = enter(world, &silent);
    const size_t len =
        sstp_sec_challenge_write(SSTP_SEC_CONNECT, &key, &random, &nonce, token, sizeof token);
    (void)sstp_ep_connect(sstp_client_ep(b->client), RELAY_URL, sstp_span(token, len));
    exchange(world);
    g_assert_true(b->is_ready);
    advance(world, 999);
    g_assert_false(b->is_closed);
    advance(world, 1);
    g_assert_cmpint(b->close_reason_id, ==, SSTP_CONNECT_CLOSE_RESPONSE_TIMEOUT);
    g_assert_false(a->is_closed);    /* it proves nothing */
    g_assert_false(done->is_closed); /* it has done so */
    world_free(world);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/relay-auth-timer/appendix-a-auth-timeout", test_auth_timeout);
    return g_test_run();
}
