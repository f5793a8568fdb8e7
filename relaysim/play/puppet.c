/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "play/puppet.h"

#include "carrier/polling.h"
#include "play/stage.h"

static struct puppet *puppet_at(struct player *player, unsigned i)
{
    return &player->cast.puppets[i];
}

/* Whether it has heard all that was said to it on a connection that is there, or comes to be with
 * that: over Polling. */
static bool has_heard_all(const struct puppet *puppet)
{
    const struct puppet *peer = puppet->peer;
    const uint64_t num_said =
        peer != NULL && peer->live != NULL ? live_puppet_num_said(peer->live) : 0;
    if (!puppet_is_there(puppet))
        return puppet->has_been_there || num_said == 0;
    return live_puppet_num_heard(puppet->live) >= num_said;
}

static bool call(struct player *player, const struct scenario_step *step)
{
    struct puppet *puppet = puppet_at(player, step->puppet), *peer = puppet_at(player, step->peer);
    const int64_t end_ms = net_now_ms(player->cast.net) + SCENARIO_PATIENCE_MS;
    struct puppet *const both[] = {puppet, peer};

    for (size_t i = 0; i < G_N_ELEMENTS(both); i++)
        if (puppet_is_there(both[i]))
            return player_fail(player, step, "%s is connected already", both[i]->name);
    const struct stage_way way = stage_way(player, step);
    if (!puppet_listen(peer) || !puppet_call(puppet, peer, way.carrier, way.proxy))
        return false;
    puppet->peer = peer;
    peer->peer = puppet;
    /* Over Polling a server knows nothing of who has not spoken. */
    const bool is_alone = way.carrier == &carrier_polling;
    while (!(puppet->has_been_there && (peer->has_been_there || is_alone)) &&
           puppet->failure == NULL && player_turn(player, end_ms)) {
    }
    player->begun_ms = net_now_ms(player->cast.net);
    return (puppet_is_there(puppet) && (puppet_is_there(peer) || is_alone)) ||
           player_fail(player, step, "%s gets no connection to %s: %s", puppet->name, peer->name,
                       puppet->failure != NULL ? puppet->failure : "nothing comes of it");
}

/* What was said to it comes first, so that the capture has it in the order of the story. */
static bool await_hearing(struct player *player, const struct scenario_step *step,
                          const struct puppet *puppet)
{
    const int64_t end_ms = net_now_ms(player->cast.net) + SCENARIO_PATIENCE_MS;
    while (!has_heard_all(puppet) && player_turn(player, end_ms)) {
    }
    return has_heard_all(puppet) ||
           player_fail(player, step, "%s does not hear all that %s has said", puppet->name,
                       puppet->peer->name);
}

static bool say(struct player *player, const struct scenario_step *step, struct puppet *puppet)
{
    if (!await_hearing(player, step, puppet))
        return false;
    if (!puppet_is_there(puppet) && puppet->peer != NULL && !puppet->has_been_there)
        return player_fail(player, step, "over Polling %s cannot speak before %s", puppet->name,
                           puppet->peer->name);
    return live_puppet_say(puppet->live, sstp_span(step->bytes->data, step->bytes->len)) ||
           player_fail(player, step, "%s is not connected any more", puppet->name);
}

/* Lets both be gone, or one of them. */
static void await_gone(struct player *player, const struct puppet *puppet,
                       const struct puppet *other)
{
    const int64_t end_ms = net_now_ms(player->cast.net) + SCENARIO_PATIENCE_MS;
    while ((puppet_is_there(puppet) || puppet_is_there(other)) && player_turn(player, end_ms)) {
    }
}

/* Over Polling nobody tells a server that a client will not come again, but SSTP itself. */
static void end_polling(struct player *player, struct puppet *client)
{
    live_puppet_hang_up(client->live);
    await_gone(player, client, client);
    if (puppet_is_there(client->peer))
        live_puppet_reset(client->peer->live);
}

/* After all has arrived, both ways. */
static bool hang_up(struct player *player, const struct scenario_step *step, struct puppet *puppet)
{
    struct puppet *peer = puppet->peer;
    if (!await_hearing(player, step, puppet) || !await_hearing(player, step, peer))
        return false;
    if (puppet->is_polling || peer->is_polling)
        end_polling(player, puppet->is_polling ? puppet : peer);
    else if (step != NULL && step->kind == SCENARIO_BREAK_OFF)
        live_puppet_reset(puppet->live);
    else
        live_puppet_hang_up(puppet->live);
    await_gone(player, puppet, peer);
    return (!puppet_is_there(puppet) && !puppet_is_there(peer)) ||
           player_fail(player, step, "the connection of %s does not come to its end", puppet->name);
}

bool puppet_act(struct player *player, const struct scenario_step *step)
{
    struct puppet *puppet = puppet_at(player, step->puppet);

    if (step->kind == SCENARIO_CALL)
        return call(player, step);
    if (puppet->peer == NULL || (puppet->has_been_there && !puppet_is_there(puppet)))
        return player_fail(player, step, "%s is not connected", puppet->name);
    return step->kind == SCENARIO_SAY ? say(player, step, puppet) : hang_up(player, step, puppet);
}

bool puppets_await_quiet(struct player *player)
{
    bool is_good = true;
    for (size_t i = 0; i < player->cast.num_puppets && is_good; i++)
        is_good = await_hearing(player, NULL, puppet_at(player, (unsigned)i));
    return is_good;
}

void puppets_say_goodbye(struct player *player)
{
    for (size_t i = 0; i < player->cast.num_puppets; i++)
        if (puppet_is_there(puppet_at(player, (unsigned)i)))
            (void)hang_up(player, NULL, puppet_at(player, (unsigned)i));
}
