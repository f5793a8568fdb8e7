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

bool player_turn(struct player *player, int64_t end_ms)
{
    return cast_turn(&player->cast, end_ms);
}

bool player_await_gone(struct player *player, const struct actor *actor, int64_t patience_ms)
{
    const int64_t end_ms = net_now_ms(player->cast.net) + patience_ms;
    while (actor->connection != NULL && player_turn(player, end_ms)) {
    }
    return actor->connection == NULL;
}
