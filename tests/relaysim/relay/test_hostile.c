/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that no honest client sends, to a relay that is in the middle of its work. */
#include "core/encode.h"
#include "world.h"

static void give(struct visitor *visitor, const struct sstp_command *command)
{
    uint8_t bytes[SSTP_COMMAND_LEN_MAX];
    const size_t len = sstp_command_encode(command, bytes, sizeof bytes);
    g_assert_cmpuint(len, >, 0);
    sstp_ep_receive(sstp_relay_connection_ep(visitor->connection), bytes, len);
}

/* 3.1.5.19: a count covers what was outstanding when it came.  The rest of one that is too
 * large is nothing, least of all an acknowledgement of what is sent next. */
static void test_count_too_large(void)
{
    struct world *world = world_new(
        &(struct sstp_relay_config){.auth = SSTP_RELAY_AUTH_OFF, .limits.max_unacknowledged = 2});
    struct who holder = bob;
    holder.holds = true;
    struct visitor *b = visit(world, &holder);
    struct visitor *a = visit(world, &alice);
    const uint32_t id = open_to(a, "grooveIdentity://bob", "");
    for (unsigned i = 0; i < 7; i++)
        send(a, id, "x");
    g_assert_cmpuint(sstp_relay_num_stored(world->relay), ==, 7);
    give(b, &(struct sstp_command){.id = SSTP_NOOP, .message_count = UINT32_MAX});
    g_assert_cmpuint(sstp_relay_num_stored(world->relay), ==, 5);
    world_free(world);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/relay-hostile/3.1.5.19-count-too-large", test_count_too_large);
    return g_test_run();
}
