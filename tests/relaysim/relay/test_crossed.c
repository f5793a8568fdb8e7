/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NumberOfConcurrentDeviceConnections, and devices that hang (GRVSSTP 3.1.5.1). */
#include "world.h"

#define PROBE_MS 10000
#define CROSSED SSTP_CONNECT_CLOSE_CROSSED_CONNECTIONS

static struct world *make_world(size_t max, enum sstp_relay_auth auth)
{
    return world_new(&(struct sstp_relay_config){.auth = auth, .max_connections_per_device = max});
}

static bool is_closed_there(const struct visitor *visitor)
{
    return sstp_ep_state(sstp_relay_connection_ep(visitor->connection)) == SSTP_CONNECTION_CLOSED;
}

/* With a living one it is refused at once, by whatever is said. */
static void test_living(void)
{
    for (enum sstp_relay_auth auth = SSTP_RELAY_AUTH_OFF; auth <= SSTP_RELAY_AUTH_REQUIRED;
         auth++) {
        struct world *world = make_world(1, auth);
        struct visitor *first = visit(world, &bob);
        g_assert_true(first->is_ready);
        for (unsigned i = 0; i < 3; i++)
            g_assert_cmpint(visit(world, &bob)->close_reason_id, ==, CROSSED);
        pass(world, 10 * PROBE_MS);
        g_assert_false(first->is_closed);
        world_free(world);
    }
}

/* It lives with all the sessions that it may have. */
static void test_living_busily(void)
{
    struct world *world = world_new(&(struct sstp_relay_config){
        .auth = SSTP_RELAY_AUTH_OFF, .max_connections_per_device = 1, .limits.max_sessions = 1});
    struct visitor *first = visit(world, &bob);
    (void)open_to(first, "grooveIdentity://c", "");
    g_assert_cmpint(visit(world, &bob)->close_reason_id, ==, CROSSED);
    g_assert_false(first->is_closed);
    world_free(world);
}

/* One that has hung makes room; nothing is lost on the way, and it is told when it goes on. */
static void test_hung(void)
{
    for (enum sstp_relay_auth auth = SSTP_RELAY_AUTH_OFF; auth <= SSTP_RELAY_AUTH_REQUIRED; auth++)
        for (unsigned has_messages = 0; has_messages <= 1; has_messages++) {
            struct world *world = make_world(1, auth);
            struct who sender = bob;
            sender.device = "dpp:///sender";
            sender.identity = "grooveIdentity://sender";
            struct visitor *s = visit(world, &sender);
            struct visitor *first = visit(world, &bob);
            const uint32_t id = open_to(s, bob.identity, "");
            hang(first);
            if (has_messages != 0)
                send(s, id, "1");
            struct visitor *second = visit(world, &bob);
            g_assert_false(second->is_ready || second->is_closed);
            send(s, id, "2");
            pass(world, PROBE_MS + 1000);
            g_assert_true(second->is_ready);
            g_assert_true(is_closed_there(first));
            g_assert_cmpstr(second->received->str, ==, has_messages != 0 ? "1;2;" : "2;");
            go_on(first);
            g_assert_cmpint(first->close_reason_id, ==, SSTP_CONNECT_CLOSE_RESPONSE_TIMEOUT);
            /* It counts like any other. */
            g_assert_cmpint(visit(world, &bob)->close_reason_id, ==, CROSSED);
            pass(world, PROBE_MS);
            g_assert_cmpuint(sstp_relay_num_stored(world->relay), ==, 0);
            world_free(world);
        }
}

/* It goes on in time. */
static void test_late(void)
{
    struct world *world = make_world(1, SSTP_RELAY_AUTH_OFF);
    struct visitor *first = visit(world, &bob);
    hang(first);
    struct visitor *second = visit(world, &bob);
    pass(world, PROBE_MS / 2);
    g_assert_false(second->is_closed);
    go_on(first);
    g_assert_cmpint(second->close_reason_id, ==, CROSSED);
    pass(world, 2 * PROBE_MS);
    g_assert_false(first->is_closed);
    world_free(world);
}

/* What had come before the relay looked at its clock counts, though it is read after that. */
static void test_last_call(void)
{
    struct world *world = make_world(1, SSTP_RELAY_AUTH_OFF);
    struct visitor *first = visit(world, &bob);
    hang(first);
    struct visitor *second = visit(world, &bob);
    world->now_ms += 10 * PROBE_MS;
    sstp_relay_tick(world->relay, world->now_ms);
    go_on(first);
    g_assert_cmpint(second->close_reason_id, ==, CROSSED);
    g_assert_false(first->is_closed);
    world_free(world);
}

/* The older one goes, or who waits for it; or several wait. */
static void test_ends(void)
{
    struct world *world = make_world(1, SSTP_RELAY_AUTH_OFF);
    struct visitor *first = visit(world, &bob);
    hang(first);
    struct visitor *second = visit(world, &bob);
    cut_off(first);
    exchange(world);
    g_assert_true(second->is_ready);

    hang(second);
    struct visitor *third = visit(world, &bob);
    cut_off(third);
    pass(world, 2 * PROBE_MS);
    g_assert_false(is_closed_there(second)); /* nobody was there to need its place */

    third = visit(world, &bob);
    struct visitor *fourth = visit(world, &bob);
    pass(world, PROBE_MS + 1000);
    g_assert_true(third->is_ready);
    g_assert_cmpint(fourth->close_reason_id, ==, CROSSED);

    hang(third);
    struct visitor *fifth = visit(world, &bob);
    sstp_relay_close(world->relay, SSTP_CONNECT_CLOSE_RESTING, 60);
    exchange(world);
    pass(world, 2 * PROBE_MS);
    g_assert_false(fifth->is_ready);
    world_free(world);
}

/* Who waits goes before the others have had their time, and comes again: so often that it
 * would never have its turn, if that time began anew. */
static void test_impatient(void)
{
    struct world *world = make_world(1, SSTP_RELAY_AUTH_OFF);
    struct visitor *first = visit(world, &bob);
    hang(first);
    struct visitor *impatient = visit(world, &bob);
    pass(world, PROBE_MS * 2 / 3);
    cut_off(impatient);
    impatient = visit(world, &bob);
    pass(world, PROBE_MS * 2 / 3);
    g_assert_true(impatient->is_ready);
    g_assert_true(is_closed_there(first));
    world_free(world);
}

/* Of several, those that live stay. */
static void test_several(void)
{
    struct world *world = make_world(2, SSTP_RELAY_AUTH_OFF);
    struct visitor *first = visit(world, &bob);
    struct visitor *second = visit(world, &bob);
    hang(second);
    struct visitor *third = visit(world, &bob);
    g_assert_false(third->is_ready);
    pass(world, PROBE_MS + 1000);
    g_assert_true(third->is_ready);
    g_assert_false(is_closed_there(first));
    g_assert_true(is_closed_there(second));
    world_free(world);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/relay/crossed/living", test_living);
    g_test_add_func("/relay/crossed/living-busily", test_living_busily);
    g_test_add_func("/relay/crossed/hung", test_hung);
    g_test_add_func("/relay/crossed/late", test_late);
    g_test_add_func("/relay/crossed/last-call", test_last_call);
    g_test_add_func("/relay/crossed/ends", test_ends);
    g_test_add_func("/relay/crossed/impatient", test_impatient);
    g_test_add_func("/relay/crossed/several", test_several);
    return g_test_run();
}
