/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_relay: `relaysim relay`, the relay on real sockets. */
#include "log.h"
#include "net.h"
#include "options.h"
#include "relay_run.h"
#include "url.h"

#include <string.h>

#define PRODUCT_VERSION "Groove Relay 14.0 4006" /* note <1> of GRVSSTP */
#define ADDRESS_DEFAULT "127.0.0.1:2492"
/* clang-format off */

/* The timers, each with its default: that of the products where GRVSSTP tells it
 * (3.1.2.1, 3.3.2.1, and note <11> for those of the relay of 2010 and the Outbound Idle
 * Timer of 2007). */
static const struct options_timer timers[] = {
/*   name                 | default | 0  | member                                                  | help */
    {"ack-delay",          5,     false, offsetof(struct sstp_relay_config, ack_delay_ms),
     "Until a message that was taken is acknowledged (5)"},
    {"connect-timeout",    30,    false, offsetof(struct sstp_relay_config, connect_timeout_ms),
     "For a Connect, or the answer to ours (30)"},
    {"transport-timeout",  180,   false, offsetof(struct sstp_relay_config, transport_timeout_ms),
     "For a transport to another relay (180)"},
    {"open-timeout",       180,   false, offsetof(struct sstp_relay_config, open_timeout_ms),
     "For the OpenResponse to our sessions (180)"},
    {"auth-timeout",       60,    true,  offsetof(struct sstp_relay_config, auth_timeout_ms),
     "For each step of an authentication (60)"},
    {"outbound-idle",      600,   true,  offsetof(struct sstp_relay_config, outbound_idle_ms),
     "Noop to a client that was told nothing for so long (600)"},
    {"inbound-idle",       0,     true,  offsetof(struct sstp_relay_config, inbound_idle_ms),
     "Noop to whoever has said nothing for so long (0: never)"},
    {"peer-idle",          240,   true,  offsetof(struct sstp_relay_config, peer_idle_ms),
     "Noop to another relay that was told nothing for so long (240)"},
    {"delivery-idle",      60,    true,  offsetof(struct sstp_relay_config, idle_ms),
     "Close of a session to a client that has had nothing for so long (60)"},
    {"offline-ttl",        300,   false, offsetof(struct sstp_relay_config, offline_ttl_ms),
     "Life of a message with DoNotDeliverIfOffline (300)"},
};

/* The limits that are numbers, each at least 1. */
static const struct {
    const char *name;
    gint64 value, max;
    size_t member; /* of struct relay_run, a size_t */
    const char *unit, *help;
} limits[] = {
    {"max-connections",    SSTP_RELAY_MAX_CONNECTIONS, 1000000,
     offsetof(struct relay_run, relay.max_connections), "N",
     "Beyond so many established ones, TryLater (1000)"},
    {"max-half-open",      64,        100000,   offsetof(struct relay_run, max_half_open), "N",
     "Beyond so many without a Connect, the oldest goes (64)"},
    {"max-sessions",       1024,      1000000,  offsetof(struct relay_run, relay.limits.max_sessions), "N",
     "Of one connection (1024)"},
    {"max-events",         1024,      1000000,  offsetof(struct relay_run, relay.limits.max_events), "N",
     "Attach and Register sessions of one connection (1024)"},
    {"max-queues",         1024,      1000000,  offsetof(struct relay_run, relay.max_queues), "N",
     "For one identity: a device and a resource each (1024)"},
    {"max-fanout",         1024,      65535,    offsetof(struct relay_run, relay.limits.max_fanout_entries), "N",
     "Recipients of one fanout session (1024)"},
    {"max-message",        16 << 20,  1 << 30,  offsetof(struct relay_run, relay.limits.max_message), "BYTES",
     "Of one message (16 MiB)"},
    {"max-cached",         256 << 20, G_MAXINT64 / 2, offsetof(struct relay_run, relay.max_cached), "BYTES",
     "Of stored messages in memory, with a store in a file (256 MiB)"},
    {"max-stored",         1 << 30,   G_GINT64_CONSTANT(1) << 40, offsetof(struct relay_run, relay.max_bytes), "BYTES",
     "Kept in all, before senders are held back (1 GiB)"},
    {"max-assembling",     256 << 20, G_GINT64_CONSTANT(1) << 40, offsetof(struct relay_run, relay.max_assembling), "BYTES",
     "Of all messages that are not whole yet (256 MiB)"},
    {"max-queued",         256 << 10, 1 << 30,  offsetof(struct relay_run, relay.limits.max_queued), "BYTES",
     "Of output that waits on one connection, before its messages do (256 KiB)"},
};

/* clang-format on */

struct relay_options {
    char **urls, **listen, **locked_out;
    char **listen_443, **listen_http, **peers;
    char **peer_urls, **peer_addresses; /* the parts of `peers` */
    char *store, *version, *auth, *capture, *truth;
    gint64 quota;
    gboolean no_multi_drop, no_single_hop, is_verbose;
    int max_per_device;
    double seconds[G_N_ELEMENTS(timers)];
    gint64 limits[G_N_ELEMENTS(limits)];
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

static gboolean apply_limits(const struct relay_options *options, struct relay_run *run)
{
    for (size_t i = 0; i < G_N_ELEMENTS(limits); i++) {
        if (options->limits[i] < 1 || options->limits[i] > limits[i].max) {
            log_error("--%s is at least 1, and at most %" G_GINT64_FORMAT, limits[i].name,
                      limits[i].max);
            return FALSE;
        }
        *(size_t *)(void *)((char *)run + limits[i].member) = (size_t)options->limits[i];
    }
    /* A message has to fit, with another one beside it. */
    run->relay.limits.max_assembling = 2 * run->relay.limits.max_message;
    run->relay.max_assembling = MAX(run->relay.max_assembling, run->relay.limits.max_assembling);
    return TRUE;
}

/* Checks what the parser does not, and fills in the relay's configuration. */
static gboolean apply(struct relay_options *options, struct relay_run *run)
{
    struct sstp_relay_config *config = &run->relay;

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
    if (options->quota < 0 || options->max_per_device < 0) {
        log_error("--quota and --connections-per-device cannot be negative");
        return FALSE;
    }
    if (!parse_peers(options))
        return FALSE;
    config->urls = (const char *const *)options->urls;
    config->num_urls = MIN(g_strv_length(options->urls), 255);
    config->locked_out = (const char *const *)options->locked_out;
    config->num_locked_out = options->locked_out != NULL ? g_strv_length(options->locked_out) : 0;
    config->quota = (uint64_t)options->quota;
    config->max_connections_per_device = (size_t)options->max_per_device;
    config->supports_multi_drop = !options->no_multi_drop;
    config->supports_single_hop = !options->no_single_hop;
    config->peer_urls = (const char *const *)options->peer_urls;
    config->num_peers = g_strv_length(options->peer_urls);
    run->address = options->listen != NULL ? options->listen[0] : ADDRESS_DEFAULT;
    run->peer_addresses = (const char *const *)options->peer_addresses;
    run->store =
        options->store != NULL && strcmp(options->store, "memory") == 0 ? NULL : options->store;
    run->capture = options->capture;
    run->truth = options->truth;
    return options_timers_apply(timers, G_N_ELEMENTS(timers), options->seconds, config) &&
           apply_limits(options, run) && parse_auth(options->auth, &config->auth) &&
           options_version(options->version, &config->minor_version);
}

int cmd_relay(int argc, char **argv)
{
    struct relay_options o = {.urls = NULL};
    const GOptionEntry others[] = {
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
        {"connections-per-device", 0, 0, G_OPTION_ARG_INT, &o.max_per_device,
         "Beyond so many of one device, CrossedConnections (0: no limit)", "N"},
        {"lock-out", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o.locked_out,
         "A device, identity or account that is locked out; may be repeated", "URL"},
        {"write", 'w', 0, G_OPTION_ARG_FILENAME, &o.capture, "Write a capture (pcapng)", "FILE"},
        {"truth", 0, 0, G_OPTION_ARG_FILENAME, &o.truth, "Write what happened, as JSON lines",
         "FILE"},
        {"verbose", 'v', 0, G_OPTION_ARG_NONE, &o.is_verbose, "Log connections on stderr", NULL},
        OPTION_LATER("listen-443", &o.listen_443),
        OPTION_LATER("listen-http", &o.listen_http)};
    GOptionEntry entries[G_N_ELEMENTS(others) + G_N_ELEMENTS(timers) + G_N_ELEMENTS(limits) + 1];
    GOptionEntry *entry = entries;
    struct relay_run run = {
        .relay = {.product_version = PRODUCT_VERSION, .random = {random_system, NULL}}};

    memset(entries, 0, sizeof entries);
    memcpy(entry, others, sizeof others);
    entry += G_N_ELEMENTS(others);
    for (size_t i = 0; i < G_N_ELEMENTS(limits); i++) {
        o.limits[i] = limits[i].value;
        *entry++ = (GOptionEntry){
            limits[i].name, 0, 0, G_OPTION_ARG_INT64, &o.limits[i], limits[i].help, limits[i].unit};
    }
    (void)options_timer_rows(entry, timers, G_N_ELEMENTS(timers), o.seconds);

    int result = options_parse("A relay server: stores messages and forwards them to the clients "
                               "that attach, and to other relays.\nPrints \"ready ADDRESS\" once "
                               "it listens; SIGTERM and SIGINT end it.\nSIGUSR1 prints what it "
                               "has done so far as a line of JSON.",
                               entries, argc, argv);
    if (result == -1) {
        log_set_verbose(o.is_verbose);
        result = apply(&o, &run) ? relay_run(&run) : EXIT_USAGE;
    }
    clear_options(&o);
    return result;
}
