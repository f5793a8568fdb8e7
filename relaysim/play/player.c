/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "play/player.h"

bool player_fail(struct player *player, const struct scenario_step *step, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *sentence = g_strdup_vprintf(format, args);
    va_end(args);
    char *where = step != NULL ? g_strdup_printf("%s:%u", step->file, step->line)
                               : g_strdup(player->scenario->name);
    g_ptr_array_add(player->failures, g_strdup_printf("%s: %s (seed %" G_GUINT64_FORMAT ")", where,
                                                      sentence, (guint64)player->seed));
    g_free(where);
    g_free(sentence);
    return false;
}

/* A client that is neither established nor gone does not ask again (GRVHENC 3.5.7). */
static bool are_all_on_their_way(const struct player *player)
{
    bool is_good = true;
    for (size_t i = 0; i < player->cast.num_actors; i++) {
        const struct actor *actor = &player->cast.actors[i];
        if (actor->proxy != NULL && actor->client != NULL)
            is_good = is_good && actor->is_ready && !actor->is_closed;
    }
    return is_good;
}

/* And are there again at once. */
static void let_proxies_die(struct player *player)
{
    const struct recording *recording = player->cast.recording;
    player->proxies_die_at = 0;
    if (recording->truth != NULL)
        truth_fault(recording->truth, NULL, "proxy-dies", "the proxies die, and are there again",
                    recording_now_ns(recording));
    for (size_t i = 0; i < player->cast.num_proxies; i++)
        if (player->cast.proxies[i].server != NULL) {
            cast_proxy_end(&player->cast.proxies[i]);
            (void)cast_proxy_start(&player->cast.proxies[i]);
        }
}

bool player_turn(struct player *player, int64_t end_ms)
{
    const bool is_in_time = cast_turn(&player->cast, end_ms);
    const struct net_bytes bytes = net_bytes(player->cast.net);
    if (player->proxies_die_at != 0 && bytes.in + bytes.out >= player->proxies_die_at &&
        are_all_on_their_way(player))
        let_proxies_die(player);
    return is_in_time;
}

bool player_await_gone(struct player *player, const struct actor *actor, int64_t patience_ms)
{
    const int64_t end_ms = net_now_ms(player->cast.net) + patience_ms;
    while (actor->connection != NULL && player_turn(player, end_ms)) {
    }
    return actor->connection == NULL;
}
