/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "live/puppet.h"

#include "carrier/direct.h"
#include "carrier/door.h"

#include <glib.h>

/* Who has called, of whom nobody knows yet whether it is another half of one who is there. */
struct caller {
    struct live_puppet *puppet;
    struct live_connection *live;
};

/* Both halves of a virtual connection, and those that are lost and come again. */
#define CALLERS_MAX 64u

struct live_puppet {
    struct net *net;
    const struct recording *recording;
    struct live_puppet_handler handler;
    struct net_listener *listener;
    struct http_server *http;
    GQueue callers;               /* struct caller */
    struct live_connection *live; /* there, or being dialed; NULL */
    struct sstp_ep *ep;           /* of its last connection; NULL before the first */
    uint64_t num_said;
    bool is_there;
    bool is_silent; /* nobody is told any more */
};

static void on_event(void *cookie, struct sstp_ep *ep, const struct sstp_ep_event *event)
{
    (void)cookie; /* its end is all that there is, and the transport tells that, too */
    (void)ep;
    (void)event;
}

static void on_sent(void *cookie, const struct sstp_command *command)
{
    const struct live_puppet *puppet = cookie;
    if (puppet->is_there)
        live_connection_sent(puppet->live, command);
}

static struct sstp_ep *begin(struct live_puppet *puppet, struct live_connection *live,
                             bool is_originator)
{
    struct sstp_ep_config config = {.mem = &sstp_mem_libc,
                                    .is_originator = is_originator,
                                    .is_puppet = true,
                                    .now_ms = net_now_ms(puppet->net),
                                    .event = on_event,
                                    .cookie = puppet};
    if (recording_truth(puppet->recording) != NULL)
        config.witness = (struct sstp_ep_witness){.sent = on_sent, .cookie = puppet};
    sstp_ep_free(puppet->ep);
    puppet->ep = sstp_ep_new(&config);
    puppet->live = live;
    puppet->is_there = puppet->ep != NULL;
    puppet->num_said = 0;
    if (puppet->is_there && !puppet->is_silent)
        puppet->handler.there(puppet->handler.cookie);
    return puppet->ep;
}

static void end(struct live_puppet *puppet)
{
    puppet->live = NULL;
    puppet->is_there = false;
    if (!puppet->is_silent)
        puppet->handler.gone(puppet->handler.cookie);
}

/* ------------------------------------------------------------------------
 * Who calls
 */

static void forget(struct caller *caller)
{
    (void)g_queue_remove(&caller->puppet->callers, caller);
    g_free(caller);
}

static struct sstp_ep *on_caller_ready(void *cookie, struct live_connection *live)
{
    struct caller *caller = cookie;
    struct live_puppet *puppet = caller->puppet;
    struct sstp_ep *ep = puppet->live == NULL ? begin(puppet, live, false) : NULL;
    if (ep == NULL)
        forget(caller);
    else
        (void)g_queue_remove(&puppet->callers, caller);
    return ep;
}

static void on_caller_failed(void *cookie, const char *why)
{
    (void)why; /* it was another's half */
    forget(cookie);
}

static void on_caller_gone(void *cookie)
{
    struct caller *caller = cookie;
    struct live_puppet *puppet = caller->puppet;
    forget(caller);
    end(puppet);
}

static void on_accepted(void *cookie, struct net_connection *socket)
{
    struct live_puppet *puppet = cookie;
    const bool is_http = net_connection_port(socket) == NET_PORT_HTTP;
    struct caller *caller = g_new0(struct caller, 1);
    caller->puppet = puppet;
    g_queue_push_tail(&puppet->callers, caller);
    struct live_connection *live =
        live_connection_accept(socket, is_http ? &carrier_door : &carrier_direct,
                               is_http ? puppet->http : NULL, puppet->recording,
                               (struct live_handler){.ready = on_caller_ready,
                                                     .failed = on_caller_failed,
                                                     .gone = on_caller_gone,
                                                     .cookie = caller});
    /* It may have been told all by now, and be gone. */
    if (g_queue_find(&puppet->callers, caller) != NULL)
        caller->live = live;
}

/* ------------------------------------------------------------------------
 * Whom it calls
 */

static struct sstp_ep *on_ready(void *cookie, struct live_connection *live)
{
    return begin(cookie, live, true);
}

static void on_failed(void *cookie, const char *why)
{
    struct live_puppet *puppet = cookie;
    puppet->live = NULL;
    if (!puppet->is_silent)
        puppet->handler.not_there(puppet->handler.cookie, why);
}

static void on_gone(void *cookie)
{
    end(cookie);
}

bool live_puppet_dial(struct live_puppet *puppet, const struct live_dial *dial, char **error)
{
    g_assert(puppet->live == NULL);
    puppet->live = live_connection_dial(
        puppet->net, dial, puppet->recording,
        (struct live_handler){
            .ready = on_ready, .failed = on_failed, .gone = on_gone, .cookie = puppet},
        error);
    return puppet->live != NULL;
}

/* ------------------------------------------------------------------------
 * From outside
 */

struct live_puppet *live_puppet_new(struct net *net, const struct recording *recording,
                                    struct live_puppet_handler handler)
{
    struct live_puppet *puppet = g_new0(struct live_puppet, 1);
    puppet->net = net;
    puppet->recording = recording;
    puppet->handler = handler;
    g_queue_init(&puppet->callers);
    return puppet;
}

void live_puppet_end(struct live_puppet *puppet)
{
    struct caller *caller;
    if (puppet == NULL)
        return;
    puppet->is_silent = true;
    if (puppet->listener != NULL)
        net_listener_close(puppet->listener);
    puppet->listener = NULL;
    if (puppet->live != NULL)
        live_connection_drop(puppet->live);
    while ((caller = g_queue_peek_head(&puppet->callers)) != NULL) {
        live_connection_drop(caller->live);
        forget(caller);
    }
}

void live_puppet_free(struct live_puppet *puppet)
{
    if (puppet == NULL)
        return;
    http_server_free(puppet->http);
    sstp_ep_free(puppet->ep);
    g_free(puppet);
}

bool live_puppet_listen(struct live_puppet *puppet, const struct live_puppet_doors *doors,
                        char **error)
{
    g_assert(puppet->listener == NULL);
    puppet->http = http_server_new(doors->http);
    return net_listen_on(puppet->net,
                         &(struct net_listen_config){.sockets = doors->sockets,
                                                     .num_sockets = doors->num_sockets,
                                                     .ports = doors->ports,
                                                     .max_connections = CALLERS_MAX,
                                                     .accepted = on_accepted,
                                                     .cookie = puppet},
                         &puppet->listener, error);
}

char *live_puppet_address(const struct live_puppet *puppet)
{
    return net_listener_address(puppet->listener);
}

bool live_puppet_is_there(const struct live_puppet *puppet)
{
    return puppet->is_there;
}

bool live_puppet_say(struct live_puppet *puppet, struct sstp_span bytes)
{
    if (!puppet->is_there)
        return false;
    sstp_ep_tick(puppet->ep, net_now_ms(puppet->net));
    if (sstp_ep_say(puppet->ep, bytes) != SSTP_EP_OK)
        return false;
    puppet->num_said += bytes.len;
    live_connection_wake(puppet->live);
    return true;
}

uint64_t live_puppet_num_said(const struct live_puppet *puppet)
{
    return puppet->num_said;
}

uint64_t live_puppet_num_heard(const struct live_puppet *puppet)
{
    return puppet->ep != NULL ? sstp_ep_num_bytes_heard(puppet->ep) : 0;
}

void live_puppet_hang_up(struct live_puppet *puppet)
{
    if (!puppet->is_there)
        return;
    sstp_ep_hang_up(puppet->ep);
    live_connection_wake(puppet->live);
}

void live_puppet_reset(struct live_puppet *puppet)
{
    if (puppet->is_there)
        live_connection_reset(puppet->live);
}
