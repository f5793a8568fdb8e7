/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cast_proxy: the proxies of the cast. */
#include "play/cast.h"

#include "carrier/tunnel.h"
#include "proxy/server.h"

#include <string.h>

#define CLIENTS_MAX 256u
#define REQUEST_MS 30000
/* How long a connection may be silent is up to the story, as it is where there is no proxy. */
#define IDLE_MS G_MAXINT32

struct cast_proxy *cast_proxy(struct cast *cast, const struct proxy_login *login)
{
    g_assert(cast->num_proxies < CAST_PROXIES_MAX);
    struct cast_proxy *proxy = &cast->proxies[cast->num_proxies];
    uint16_t port = 0;
    char *error = NULL;
    const int claim = net_keep_port(cast->net, &port, &error);
    if (claim < 0) {
        (void)cast_is_wrong(cast, error);
        return NULL;
    }
    *proxy = (struct cast_proxy){.cast = cast,
                                 .login = login,
                                 .address = g_strdup_printf("127.0.0.1:%u", port),
                                 .claim = claim,
                                 .host = (uint8_t)(CAST_PROXY_HOST + cast->num_proxies)};
    cast->num_proxies++;
    return proxy;
}

/* The relay or puppet of that name, at the door that has this port in the capture. */
static bool find_relay(void *cookie, const char *wanted, struct proxy_place *place)
{
    const struct cast_proxy *proxy = cookie;
    const struct cast *cast = proxy->cast;
    char *host = NULL;
    uint16_t port = 0;
    if (!tunnel_target(wanted, &host, &port))
        return false;
    const size_t num = cast->num_stations + cast->num_puppets;
    for (size_t i = 0; i < num && place->address == NULL; i++) {
        const struct station *station = i < cast->num_stations
                                            ? &cast->stations[i]
                                            : &cast->puppets[i - cast->num_stations].place;
        if (g_ascii_strcasecmp(station_name(station), host) == 0)
            place->address = g_strdup(station_door(station, port));
        place->hosts = (struct net_hosts){
            .initiator_host = proxy->host, .acceptor_host = station->host, .acceptor_port = port};
    }
    g_free(host);
    return place->address != NULL;
}

bool cast_proxy_start(struct cast_proxy *proxy)
{
    char *error = NULL;
    const struct proxy_server_config config = {
        .address = proxy->address,
        .max_clients = CLIENTS_MAX,
        .visit = {.login = proxy->login,
                  .random = {random_seeded_fill, &proxy->cast->random},
                  .request_ms = REQUEST_MS,
                  .idle_ms = IDLE_MS},
        .find = find_relay,
        .cookie = proxy};
    g_assert(proxy->server == NULL);
    proxy->server = proxy_server_new(proxy->cast->net, &config, &error);
    return proxy->server != NULL || cast_is_wrong(proxy->cast, error);
}

void cast_proxy_end(struct cast_proxy *proxy)
{
    struct proxy_server *server = proxy->server;
    proxy->server = NULL;
    proxy_server_free(server);
}

void cast_proxy_clear(struct cast_proxy *proxy)
{
    cast_proxy_end(proxy);
    net_release_port(proxy->cast->net, proxy->claim);
    g_free(proxy->address);
}
