/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A message is acknowledged when all of its shares are safe, and its sender is held back while too
 * many are not (GRVSSTP 3.3.4.2.2). */
#include "relay/internal.h"

#include "world.h"

#define MIB ((size_t)1 << 20)

struct scene {
    struct world *world;
    struct sstp_relay_connection *connection;
};

static bool is_held;

static void on_hold(void *cookie, void *socket, bool held)
{
    (void)cookie;
    (void)socket;
    is_held = held;
}

static struct scene set_scene(void)
{
    is_held = false;
    struct world *world = world_new(&(struct sstp_relay_config){.hold = on_hold});
    return (struct scene){world, visit(world, &alice)->connection};
}

/* How many more have been settled since the last time. */
static uint64_t settled(struct scene *scene)
{
    const uint64_t num = g_queue_get_length(&scene->connection->receipts);
    relay_turn_begin(scene->world->relay);
    relay_turn_end(scene->world->relay);
    return num - g_queue_get_length(&scene->connection->receipts);
}

/* The last of those who hold it lets it go, at the end of the turn, whoever is the last. */
static void test_shares(void)
{
    struct scene scene = set_scene();
    struct relay_receipt *receipt = relay_receipt_new(scene.connection, 1, 100);
    struct relay_receipt *other = relay_receipt_new(scene.connection, 2, 100);
    g_assert_true(relay_receipt_relay(receipt) == scene.world->relay);
    relay_receipt_hold(receipt);
    relay_receipt_hold(receipt);
    relay_receipt_release(receipt);
    relay_receipt_release(receipt);
    g_assert_cmpuint(settled(&scene), ==, 0);
    relay_receipt_release(other);
    g_assert_cmpuint(scene.connection->receipts.length, ==, 2); /* the turn is not over */
    g_assert_cmpuint(settled(&scene), ==, 1);
    relay_receipt_release(receipt);
    g_assert_cmpuint(settled(&scene), ==, 1);
    g_assert_cmpuint(scene.connection->num_waiting_bytes, ==, 0);
    g_assert_cmpuint(scene.world->relay->num_waiting_bytes, ==, 0);
    world_free(scene.world);
}

/* Held back from 8 MiB on that wait, with what each costs, and read again below. */
static void test_hold(void)
{
    struct scene scene = set_scene();
    struct relay_receipt *first = relay_receipt_new(scene.connection, 1, 4 * MIB);
    g_assert_false(is_held);
    struct relay_receipt *second = relay_receipt_new(scene.connection, 2, 4 * MIB - 2 * 256 - 1);
    g_assert_false(is_held);
    struct relay_receipt *third = relay_receipt_new(scene.connection, 3, 0);
    g_assert_true(is_held);
    relay_receipt_release(third);
    g_assert_cmpuint(settled(&scene), ==, 1);
    g_assert_false(is_held);
    relay_receipt_release(first);
    relay_receipt_release(second);
    g_assert_cmpuint(settled(&scene), ==, 2);
    world_free(scene.world);
}

/* Of 64 MiB of all connections together those wait who have a share of it, and not who sends
 * little. */
static void test_hold_together(void)
{
    struct scene scene = set_scene();
    scene.world->relay->num_waiting_bytes += 64 * MIB; /* of others */
    struct relay_receipt *little = relay_receipt_new(scene.connection, 1, 1000);
    g_assert_false(is_held);
    struct relay_receipt *more = relay_receipt_new(scene.connection, 2, MIB / 4);
    g_assert_true(is_held);
    relay_receipt_release(little);
    relay_receipt_release(more);
    g_assert_cmpuint(settled(&scene), ==, 2);
    g_assert_false(is_held);
    scene.world->relay->num_waiting_bytes -= 64 * MIB;
    world_free(scene.world);
}

/* A share that is lost, and nobody can be told of: the connection ends, and nothing is
 * acknowledged.  Other shares of it go on. */
static void test_fail(void)
{
    struct scene scene = set_scene();
    struct visitor *visitor = &scene.world->visitors[0];
    struct relay_receipt *receipt = relay_receipt_new(scene.connection, 1, 100);
    const uint64_t before = sstp_relay_counters(scene.world->relay)->num_acknowledged;
    relay_receipt_hold(receipt);
    relay_turn_begin(scene.world->relay);
    relay_receipt_fail(receipt);
    relay_turn_end(scene.world->relay);
    exchange(scene.world);
    g_assert_true(visitor->is_closed);
    g_assert_cmpint(visitor->close_reason_id, ==, SSTP_CONNECT_CLOSE_INTERNAL_ERROR);
    relay_receipt_release(receipt); /* freed at the end of the next turn */
    relay_turn_begin(scene.world->relay);
    relay_turn_end(scene.world->relay);
    g_assert_cmpuint(sstp_relay_counters(scene.world->relay)->num_acknowledged, ==, before);
    world_free(scene.world);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/relay-receipt/shares", test_shares);
    g_test_add_func("/relay-receipt/hold", test_hold);
    g_test_add_func("/relay-receipt/hold-together", test_hold_together);
    g_test_add_func("/relay-receipt/fail", test_fail);
    return g_test_run();
}
