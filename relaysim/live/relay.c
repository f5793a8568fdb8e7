/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "live/relay.h"

#include "base/log.h"
#include "base/log_seldom.h"
#include "carrier/http_services.h"
#include "henc/polling.h"
#include "live/guests.h"
#include "live/keeper.h"
#include "net/timer.h"

#include <glib.h>

/* Transports beside the established connections and the handshakes: their ends. */
#define MAX_ENDING 64u

/* Where this relay is in the capture of what it opens: nobody whom it accepts is shown there. */
enum { OWN_HOST = 9 };

/* What waits for the store to have everything. */
struct closing {
    bool is_closing;
    uint64_t last_batch; /* that it waits for at most: others may go on sending */
    uint8_t reason_id;
    uint32_t return_time;
};

struct live_relay {
    struct net *net;
    struct net_listener *listener;
    struct sstp_relay *relay;
    struct live_guests guests; /* its connections */
    struct net_timer timer;
    bool is_ended;
    struct live_keeper keeper; /* of the relay's store */
    struct closing closing;
    bool stops_listening; /* with the last guest: a goodbye over Polling waits until it is asked for
                           */
    struct log_seldom short_lines, full_lines;
};

static void on_accepted(void *cookie, struct net_connection *socket)
{
    struct live_relay *live_relay = cookie;
    live_guests_accept(&live_relay->guests, socket, false);
}

static void on_accepted_spare(void *cookie, struct net_connection *socket)
{
    struct live_relay *live_relay = cookie;
    live_guests_accept(&live_relay->guests, socket, true);
}

static void __attribute__((format(printf, 3, 4)))
tell_seldom(const struct live_relay *live_relay, struct log_seldom *seldom, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *line = log_seldom_v(seldom, net_now_ms(live_relay->net), format, args);
    va_end(args);
    if (line != NULL)
        log_error("%s", line);
    g_free(line);
}

static void on_listener_news(void *cookie, enum net_listener_news news, const char *why)
{
    struct live_relay *live_relay = cookie;
    switch (news) {
    case NET_LISTENER_SHORT:
        tell_seldom(live_relay, &live_relay->short_lines,
                    "no room in the system for another caller, who is told TryLater or waits: %s",
                    why);
        break;
    case NET_LISTENER_AGAIN:
        log_error("the system has room for callers again");
        break;
    case NET_LISTENER_FULL:
        tell_seldom(live_relay, &live_relay->full_lines,
                    "a caller is closed: there are as many connections as --max-connections and "
                    "--max-half-open allow");
        break;
    }
}

static void on_dial(void *cookie, const char *url, uint64_t number)
{
    struct live_relay *live_relay = cookie;
    live_guests_dial(&live_relay->guests, url, number);
}

/* Also while the relay is freed, when the net is gone. */
static void on_discarded(void *cookie, const struct sstp_relay_discard *discard)
{
    const struct live_relay *live_relay = cookie;
    const struct recording *recording = live_relay->guests.recording;
    truth_discarded(recording->truth, discard, recording_now_ns(recording));
}

static void on_store_failing(void *cookie, const char *why)
{
    (void)cookie;
    if (why != NULL)
        log_error("%s; senders are held back", why);
    else
        log_error("the store can be written again");
}

static void on_store_full(void *cookie, bool is_full)
{
    (void)cookie;
    if (is_full)
        log_error("the store is full, see --max-stored; senders are held back");
    else
        log_error("the store has room again");
}

/* ------------------------------------------------------------------------
 * Turns and the end
 */

/* When the relay wants to be ticked; whoever keeps messages, or has a file, looks after
 * clocks and file meanwhile. */
static int64_t next_deadline(const struct live_relay *live_relay)
{
    const int64_t deadline = sstp_relay_next_deadline(live_relay->relay);
    return sstp_store_is_durable(live_relay->keeper.store) ||
                   sstp_relay_num_stored(live_relay->relay) > 0
               ? MIN(deadline, live_keeper_deadline(&live_relay->keeper))
               : deadline;
}

/* ConnectClose acknowledges what is safe, so that comes first, unless the store fails. */
static void close_if_safe(struct live_relay *live_relay)
{
    const struct sstp_store *store = live_relay->keeper.store;
    if (!live_relay->closing.is_closing ||
        (live_relay->keeper.num_written < live_relay->closing.last_batch &&
         sstp_store_has_work(store) && sstp_store_failure(store) == NULL))
        return;
    live_relay->closing.is_closing = false;
    sstp_relay_close(live_relay->relay, live_relay->closing.reason_id,
                     live_relay->closing.return_time);
}

static void stop_listening(struct live_relay *live_relay)
{
    if (live_relay->listener != NULL)
        net_listener_close(live_relay->listener);
    live_relay->listener = NULL;
}

static void on_timer(void *cookie)
{
    const struct live_relay *live_relay = cookie;
    net_settle(live_relay->net); /* which ticks the relay */
}

static size_t max_virtual(size_t max_connections, size_t max_half_open)
{
    return (max_connections != 0 ? max_connections : SSTP_RELAY_MAX_CONNECTIONS) +
           (max_half_open != 0 ? max_half_open : LIVE_RELAY_MAX_HALF_OPEN);
}

size_t live_relay_max_open(size_t max_connections, size_t max_half_open, bool has_http)
{
    return (has_http ? 2 : 1) * max_virtual(max_connections, max_half_open) + MAX_ENDING;
}

/* Whether anybody comes over HTTP. */
static bool has_http(const struct live_relay_config *config)
{
    bool is_there = false;
    for (size_t i = 0; config->ports != NULL && !is_there && i < config->num_sockets; i++)
        is_there = config->ports[i] == NET_PORT_HTTP;
    return is_there;
}

/* A relay goes by the names in its URLs. */
static struct http_server *new_http_server(const struct sstp_relay_config *config,
                                           const struct live_relay_config *net_config)
{
    struct http_options options =
        net_config->http != NULL ? *net_config->http : (struct http_options){.server_name = NULL};
    const char **names = g_new(const char *, config->num_urls);
    for (size_t i = 0; i < config->num_urls; i++)
        names[i] = config->urls[i] + strlen(HENC_POLLING_SCHEME);
    options.services = http_services;
    options.server_names = names;
    options.num_server_names = config->num_urls;
    options.max_virtual = max_virtual(config->max_connections, net_config->max_half_open);
    struct http_server *server = http_server_new(&options);
    g_free(names);
    return server;
}

struct live_relay *live_relay_new(struct net *net, const struct sstp_relay_config *config,
                                  const struct live_relay_config *net_config, char **error)
{
    struct live_relay *live_relay = g_new0(struct live_relay, 1);
    struct sstp_relay_config relay_config = *config;
    if (!net_listen_on(net,
                       &(struct net_listen_config){
                           .sockets = net_config->sockets,
                           .num_sockets = net_config->num_sockets,
                           .ports = net_config->ports,
                           .max_connections =
                               live_relay_max_open(config->max_connections,
                                                   net_config->max_half_open, has_http(net_config)),
                           .accepted = on_accepted,
                           .accepted_spare = on_accepted_spare,
                           .tell = on_listener_news,
                           .cookie = live_relay},
                       &live_relay->listener, error)) {
        g_free(live_relay);
        return NULL;
    }
    live_relay->net = net;
    live_relay->guests = (struct live_guests){
        .net = net,
        .recording = net_config->recording,
        .peer_urls = config->peer_urls,
        .peer_addresses = net_config->peer_addresses,
        .peer_ways = net_config->peer_ways,
        .proxy_login = net_config->proxy_login,
        .peer_hosts = net_config->peer_hosts,
        .num_peers = config->num_peers,
        .host = net_config->host != 0 ? net_config->host : OWN_HOST,
        .max_half_open =
            net_config->max_half_open != 0 ? net_config->max_half_open : LIVE_RELAY_MAX_HALF_OPEN,
        .tells_refusals = net_config->tells_refusals,
        .http = has_http(net_config) ? new_http_server(config, net_config) : NULL};
    live_guests_configure(&live_relay->guests, &relay_config);
    relay_config.dial = on_dial;
    relay_config.store_failing = on_store_failing;
    relay_config.store_full = on_store_full;
    if (recording_truth(net_config->recording) != NULL)
        relay_config.discarded = on_discarded;
    relay_config.cookie = live_relay;
    live_relay->relay = live_relay->guests.relay = sstp_relay_new(&relay_config, net_now_ms(net));
    live_keeper_init(&live_relay->keeper, net, sstp_relay_store(live_relay->relay));
    net_timer_init(&live_relay->timer, net, on_timer, live_relay);
    return live_relay;
}

void live_relay_free(struct live_relay *live_relay)
{
    if (live_relay == NULL)
        return;
    sstp_relay_free(live_relay->relay);
    http_server_free(live_relay->guests.http);
    g_free(live_relay);
}

void live_relay_settled(struct live_relay *live_relay)
{
    const int64_t now = net_now_ms(live_relay->net);
    if (live_relay->is_ended || live_relay->relay == NULL)
        return;
    live_keeper_tell_clocks(&live_relay->keeper);
    sstp_relay_tick(live_relay->relay, now);
    close_if_safe(live_relay);
    if (live_relay->stops_listening && live_relay_num_open(live_relay) == 0)
        stop_listening(live_relay);
    live_keeper_write(&live_relay->keeper);
    const int64_t deadline = next_deadline(live_relay);
    if (deadline == SSTP_EP_NEVER)
        net_timer_stop(&live_relay->timer);
    else
        net_timer_start(&live_relay->timer, deadline > now ? (uint64_t)(deadline - now) : 1);
}

void live_relay_close(struct live_relay *live_relay, uint8_t reason_id, uint32_t return_time,
                      bool stops_listening)
{
    if (stops_listening) {
        live_relay->stops_listening = true;
        if (live_relay->guests.http == NULL)
            stop_listening(live_relay);
        live_guests_stop_dialing(&live_relay->guests);
    }
    live_relay->closing =
        (struct closing){true, live_relay->keeper.num_written + 2, reason_id, return_time};
    close_if_safe(live_relay);
    net_settle(live_relay->net);
}

bool live_relay_close_now(struct live_relay *live_relay)
{
    if (!live_relay->closing.is_closing)
        return false;
    live_relay->closing.last_batch = 0;
    close_if_safe(live_relay);
    return true;
}

size_t live_relay_num_open(const struct live_relay *live_relay)
{
    return live_relay->guests.all.length;
}

bool live_relay_stop(struct live_relay *live_relay)
{
    stop_listening(live_relay);
    live_guests_reset(&live_relay->guests);
    live_relay_end(live_relay);
    if (live_keeper_is_writing(&live_relay->keeper))
        return false;
    sstp_relay_free(live_relay->relay);
    live_relay->relay = live_relay->guests.relay = NULL;
    return true;
}

struct sstp_relay *live_relay_relay(struct live_relay *live_relay)
{
    return live_relay->relay;
}

char *live_relay_address(const struct live_relay *live_relay)
{
    return net_listener_address(live_relay->listener);
}

void live_relay_end(struct live_relay *live_relay)
{
    if (live_relay == NULL || live_relay->is_ended)
        return;
    live_relay->is_ended = true;
    live_guests_stop_dialing(&live_relay->guests);
    live_guests_drop_idle(&live_relay->guests);
    net_timer_close(&live_relay->timer, NULL, NULL);
}
