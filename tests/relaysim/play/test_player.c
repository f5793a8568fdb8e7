/* SPDX-License-Identifier: GPL-2.0-or-later */
/* player: what goes wrong is said with its place and the seed; and whoever is not there is gone. */
#include "playing.h"

static void test_fail(void)
{
    struct playing p;
    playing_begin(&p, PLAY);
    g_assert_false(player_fail(p.player, scenario_text_step(p.scenario, 2), "%s is %u", "M", 3u));
    g_assert_false(player_fail(p.player, NULL, "nothing is left"));
    char *failures = playing_failures(&p);
    char *expected = g_strdup_printf("%s:7: M is 3 (seed 7)\n%s: nothing is left (seed 7)",
                                     p.scenario->name, p.scenario->name);
    g_assert_cmpstr(failures, ==, expected);
    g_free(expected);
    g_free(failures);
    playing_end(&p);
}

static void test_await_gone(void)
{
    struct playing p;
    playing_begin(&p, PLAY);
    struct actor *actor = p.player->devices[0].actor;
    g_assert_true(player_await_gone(p.player, actor, 1000));
    /* The play is stopped. */
    actor->connection = (struct live_connection *)(void *)&p;
    g_assert_false(player_await_gone(p.player, actor, 1000));
    g_assert_false(player_turn(p.player, INT64_MAX));
    actor->connection = NULL;
    playing_end(&p);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/player/fail", test_fail);
    g_test_add_func("/player/await-gone", test_await_gone);
    return g_test_run();
}
