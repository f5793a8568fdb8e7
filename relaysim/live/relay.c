/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "live/relay.h"

#include "base/log.h"
#include "base/log_seldom.h"
#include "carrier/direct.h"
#include "live/connection.h"
#include "live/keeper.h"

#include <glib.h>

/* Transports beside the established connections and the handshakes: their ends. */
#define MAX_ENDING 64u

/* Where this relay and its peers are in the capture of what it opens: nobody whom it
 * accepts is shown at either address. */
enum { OWN_HOST = 9, PEER_HOST = 2, NUM_PEER_HOSTS = 250 };

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
    const struct recording *recording; /* NULL for none */
    const char *const *peer_urls;      /* of the configuration, as the addresses are */
    const char *const *peer_addresses;
    const uint8_t *peer_hosts;
    size_t num_peers;
    uint8_t host;
    GQueue dials; /* struct guest, that are being opened */
    size_t max_half_open;
    GQueue guests;    /* struct guest, all that are there */
    GQueue half_open; /* struct guest, accepted, and no Connect is known of */
    uv_timer_t timer;
    bool is_leaving; /* nobody is dialed any more */
    bool is_ended;
    struct live_keeper keeper; /* of the relay's store */
    struct closing closing;
    bool tells_refusals;
    struct log_seldom short_lines, full_lines, silent_lines;
};

/* One connection, accepted or opened. */
struct guest {
    struct live_relay *live_relay;
    struct live_connection *live;
    struct sstp_relay_connection *connection; /* NULL while it is opened */
    const char *url;                          /* that was dialed; NULL for who came */
    uint64_t number;                          /* the relay's, of the dial */
    bool is_spare; /* there is a file descriptor for a refusal, and that is all */
    GList link;    /* in live_relay->dials, or in ->half_open, with data set while it is */
    GList all_link;
};

static void on_output_is_empty(void *cookie)
{
    struct guest *guest = cookie;
    sstp_relay_output_is_empty(guest->connection);
}

static void on_gone(void *cookie)
{
    struct guest *guest = cookie;
    if (guest->link.data != NULL)
        g_queue_unlink(&guest->live_relay->half_open, &guest->link);
    g_queue_unlink(&guest->live_relay->guests, &guest->all_link);
    sstp_relay_disconnect(guest->connection);
    g_free(guest);
}

/* Those whose Connect has been taken, or waits for the answers of others. */
static void remove_known(GQueue *half_open)
{
    GList *link = half_open->head;
    while (link != NULL) {
        struct guest *guest = link->data;
        const enum sstp_connection_state state =
            sstp_ep_state(sstp_relay_connection_ep(guest->connection));
        link = link->next;
        if (state != SSTP_CONNECTION_ESTABLISHED && state != SSTP_CONNECTION_CONNECTING)
            continue;
        g_queue_unlink(half_open, &guest->link);
        guest->link.data = NULL;
    }
}

static void __attribute__((format(printf, 3, 4)))
tell_seldom(struct live_relay *live_relay, struct log_seldom *seldom, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *line = log_seldom_v(seldom, net_now_ms(live_relay->net), format, args);
    va_end(args);
    if (line != NULL)
        log_error("%s", line);
    g_free(line);
}

/* Too many that say nothing: those who have been silent for the longest time go, and
 * everybody who speaks gets through.  Many may be accepted before anything is read: what
 * has come from somebody by then is no silence. */
static void limit_half_open(struct live_relay *live_relay)
{
    GQueue *half_open = &live_relay->half_open;
    if (half_open->length > live_relay->max_half_open)
        remove_known(half_open);
    for (guint left = half_open->length; left > 0 && half_open->length > live_relay->max_half_open;
         left--) {
        struct guest *guest = g_queue_peek_head(half_open);
        g_queue_unlink(half_open, &guest->link);
        g_queue_push_tail_link(half_open, &guest->link);
        if (!live_connection_has_unread(guest->live)) {
            tell_seldom(live_relay, &live_relay->silent_lines,
                        "a caller is closed who has said nothing yet: there are more such than "
                        "--max-half-open");
            live_connection_drop(guest->live);
        }
    }
}

static struct sstp_ep *on_ready(void *cookie, struct live_connection *live)
{
    struct guest *guest = cookie;
    struct live_relay *live_relay = guest->live_relay;
    const int64_t now_ms = net_now_ms(live_relay->net);
    guest->live = live;
    if (guest->url != NULL) {
        g_queue_unlink(&live_relay->dials, &guest->link);
        guest->link.data = NULL;
        guest->connection =
            sstp_relay_dialed(live_relay->relay, guest->url, guest->number, guest, now_ms);
    } else {
        guest->connection = sstp_relay_accept(live_relay->relay, guest, now_ms);
    }
    if (guest->connection == NULL) {
        g_free(guest);
        return NULL;
    }
    guest->all_link.data = guest;
    g_queue_push_tail_link(&live_relay->guests, &guest->all_link);
    if (guest->url == NULL) {
        guest->link.data = guest;
        g_queue_push_tail_link(&live_relay->half_open, &guest->link);
    }
    if (guest->is_spare)
        sstp_relay_refuse(guest->connection);
    return sstp_relay_connection_ep(guest->connection);
}

static void on_failed(void *cookie, const char *why)
{
    struct guest *guest = cookie;
    struct live_relay *live_relay = guest->live_relay;
    g_queue_unlink(&live_relay->dials, &guest->link);
    log_info("%s cannot be reached: %s", guest->url, why);
    sstp_relay_not_dialed(live_relay->relay, guest->url, guest->number,
                          SSTP_SESSION_STATUS_HOST_NOT_REACHABLE);
    g_free(guest);
}

static struct live_handler handler_of(struct guest *guest)
{
    return (struct live_handler){.ready = on_ready,
                                 .failed = on_failed,
                                 .output_is_empty = on_output_is_empty,
                                 .gone = on_gone,
                                 .cookie = guest};
}

static struct guest *new_guest(struct live_relay *live_relay)
{
    struct guest *guest = g_new0(struct guest, 1);
    guest->live_relay = live_relay;
    return guest;
}

static void accept_guest(struct live_relay *live_relay, struct net_connection *socket,
                         bool is_spare)
{
    struct guest *guest = new_guest(live_relay);
    guest->is_spare = is_spare;
    live_connection_accept(socket, &carrier_direct, live_relay->recording, handler_of(guest));
    limit_half_open(live_relay);
}

static void on_accepted(void *cookie, struct net_connection *socket)
{
    accept_guest(cookie, socket, false);
}

static void on_accepted_spare(void *cookie, struct net_connection *socket)
{
    accept_guest(cookie, socket, true);
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
    size_t i = 0;
    if (live_relay->is_leaving)
        return;
    while (i < live_relay->num_peers && strcmp(live_relay->peer_urls[i], url) != 0)
        i++;
    struct guest *guest = new_guest(live_relay);
    guest->url = live_relay->peer_urls[i];
    guest->number = number;
    guest->link.data = guest;
    g_queue_push_tail_link(&live_relay->dials, &guest->link);
    char *error = NULL;
    const struct live_dial dial = {
        .carrier = &carrier_direct,
        .address = live_relay->peer_addresses[i],
        .hosts = {live_relay->host, live_relay->peer_hosts != NULL
                                        ? live_relay->peer_hosts[i]
                                        : (uint8_t)(PEER_HOST + i % NUM_PEER_HOSTS)}};
    guest->live = live_connection_dial(live_relay->net, &dial, live_relay->recording,
                                       handler_of(guest), &error);
    if (guest->live == NULL) {
        on_failed(guest, error);
        g_free(error);
    }
}

/* Nobody waits any more for those who are being dialed, who may not even be there. */
static void stop_dialing(struct live_relay *live_relay)
{
    GList *link;
    live_relay->is_leaving = true;
    while ((link = g_queue_pop_head_link(&live_relay->dials)) != NULL) {
        struct guest *guest = link->data;
        live_connection_drop(guest->live);
        g_free(guest);
    }
}

static void on_wake(void *cookie, void *socket)
{
    const struct guest *guest = socket;
    (void)cookie;
    live_connection_wake(guest->live);
}

static void on_hold(void *cookie, void *socket, bool is_held)
{
    const struct guest *guest = socket;
    (void)cookie;
    live_connection_hold(guest->live, is_held);
}

static void on_log(void *cookie, void *socket, const char *text)
{
    const struct guest *guest = socket;
    (void)cookie;
    log_info("connection %u: %s", live_connection_number(guest->live), text);
}

static void on_tell(void *cookie, void *socket, const char *text)
{
    const struct live_relay *live_relay = cookie;
    const struct guest *guest = socket;
    const unsigned number = live_connection_number(guest->live);
    if (live_relay->tells_refusals)
        log_error("connection %u: %s", number, text);
    else
        log_info("connection %u: %s", number, text);
}

static void on_sent(void *cookie, const struct sstp_command *command)
{
    const struct guest *guest = cookie;
    live_connection_sent(guest->live, command);
}

static void on_noted(void *cookie, const struct sstp_ep_note *note)
{
    const struct guest *guest = cookie;
    live_connection_noted(guest->live, note);
}

static uint64_t on_label(void *cookie, void *socket)
{
    const struct guest *guest = socket;
    (void)cookie;
    return live_connection_label(guest->live);
}

/* Also while the relay is freed, when the net is gone. */
static void on_discarded(void *cookie, const struct sstp_relay_discard *discard)
{
    const struct live_relay *live_relay = cookie;
    truth_discarded(live_relay->recording->truth, discard, recording_now_ns(live_relay->recording));
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

static void on_timer(uv_timer_t *timer)
{
    const struct live_relay *live_relay = timer->data;
    net_settle(live_relay->net); /* which ticks the relay */
}

size_t live_relay_max_open(size_t max_connections, size_t max_half_open)
{
    return (max_connections != 0 ? max_connections : SSTP_RELAY_MAX_CONNECTIONS) +
           (max_half_open != 0 ? max_half_open : LIVE_RELAY_MAX_HALF_OPEN) + MAX_ENDING;
}

struct live_relay *live_relay_new(struct net *net, const struct sstp_relay_config *config,
                                  const struct live_relay_config *net_config, char **error)
{
    struct live_relay *live_relay = g_new0(struct live_relay, 1);
    struct sstp_relay_config relay_config = *config;
    live_relay->max_half_open =
        net_config->max_half_open != 0 ? net_config->max_half_open : LIVE_RELAY_MAX_HALF_OPEN;
    if (!net_listen_on(
            net,
            &(struct net_listen_config){.sockets = net_config->sockets,
                                        .num_sockets = net_config->num_sockets,
                                        .max_connections = live_relay_max_open(
                                            config->max_connections, net_config->max_half_open),
                                        .accepted = on_accepted,
                                        .accepted_spare = on_accepted_spare,
                                        .tell = on_listener_news,
                                        .cookie = live_relay},
            &live_relay->listener, error)) {
        g_free(live_relay);
        return NULL;
    }
    relay_config.wake = on_wake;
    relay_config.dial = on_dial;
    relay_config.hold = on_hold;
    relay_config.log = on_log;
    relay_config.tell = on_tell;
    relay_config.store_failing = on_store_failing;
    relay_config.store_full = on_store_full;
    live_relay->recording = net_config->recording;
    if (recording_truth(live_relay->recording) != NULL) {
        relay_config.witness = (struct sstp_ep_witness){.sent = on_sent, .noted = on_noted};
        relay_config.discarded = on_discarded;
        relay_config.label = on_label;
    }
    relay_config.cookie = live_relay;
    live_relay->net = net;
    live_relay->peer_urls = config->peer_urls;
    live_relay->peer_addresses = net_config->peer_addresses;
    live_relay->peer_hosts = net_config->peer_hosts;
    live_relay->tells_refusals = net_config->tells_refusals;
    live_relay->host = net_config->host != 0 ? net_config->host : OWN_HOST;
    live_relay->num_peers = config->num_peers;
    live_relay->relay = sstp_relay_new(&relay_config, net_now_ms(net));
    live_keeper_init(&live_relay->keeper, net, sstp_relay_store(live_relay->relay));
    uv_timer_init(net_loop(net), &live_relay->timer);
    live_relay->timer.data = live_relay;
    return live_relay;
}

void live_relay_free(struct live_relay *live_relay)
{
    if (live_relay == NULL)
        return;
    sstp_relay_free(live_relay->relay);
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
    live_keeper_write(&live_relay->keeper);
    const int64_t deadline = next_deadline(live_relay);
    if (deadline == SSTP_EP_NEVER)
        uv_timer_stop(&live_relay->timer);
    else
        uv_timer_start(&live_relay->timer, on_timer,
                       deadline > now ? (uint64_t)(deadline - now) : 1, 0);
}

static void stop_listening(struct live_relay *live_relay)
{
    if (live_relay->listener != NULL)
        net_listener_close(live_relay->listener);
    live_relay->listener = NULL;
}

void live_relay_close(struct live_relay *live_relay, uint8_t reason_id, uint32_t return_time,
                      bool stops_listening)
{
    if (stops_listening) {
        stop_listening(live_relay);
        stop_dialing(live_relay);
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
    return live_relay->guests.length;
}

bool live_relay_stop(struct live_relay *live_relay)
{
    stop_listening(live_relay);
    live_relay_end(live_relay);
    while (!g_queue_is_empty(&live_relay->guests)) {
        const struct guest *guest = g_queue_peek_head(&live_relay->guests);
        live_connection_reset(guest->live);
    }
    if (live_keeper_is_writing(&live_relay->keeper))
        return false;
    sstp_relay_free(live_relay->relay);
    live_relay->relay = NULL;
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
    stop_dialing(live_relay);
    uv_close((uv_handle_t *)&live_relay->timer, NULL);
}
