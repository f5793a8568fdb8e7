/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_relay: `relaysim relay`, the relay on real sockets. */
#include "log.h"
#include "options.h"
#include "relay_net.h"
#include "store.h"
#include "url.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define PRODUCT_VERSION "Groove Relay 14.0 4006" /* note <1> of GRVSSTP */
#define ADDRESS_DEFAULT "127.0.0.1:2492"
#define END_MS 3000 /* for the peers' ends after our ConnectCloses */

struct server {
    struct net *net;
    struct relay_net *relay;
    uv_timer_t end_timer;
    uv_signal_t signals[2];
    bool is_ending;
};

/* Something has happened: the relay's own time, and whether all is over. */
static void on_settled(void *cookie)
{
    struct server *server = cookie;
    relay_net_settled(server->relay);
    if (server->is_ending && net_num_connections(server->net) == 0)
        net_stop(server->net);
}

static void on_end_over(uv_timer_t *timer)
{
    const struct server *server = timer->data;
    net_stop(server->net);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct server *server = handle->data;
    (void)number;
    if (server->is_ending) {
        net_stop(server->net);
        return;
    }
    server->is_ending = true;
    uv_timer_start(&server->end_timer, on_end_over, END_MS, 0);
    relay_net_close(server->relay, SSTP_CONNECT_CLOSE_NO_REASON, 0, true);
}

static void serve(struct server *server)
{
    static const int numbers[] = {SIGTERM, SIGINT};
    uv_loop_t *loop = net_loop(server->net);
    char *address = relay_net_address(server->relay);

    uv_timer_init(loop, &server->end_timer);
    server->end_timer.data = server;
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        uv_signal_init(loop, &server->signals[i]);
        server->signals[i].data = server;
        uv_signal_start(&server->signals[i], on_signal, numbers[i]);
    }
    printf("ready %s\n", address);
    fflush(stdout);
    g_free(address);
    net_run(server->net);
    relay_net_end(server->relay);
    uv_close((uv_handle_t *)&server->end_timer, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
        uv_close((uv_handle_t *)&server->signals[i], NULL);
}

/* ------------------------------------------------------------------------
 * The command line
 */

struct relay_options {
    char **urls, **listen, **locked_out;
    char **listen_443, **listen_http, **peers;
    char **peer_urls, **peer_addresses; /* the parts of `peers` */
    char *store, *version, *auth, *capture, *truth;
    gint64 quota;
    gboolean no_multi_drop, no_single_hop, is_verbose;
    int max_connections, max_per_device;
};

static void clear_options(struct relay_options *options)
{
    char ***arrays[] = {&options->urls,       &options->listen,        &options->locked_out,
                        &options->listen_443, &options->listen_http,   &options->peers,
                        &options->peer_urls,  &options->peer_addresses};
    char *strings[] = {options->store, options->version, options->auth, options->capture,
                       options->truth};
    for (size_t i = 0; i < G_N_ELEMENTS(arrays); i++)
        g_strfreev(*arrays[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(strings); i++)
        g_free(strings[i]);
}

static gboolean parse_auth(const char *text, enum sstp_relay_auth *auth)
{
    static const char *const names[] = {[SSTP_RELAY_AUTH_OFF] = "off",
                                        [SSTP_RELAY_AUTH_OPTIONAL] = "optional",
                                        [SSTP_RELAY_AUTH_REQUIRED] = "required"};
    *auth = SSTP_RELAY_AUTH_OPTIONAL;
    if (text == NULL)
        return TRUE;
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (strcmp(text, names[i]) == 0) {
            *auth = (enum sstp_relay_auth)i;
            return TRUE;
        }
    log_error("--auth is off, optional or required, not %s", text);
    return FALSE;
}

static gboolean is_own_url(const struct relay_options *options, const char *url)
{
    return g_strv_contains((const gchar *const *)options->urls, url);
}

/* "URL=ADDR:PORT" into its parts. */
static gboolean parse_peers(struct relay_options *options)
{
    const guint num = options->peers != NULL ? g_strv_length(options->peers) : 0;
    options->peer_urls = g_new0(char *, num + 1);
    options->peer_addresses = g_new0(char *, num + 1);
    for (guint i = 0; i < num; i++) {
        const char *peer = options->peers[i], *equals = strrchr(peer, '=');
        struct sockaddr_storage storage;
        if (equals == NULL || !sstp_url_is_relay(sstp_span(peer, (size_t)(equals - peer))) ||
            !net_parse_address(equals + 1, &storage)) {
            log_error("--peer is URL=ADDR:PORT, such as grooveDNS://relay2.example=127.0.0.1:2493, "
                      "not %s",
                      peer);
            return FALSE;
        }
        char *url = g_strndup(peer, (gsize)(equals - peer));
        const gboolean is_new = !g_strv_contains((const gchar *const *)options->peer_urls, url) &&
                                !is_own_url(options, url);
        options->peer_urls[i] = url;
        options->peer_addresses[i] = g_strdup(equals + 1);
        if (!is_new) {
            log_error("--peer names %s, which is this relay or another --peer already", url);
            return FALSE;
        }
    }
    return TRUE;
}

/* Checks what the parser does not, and fills in the relay's configuration. */
static gboolean apply(struct relay_options *options, struct sstp_relay_config *config)
{
    if (options_is_later("--listen-443", options->listen_443) ||
        options_is_later("--listen-http", options->listen_http))
        return FALSE;
    if (options->urls == NULL) {
        log_error("--url is needed: the relay's device URL, such as grooveDNS://relay1.example");
        return FALSE;
    }
    for (char **url = options->urls; *url != NULL; url++)
        if (!sstp_url_is_relay(sstp_span_of_string(*url))) {
            log_error("--url is a device URL such as grooveDNS://relay1.example, not %s", *url);
            return FALSE;
        }
    if (options->listen != NULL && options->listen[1] != NULL) {
        log_error("more than one --listen is not in this version");
        return FALSE;
    }
    if (options->quota < 0 || options->max_connections < 1 || options->max_per_device < 0) {
        log_error("--quota and --connections-per-device cannot be negative, and "
                  "--max-connections is at least 1");
        return FALSE;
    }
    if (!parse_peers(options))
        return FALSE;
    config->urls = (const char *const *)options->urls;
    config->num_urls = MIN(g_strv_length(options->urls), 255);
    config->locked_out = (const char *const *)options->locked_out;
    config->num_locked_out = options->locked_out != NULL ? g_strv_length(options->locked_out) : 0;
    config->quota = (uint64_t)options->quota;
    config->max_connections = (size_t)options->max_connections;
    config->max_connections_per_device = (size_t)options->max_per_device;
    config->supports_multi_drop = !options->no_multi_drop;
    config->supports_single_hop = !options->no_single_hop;
    config->peer_urls = (const char *const *)options->peer_urls;
    config->num_peers = g_strv_length(options->peer_urls);
    return parse_auth(options->auth, &config->auth) &&
           options_version(options->version, &config->minor_version);
}

static void log_counters(const struct sstp_relay *relay)
{
    const struct sstp_relay_counters *counters = sstp_relay_counters(relay);
    log_info("%" PRIu64 " connections, %" PRIu64 " sessions, %" PRIu64 " messages in, %" PRIu64
             " delivered, %" PRIu64 " discarded, %" PRIu64 " still stored",
             counters->num_connections, counters->num_sessions, counters->num_received,
             counters->num_delivered, counters->num_discarded, sstp_relay_num_stored(relay));
}

/* The store of the options, NULL for one in memory; FALSE with a sentence. */
static gboolean open_store(const struct relay_options *options, struct net *net,
                           struct sstp_store **store)
{
    char *error = NULL;
    *store = NULL;
    if (options->store == NULL || strcmp(options->store, "memory") == 0)
        return TRUE;
    *store =
        sstp_store_open(options->store, NULL, net_now_ms(net), g_get_real_time() / 1000, &error);
    if (*store != NULL) {
        log_info("%" PRIu64 " messages in %s", sstp_store_num_messages(*store), options->store);
        return TRUE;
    }
    log_error("%s", error);
    g_free(error);
    return FALSE;
}

static int run(const struct relay_options *options, struct sstp_relay_config *config)
{
    struct server server = {.is_ending = false};
    struct recording recording;
    struct sockaddr_storage storage;
    const char *address = options->listen != NULL ? options->listen[0] : ADDRESS_DEFAULT;
    char *error = NULL;
    int result = EXIT_REPORTED;

    if (!recording_open(&recording, options->capture, options->truth))
        return EXIT_USAGE;
    const struct net_config net_config = {
        .tap = recording.tap, .truth = recording.truth, .settled = on_settled, .cookie = &server};
    server.net = net_new(&net_config);
    if (server.net == NULL) {
        log_error("the event loop cannot be started");
        goto close_recording;
    }
    if (!open_store(options, server.net, &config->store)) {
        result = EXIT_USAGE;
        goto free_net;
    }
    server.relay = relay_net_new(server.net, config, address,
                                 (const char *const *)options->peer_addresses, &error);
    if (server.relay == NULL) {
        log_error("%s", error);
        g_free(error);
        sstp_store_free(config->store);
        if (!net_parse_address(address, &storage))
            result = EXIT_USAGE;
    } else {
        serve(&server);
        log_counters(relay_net_relay(server.relay));
        result = EXIT_DONE;
    }
free_net:
    net_free(server.net);
    relay_net_free(server.relay);
close_recording:
    if (!recording_close(&recording))
        result = EXIT_REPORTED;
    return result;
}

int cmd_relay(int argc, char **argv)
{
    struct relay_options o = {.max_connections = SSTP_RELAY_MAX_CONNECTIONS};
    GOptionEntry entries[] = {
        {"url", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o.urls,
         "A device URL of this relay, grooveDNS://...; the first is the one it goes by", "URL"},
        {"listen", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o.listen,
         "SSTP over TCP (" ADDRESS_DEFAULT "); port 0 takes a free one", "ADDR:PORT"},
        {"store", 0, 0, G_OPTION_ARG_STRING, &o.store,
         "Where messages are kept: a file, or memory (memory)", "FILE"},
        {"sstp-version", 0, 0, G_OPTION_ARG_STRING, &o.version, "1.5 or 1.6 (1.6)", "VERSION"},
        {"auth", 0, 0, G_OPTION_ARG_STRING, &o.auth, "off, optional or required (optional)",
         "MODE"},
        {"quota", 0, 0, G_OPTION_ARG_INT64, &o.quota, "Bytes kept for one identity (0: no limit)",
         "BYTES"},
        {"no-multi-drop", 0, 0, G_OPTION_ARG_NONE, &o.no_multi_drop,
         "Refuse fanout to recipients of this relay", NULL},
        {"no-single-hop", 0, 0, G_OPTION_ARG_NONE, &o.no_single_hop,
         "Refuse fanout to other relays", NULL},
        {"peer", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o.peers,
         "Where another relay is; may be repeated", "URL=ADDR:PORT"},
        {"max-connections", 0, 0, G_OPTION_ARG_INT, &o.max_connections,
         "Beyond so many established ones, TryLater (1000)", "N"},
        {"connections-per-device", 0, 0, G_OPTION_ARG_INT, &o.max_per_device,
         "Beyond so many of one device, CrossedConnections (0: no limit)", "N"},
        {"lock-out", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o.locked_out,
         "A device, identity or account that is locked out; may be repeated", "URL"},
        {"write", 'w', 0, G_OPTION_ARG_FILENAME, &o.capture, "Write a capture (pcapng)", "FILE"},
        {"truth", 0, 0, G_OPTION_ARG_FILENAME, &o.truth, "Write what was sent, as JSON lines",
         "FILE"},
        {"verbose", 'v', 0, G_OPTION_ARG_NONE, &o.is_verbose, "Log connections on stderr", NULL},
        OPTION_LATER("listen-443", &o.listen_443),
        OPTION_LATER("listen-http", &o.listen_http),
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL}};
    struct sstp_relay_config config = {.product_version = PRODUCT_VERSION,
                                       .random = {random_system, NULL}};

    int result = options_parse("A relay server: stores messages and forwards them to the clients "
                               "that attach.\nPrints \"ready ADDRESS\" once it listens; SIGTERM "
                               "and SIGINT end it.",
                               entries, argc, argv);
    if (result == -1) {
        log_set_verbose(o.is_verbose);
        result = apply(&o, &config) ? run(&o, &config) : EXIT_USAGE;
    }
    clear_options(&o);
    return result;
}
