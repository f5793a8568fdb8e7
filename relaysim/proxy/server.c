/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proxy/server.h"

#include "base/log.h"
#include "carrier/tunnel.h"

#include <string.h>

/* In the capture: where the proxy is for servers, and the port where clients come to it. */
enum { OWN_HOST = 8, OWN_PORT = 8080 };

struct proxy_server {
    struct net *net;
    struct net_listener *listener;
    struct proxy_server_config config;
    GHashTable *guests; /* a set of struct guest */
};

/* One of a visit's two sockets. */
struct line {
    struct guest *guest;
    enum proxy_side side;
    struct net_connection *socket; /* there, or being opened; NULL */
    bool is_open;
};

struct guest {
    struct proxy_server *server;
    struct proxy_visit *visit;
    struct line lines[PROXY_SIDE_COUNT];
    uv_getaddrinfo_t *lookup; /* of a name; NULL */
    uint16_t port;            /* after it */
    unsigned number;
};

static int64_t now_ms(const struct guest *guest)
{
    return net_now_ms(guest->server->net);
}

/* ------------------------------------------------------------------------
 * The end
 */

/* The lookup may be in a thread already: who it was for is taken from it. */
static void forget_lookup(struct guest *guest)
{
    if (guest->lookup == NULL)
        return;
    guest->lookup->data = NULL;
    (void)uv_cancel((uv_req_t *)guest->lookup);
    guest->lookup = NULL;
}

static void free_guest(gpointer data)
{
    struct guest *guest = data;
    forget_lookup(guest);
    proxy_visit_free(guest->visit);
    g_free(guest);
}

/* A line is gone.  Without its client there is no guest. */
static void drop(struct line *line)
{
    struct net_connection *socket = line->socket;
    line->socket = NULL;
    line->is_open = false;
    if (socket != NULL)
        net_drop(socket);
}

static void leave(struct guest *guest)
{
    log_info("client %u is gone", guest->number);
    drop(&guest->lines[PROXY_SERVER]);
    g_hash_table_remove(guest->server->guests, guest);
}

/* ------------------------------------------------------------------------
 * The server of a visit
 */

static void look(struct guest *guest);
static const struct net_user user;

static enum proxy_why why_of(const char *why)
{
    return strcmp(why, uv_strerror(UV_ECONNREFUSED)) == 0 ? PROXY_REFUSED : PROXY_UNREACHABLE;
}

static void on_connected(void *cookie, struct net_connection *socket, const char *why)
{
    struct line *line = cookie;
    struct guest *guest = line->guest;
    line->socket = socket;
    line->is_open = socket != NULL;
    if (socket != NULL) {
        net_start(socket, &user, line);
        proxy_visit_opened(guest->visit, now_ms(guest));
    } else {
        log_info("client %u: the server cannot be reached: %s", guest->number, why);
        proxy_visit_not_opened(guest->visit, why_of(why), now_ms(guest));
    }
    look(guest);
}

/* Where both are in the capture: the server on a port that stands for what it is asked. */
static struct net_hosts shown_hosts(const struct guest *guest, const char *address)
{
    const uint16_t port = proxy_visit_forwards(guest->visit)  ? NET_PORT_HTTP
                          : g_str_has_suffix(address, ":443") ? 443
                                                              : NET_PORT_SSTP;
    return (struct net_hosts){.initiator_host = OWN_HOST, .acceptor_port = port};
}

static void open_address(struct guest *guest, const char *address, struct net_hosts hosts)
{
    struct line *line = &guest->lines[PROXY_SERVER];
    char *error = NULL;
    line->socket = net_connect(guest->server->net, address, hosts, 0, on_connected, line, &error);
    if (line->socket == NULL)
        on_connected(line, NULL, error);
    g_free(error);
}

static void on_unknown_name(struct guest *guest)
{
    log_info("client %u: nobody knows the name of the server", guest->number);
    proxy_visit_not_opened(guest->visit, PROXY_UNKNOWN_NAME, now_ms(guest));
}

static void on_looked_up(uv_getaddrinfo_t *lookup, int status, struct addrinfo *result)
{
    struct guest *guest = lookup->data;
    char host[INET6_ADDRSTRLEN] = "";
    g_free(lookup);
    if (guest != NULL) {
        struct net *net = guest->server->net;
        guest->lookup = NULL;
        if (status == 0 && result != NULL && uv_ip_name(result->ai_addr, host, sizeof host) == 0) {
            char *address = g_strdup_printf(result->ai_family == AF_INET6 ? "[%s]:%u" : "%s:%u",
                                            host, guest->port);
            open_address(guest, address, shown_hosts(guest, address));
            g_free(address);
        } else {
            on_unknown_name(guest);
            look(guest);
        }
        net_settle(net);
    }
    uv_freeaddrinfo(result);
}

static void look_up(struct guest *guest, const char *host, uint16_t port)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    guest->lookup = g_new0(uv_getaddrinfo_t, 1);
    guest->lookup->data = guest;
    guest->port = port;
    if (uv_getaddrinfo(net_loop(guest->server->net), guest->lookup, on_looked_up, host, NULL,
                       &hints) == 0)
        return;
    g_clear_pointer(&guest->lookup, g_free);
    proxy_visit_not_opened(guest->visit, PROXY_UNKNOWN_NAME, now_ms(guest));
}

/* Its owner knows where the server is, or nobody does. */
static void find_server(struct guest *guest, const char *wanted)
{
    const struct proxy_server_config *config = &guest->server->config;
    struct proxy_place place = {.address = NULL};
    if (config->find(config->cookie, wanted, &place))
        open_address(guest, place.address, place.hosts);
    else
        on_unknown_name(guest);
    g_free(place.address);
}

static void open_server(struct guest *guest, const char *address)
{
    struct sockaddr_storage storage;
    char *host = NULL;
    uint16_t port = 0;
    log_info("client %u: to %s", guest->number, address);
    if (guest->server->config.find != NULL)
        find_server(guest, address);
    else if (net_parse_address(address, &storage))
        open_address(guest, address, shown_hosts(guest, address));
    else if (tunnel_target(address, &host, &port))
        look_up(guest, host, port);
    g_free(host);
}

/* After everything: what the visit wants, and what may be said. */
static void look(struct guest *guest)
{
    const char *address = proxy_visit_wanted(guest->visit);
    if (address != NULL)
        open_server(guest, address);
    for (unsigned i = 0; i < PROXY_SIDE_COUNT; i++)
        if (guest->lines[i].is_open)
            net_wake(guest->lines[i].socket);
    /* One that is still to be had is not waited for. */
    if (proxy_visit_is_over(guest->visit, PROXY_CLIENT)) {
        forget_lookup(guest);
        if (!guest->lines[PROXY_SERVER].is_open)
            drop(&guest->lines[PROXY_SERVER]);
    }
}

/* ------------------------------------------------------------------------
 * Sockets
 */

static struct proxy_visit *visit_of(void *cookie)
{
    const struct line *line = cookie;
    return line->guest->visit;
}

static enum proxy_side side_of(void *cookie)
{
    const struct line *line = cookie;
    return line->side;
}

static void on_tick(void *cookie, int64_t now)
{
    struct line *line = cookie;
    proxy_visit_tick(visit_of(line), now);
    look(line->guest);
}

static int64_t deadline_of(void *cookie)
{
    return side_of(cookie) == PROXY_CLIENT ? proxy_visit_deadline(visit_of(cookie)) : NET_NEVER;
}

static void on_receive(void *cookie, const void *data, size_t len)
{
    struct line *line = cookie;
    proxy_visit_receive(line->guest->visit, line->side, data, len, now_ms(line->guest));
    look(line->guest);
}

static bool has_room(void *cookie)
{
    return proxy_visit_has_room(visit_of(cookie), side_of(cookie));
}

static size_t output_len(void *cookie)
{
    return proxy_visit_output(visit_of(cookie), side_of(cookie)).len;
}

static size_t output(void *cookie, struct sstp_span *pieces, size_t max)
{
    const struct sstp_span piece = proxy_visit_output(visit_of(cookie), side_of(cookie));
    if (piece.len == 0 || max == 0)
        return 0;
    pieces[0] = piece;
    return 1;
}

static void on_taken(void *cookie, size_t len)
{
    struct line *line = cookie;
    struct guest *guest = line->guest;
    const enum proxy_side other = line->side == PROXY_CLIENT ? PROXY_SERVER : PROXY_CLIENT;
    proxy_visit_taken(guest->visit, line->side, len);
    if (guest->lines[other].is_open)
        net_wake(guest->lines[other].socket); /* which may be read again */
}

static bool is_over(void *cookie)
{
    return proxy_visit_is_over(visit_of(cookie), side_of(cookie));
}

static void on_lost(void *cookie)
{
    struct line *line = cookie;
    struct guest *guest = line->guest;
    line->socket = NULL;
    line->is_open = false;
    proxy_visit_lost(guest->visit, line->side, now_ms(guest));
    if (line->side == PROXY_CLIENT)
        leave(guest);
    else
        look(guest);
}

static const struct net_user user = {
    .tick = on_tick,
    .deadline = deadline_of,
    .receive = on_receive,
    .has_room = has_room,
    .output_len = output_len,
    .output = output,
    .taken = on_taken,
    .is_over = is_over,
    .lost = on_lost,
};

/* ------------------------------------------------------------------------
 * The proxy
 */

static void on_accepted(void *cookie, struct net_connection *socket)
{
    struct proxy_server *server = cookie;
    struct guest *guest = g_new0(struct guest, 1);
    guest->server = server;
    guest->visit = proxy_visit_new(&server->config.visit, net_now_ms(server->net));
    guest->number = net_connection_number(socket);
    for (unsigned i = 0; i < PROXY_SIDE_COUNT; i++)
        guest->lines[i] = (struct line){.guest = guest, .side = (enum proxy_side)i};
    guest->lines[PROXY_CLIENT].socket = socket;
    guest->lines[PROXY_CLIENT].is_open = true;
    g_hash_table_add(server->guests, guest);
    log_info("client %u is there", guest->number);
    net_start(socket, &user, &guest->lines[PROXY_CLIENT]);
}

/* Those who are let go together are so in the same order each time. */
static guint hash_number(gconstpointer key)
{
    const struct guest *guest = key;
    return guest->number;
}

struct proxy_server *proxy_server_new(struct net *net, const struct proxy_server_config *config,
                                      char **error)
{
    struct proxy_server *server = g_new0(struct proxy_server, 1);
    server->net = net;
    server->config = *config;
    const int socket = net_claim_in(net, config->address, error);
    if (socket < 0 ||
        !net_listen_on(net,
                       &(struct net_listen_config){.sockets = &socket,
                                                   .num_sockets = 1,
                                                   .ports = &(const uint16_t){OWN_PORT},
                                                   .max_connections = config->max_clients,
                                                   .accepted = on_accepted,
                                                   .cookie = server},
                       &server->listener, error)) {
        g_free(server);
        return NULL;
    }
    server->guests = g_hash_table_new_full(hash_number, NULL, free_guest, NULL);
    return server;
}

void proxy_server_free(struct proxy_server *server)
{
    GHashTableIter iter;
    gpointer key;
    if (server == NULL)
        return;
    net_listener_close(server->listener);
    while (g_hash_table_iter_init(&iter, server->guests),
           g_hash_table_iter_next(&iter, &key, NULL)) {
        struct guest *guest = key;
        net_drop(guest->lines[PROXY_CLIENT].socket); /* and with it the guest */
    }
    g_hash_table_destroy(server->guests);
    g_free(server);
}

char *proxy_server_address(const struct proxy_server *server)
{
    return net_listener_address(server->listener);
}
