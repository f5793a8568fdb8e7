/* SPDX-License-Identifier: GPL-2.0-or-later */
/* station: the relays of the cast, and where they are. */
#include "play/cast.h"

#include "henc/polling.h"

#include <string.h>

/* As the capture shows them. */
static const uint16_t door_ports[STATION_DOORS] = {
    [STATION_SSTP] = NET_PORT_SSTP, [STATION_443] = 443, [STATION_HTTP] = NET_PORT_HTTP};

struct station *cast_station(struct cast *cast, const char *url)
{
    g_assert(cast->num_stations < CAST_RELAYS_MAX);
    struct station *station = &cast->stations[cast->num_stations];
    station->url = url;
    station->host = (uint8_t)(CAST_RELAY_HOST + cast->num_stations);
    /* As soon as may be: whoever plays waits for it. */
    station->polling = polling_options_default;
    station->polling.max = station->polling.min = 0;
    cast->num_stations++;
    return station;
}

/* Every relay that knows this one finds it where it is now. */
static void set_address(struct cast *cast, struct station *station, char *address)
{
    for (size_t i = 0; i < cast->num_stations; i++)
        for (size_t p = 0; p < cast->stations[i].num_peers; p++)
            if (&cast->stations[cast->stations[i].peers[p]] == station)
                cast->stations[i].peer_addresses[p] = address;
    g_free(station->addresses[STATION_SSTP]);
    station->addresses[STATION_SSTP] = address;
}

/* A relay that was never started has the address of a port where nobody listens: one
 * that was free a moment ago. */
static void give_address(struct cast *cast, struct station *station)
{
    struct net_listener *listener;
    char *error = NULL;
    if (station->addresses[STATION_SSTP] != NULL)
        return;
    if (!net_listen(cast->net, "127.0.0.1:0", 1, NULL, NULL, &listener, &error)) {
        (void)cast_is_wrong(cast, error);
        return;
    }
    set_address(cast, station, net_listener_address(listener));
    net_listener_close(listener);
}

/* Where it listens, door by door. */
static void keep_addresses(struct cast *cast, struct station *station)
{
    char *all = live_relay_address(station->relay);
    char **each = g_strsplit(all, " ", STATION_DOORS);
    g_assert(g_strv_length(each) == STATION_DOORS);
    set_address(cast, station, g_strdup(each[STATION_SSTP]));
    for (size_t door = STATION_SSTP + 1; door < STATION_DOORS; door++) {
        g_free(station->addresses[door]);
        station->addresses[door] = g_strdup(each[door]);
    }
    g_strfreev(each);
    g_free(all);
}

const char *station_name(const struct station *station)
{
    return station->url + strlen(HENC_POLLING_SCHEME);
}

const char *station_door(const struct station *station, uint16_t port)
{
    for (size_t door = 0; door < STATION_DOORS; door++)
        if (door_ports[door] == port)
            return station->addresses[door];
    return NULL;
}

/* Claims a port for each door; false with *error. */
static bool claim_doors(struct net *net, int sockets[STATION_DOORS], char **error)
{
    for (size_t door = 0; door < STATION_DOORS; door++) {
        sockets[door] = net_claim_in(net, "127.0.0.1:0", error);
        if (sockets[door] >= 0)
            continue;
        while (door > 0)
            net_release_port(net, sockets[--door]);
        return false;
    }
    return true;
}

void station_add_peer(struct cast *cast, struct station *station, size_t peer)
{
    g_assert(station->num_peers < CAST_RELAYS_MAX && peer < cast->num_stations);
    give_address(cast, &cast->stations[peer]);
    const size_t p = station->num_peers++;
    station->peers[p] = peer;
    station->peer_urls[p] = cast->stations[peer].url;
    station->peer_addresses[p] = cast->stations[peer].addresses[STATION_SSTP];
    station->peer_hosts[p] = cast->stations[peer].host;
}

bool station_start(struct cast *cast, struct station *station,
                   const struct sstp_relay_config *config)
{
    struct sstp_relay_config relay_config = *config;
    char *error = NULL;
    int sockets[STATION_DOORS];
    const struct http_options http = {.polling = &station->polling};
    const struct live_relay_config net_config = {.sockets = sockets,
                                                 .num_sockets = STATION_DOORS,
                                                 .ports = door_ports,
                                                 .http = &http,
                                                 .recording = cast->recording,
                                                 .peer_addresses = station->peer_addresses,
                                                 .peer_hosts = station->peer_hosts,
                                                 .host = station->host};

    if (!claim_doors(cast->net, sockets, &error))
        return cast_is_wrong(cast, error);
    if (relay_config.num_urls == 0) {
        relay_config.urls = &station->url;
        relay_config.num_urls = 1;
    }
    relay_config.peer_urls = station->peer_urls;
    relay_config.num_peers = station->num_peers;
    relay_config.random = (struct sstp_sec_random){random_seeded_fill, &cast->random};
    if (relay_config.ack_delay_ms == 0)
        relay_config.ack_delay_ms = CAST_ACK_DELAY_MS;
    station->relay = live_relay_new(cast->net, &relay_config, &net_config, &error);
    if (station->relay == NULL)
        return cast_is_wrong(cast, error);
    keep_addresses(cast, station);
    return true;
}

void station_end(struct cast *cast, struct station *station)
{
    if (station->relay == NULL)
        return;
    /* Those who hear that their connection is lost may still look for it. */
    struct live_relay *relay = station->relay;
    station->relay = NULL;
    g_ptr_array_add(cast->ended, relay);
    while (!live_relay_stop(relay))
        net_run_once(cast->net, 1000);
}
