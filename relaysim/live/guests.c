/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "live/guests.h"

#include "base/log.h"
#include "carrier/direct.h"
#include "carrier/door.h"
#include "live/connection.h"

/* Where the peers of a relay are in the capture of what it opens: nobody whom it accepts is
 * shown there. */
enum { PEER_HOST = 2, NUM_PEER_HOSTS = 250 };

/* One connection, accepted or opened. */
struct guest {
    struct live_guests *guests;
    struct live_connection *live;
    struct sstp_relay_connection *connection; /* NULL while it is opened, or not whole */
    const char *url;                          /* that was dialed; NULL for who came */
    uint64_t number;                          /* the relay's, of the dial */
    bool is_spare; /* there is a file descriptor for a refusal, and that is all */
    GList link;    /* in guests->dials, or in ->half_open, with data set while it is */
    GList all_link;
};

static void on_output_is_empty(void *cookie)
{
    struct guest *guest = cookie;
    sstp_relay_output_is_empty(guest->connection);
}

static void add_half_open(struct guest *guest)
{
    if (guest->link.data != NULL)
        return;
    guest->link.data = guest;
    g_queue_push_tail_link(&guest->guests->half_open, &guest->link);
}

static void remove_half_open(struct guest *guest)
{
    if (guest->link.data != NULL)
        g_queue_unlink(&guest->guests->half_open, &guest->link);
    guest->link.data = NULL;
}

static void on_gone(void *cookie)
{
    struct guest *guest = cookie;
    remove_half_open(guest);
    g_queue_unlink(&guest->guests->all, &guest->all_link);
    sstp_relay_disconnect(guest->connection);
    g_free(guest);
}

/* Those whose Connect has been taken, or waits for the answers of others. */
static void remove_known(GQueue *half_open)
{
    GList *link = half_open->head;
    while (link != NULL) {
        struct guest *guest = link->data;
        link = link->next;
        if (guest->connection == NULL)
            continue;
        const enum sstp_connection_state state =
            sstp_ep_state(sstp_relay_connection_ep(guest->connection));
        if (state == SSTP_CONNECTION_ESTABLISHED || state == SSTP_CONNECTION_CONNECTING)
            remove_half_open(guest);
    }
}

/* Drops one that the relay may not know: then nobody tells us. */
static void drop(struct guest *guest)
{
    const bool is_known = guest->connection != NULL;
    live_connection_drop(guest->live);
    if (is_known)
        return;
    remove_half_open(guest);
    g_free(guest);
}

static void tell_silent(struct live_guests *guests)
{
    char *line = log_seldom(&guests->silent_lines, net_now_ms(guests->net),
                            "a caller is closed who has said nothing yet: there are more such "
                            "than --max-half-open");
    if (line != NULL)
        log_error("%s", line);
    g_free(line);
}

/* Too many that say nothing: those who have been silent for the longest time go, and
 * everybody who speaks gets through.  Many may be accepted before anything is read: what
 * has come from somebody by then is no silence. */
static void limit_half_open(struct live_guests *guests)
{
    GQueue *half_open = &guests->half_open;
    if (half_open->length > guests->max_half_open)
        remove_known(half_open);
    for (guint left = half_open->length; left > 0 && half_open->length > guests->max_half_open;
         left--) {
        struct guest *guest = g_queue_peek_head(half_open);
        g_queue_unlink(half_open, &guest->link);
        g_queue_push_tail_link(half_open, &guest->link);
        if (!live_connection_has_unread(guest->live)) {
            tell_silent(guests);
            drop(guest);
        }
    }
}

static struct sstp_ep *on_ready(void *cookie, struct live_connection *live)
{
    struct guest *guest = cookie;
    struct live_guests *guests = guest->guests;
    const int64_t now_ms = net_now_ms(guests->net);
    guest->live = live;
    if (guest->url != NULL) {
        g_queue_unlink(&guests->dials, &guest->link);
        guest->link.data = NULL;
        guest->connection =
            sstp_relay_dialed(guests->relay, guest->url, guest->number, guest, now_ms);
    } else {
        guest->connection = sstp_relay_accept(guests->relay, guest, now_ms);
    }
    if (guest->connection == NULL) {
        remove_half_open(guest);
        g_free(guest);
        return NULL;
    }
    guest->all_link.data = guest;
    g_queue_push_tail_link(&guests->all, &guest->all_link);
    if (guest->url == NULL)
        add_half_open(guest);
    if (guest->is_spare)
        sstp_relay_refuse(guest->connection);
    return sstp_relay_connection_ep(guest->connection);
}

static void on_failed(void *cookie, const char *why)
{
    struct guest *guest = cookie;
    struct live_guests *guests = guest->guests;
    if (guest->url == NULL) {
        /* It was another's, or nobody's. */
        remove_half_open(guest);
        g_free(guest);
        return;
    }
    g_queue_unlink(&guests->dials, &guest->link);
    log_info("%s cannot be reached: %s", guest->url, why);
    sstp_relay_not_dialed(guests->relay, guest->url, guest->number,
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

static struct guest *new_guest(struct live_guests *guests)
{
    struct guest *guest = g_new0(struct guest, 1);
    guest->guests = guests;
    return guest;
}

void live_guests_accept(struct live_guests *guests, struct net_connection *socket, bool is_spare)
{
    const bool is_http = net_connection_port(socket) == NET_PORT_HTTP;
    /* Over HTTP a refusal of SSTP's takes more than the one socket. */
    if (is_http && is_spare)
        return;
    struct guest *guest = new_guest(guests);
    guest->is_spare = is_spare;
    struct live_connection *live =
        live_connection_accept(socket, is_http ? &carrier_door : &carrier_direct,
                               is_http ? guests->http : NULL, guests->recording, handler_of(guest));
    if (is_http && live != NULL) {
        guest->live = live;
        add_half_open(guest);
    }
    limit_half_open(guests);
}

void live_guests_dial(struct live_guests *guests, const char *url, uint64_t number)
{
    size_t i = 0;
    if (guests->is_leaving)
        return;
    while (i < guests->num_peers && strcmp(guests->peer_urls[i], url) != 0)
        i++;
    struct guest *guest = new_guest(guests);
    guest->url = guests->peer_urls[i];
    guest->number = number;
    guest->link.data = guest;
    g_queue_push_tail_link(&guests->dials, &guest->link);
    char *error = NULL;
    const struct live_peer_way way =
        guests->peer_ways != NULL ? guests->peer_ways[i] : (struct live_peer_way){.proxy = NULL};
    const struct live_dial dial = {
        .carrier = way.carrier != NULL ? way.carrier : &carrier_direct,
        .address = guests->peer_addresses[i],
        .proxy = way.proxy,
        .login = guests->proxy_login,
        .http = way.http,
        .hosts = {.initiator_host = guests->host,
                  .acceptor_host = guests->peer_hosts != NULL
                                       ? guests->peer_hosts[i]
                                       : (uint8_t)(PEER_HOST + i % NUM_PEER_HOSTS)}};
    guest->live =
        live_connection_dial(guests->net, &dial, guests->recording, handler_of(guest), &error);
    if (guest->live == NULL) {
        on_failed(guest, error);
        g_free(error);
    }
}

void live_guests_stop_dialing(struct live_guests *guests)
{
    GList *link;
    guests->is_leaving = true;
    while ((link = g_queue_pop_head_link(&guests->dials)) != NULL) {
        struct guest *guest = link->data;
        live_connection_drop(guest->live);
        g_free(guest);
    }
}

static void drop_idle(GQueue *queue)
{
    GList *link = queue->head;
    while (link != NULL) {
        struct guest *guest = link->data;
        link = link->next;
        if (live_connection_socket(guest->live) == NULL)
            drop(guest);
    }
}

void live_guests_drop_idle(struct live_guests *guests)
{
    drop_idle(&guests->all);
    drop_idle(&guests->half_open);
}

void live_guests_reset(struct live_guests *guests)
{
    while (!g_queue_is_empty(&guests->all)) {
        const struct guest *guest = g_queue_peek_head(&guests->all);
        live_connection_reset(guest->live);
    }
    while (!g_queue_is_empty(&guests->half_open))
        drop(g_queue_peek_head(&guests->half_open));
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
    const struct guest *guest = socket;
    (void)cookie;
    const unsigned number = live_connection_number(guest->live);
    if (guest->guests->tells_refusals)
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

void live_guests_configure(const struct live_guests *guests, struct sstp_relay_config *config)
{
    config->wake = on_wake;
    config->hold = on_hold;
    config->log = on_log;
    config->tell = on_tell;
    if (recording_truth(guests->recording) != NULL) {
        config->witness = (struct sstp_ep_witness){.sent = on_sent, .noted = on_noted};
        config->label = on_label;
    }
}
