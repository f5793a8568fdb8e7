/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "live/client.h"

#include "base/product.h"
#include "carrier/direct.h"

#include <glib.h>

struct live_client {
    struct net *net;
    const struct recording *recording;
    struct live_client_handler handler;
    struct sstp_client *client;
    struct live_connection *connection; /* there, or being opened; NULL */
    bool is_connected;
};

/* ------------------------------------------------------------------------
 * What the client tells
 */

static void on_client_ready(void *cookie, struct sstp_client *sstp_client)
{
    const struct live_client *client = cookie;
    (void)sstp_client;
    client->handler.ready(client->handler.cookie);
}

static void on_client_failed(void *cookie, struct sstp_client *sstp_client, const char *why)
{
    const struct live_client *client = cookie;
    (void)sstp_client;
    client->handler.failed(client->handler.cookie, why);
}

static void on_event(void *cookie, struct sstp_ep *ep, const struct sstp_ep_event *event)
{
    const struct live_client *client = cookie;
    client->handler.event(client->handler.cookie, ep, event);
}

static void on_sent(void *cookie, const struct sstp_command *command)
{
    const struct live_client *client = cookie;
    if (client->is_connected)
        live_connection_sent(client->connection, command);
}

static void on_noted(void *cookie, const struct sstp_ep_note *note)
{
    const struct live_client *client = cookie;
    if (client->is_connected)
        live_connection_noted(client->connection, note);
}

/* ------------------------------------------------------------------------
 * What the connection tells
 */

static struct sstp_ep *on_ready(void *cookie, struct live_connection *connection)
{
    struct live_client *client = cookie;
    struct sstp_ep *ep = sstp_client_ep(client->client);
    client->connection = connection;
    client->is_connected = true;
    sstp_ep_tick(ep, net_now_ms(client->net));
    client->handler.connected(client->handler.cookie);
    return ep;
}

static void on_failed(void *cookie, const char *why)
{
    struct live_client *client = cookie;
    client->connection = NULL;
    client->handler.not_connected(client->handler.cookie, why);
}

static void on_output_is_empty(void *cookie)
{
    const struct live_client *client = cookie;
    if (client->handler.output_is_empty != NULL)
        client->handler.output_is_empty(client->handler.cookie);
}

static void on_gone(void *cookie)
{
    struct live_client *client = cookie;
    client->connection = NULL;
    client->is_connected = false;
    client->handler.gone(client->handler.cookie);
}

static struct live_handler handler_of(struct live_client *client)
{
    return (struct live_handler){.ready = on_ready,
                                 .failed = on_failed,
                                 .output_is_empty = on_output_is_empty,
                                 .gone = on_gone,
                                 .cookie = client};
}

/* ------------------------------------------------------------------------
 * The client
 */

struct live_client *live_client_new(const struct live_client_config *config,
                                    struct live_client_handler handler)
{
    struct live_client *client = g_new0(struct live_client, 1);
    struct sstp_client_config client_config = config->client;

    client->net = config->net;
    client->recording = config->recording;
    client->handler = handler;
    client_config.device_key = sstp_sec_derive_key(config->secret, client_config.device_url);
    client_config.account_key = sstp_sec_derive_key(config->secret, client_config.account_url);
    if (client_config.random.fill == NULL)
        client_config.random = (struct sstp_sec_random){net_random, config->net};
    if (client_config.product_version == NULL)
        client_config.product_version = PRODUCT_CLIENT_2010;
    client_config.now_ms = net_now_ms(config->net);
    client_config.ready = on_client_ready;
    client_config.failed = on_client_failed;
    client_config.event = on_event;
    client_config.cookie = client;
    if (recording_truth(config->recording) != NULL)
        client_config.witness =
            (struct sstp_ep_witness){.sent = on_sent, .noted = on_noted, .cookie = client};
    client->client = sstp_client_new(&client_config);
    if (client->client != NULL)
        return client;
    g_free(client);
    return NULL;
}

static void ignore(void *cookie)
{
    (void)cookie;
}

static void ignore_event(void *cookie, struct sstp_ep *ep, const struct sstp_ep_event *event)
{
    (void)cookie;
    (void)ep;
    (void)event;
}

void live_client_free(struct live_client *client)
{
    if (client == NULL)
        return;
    client->handler.event = ignore_event;
    client->handler.gone = ignore;
    if (client->connection != NULL)
        live_connection_drop(client->connection);
    sstp_client_free(client->client);
    g_free(client);
}

bool live_client_dial(struct live_client *client, const struct live_dial *dial, char **error)
{
    struct live_dial how = *dial;
    if (how.carrier == NULL)
        how.carrier = &carrier_direct;
    client->connection =
        live_connection_dial(client->net, &how, client->recording, handler_of(client), error);
    return client->connection != NULL;
}

void live_client_accept(struct live_client *client, struct net_connection *socket)
{
    live_connection_accept(socket, &carrier_direct, NULL, client->recording, handler_of(client));
}

enum sstp_ep_err live_client_start(struct live_client *client)
{
    return sstp_client_start(client->client);
}

struct sstp_ep *live_client_ep(const struct live_client *client)
{
    return sstp_client_ep(client->client);
}

struct live_connection *live_client_connection(const struct live_client *client)
{
    return client->is_connected ? client->connection : NULL;
}

void live_client_wake(struct live_client *client)
{
    if (client->is_connected)
        live_connection_wake(client->connection);
}
