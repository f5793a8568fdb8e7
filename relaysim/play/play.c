/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "play/play.h"

#include "carrier/polling.h"
#include "play/act.h"
#include "play/fact.h"
#include "play/judge.h"
#include "play/puppet.h"
#include "play/stage.h"

#define QUIET_MS 100 /* nothing is under way when nothing has moved for so long */

/* ------------------------------------------------------------------------
 * The end
 */

static uint64_t count_messages(struct live_relay *relay)
{
    const struct sstp_relay_counters *counters = sstp_relay_counters(live_relay_relay(relay));
    return counters->num_received + counters->num_delivered + counters->num_acknowledged +
           counters->num_forwarded + counters->num_discarded;
}

/* Something that does not change while nothing moves.  Polls go on without anything in them. */
static uint64_t count_moves(const struct player *player)
{
    const struct net_bytes bytes = net_bytes(player->cast.net);
    bool has_polls = false;
    uint64_t num = 0;
    for (size_t i = 0; i < player->cast.num_actors; i++) {
        const struct actor *actor = &player->cast.actors[i];
        if (actor->client == NULL)
            continue;
        const struct sstp_ep *ep = live_client_ep(actor->client);
        num += sstp_ep_num_heard(ep) + sstp_ep_num_taken(ep);
        has_polls = has_polls || actor->carrier == &carrier_polling;
    }
    for (size_t i = 0; i < player->cast.num_puppets; i++) {
        const struct puppet *puppet = &player->cast.puppets[i];
        if (puppet->live != NULL)
            num += live_puppet_num_said(puppet->live) + live_puppet_num_heard(puppet->live);
        has_polls = has_polls || (puppet_is_there(puppet) && puppet->is_polling);
    }
    for (size_t i = 0; i < player->cast.num_stations && has_polls; i++)
        if (player->cast.stations[i].relay != NULL)
            num += count_messages(player->cast.stations[i].relay);
    return has_polls ? num : bytes.in + bytes.out;
}

/* What is still to be acknowledged is, and what is under way arrives. */
static void await_quiet(struct player *player)
{
    const struct scenario *scenario = player->scenario;
    int64_t quiet_ms = CAST_ACK_DELAY_MS;
    for (unsigned i = 0; i < scenario->num_devices; i++)
        quiet_ms = MAX(quiet_ms, scenario->devices[i].ack_delay_ms);
    for (unsigned i = 0; i < scenario->num_relays; i++)
        quiet_ms = MAX(quiet_ms, scenario->relays[i].config.ack_delay_ms);
    quiet_ms += QUIET_MS;
    int64_t now_ms = net_now_ms(player->cast.net), moved_ms = now_ms;
    const int64_t end_ms = now_ms + SCENARIO_PATIENCE_MS + quiet_ms;
    uint64_t moves = count_moves(player);
    while (now_ms - moved_ms < quiet_ms && player_turn(player, MIN(end_ms, moved_ms + quiet_ms))) {
        const uint64_t now = count_moves(player);
        now_ms = net_now_ms(player->cast.net);
        if (now == moves)
            continue;
        moves = now;
        moved_ms = now_ms;
    }
}

/* Everybody who is still there leaves, one after the other: two that say ConnectClose at
 * the same time would not be an orderly end. */
static void say_goodbye(struct player *player)
{
    player->is_over = true;
    puppets_say_goodbye(player);
    for (unsigned i = 0; i < player->scenario->num_devices; i++) {
        struct actor *actor = player->devices[i].actor;
        if (actor == NULL || actor->connection == NULL)
            continue;
        if (sstp_ep_state(actor_ep(actor)) == SSTP_CONNECTION_TRANSPORT_CONNECTED) {
            live_connection_drop(actor->connection); /* before its Connect it may say nothing */
            continue;
        }
        sstp_ep_close_connection(actor_ep(actor), SSTP_CONNECT_CLOSE_NO_REASON, 0);
        actor_wake(actor);
        (void)player_await_gone(player, actor, SCENARIO_GOODBYE_MS);
        for (unsigned p = 0; p < player->scenario->num_devices; p++)
            if (player->devices[p].actor->is_closed)
                (void)player_await_gone(player, player->devices[p].actor, SCENARIO_GOODBYE_MS);
    }
    for (unsigned i = 0; i < player->scenario->num_speakers; i++)
        stage_hang_up(player, i);
    /* What they said last may be on its way from a proxy to a relay. */
    if (player->cast.num_proxies > 0)
        await_quiet(player);
    for (unsigned i = 0; i < player->scenario->num_relays; i++)
        if (player->cast.num_stations > i && player->cast.stations[i].relay != NULL)
            (void)stage_end_relay(player, NULL, i, true, SSTP_CONNECT_CLOSE_NO_REASON);
}

/* ------------------------------------------------------------------------
 * The play
 */

static void on_wrong(void *cookie, const char *why)
{
    (void)player_fail(cookie, NULL, "%s", why);
}

/* A record of what happened begins with what was meant to go wrong. */
static void record_plan(const struct recording *recording, const struct fault_plan *plan,
                        uint64_t seed)
{
    char *faults = fault_plan_text(plan);
    char *text = g_strdup_printf("%s; seed %" G_GUINT64_FORMAT, faults, (guint64)seed);
    truth_fault(recording->truth, NULL, "plan", text, recording_now_ns(recording));
    g_free(faults);
    g_free(text);
}

static void play(struct player *player)
{
    const GArray *steps = player->scenario->steps;
    bool is_good = stage_set(player);
    player->begun_ms = net_now_ms(player->cast.net);
    for (guint i = 0; i < steps->len && is_good; i++)
        is_good = act(player, &g_array_index(steps, struct scenario_step, i)) &&
                  player->failures->len == 0;
    if (is_good && puppets_await_quiet(player)) {
        await_quiet(player);
        (void)judge_leftovers(player);
    }
    if (!cast_is_stopped(&player->cast))
        say_goodbye(player);
}

GPtrArray *scenario_play(const struct scenario *scenario, const struct recording *recording,
                         const struct fault_plan *more, struct play_way way, uint64_t seed,
                         const struct cast_stop *stop, struct cast_world world)
{
    struct player *player = g_new0(struct player, 1);
    struct fault_plan plan = scenario->faults;

    fault_plan_merge(&plan, more);
    for (unsigned i = 0; i < scenario->num_devices; i++)
        plan.drops = plan.drops || scenario->devices[i].drop_within != 0;
    struct faults *faults = faults_new(&plan, seed);
    GPtrArray *failures = g_ptr_array_new_with_free_func(g_free);
    player->scenario = scenario;
    if (plan.proxies_die_within != 0)
        player->proxies_die_at = faults_number(faults, plan.proxies_die_within);
    player->seed = seed;
    player->way = way;
    player->failures = failures;
    player->cast.stop = stop;
    player->cast.wrong = on_wrong;
    player->cast.told = facts_told;
    player->cast.failed = facts_failed;
    player->cast.cookie = player;
    facts_init(player);
    capture_set_wear(recording->capture, &plan.capture, seed);
    if (recording->truth != NULL && (faults != NULL || !wear_plan_is_empty(&plan.capture)))
        record_plan(recording, &plan, seed);
    if (cast_init(&player->cast, recording, faults, seed, world))
        play(player);
    else
        (void)player_fail(player, NULL, "the event loop cannot be started");
    player->is_over = true;
    cast_clear(&player->cast);
    capture_set_wear(recording->capture, NULL, seed);
    faults_free(faults);
    facts_clear(player);
    stage_clear(player);
    g_free(player);
    if (failures->len > 0)
        return failures;
    g_ptr_array_free(failures, TRUE);
    return NULL;
}
