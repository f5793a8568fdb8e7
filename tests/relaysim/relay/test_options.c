/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a relay is told when it is made reaches its connections. */
#include "world.h"

static unsigned num_noops; /* of the relay */

static void count_noop(void *cookie, const struct sstp_command *command)
{
    (void)cookie;
    num_noops += command->id == SSTP_NOOP;
}

/* Appendix A, Outbound and Inbound Idle Timer, of those that come. */
static void test_idle(void)
{
    for (unsigned inbound = 0; inbound <= 1; inbound++) {
        num_noops = 0;
        struct world *world =
            world_new(&(struct sstp_relay_config){.auth = SSTP_RELAY_AUTH_OFF,
                                                  .outbound_idle_ms = inbound ? 0 : 2000,
                                                  .inbound_idle_ms = inbound ? 2000 : 0,
                                                  .witness.sent = count_noop});
        g_assert_true(visit(world, &alice)->is_ready);
        advance(world, 1999);
        g_assert_cmpuint(num_noops, ==, 0);
        advance(world, 1);
        g_assert_cmpuint(num_noops, ==, 1);
        world_free(world);
    }
}

/* Appendix A, Connection Establishment Timer. */
static void test_connect_timeout(void)
{
    struct world *world = world_new(
        &(struct sstp_relay_config){.auth = SSTP_RELAY_AUTH_OFF, .connect_timeout_ms = 2000});
    const struct visitor *silent = enter(world, &alice), *a = visit(world, &alice);
    advance(world, 1999);
    g_assert_cmpint(sstp_ep_state(sstp_relay_connection_ep(silent->connection)), ==,
                    SSTP_CONNECTION_TRANSPORT_CONNECTED);
    advance(world, 1);
    g_assert_cmpint(sstp_ep_state(sstp_relay_connection_ep(silent->connection)), ==,
                    SSTP_CONNECTION_CLOSED);
    g_assert_false(a->is_closed);
    world_free(world);
}

/* 3.1.2.1 */
static void test_ack_delay(void)
{
    struct world *world =
        world_new(&(struct sstp_relay_config){.auth = SSTP_RELAY_AUTH_OFF, .ack_delay_ms = 2000});
    struct visitor *a = visit(world, &alice);
    send_flagged(a, open_to(a, "grooveIdentity://bob", ""), "x", 0, 0);
    advance(world, 1999);
    g_assert_cmpuint(a->num_acknowledged, ==, 0);
    advance(world, 1);
    g_assert_cmpuint(a->num_acknowledged, ==, 1);
    world_free(world);
}

/* 3.1.5.1: who comes while the relay rests is told how long it does. */
static void test_return_time(void)
{
    struct world *world = world_new(&(struct sstp_relay_config){.auth = SSTP_RELAY_AUTH_OFF});
    struct visitor *a = visit(world, &alice);
    sstp_relay_close(world->relay, SSTP_CONNECT_CLOSE_RESTING, 77);
    exchange(world);
    g_assert_cmpint(a->close_reason_id, ==, SSTP_CONNECT_CLOSE_RESTING);
    const struct visitor *late = visit(world, &bob);
    g_assert_cmpint(late->response_id, ==, SSTP_CONNECT_RESPONSE_TRY_LATER);
    g_assert_cmpuint(late->wait_time, ==, 77);
    world_free(world);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/relay-options/appendix-a-idle", test_idle);
    g_test_add_func("/relay-options/appendix-a-connect-timeout", test_connect_timeout);
    g_test_add_func("/relay-options/3.1.2.1-ack-delay", test_ack_delay);
    g_test_add_func("/relay-options/3.1.5.1-return-time", test_return_time);
    return g_test_run();
}
