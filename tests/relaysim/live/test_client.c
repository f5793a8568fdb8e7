/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clients on connections of their own: what their owner is told, in which order, and that one
 * that is freed tells nothing any more. */
#include "live/client.h"

#include <glib.h>

#define URL_OF_CALLEE "dpp:///callee"

struct owner {
    struct live_client *client;
    GString *told;
    bool frees; /* the client, when it is gone */
};

struct fixture {
    struct net *net;
    struct net_listener *listener;
    char *address;
    struct owner caller, callee;
};

/* The suite has a time limit for what never comes. */
#define AWAIT(f, condition)                                                                        \
    while (!(condition))                                                                           \
    net_run_once((f)->net, 1000)

static void on_connected(void *cookie)
{
    struct owner *owner = cookie;
    g_string_append(owner->told, "connected ");
    g_assert_nonnull(live_client_connection(owner->client));
}

static void on_not_connected(void *cookie, const char *why)
{
    struct owner *owner = cookie;
    g_string_append_printf(owner->told, "not connected: %s ", why);
    g_assert_null(live_client_connection(owner->client));
    live_client_free(owner->client);
    owner->client = NULL;
}

static void on_ready(void *cookie)
{
    struct owner *owner = cookie;
    g_string_append(owner->told, "ready ");
}

static void on_failed(void *cookie, const char *why)
{
    struct owner *owner = cookie;
    g_string_append_printf(owner->told, "failed: %s ", why);
}

static void on_event(void *cookie, struct sstp_ep *ep, const struct sstp_ep_event *event)
{
    struct owner *owner = cookie;
    (void)ep;
    if (event->kind == SSTP_EP_EVENT_CLOSED)
        g_string_append(owner->told, "closed ");
}

static void on_gone(void *cookie)
{
    struct owner *owner = cookie;
    g_string_append(owner->told, "gone ");
    g_assert_null(live_client_connection(owner->client));
    live_client_wake(owner->client); /* which does no harm */
    if (!owner->frees)
        return;
    live_client_free(owner->client);
    owner->client = NULL;
}

static void make_client(struct fixture *f, struct owner *owner, bool is_originator)
{
    const struct live_client_config config = {
        .net = f->net,
        .secret = "secret",
        .client = {.device_url = is_originator ? "dpp:///caller" : URL_OF_CALLEE,
                   .target_url = URL_OF_CALLEE,
                   .account_url = "",
                   .is_originator = is_originator}};
    owner->client =
        live_client_new(&config, (struct live_client_handler){.connected = on_connected,
                                                              .not_connected = on_not_connected,
                                                              .ready = on_ready,
                                                              .failed = on_failed,
                                                              .event = on_event,
                                                              .gone = on_gone,
                                                              .cookie = owner});
    g_assert_nonnull(owner->client);
    g_assert_null(live_client_connection(owner->client));
}

static void on_accepted(void *cookie, struct net_connection *socket)
{
    struct fixture *f = cookie;
    live_client_accept(f->callee.client, socket);
}

static void set_up(struct fixture *f, gconstpointer data)
{
    const struct net_config config = {.capture = NULL};
    char *error = NULL;
    (void)data;
    f->net = net_new(&config);
    f->caller.told = g_string_new(NULL);
    f->callee.told = g_string_new(NULL);
    f->caller.frees = f->callee.frees = true;
    make_client(f, &f->caller, true);
    make_client(f, &f->callee, false);
    g_assert_true(net_listen(f->net, "127.0.0.1:0", 1, on_accepted, f, &f->listener, &error));
    f->address = net_listener_address(f->listener);
    g_assert_true(
        live_client_dial(f->caller.client, &(struct live_dial){.address = f->address}, &error));
    g_assert_cmpstr(f->caller.told->str, ==, "");
}

static void tear_down(struct fixture *f, gconstpointer data)
{
    (void)data;
    live_client_free(f->caller.client);
    live_client_free(f->callee.client);
    net_free(f->net);
    g_string_free(f->caller.told, TRUE);
    g_string_free(f->callee.told, TRUE);
    g_free(f->address);
}

static void meet(struct fixture *f)
{
    AWAIT(f, f->caller.told->len > 0);
    g_assert_cmpint(live_client_start(f->caller.client), ==, SSTP_EP_OK);
    live_client_wake(f->caller.client);
    AWAIT(f, g_str_has_suffix(f->caller.told->str, "ready ") &&
                 g_str_has_suffix(f->callee.told->str, "ready "));
}

static void test_life(struct fixture *f, gconstpointer data)
{
    (void)data;
    meet(f);
    sstp_ep_close_connection(live_client_ep(f->caller.client), SSTP_CONNECT_CLOSE_NO_REASON, 0);
    live_client_wake(f->caller.client);
    AWAIT(f, f->caller.client == NULL && f->callee.client == NULL);
    g_assert_cmpstr(f->caller.told->str, ==, "connected ready closed gone ");
    g_assert_cmpstr(f->callee.told->str, ==, "connected ready closed gone ");
}

/* One that its owner keeps when it is gone. */
static void test_kept(struct fixture *f, gconstpointer data)
{
    (void)data;
    meet(f);
    f->callee.frees = false;
    live_connection_drop(live_client_connection(f->caller.client));
    g_assert_null(f->caller.client);
    AWAIT(f, g_str_has_suffix(f->callee.told->str, "gone "));
    g_assert_cmpint(sstp_ep_state(live_client_ep(f->callee.client)), ==, SSTP_CONNECTION_CLOSED);
}

static void test_freed(struct fixture *f, gconstpointer data)
{
    (void)data;
    meet(f);
    live_client_free(f->caller.client);
    f->caller.client = NULL;
    AWAIT(f, f->callee.client == NULL);
    g_assert_cmpstr(f->caller.told->str, ==, "connected ready ");
    g_assert_cmpstr(f->callee.told->str, ==, "connected ready closed gone ");
}

static void test_freed_while_dialing(struct fixture *f, gconstpointer data)
{
    (void)data;
    live_client_free(f->caller.client);
    f->caller.client = NULL;
    g_assert_cmpuint(net_num_connections(f->net), ==, 0);
    net_run_once(f->net, 0);
    g_assert_cmpstr(f->caller.told->str, ==, "");
}

static void test_not_connected(struct fixture *f, gconstpointer data)
{
    char *error = NULL;
    (void)data;
    meet(f);
    net_listener_close(f->listener);
    live_client_free(f->caller.client);
    AWAIT(f, f->callee.client == NULL);
    g_string_truncate(f->caller.told, 0);
    make_client(f, &f->caller, true);
    g_assert_true(
        live_client_dial(f->caller.client, &(struct live_dial){.address = f->address}, &error));
    AWAIT(f, f->caller.client == NULL);
    g_assert_cmpstr(f->caller.told->str, ==, "not connected: connection refused ");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/live-client/life", struct fixture, NULL, set_up, test_life, tear_down);
    g_test_add("/live-client/kept", struct fixture, NULL, set_up, test_kept, tear_down);
    g_test_add("/live-client/freed", struct fixture, NULL, set_up, test_freed, tear_down);
    g_test_add("/live-client/freed-while-dialing", struct fixture, NULL, set_up,
               test_freed_while_dialing, tear_down);
    g_test_add("/live-client/not-connected", struct fixture, NULL, set_up, test_not_connected,
               tear_down);
    return g_test_run();
}
