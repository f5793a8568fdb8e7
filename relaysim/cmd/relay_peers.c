/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/relay_peers.h"

#include "base/log.h"
#include "base/url.h"
#include "carrier/http_client.h"
#include "carrier/socks.h"
#include "carrier/tunnel.h"
#include "carrier/ways.h"
#include "cmd/login.h"
#include "henc/polling.h"

#include <string.h>

static bool is_relay(const char *url, const char *end)
{
    return sstp_url_is_relay(sstp_span(url, (size_t)(end - url)));
}

/* An address; or a name, for a proxy to look up. */
static bool is_place(const char *text)
{
    struct sockaddr_storage storage;
    char *host = NULL;
    uint16_t port;
    const bool is_one = net_parse_address(text, &storage) || tunnel_target(text, &host, &port);
    g_free(host);
    return is_one;
}

char *relay_peers_check(const char *peer)
{
    const char *equals = strrchr(peer, '=');
    return equals != NULL && is_relay(peer, equals) && is_place(equals + 1)
               ? NULL
               : g_strdup_printf("--peer is URL=ADDR:PORT, such as "
                                 "grooveDNS://relay2.example=127.0.0.1:2493, not %s",
                                 peer);
}

/* The way through a proxy that "connect:ADDR:PORT" begins with, and the rest; NULL for none. */
static const struct carrier_way *way_of(const char *text, const char **proxy)
{
    const char *colon = strchr(text, ':');
    for (const struct carrier_way *way = carrier_ways; colon != NULL && way->via != NULL; way++)
        if (way->may_have_proxy && strlen(way->via) == (size_t)(colon - text) &&
            g_str_has_prefix(text, way->via)) {
            *proxy = colon + 1;
            return way;
        }
    return NULL;
}

char *relay_peers_check_proxy(const char *value)
{
    const char *equals = strrchr(value, '='), *proxy = NULL;
    struct sockaddr_storage storage;
    return equals != NULL && is_relay(value, equals) && way_of(equals + 1, &proxy) != NULL &&
                   net_parse_address(proxy, &storage)
               ? NULL
               : g_strdup_printf("--peer-proxy is URL=connect:ADDR:PORT, or socks, longlived, "
                                 "keepalive or polling in the place of connect, such as "
                                 "grooveDNS://relay2.example=connect:127.0.0.1:8080, not %s",
                                 value);
}

static guint num_of(char *const *values)
{
    return values != NULL ? g_strv_length((gchar **)(uintptr_t)values) : 0;
}

/* The peer of a URL; peers->num for none. */
static guint find(const struct relay_peers *peers, const char *url)
{
    guint i = 0;
    while (i < peers->num && strcmp(peers->urls[i], url) != 0)
        i++;
    return i;
}

/* "URL=ADDR:PORT" into its parts. */
static bool add_peer(struct relay_peers *peers, const char *value, char *const *own_urls)
{
    const char *equals = strrchr(value, '=');
    char *url = g_strndup(value, (gsize)(equals - value));
    const bool is_new =
        find(peers, url) == peers->num && !g_strv_contains((const gchar *const *)own_urls, url);
    peers->urls[peers->num] = url;
    peers->addresses[peers->num] = g_strdup(equals + 1);
    peers->http[peers->num] =
        (struct http_options){.server_name = url + strlen(HENC_POLLING_SCHEME),
                              .longlived_limit = peers->longlived_limit};
    peers->num++;
    if (!is_new)
        log_error("--peer names %s, which is this relay or another --peer already", url);
    return is_new;
}

/* Whether what a proxy of HTTP is asked for can stand in a URI. */
static bool check_http(const struct relay_peers *peers, guint i)
{
    const bool is_good =
        http_client_check(peers->http[i].server_name) && http_client_check(peers->addresses[i]);
    if (!is_good)
        log_error("--peer %s=%s cannot be asked for over HTTP: it would not fit into a URI",
                  peers->urls[i], peers->addresses[i]);
    return is_good;
}

/* "connect:ADDR:PORT" is the way to a peer. */
static bool set_way(struct relay_peers *peers, guint i, const char *text)
{
    const char *proxy = NULL;
    const struct carrier_way *way = way_of(text, &proxy);
    peers->proxies[i] = g_strdup(proxy);
    peers->ways[i] = (struct live_peer_way){
        .carrier = way->ops, .proxy = peers->proxies[i], .http = &peers->http[i]};
    return !way->is_http || check_http(peers, i);
}

static bool add_proxy(struct relay_peers *peers, const char *value)
{
    const char *equals = strrchr(value, '=');
    char *url = g_strndup(value, (gsize)(equals - value));
    const guint i = find(peers, url);
    const bool is_one = i < peers->num && peers->proxies[i] == NULL;
    if (!is_one)
        log_error("--peer-proxy names %s, which is no --peer, or has a proxy already", url);
    g_free(url);
    return is_one && set_way(peers, i, equals + 1);
}

/* Whether who has no proxy has an address, and a proxy can be told what it is to be told. */
static bool check_ways(const struct relay_peers *peers)
{
    struct sockaddr_storage storage;
    bool has_proxy = false;
    for (guint i = 0; i < peers->num; i++) {
        has_proxy = has_proxy || peers->proxies[i] != NULL;
        if (peers->proxies[i] == NULL && !net_parse_address(peers->addresses[i], &storage)) {
            log_error("--peer %s=%s has no address that can be connected to without a proxy",
                      peers->urls[i], peers->addresses[i]);
            return false;
        }
        if (peers->login != NULL && peers->login->scheme == PROXY_NTLM &&
            peers->ways[i].carrier == &carrier_socks) {
            log_error("--proxy-auth ntlm is for proxies of HTTP, and that of %s is one of SOCKS",
                      peers->urls[i]);
            return false;
        }
    }
    if (peers->login != NULL && !has_proxy)
        log_error("--proxy-auth is for a proxy: --peer-proxy is needed");
    return peers->login == NULL || has_proxy;
}

bool relay_peers_read(struct relay_peers *peers, char *const *values, char *const *proxy_values,
                      const char *proxy_auth, char *const *own_urls, uint64_t longlived_limit)
{
    const guint num = num_of(values), num_proxies = num_of(proxy_values);
    char *error = NULL;
    *peers = (struct relay_peers){.urls = g_new0(char *, num + 1),
                                  .addresses = g_new0(char *, num + 1),
                                  .proxies = g_new0(char *, num + 1),
                                  .ways = g_new0(struct live_peer_way, num + 1),
                                  .http = g_new0(struct http_options, num + 1),
                                  .longlived_limit = longlived_limit};
    for (guint i = 0; i < num; i++)
        if (!add_peer(peers, values[i], own_urls))
            return false;
    for (guint i = 0; i < num_proxies; i++)
        if (!add_proxy(peers, proxy_values[i]))
            return false;
    if (proxy_auth != NULL)
        peers->login = login_read("proxy-auth", proxy_auth, &error);
    if (error != NULL)
        log_error("%s", error);
    const bool is_good = error == NULL;
    g_free(error);
    return is_good && check_ways(peers);
}

void relay_peers_clear(struct relay_peers *peers)
{
    for (guint i = 0; i < peers->num; i++)
        g_free(peers->proxies[i]);
    g_free(peers->proxies);
    g_free(peers->ways);
    g_free(peers->http);
    g_strfreev(peers->urls);
    g_strfreev(peers->addresses);
    proxy_login_free(peers->login);
}
