/* SPDX-License-Identifier: GPL-2.0-or-later */
/* judge: what is expected against what there is. */
#include "play/judge.h"

#include "play/fact.h"

/* WRONG: waiting would not help any more. */
enum outcome { HOLDS, NOT_YET, WRONG };

/* ------------------------------------------------------------------------
 * Connections
 */

static enum outcome judge_connected(struct player *player, const struct scenario_step *step)
{
    const struct actor *actor = player->devices[step->device].actor;
    if (actor->is_ready)
        return HOLDS;
    return actor->has_failed || actor->is_closed ? WRONG : NOT_YET;
}

/* The oldest fact of a kind has to be this one. */
static enum outcome claim(struct fact *fact, bool is_it)
{
    if (fact == NULL)
        return NOT_YET;
    fact->is_claimed = is_it;
    return is_it ? HOLDS : WRONG;
}

static enum outcome judge_refused(struct player *player, const struct scenario_step *step)
{
    struct fact *fact = facts_next(player, step->device, FACT_REFUSED);
    return claim(fact, fact != NULL && fact->id == step->id);
}

static enum outcome judge_disconnected(struct player *player, const struct scenario_step *step)
{
    struct fact *fact = facts_next(player, step->device, FACT_DISCONNECTED);
    return claim(fact, fact != NULL && fact->id == step->id &&
                           (!step->has_number || fact->number == step->number));
}

static enum outcome judge_cut(struct player *player, const struct scenario_step *step)
{
    return claim(facts_next(player, step->device, FACT_CUT), true);
}

static enum outcome judge_failed(struct player *player, const struct scenario_step *step)
{
    return claim(facts_next(player, step->device, FACT_FAILED), true);
}

/* ------------------------------------------------------------------------
 * Sessions
 */

/* The state it is in, or a later one that it has gone through since. */
static enum outcome judge_state(struct player *player, const struct scenario_step *step)
{
    struct session_play *session = &player->sessions[step->session];
    const GArray *states = session->states;
    for (guint i = session->state_at; i < states->len; i++) {
        const enum sstp_session_state state = g_array_index(states, enum sstp_session_state, i);
        if (state == (enum sstp_session_state)step->number) {
            session->state_at = i;
            return HOLDS;
        }
        if (state == SSTP_SESSION_CLOSED)
            return WRONG;
    }
    return NOT_YET;
}

/* The oldest fact of a kind about this session, at whichever end is told. */
static struct fact *next_of_session(const struct player *player, enum fact_kind kind,
                                    unsigned session)
{
    const struct scenario_session *declared = &player->scenario->sessions[session];
    const unsigned ends[] = {declared->originator, declared->receiver};
    for (size_t e = 0; e < G_N_ELEMENTS(ends); e++) {
        if (ends[e] == SCENARIO_NONE)
            continue;
        const GPtrArray *facts = player->devices[ends[e]].facts;
        for (guint i = 0; i < facts->len; i++) {
            struct fact *fact = g_ptr_array_index(facts, i);
            if (fact->kind == kind && !fact->is_claimed &&
                fact_is_of_session(player, ends[e], fact, session))
                return fact;
        }
    }
    return NULL;
}

static enum outcome judge_open_refused(struct player *player, const struct scenario_step *step)
{
    struct fact *fact = next_of_session(player, FACT_OPEN_REFUSED, step->session);
    return claim(fact, fact != NULL && fact->id == step->id);
}

static enum outcome judge_closed(struct player *player, const struct scenario_step *step)
{
    struct fact *fact = next_of_session(player, FACT_CLOSED, step->session);
    return claim(fact, fact != NULL && fact->id == step->id);
}

/* One SessionStatus with all of these destinations and no others. */
static enum outcome judge_lost(struct player *player, const struct scenario_step *step)
{
    struct fact *fact = next_of_session(player, FACT_LOST, step->session);
    if (fact == NULL)
        return NOT_YET;
    bool is_it = fact->id == step->id && fact->indexes->len == step->items->len;
    for (guint i = 0; i < step->items->len && is_it; i++) {
        bool is_there = false;
        for (guint f = 0; f < fact->indexes->len; f++)
            is_there = is_there || g_array_index(fact->indexes, uint16_t, f) ==
                                       g_array_index(step->items, unsigned, i);
        is_it = is_there;
    }
    return claim(fact, is_it);
}

/* The next session that somebody has opened to a device gets its name. */
static enum outcome judge_opened(struct player *player, const struct scenario_step *step)
{
    struct session_play *session = &player->sessions[step->session];
    struct fact *fact = facts_next(player, step->device, FACT_OPENED);
    if (fact == NULL)
        return NOT_YET;
    fact->is_claimed = true;
    session->is_known = true;
    session->id = fact->session_id;
    session->receiver_connection = fact->connection;
    return HOLDS;
}

/* ------------------------------------------------------------------------
 * Messages
 */

static bool contains(const GArray *items, unsigned message)
{
    for (guint i = 0; i < items->len; i++)
        if (g_array_index(items, unsigned, i) == message)
            return true;
    return false;
}

/* Whether the next facts of a kind are about these messages, in this order. */
static enum outcome judge_messages(struct player *player, const struct scenario_step *step,
                                   enum fact_kind kind)
{
    const GPtrArray *facts = player->devices[step->device].facts;
    guint num = 0;

    if (step->items->len == 0)
        return facts_next(player, step->device, kind) == NULL ? HOLDS : WRONG;
    for (guint i = 0; i < facts->len && num < step->items->len; i++) {
        const struct fact *fact = g_ptr_array_index(facts, i);
        if (fact->kind != kind || fact->is_claimed)
            continue;
        if (step->is_any_order ? !contains(step->items, fact->message)
                               : fact->message != g_array_index(step->items, unsigned, num))
            return WRONG;
        if (step->has_number &&
            (fact->id != step->id || fact->number != step->number || fact->place != num))
            return WRONG;
        num++;
    }
    if (num < step->items->len)
        return NOT_YET;
    for (; num > 0; num--)
        facts_next(player, step->device, kind)->is_claimed = true;
    return HOLDS;
}

static enum outcome judge_received(struct player *player, const struct scenario_step *step)
{
    return judge_messages(player, step, FACT_RECEIVED);
}

static enum outcome judge_acknowledged(struct player *player, const struct scenario_step *step)
{
    return judge_messages(player, step, FACT_ACKNOWLEDGED);
}

static enum outcome judge_unacknowledged(struct player *player, const struct scenario_step *step)
{
    return judge_messages(player, step, FACT_UNACKNOWLEDGED);
}

/* ------------------------------------------------------------------------
 * Relays
 */

static uint64_t counter_of(const struct player *player, const struct scenario_step *step)
{
    const struct station *station = &player->cast.stations[step->relay];
    struct sstp_relay *relay = station->relay != NULL ? live_relay_relay(station->relay) : NULL;
    if (relay == NULL)
        return UINT64_MAX;
    switch ((enum scenario_counter)step->id) {
    case SCENARIO_STORED:
        return sstp_relay_num_stored(relay);
    case SCENARIO_DELIVERED:
        return sstp_relay_counters(relay)->num_delivered;
    case SCENARIO_FORWARDED:
        return sstp_relay_counters(relay)->num_forwarded;
    case SCENARIO_DISCARDED:
        return sstp_relay_counters(relay)->num_discarded;
    }
    return UINT64_MAX;
}

static enum outcome judge_counter(struct player *player, const struct scenario_step *step)
{
    return counter_of(player, step) == step->number ? HOLDS : NOT_YET;
}

/* ------------------------------------------------------------------------
 * What there is instead
 */

static void append_session(const struct player *player, unsigned session, GString *text)
{
    static const char *const names[SSTP_SESSION_STATE_COUNT] = {
        [SSTP_SESSION_UNKNOWN] = "not known",   [SSTP_SESSION_OPENING] = "opening",
        [SSTP_SESSION_SUSPENDED] = "suspended", [SSTP_SESSION_READY] = "ready",
        [SSTP_SESSION_BLOCKED] = "blocked",     [SSTP_SESSION_CLOSED] = "closed"};
    const struct scenario_session *declared = &player->scenario->sessions[session];
    const GArray *states = player->sessions[session].states;
    if (declared->originator == SCENARIO_NONE)
        return;
    g_string_append_printf(
        text, "%s is %s; ", declared->name,
        names[states->len > 0 ? g_array_index(states, enum sstp_session_state, states->len - 1)
                              : SSTP_SESSION_OPENING]);
}

static char *describe(const struct player *player, const struct scenario_step *step)
{
    const struct scenario *scenario = player->scenario;
    GString *text = g_string_new(NULL);
    unsigned devices[2] = {step->device, SCENARIO_NONE};

    if (step->relay != SCENARIO_NONE) {
        const uint64_t counter = counter_of(player, step);
        if (counter == UINT64_MAX)
            g_string_printf(text, "%s is not there", scenario->relays[step->relay].name);
        else
            g_string_printf(text, "there are %" G_GUINT64_FORMAT, (guint64)counter);
        return g_string_free(text, FALSE);
    }
    if (step->session != SCENARIO_NONE && step->kind != SCENARIO_EXPECT_OPENED) {
        append_session(player, step->session, text);
        devices[0] = scenario->sessions[step->session].originator;
        devices[1] = scenario->sessions[step->session].receiver;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(devices); i++) {
        if (devices[i] == SCENARIO_NONE)
            continue;
        char *told = facts_describe(player, devices[i]);
        g_string_append_printf(text, "%s%s was told of %s",
                               i > 0 && devices[0] != SCENARIO_NONE ? "; " : "",
                               scenario->devices[devices[i]].name, told);
        g_free(told);
    }
    return g_string_free(text, FALSE);
}

/* ------------------------------------------------------------------------
 * The judgement
 */

static enum outcome (*const judges[])(struct player *, const struct scenario_step *) = {
    [SCENARIO_EXPECT_CONNECTED] = judge_connected,
    [SCENARIO_EXPECT_REFUSED] = judge_refused,
    [SCENARIO_EXPECT_DISCONNECTED] = judge_disconnected,
    [SCENARIO_EXPECT_CUT] = judge_cut,
    [SCENARIO_EXPECT_FAILED] = judge_failed,
    [SCENARIO_EXPECT_STATE] = judge_state,
    [SCENARIO_EXPECT_OPEN_REFUSED] = judge_open_refused,
    [SCENARIO_EXPECT_CLOSED] = judge_closed,
    [SCENARIO_EXPECT_LOST] = judge_lost,
    [SCENARIO_EXPECT_OPENED] = judge_opened,
    [SCENARIO_EXPECT_RECEIVED] = judge_received,
    [SCENARIO_EXPECT_ACKNOWLEDGED] = judge_acknowledged,
    [SCENARIO_EXPECT_UNACKNOWLEDGED] = judge_unacknowledged,
    [SCENARIO_EXPECT_COUNTER] = judge_counter,
};

bool judge(struct player *player, const struct scenario_step *step)
{
    const int64_t end_ms = net_now_ms(player->cast.net) + SCENARIO_PATIENCE_MS;
    enum outcome outcome;
    /* What was done before has to have gone out at least: "nothing" is not said of that. */
    do
        outcome = judges[step->kind](player, step);
    while (outcome == NOT_YET && player_turn(player, end_ms));
    if (outcome == HOLDS)
        return player->failures->len == 0;
    char *instead = describe(player, step);
    (void)player_fail(player, step, "\"%s\" %s: %s", step->text,
                      outcome == WRONG ? "does not hold" : "did not come about", instead);
    g_free(instead);
    return false;
}

/* Acknowledgements are of interest to who expects some. */
static bool cares_for_acknowledgements(const struct scenario *scenario, unsigned device)
{
    for (guint i = 0; i < scenario->steps->len; i++) {
        const struct scenario_step *step = &g_array_index(scenario->steps, struct scenario_step, i);
        if (step->kind == SCENARIO_EXPECT_ACKNOWLEDGED && step->device == device)
            return true;
    }
    return false;
}

bool judge_leftovers(struct player *player)
{
    const struct scenario *scenario = player->scenario;
    bool is_good = true;
    for (unsigned device = 0; device < scenario->num_devices; device++) {
        const GPtrArray *facts = player->devices[device].facts;
        const bool cares = cares_for_acknowledgements(scenario, device);
        for (guint i = 0; i < facts->len; i++) {
            const struct fact *fact = g_ptr_array_index(facts, i);
            if (fact->is_claimed || fact->kind == FACT_OPENED ||
                (fact->kind == FACT_ACKNOWLEDGED && !cares))
                continue;
            char *told = fact_describe(player, device, fact);
            is_good = player_fail(player, NULL, "%s was told of %s, which nothing expects",
                                  scenario->devices[device].name, told);
            g_free(told);
        }
    }
    return is_good;
}
