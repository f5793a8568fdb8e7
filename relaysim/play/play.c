/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "play/play.h"

#include "play/player.h"
#include "base/product.h"
#include "store/store.h"

#include <glib/gstdio.h>
#include <time.h>

#define QUIET_MS 100    /* nothing is under way when nothing has moved for so long */
#define GOODBYE_MS 3000 /* for everybody to be gone */

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
    const int64_t left = end_ms - net_now_ms(player->cast.net);
    if (left <= 0)
        return false;
    net_run_once(player->cast.net, left);
    return true;
}

static void on_wrong(void *cookie, const char *why)
{
    (void)player_fail(cookie, NULL, "%s", why);
}

/* ------------------------------------------------------------------------
 * The cast
 */

static void make_actor(struct player *player, unsigned i)
{
    const struct scenario_device *device = &player->scenario->devices[i];
    struct actor *actor = cast_actor(&player->cast, device->name);
    g_free(actor->device_url);
    g_free(actor->identity_url);
    g_free(actor->account_url);
    actor->device_url = g_strdup(device->device_url);
    actor->identity_url = g_strdup(device->identity_url);
    actor->account_url = g_strdup(device->account_url);
    if (device->product_version != NULL)
        actor->product_version = device->product_version;
    else if (device->minor_version == 5)
        actor->product_version = PRODUCT_CLIENT_2007;
    actor->major_version = device->major_version;
    actor->minor_version = device->minor_version;
    actor->secret = device->secret;
    actor->holds = device->holds;
    actor->availability = device->availability;
    if (device->ack_delay_ms != 0)
        actor->ack_delay_ms = device->ack_delay_ms;
    actor->connect_timeout_ms = device->connect_timeout_ms;
    actor->open_timeout_ms = device->open_timeout_ms;
    actor->outbound_idle_ms = device->outbound_idle_ms;
    actor->inbound_idle_ms = device->inbound_idle_ms;
    player->devices[i].actor = actor;
}

/* The store of a relay that has one in a file; NULL with a failure. */
static struct sstp_store *open_store(struct player *player, const struct scenario_step *step,
                                     unsigned i)
{
    char *error = NULL;
    struct timespec wall;
    if (player->folder == NULL)
        player->folder = g_dir_make_tmp("relaysim-XXXXXX", NULL);
    if (player->folder == NULL) {
        (void)player_fail(player, step, "there is no place for a temporary folder");
        return NULL;
    }
    clock_gettime(CLOCK_REALTIME, &wall);
    char *path = g_strdup_printf("%s/relay%u.db", player->folder, i);
    struct sstp_store *store =
        sstp_store_open(path, NULL, net_now_ms(player->cast.net),
                        (int64_t)wall.tv_sec * 1000 + wall.tv_nsec / 1000000, &error);
    g_free(path);
    if (store == NULL)
        (void)player_fail(player, step, "%s", error);
    g_free(error);
    return store;
}

static bool start_relay(struct player *player, const struct scenario_step *step, unsigned i)
{
    const struct scenario_relay *relay = &player->scenario->relays[i];
    struct station *station = &player->cast.stations[i];
    struct sstp_relay_config config = relay->config;

    if (station->relay != NULL)
        return player_fail(player, step, "%s is there already", relay->name);
    config.urls = (const char *const *)relay->urls->pdata;
    config.num_urls = relay->urls->len;
    config.locked_out = (const char *const *)relay->locked_out->pdata;
    config.num_locked_out = relay->locked_out->len;
    if (relay->is_durable && (config.store = open_store(player, step, i)) == NULL)
        return false;
    if (station_start(&player->cast, station, &config))
        return true;
    sstp_store_free(config.store);
    return false;
}

static bool set_stage(struct player *player)
{
    const struct scenario *scenario = player->scenario;
    for (unsigned i = 0; i < scenario->num_relays; i++)
        (void)cast_station(&player->cast, g_ptr_array_index(scenario->relays[i].urls, 0));
    for (unsigned i = 0; i < scenario->num_relays; i++)
        for (unsigned peer = 0; peer < scenario->relays[i].num_peers; peer++)
            station_add_peer(&player->cast, &player->cast.stations[i],
                             scenario->relays[i].peers[peer]);
    for (unsigned i = 0; i < scenario->num_relays; i++)
        if (!scenario->relays[i].is_stopped && !start_relay(player, NULL, i))
            return false;
    for (unsigned i = 0; i < scenario->num_devices; i++)
        make_actor(player, i);
    return player->failures->len == 0;
}

/* ------------------------------------------------------------------------
 * Steps
 */

static const char *error_text(enum sstp_ep_err err)
{
    switch (err) {
    case SSTP_EP_OK:
        break;
    case SSTP_EP_NO_MEMORY:
        return "there is no memory";
    case SSTP_EP_WRONG_STATE:
        return "the connection or session is in no state that allows it";
    case SSTP_EP_NO_SESSION:
        return "the session is not open";
    case SSTP_EP_FULL:
        return "too much is waiting already";
    case SSTP_EP_TOO_LONG:
        return "it is too long";
    }
    return "it is done";
}

/* The endpoint that does the step; NULL with a failure. */
static struct sstp_ep *ep_of(struct player *player, const struct scenario_step *step)
{
    struct actor *actor = player->devices[step->device].actor;
    if (actor->connection != NULL)
        return actor_ep(actor);
    (void)player_fail(player, step, "%s is not connected", actor->name);
    return NULL;
}

/* What an endpoint did, or would not do. */
static bool done(struct player *player, const struct scenario_step *step, enum sstp_ep_err err)
{
    if (err != SSTP_EP_OK)
        return player_fail(player, step, "\"%s\" cannot be done: %s", step->text, error_text(err));
    actor_wake(player->devices[step->device].actor);
    return true;
}

/* Waits until a device has no connection. */
static bool await_gone(struct player *player, const struct actor *actor, int64_t patience_ms)
{
    const int64_t end_ms = net_now_ms(player->cast.net) + patience_ms;
    while (actor->connection != NULL && player_turn(player, end_ms)) {
    }
    return actor->connection == NULL;
}

static bool connect_device(struct player *player, const struct scenario_step *step)
{
    struct device_play *device = &player->devices[step->device];
    struct actor *actor = device->actor;
    const struct scenario_device *declared = &player->scenario->devices[step->device];

    /* One that has said goodbye, or was told, goes first. */
    if (actor->connection != NULL &&
        (!actor->is_closed || !await_gone(player, actor, SCENARIO_PATIENCE_MS)))
        return player_fail(player, step, "%s is connected already", actor->name);
    actor->says_nothing = step->kind == SCENARIO_DIAL;
    if (step->relay != SCENARIO_NONE) {
        const struct station *station = &player->cast.stations[step->relay];
        const bool attaches = declared->attaches && step->relay == declared->relay;
        if (station->address == NULL)
            return player_fail(player, step, "%s has never been there",
                               player->scenario->relays[step->relay].name);
        return actor_dial(actor, station, step->url != NULL ? step->url : station->url, attaches);
    }
    struct actor *peer = player->devices[step->peer].actor;
    if (peer->connection != NULL &&
        (!peer->is_closed || !await_gone(player, peer, SCENARIO_PATIENCE_MS)))
        return player_fail(player, step, "%s is connected already", peer->name);
    peer->is_ready = peer->is_closed = false;
    actor_stop_listening(peer);
    return actor_listen(peer) &&
           actor_dial_peer(actor, peer, step->url != NULL ? step->url : peer->device_url);
}

static void fill_entries(const struct player *player, const struct scenario_session *session,
                         GArray *entries)
{
    for (guint i = 0; i < session->destinations->len; i++) {
        const struct scenario_destination *to =
            &g_array_index(session->destinations, struct scenario_destination, i);
        const struct scenario_device *device = &player->scenario->devices[to->device];
        const struct sstp_fanout_entry entry = {
            .identity_url = sstp_span_of_string(device->identity_url),
            .device_url = sstp_span_of_string(to->is_identity ? "" : device->device_url),
            .relay_url = sstp_span_of_string(to->relay_url)};
        g_array_append_val(entries, entry);
    }
}

static bool open_session(struct player *player, const struct scenario_step *step)
{
    const struct scenario_session *declared = &player->scenario->sessions[step->session];
    struct session_play *session = &player->sessions[step->session];
    struct sstp_ep *ep = ep_of(player, step);
    GArray *entries = g_array_new(FALSE, FALSE, sizeof(struct sstp_fanout_entry));
    enum sstp_ep_err err = SSTP_EP_WRONG_STATE;

    fill_entries(player, declared, entries);
    const struct sstp_fanout_entry *first = (const void *)entries->data;
    if (ep != NULL && declared->is_fanout)
        err = sstp_ep_fanout_open(ep, sstp_span_of_string(step->url), first, entries->len,
                                  &session->id);
    else if (ep != NULL)
        err = sstp_ep_open(ep, sstp_span_of_string(step->url), first->identity_url,
                           first->device_url, &session->id);
    g_array_free(entries, TRUE);
    session->is_known = err == SSTP_EP_OK;
    session->originator_connection = player->devices[step->device].connection;
    if (declared->receiver != SCENARIO_NONE)
        session->receiver_connection = player->devices[declared->receiver].connection;
    return ep != NULL && done(player, step, err);
}

static bool send_message(struct player *player, const struct scenario_step *step)
{
    const struct scenario_message *message = &player->scenario->messages[step->message];
    const uint32_t id = player->sessions[step->session].id;
    void *tag = GUINT_TO_POINTER(step->message + 1);
    struct sstp_ep *ep = ep_of(player, step);
    const struct sstp_span data = message->fields.data;
    enum sstp_ep_err err = SSTP_EP_OK;

    if (ep == NULL)
        return false;
    if (step->kind == SCENARIO_SEND)
        return done(player, step, sstp_ep_send_message(ep, id, &message->fields, tag));
    if (step->kind == SCENARIO_BEGIN)
        return done(player, step, sstp_ep_message_begin(ep, id, &message->fields));
    if (step->number > 0 || (step->kind == SCENARIO_END && data.len == 0))
        err =
            sstp_ep_message_data(ep, id, sstp_span(data.data + step->offset, (size_t)step->number));
    if (err == SSTP_EP_OK && step->kind == SCENARIO_END)
        err = sstp_ep_message_end(ep, id, tag);
    return done(player, step, err);
}

static bool complete_messages(struct player *player, const struct scenario_step *step)
{
    const GPtrArray *facts = player->devices[step->device].facts;
    for (guint i = 0; i < step->items->len; i++) {
        const unsigned message = g_array_index(step->items, unsigned, i);
        const struct fact *found = NULL;
        for (guint f = 0; f < facts->len; f++) {
            const struct fact *fact = g_ptr_array_index(facts, f);
            if (fact->kind == FACT_RECEIVED && fact->message == message)
                found = fact;
        }
        if (found == NULL)
            return player_fail(player, step, "%s has not received %s",
                               player->scenario->devices[step->device].name,
                               player->scenario->messages[message].name);
        struct sstp_ep *ep = ep_of(player, step);
        if (ep == NULL || !done(player, step, sstp_ep_complete(ep, found->number)))
            return false;
    }
    return true;
}

/* Of one session, or of all that are opened to the device, now and later. */
static bool set_availability(struct player *player, const struct scenario_step *step)
{
    struct device_play *device = &player->devices[step->device];
    const enum sstp_availability availability = (enum sstp_availability)step->number;

    if (step->session != SCENARIO_NONE) {
        struct sstp_ep *ep = ep_of(player, step);
        return ep != NULL && done(player, step,
                                  sstp_ep_set_availability(ep, player->sessions[step->session].id,
                                                           availability, step->id));
    }
    device->actor->availability = availability;
    for (guint i = 0; i < device->facts->len && device->actor->connection != NULL; i++) {
        const struct fact *fact = g_ptr_array_index(device->facts, i);
        if (fact->kind == FACT_OPENED && fact->connection == device->connection)
            (void)sstp_ep_set_availability(actor_ep(device->actor), fact->session_id, availability,
                                           step->id);
    }
    actor_wake(device->actor);
    return true;
}

static bool leave(struct player *player, const struct scenario_step *step)
{
    struct actor *actor = player->devices[step->device].actor;
    struct sstp_ep *ep = ep_of(player, step);
    if (ep == NULL)
        return false;
    sstp_ep_close_connection(ep, step->id, 0);
    actor_wake(actor);
    return await_gone(player, actor, SCENARIO_PATIENCE_MS) ||
           player_fail(player, step, "the connection of %s does not come to its end", actor->name);
}

/* A relay that says goodbye is there until everybody has gone. */
static bool end_relay(struct player *player, const struct scenario_step *step, unsigned i,
                      bool says_goodbye, uint8_t reason_id)
{
    struct station *station = &player->cast.stations[i];
    const int64_t end_ms = net_now_ms(player->cast.net) + GOODBYE_MS;
    if (station->relay == NULL)
        return player_fail(player, step, "%s is not there", player->scenario->relays[i].name);
    if (says_goodbye)
        relay_net_close(station->relay, reason_id, 0, true);
    while (says_goodbye && relay_net_num_open(station->relay) > 0 && player_turn(player, end_ms)) {
    }
    station_end(&player->cast, station);
    return true;
}

static bool rest(struct player *player, const struct scenario_step *step)
{
    const struct station *station = &player->cast.stations[step->relay];
    if (station->relay == NULL)
        return player_fail(player, step, "%s is not there",
                           player->scenario->relays[step->relay].name);
    relay_net_close(station->relay, SSTP_CONNECT_CLOSE_RESTING, (uint32_t)step->number, false);
    return true;
}

static bool play_step(struct player *player, const struct scenario_step *step)
{
    struct actor *actor =
        step->device != SCENARIO_NONE ? player->devices[step->device].actor : NULL;
    struct sstp_ep *ep;

    switch (step->kind) {
    case SCENARIO_CONNECT:
    case SCENARIO_DIAL:
        return connect_device(player, step);
    case SCENARIO_OPEN:
    case SCENARIO_FANOUT_OPEN:
        return open_session(player, step);
    case SCENARIO_SEND:
    case SCENARIO_BEGIN:
    case SCENARIO_CONTINUE:
    case SCENARIO_END:
        return send_message(player, step);
    case SCENARIO_COMPLETE:
        return complete_messages(player, step);
    case SCENARIO_AVAILABILITY:
        return set_availability(player, step);
    case SCENARIO_CLOSE:
        ep = ep_of(player, step);
        return ep != NULL &&
               done(player, step,
                    sstp_ep_close_session(ep, player->sessions[step->session].id, step->id));
    case SCENARIO_LEAVE:
        return leave(player, step);
    case SCENARIO_CUT:
        if (ep_of(player, step) == NULL)
            return false;
        player->devices[step->device].is_leaving = true;
        live_connection_reset(actor->connection);
        return true;
    case SCENARIO_NOOP:
        ep = ep_of(player, step);
        return ep != NULL && done(player, step, sstp_ep_noop(ep));
    case SCENARIO_BYTES:
        if (ep_of(player, step) == NULL)
            return false;
        net_send_raw(live_connection_socket(actor->connection),
                     sstp_span(step->bytes->data, step->bytes->len));
        return true;
    case SCENARIO_REST:
        return rest(player, step);
    case SCENARIO_STOP:
        return end_relay(player, step, step->relay, true, step->id);
    case SCENARIO_DIE:
        return end_relay(player, step, step->relay, false, 0);
    case SCENARIO_START:
        return start_relay(player, step, step->relay);
    case SCENARIO_WAIT: {
        const int64_t end_ms = net_now_ms(player->cast.net) + (int64_t)step->number;
        while (player_turn(player, end_ms)) {
        }
        return true;
    }
    case SCENARIO_EXPECT_CONNECTED:
    case SCENARIO_EXPECT_REFUSED:
    case SCENARIO_EXPECT_DISCONNECTED:
    case SCENARIO_EXPECT_CUT:
    case SCENARIO_EXPECT_FAILED:
    case SCENARIO_EXPECT_STATE:
    case SCENARIO_EXPECT_OPEN_REFUSED:
    case SCENARIO_EXPECT_CLOSED:
    case SCENARIO_EXPECT_LOST:
    case SCENARIO_EXPECT_OPENED:
    case SCENARIO_EXPECT_RECEIVED:
    case SCENARIO_EXPECT_ACKNOWLEDGED:
    case SCENARIO_EXPECT_UNACKNOWLEDGED:
    case SCENARIO_EXPECT_COUNTER:
        return judge(player, step);
    }
    return false;
}

/* ------------------------------------------------------------------------
 * The end
 */

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
    struct net_bytes bytes = net_bytes(player->cast.net);
    while (now_ms - moved_ms < quiet_ms && player_turn(player, MIN(end_ms, moved_ms + quiet_ms))) {
        const struct net_bytes now = net_bytes(player->cast.net);
        now_ms = net_now_ms(player->cast.net);
        if (now.in == bytes.in && now.out == bytes.out)
            continue;
        bytes = now;
        moved_ms = now_ms;
    }
}

/* Everybody who is still there leaves, one after the other: two that say ConnectClose at
 * the same time would not be an orderly end. */
static void say_goodbye(struct player *player)
{
    player->is_over = true;
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
        (void)await_gone(player, actor, GOODBYE_MS);
        for (unsigned p = 0; p < player->scenario->num_devices; p++)
            if (player->devices[p].actor->is_closed)
                (void)await_gone(player, player->devices[p].actor, GOODBYE_MS);
    }
    for (unsigned i = 0; i < player->scenario->num_relays; i++)
        if (player->cast.num_stations > i && player->cast.stations[i].relay != NULL)
            (void)end_relay(player, NULL, i, true, SSTP_CONNECT_CLOSE_NO_REASON);
}

static void remove_folder(const char *folder)
{
    GDir *dir = g_dir_open(folder, 0, NULL);
    const char *name;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        char *path = g_build_filename(folder, name, NULL);
        (void)g_unlink(path);
        g_free(path);
    }
    if (dir != NULL)
        g_dir_close(dir);
    (void)g_rmdir(folder);
}

/* ------------------------------------------------------------------------
 * The play
 */

static void add_plan(struct fault_plan *plan, const struct fault_plan *more)
{
    plan->splits = plan->splits || more->splits;
    if (more->delay_ms != 0)
        plan->delay_ms = more->delay_ms;
    if (more->lose_one_of != 0)
        plan->lose_one_of = more->lose_one_of;
    if (more->duplicate_one_of != 0)
        plan->duplicate_one_of = more->duplicate_one_of;
    if (more->reorder_one_of != 0)
        plan->reorder_one_of = more->reorder_one_of;
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
    bool is_good = set_stage(player);
    for (guint i = 0; i < steps->len && is_good; i++)
        is_good = play_step(player, &g_array_index(steps, struct scenario_step, i)) &&
                  player->failures->len == 0;
    if (is_good) {
        await_quiet(player);
        (void)judge_leftovers(player);
    }
    say_goodbye(player);
}

GPtrArray *scenario_play(const struct scenario *scenario, const struct recording *recording,
                         const struct fault_plan *more, uint64_t seed)
{
    struct player *player = g_new0(struct player, 1);
    struct fault_plan plan = scenario->faults;

    add_plan(&plan, more);
    for (unsigned i = 0; i < scenario->num_devices; i++)
        plan.drops = plan.drops || scenario->devices[i].drop_within != 0;
    struct faults *faults = faults_new(&plan, seed);
    GPtrArray *failures = g_ptr_array_new_with_free_func(g_free);
    player->scenario = scenario;
    player->seed = seed;
    player->failures = failures;
    player->cast.wrong = on_wrong;
    player->cast.told = facts_told;
    player->cast.failed = facts_failed;
    player->cast.cookie = player;
    facts_init(player);
    capture_set_faults(recording->capture, faults);
    if (recording->truth != NULL && faults != NULL)
        record_plan(recording, &plan, seed);
    if (cast_init(&player->cast, recording, faults, seed))
        play(player);
    else
        (void)player_fail(player, NULL, "the event loop cannot be started");
    player->is_over = true;
    cast_clear(&player->cast);
    capture_set_faults(recording->capture, NULL);
    faults_free(faults);
    facts_clear(player);
    if (player->folder != NULL)
        remove_folder(player->folder);
    g_free(player->folder);
    g_free(player);
    if (failures->len > 0)
        return failures;
    g_ptr_array_free(failures, TRUE);
    return NULL;
}
