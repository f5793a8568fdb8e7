/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/client_check.h"

#include "base/log.h"
#include "base/url.h"
#include "carrier/direct.h"
#include "carrier/http_client.h"
#include "carrier/tunnel.h"
#include "carrier/ways.h"
#include "cmd/options.h"
#include "henc/polling.h"

#include <string.h>

static gboolean usage(const char *sentence)
{
    log_error("%s", sentence);
    return FALSE;
}

gboolean client_is_identity(const char *url)
{
    return sstp_url_is_identity(sstp_span_of_string(url));
}

/* The specification gives accounts and resources no form: some characters that can be
 * printed. */
static gboolean is_name(const char *name)
{
    const size_t len = strlen(name);
    for (const char *c = name; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            return FALSE;
    return len > 0;
}

/* Whether there is room for what goes into commands as it is. */
static gboolean have_room(const struct client_options *o)
{
    const struct {
        const char *option, *url;
    } rows[] = {{"device", o->device},
                {"relay-url", o->relay_url},
                {"account", o->account},
                {"resource", o->resource}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (rows[i].url != NULL && !options_url_has_room(rows[i].option, rows[i].url))
            return FALSE;
    return TRUE;
}

gboolean client_is_relay(const struct client_options *o)
{
    return o->relay_url != NULL && sstp_url_is_relay(sstp_span_of_string(o->relay_url));
}

/* Whether a recipient names its relay. */
static gboolean has_relay(const char *to)
{
    const char *device = strchr(to, ',');
    return device != NULL && strchr(device + 1, ',') != NULL;
}

/* An option that says how to send; NULL without any. */
static const char *sending_option(const struct client_options *o)
{
    return o->ttl >= 0            ? "--ttl"
           : o->acks_immediately  ? "--ack-immediately"
           : o->is_not_if_offline ? "--not-if-offline"
           : o->rate > 0          ? "--rate"
                                  : NULL;
}

/* Whether the way to the relay is complete. */
static gboolean check_way(const struct client_options *o)
{
    const gboolean has_proxy = o->proxy != NULL || o->socks_proxy != NULL;
    char *host = NULL;
    uint16_t port;
    if (carrier_ways[o->via].ops != &carrier_direct && o->relay == NULL)
        return usage("--via is for who connects, with --relay");
    if (!carrier_ways[o->via].may_have_proxy && o->proxy != NULL)
        return usage("--proxy is for --via connect, --via socks and the ways over HTTP");
    if (carrier_ways[o->via].ops != NULL && (o->relay_443 != NULL || o->relay_http != NULL))
        return usage("--relay-443 and --relay-http are for --via auto");
    if (carrier_ways[o->via].ops != NULL && o->socks_proxy != NULL)
        return usage("--socks-proxy is for --via auto; --via socks has --proxy");
    if (!has_proxy && o->proxy_auth != NULL)
        return usage("--proxy-auth is for a proxy: --proxy is needed");
    if (!carrier_ways[o->via].needs_proxy && !has_proxy)
        return TRUE;
    if (!has_proxy)
        return usage("--proxy ADDR:PORT is needed: where the proxy of --via is");
    if (!tunnel_target(o->relay, &host, &port)) {
        log_error("%s is not a name or address and a port, such as relay1.example:2492, that a "
                  "proxy could be asked for",
                  o->relay);
        return FALSE;
    }
    g_free(host);
    return TRUE;
}

char *client_http_name(const struct client_options *o)
{
    if (client_is_relay(o))
        return g_strdup(o->relay_url + strlen(HENC_POLLING_SCHEME));
    const char *colon = strrchr(o->relay, ':');
    return colon != NULL ? g_strndup(o->relay, (gsize)(colon - o->relay)) : g_strdup(o->relay);
}

/* Whether name and address can stand in a URI. */
static gboolean check_http(const struct client_options *o)
{
    char *name = client_http_name(o);
    const gboolean is_good = http_client_check(name) && http_client_check(o->relay);
    if (!is_good)
        log_error("%s at %s cannot be asked for over HTTP: its name would not fit into a URI", name,
                  o->relay);
    g_free(name);
    return is_good;
}

gboolean client_check(const struct client_options *o)
{
    const int num_contents =
        (o->message != NULL) + (o->file != NULL) + (o->size >= 0) + o->has_lines;
    const gboolean sends = num_contents > 0 || o->num_messages >= 0;

    if ((o->relay == NULL) == (o->listens == NULL))
        return usage("either --relay ADDR:PORT or --listen ADDR:PORT is needed");
    if (!check_way(o))
        return FALSE;
    if (o->relay != NULL && o->relay_url == NULL)
        return usage("--relay-url is needed: the device URL of whom to connect to");
    if (carrier_ways[o->via].is_http && !check_http(o))
        return FALSE;
    if (o->device == NULL)
        return usage("--device is needed: this device's URL, such as dpp:///laptop");
    if (!sstp_url_is_device(sstp_span_of_string(o->device)))
        return usage("--device is this device's URL, dpp:/// and some name, such as dpp:///laptop");
    for (char **url = o->identities; url != NULL && *url != NULL; url++)
        if (!client_is_identity(*url))
            return usage("--identity is a URL such as grooveIdentity://alice, of at most 80 "
                         "characters after the slashes");
    if (!sends && !o->receives)
        return usage("nothing to do: --message, --file, --size or --lines sends, --receive "
                     "receives");
    if (!sends && o->to != NULL)
        return usage("--message, --file, --size or --lines is needed: what to send");
    if (!sends && sending_option(o) != NULL) {
        log_error("%s is for what is sent: --message, --file, --size or --lines is needed",
                  sending_option(o));
        return FALSE;
    }
    if (o->has_lines && o->num_messages >= 0)
        return usage("--messages says how often to send one message, and --lines has many");
    if (!o->receives && o->num_expected > 0)
        return usage("--expect needs --receive");
    if (num_contents > 1)
        return usage("--message, --file, --size and --lines exclude each other");
    if (sends && o->to == NULL)
        return usage("--to is needed: to whom");
    if (o->relay_url != NULL && !client_is_relay(o) &&
        !sstp_url_is_device(sstp_span_of_string(o->relay_url)))
        return usage(
            "--relay-url is a relay's URL, grooveDNS://..., or a peer device's, dpp:///...");
    if (o->listens != NULL && o->retry_ms > 0)
        return usage("--retry is for who connects, and --listen waits anyway");
    if (sends && (o->listens != NULL || !client_is_relay(o)) &&
        (o->to[1] != NULL || has_relay(o->to[0])))
        return usage("a peer device takes a single --to, without a RELAY-URL: only a relay fans "
                     "messages out");
    if (o->receives && o->relay != NULL && client_is_relay(o) && o->identities == NULL)
        return usage("--identity is needed: for whom to receive");
    if (o->account != NULL && !is_name(o->account))
        return usage(
            "--account is a URL such as grooveAccount://alice, without control characters");
    if (o->resource != NULL && !is_name(o->resource))
        return usage("--resource is a URL such as apphandler, without control characters");
    return have_room(o);
}
