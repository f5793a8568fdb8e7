/* SPDX-License-Identifier: GPL-2.0-or-later */
/* station: the relays of the cast, and where they are. */
#include "play/cast.h"

#include "henc/polling.h"

#include <string.h>

/* As the capture shows them. */
const uint16_t station_ports[STATION_DOORS] = {
    [STATION_SSTP] = NET_PORT_SSTP, [STATION_443] = 443, [STATION_HTTP] = NET_PORT_HTTP};

struct station *cast_station(struct cast *cast, const char *url)
{
    g_assert(cast->num_stations < CAST_RELAYS_MAX);
    struct station *station = &cast->stations[cast->num_stations];
    station->url = url;
    station->host = (uint8_t)(CAST_RELAY_HOST + cast->num_stations);
    station_hurry(station);
    cast->num_stations++;
    return station;
}

void station_hurry(struct station *station)
{
    station->polling = polling_options_default;
    station->polling.max = station->polling.min = 0;
}

/* Every relay that knows this one finds it where it is now. */
static void tell_peers(struct cast *cast, const struct station *station)
{
    for (size_t i = 0; i < cast->num_stations; i++)
        for (size_t p = 0; p < cast->stations[i].num_peers; p++)
            if (&cast->stations[cast->stations[i].peers[p]] == station)
                cast->stations[i].peer_addresses[p] = station->addresses[STATION_SSTP];
}

/* A relay that was never started has the address of a port where nobody listens, and nobody else
 * can. */
static void give_address(struct cast *cast, struct station *station)
{
    uint16_t port = 0;
    char *error = NULL;
    if (station->addresses[STATION_SSTP] != NULL)
        return;
    station->claim = net_keep_port(cast->net, &port, &error);
    if (station->claim < 0) {
        (void)cast_is_wrong(cast, error);
        return;
    }
    station->has_claim = true;
    station->addresses[STATION_SSTP] = g_strdup_printf("127.0.0.1:%u", port);
    tell_peers(cast, station);
}

void station_release(struct cast *cast, struct station *station)
{
    if (station->has_claim)
        net_release_port(cast->net, station->claim);
    station->has_claim = false;
}

void station_keep_addresses(struct station *station, char *addresses)
{
    char **each = g_strsplit(addresses, " ", STATION_DOORS);
    g_assert(g_strv_length(each) == STATION_DOORS);
    for (size_t door = 0; door < STATION_DOORS; door++) {
        g_free(station->addresses[door]);
        station->addresses[door] = g_strdup(each[door]);
    }
    g_strfreev(each);
    g_free(addresses);
}

const char *station_name(const struct station *station)
{
    return station->url + strlen(HENC_POLLING_SCHEME);
}

const char *station_door(const struct station *station, uint16_t port)
{
    for (size_t door = 0; door < STATION_DOORS; door++)
        if (station_ports[door] == port)
            return station->addresses[door];
    return NULL;
}

bool station_claim_doors(struct net *net, int sockets[STATION_DOORS], char **error)
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
                                                 .ports = station_ports,
                                                 .http = &http,
                                                 .recording = cast->recording,
                                                 .peer_addresses = station->peer_addresses,
                                                 .peer_hosts = station->peer_hosts,
                                                 .host = station->host};

    if (!station_claim_doors(cast->net, sockets, &error))
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
    station_keep_addresses(station, live_relay_address(station->relay));
    station_release(cast, station);
    tell_peers(cast, station);
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
