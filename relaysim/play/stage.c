/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "play/stage.h"

#include "base/product.h"
#include "carrier/ways.h"
#include "store/store.h"

#include <glib/gstdio.h>

#define FIRST_SPEAKER_HOST 60u

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
    if (player->folder == NULL)
        player->folder = g_dir_make_tmp("relaysim-XXXXXX", NULL);
    if (player->folder == NULL) {
        (void)player_fail(player, step, "there is no place for a temporary folder");
        return NULL;
    }
    char *path = g_strdup_printf("%s/relay%u.db", player->folder, i);
    struct sstp_store *store = sstp_store_open(path, NULL, net_now_ms(player->cast.net),
                                               net_wall_ms(player->cast.net), &error);
    g_free(path);
    if (store == NULL)
        (void)player_fail(player, step, "%s", error);
    g_free(error);
    return store;
}

struct stage_way stage_way(const struct player *player, const struct scenario_step *step)
{
    const bool is_any = step->carrier == SCENARIO_CARRIER_ANY;
    enum scenario_carrier carrier = is_any ? player->way.via : step->carrier;
    struct stage_way way = {.proxy = is_any ? player->own_proxy : NULL};
    if (step->proxy != SCENARIO_NONE)
        way.proxy = &player->cast.proxies[step->proxy];
    if (step->proxy != SCENARIO_NONE && carrier == SCENARIO_CARRIER_TCP)
        carrier = SCENARIO_CARRIER_CONNECT; /* as GRVHENC has it, note <11> */
    way.carrier = carrier_way_over(scenario_carrier_names[carrier])->ops;
    return way;
}

/* Those of the scenario, and the player's own. */
static bool make_proxies(struct player *player)
{
    const struct scenario *scenario = player->scenario;
    const struct play_way way = player->way;
    bool is_good = true;
    for (unsigned i = 0; i < scenario->num_proxies && is_good; i++) {
        struct cast_proxy *proxy = cast_proxy(&player->cast, scenario->proxies[i].login);
        is_good = proxy != NULL && cast_proxy_start(proxy);
    }
    if (is_good && (way.is_proxied || way.via == SCENARIO_CARRIER_CONNECT ||
                    way.via == SCENARIO_CARRIER_SOCKS)) {
        player->own_proxy = cast_proxy(&player->cast, NULL);
        is_good = player->own_proxy != NULL && cast_proxy_start(player->own_proxy);
    }
    return is_good;
}

bool stage_start_relay(struct player *player, const struct scenario_step *step, unsigned i)
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
    station->polling.max = relay->poll_max;
    station->polling.min = relay->poll_min;
    station->polling.repetitions = relay->poll_repetitions;
    if (relay->is_durable && (config.store = open_store(player, step, i)) == NULL)
        return false;
    if (station_start(&player->cast, station, &config))
        return true;
    sstp_store_free(config.store);
    return false;
}

bool stage_set(struct player *player)
{
    const struct scenario *scenario = player->scenario;
    for (unsigned i = 0; i < scenario->num_relays; i++)
        (void)cast_station(&player->cast, g_ptr_array_index(scenario->relays[i].urls, 0));
    for (unsigned i = 0; i < scenario->num_relays; i++)
        for (unsigned peer = 0; peer < scenario->relays[i].num_peers; peer++)
            station_add_peer(&player->cast, &player->cast.stations[i],
                             scenario->relays[i].peers[peer]);
    for (unsigned i = 0; i < scenario->num_relays; i++)
        if (!scenario->relays[i].is_stopped && !stage_start_relay(player, NULL, i))
            return false;
    if (!make_proxies(player))
        return false;
    for (unsigned i = 0; i < scenario->num_devices; i++)
        make_actor(player, i);
    for (unsigned i = 0; i < scenario->num_puppets; i++)
        (void)cast_puppet(&player->cast, scenario->puppets[i].name, scenario->puppets[i].url);
    for (unsigned i = 0; i < scenario->num_speakers; i++)
        speaker_init(&player->speakers[i], &player->cast,
                     (uint8_t)(FIRST_SPEAKER_HOST + scenario->speakers[i].at));
    return player->failures->len == 0;
}

bool stage_end_relay(struct player *player, const struct scenario_step *step, unsigned i,
                     bool says_goodbye, uint8_t reason_id)
{
    struct station *station = &player->cast.stations[i];
    /* Who polls hears of it when he asks next. */
    const int64_t patience_ms = SCENARIO_GOODBYE_MS + station->polling.max * 1000;
    const int64_t end_ms = net_now_ms(player->cast.net) + patience_ms;
    if (station->relay == NULL)
        return player_fail(player, step, "%s is not there", player->scenario->relays[i].name);
    if (says_goodbye)
        live_relay_close(station->relay, reason_id, 0, true);
    while (says_goodbye && live_relay_num_open(station->relay) > 0 && player_turn(player, end_ms)) {
    }
    station_end(&player->cast, station);
    return true;
}

bool stage_end_proxy(struct player *player, const struct scenario_step *step, unsigned i)
{
    struct cast_proxy *proxy = &player->cast.proxies[i];
    if (proxy->server == NULL)
        return player_fail(player, step, "%s is not there", player->scenario->proxies[i].name);
    cast_proxy_end(proxy);
    return true;
}

bool stage_start_proxy(struct player *player, const struct scenario_step *step, unsigned i)
{
    struct cast_proxy *proxy = &player->cast.proxies[i];
    if (proxy->server != NULL)
        return player_fail(player, step, "%s is there already", player->scenario->proxies[i].name);
    return cast_proxy_start(proxy);
}

void stage_hang_up(struct player *player, unsigned i)
{
    struct speaker *speaker = &player->speakers[i];
    const int64_t end_ms = net_now_ms(player->cast.net) + SCENARIO_GOODBYE_MS;
    if (!speaker_can_speak(speaker))
        return;
    speaker_hang_up(speaker);
    while (speaker->socket != NULL && player_turn(player, end_ms)) {
    }
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

void stage_clear(struct player *player)
{
    for (size_t i = 0; i < G_N_ELEMENTS(player->speakers); i++)
        speaker_clear(&player->speakers[i]);
    if (player->folder != NULL)
        remove_folder(player->folder);
    g_free(player->folder);
}
