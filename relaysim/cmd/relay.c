/* SPDX-License-Identifier: GPL-2.0-or-later */
/* relay: `relaysim relay`, the relay on real sockets. */
#include "base/random.h"
#include "base/log.h"
#include "henc/uri.h"
#include "net/net.h"
#include "cmd/option_file.h"
#include "cmd/options.h"
#include "cmd/login.h"
#include "cmd/relay_peers.h"
#include "cmd/relay_run.h"
#include "base/product.h"
#include "base/url.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

#define ADDRESS_DEFAULT "127.0.0.1:2492"
#define URLS_MAX 255
#define POLL_SECONDS_MAX 86400
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
    {"hung-timeout",       20,    false, offsetof(struct sstp_relay_config, hung_ms),
     "For an answer of whom others wait for, before it has hung (20)"},
    {"offline-ttl",        300,   false, offsetof(struct sstp_relay_config, offline_ttl_ms),
     "Life of a message with DoNotDeliverIfOffline (300)"},
};

/* Those of who comes over HTTP (GRVHENC 3.2.2, 3.4.2, 3.6.2). */
static const struct options_timer http_timers[] = {
    {"http-establish",     90,    false, offsetof(struct http_options, establish_ms),
     "For a virtual connection over HTTP to be made (90)"},
    {"http-idle",          90,    false, offsetof(struct http_options, receive_ms),
     "For something to come over HTTP (90)"},
    {"http-keepalive",     45,    false, offsetof(struct http_options, keepalive_ms),
     "Noop over LongLived or KeepAlive when nothing was sent for so long (45)"},
};

static const struct options_timer polling_timers[] = {
    {"poll-establish",     180,   false, offsetof(struct polling_options, establish_ms),
     "For a virtual connection over Polling to be made (180)"},
    {"poll-patience",      180,   false, offsetof(struct polling_options, patience_ms),
     "For a client that has not polled for the greatest interval, before it is given up (180)"},
};

/* The limits, each at least 1. */
static const struct {
    const char *name;
    int64_t value, max;
    size_t member; /* of struct relay_run, a size_t */
    bool is_size;
    const char *help;
} limits[] = {
    {"max-connections",    SSTP_RELAY_MAX_CONNECTIONS, 1000000,
     offsetof(struct relay_run, relay.max_connections), false,
     "Beyond so many established ones, TryLater (1000)"},
    {"max-half-open",      64,        100000,   offsetof(struct relay_run, max_half_open), false,
     "Beyond so many without a Connect, the oldest goes (64)"},
    {"max-sessions",       1024,      1000000,  offsetof(struct relay_run, relay.limits.max_sessions), false,
     "Of one connection (1024)"},
    {"max-events",         1024,      1000000,  offsetof(struct relay_run, relay.limits.max_attaches), false,
     "Attach and Register sessions of one connection (1024)"},
    {"max-queues",         1024,      1000000,  offsetof(struct relay_run, relay.max_queues), false,
     "For one identity: a device and a resource each (1024)"},
    {"max-fanout",         1024,      65535,    offsetof(struct relay_run, relay.limits.max_fanout_entries), false,
     "Recipients of one fanout session (1024)"},
    {"max-message",        16 << 20,  1 << 30,  offsetof(struct relay_run, relay.limits.max_message), true,
     "Of one message (16 MiB)"},
    {"max-cached",         256 << 20, G_MAXINT64 / 2, offsetof(struct relay_run, relay.max_cached), true,
     "Of stored messages in memory, with a store in a file (256 MiB)"},
    {"max-stored",         1 << 30,   G_GINT64_CONSTANT(1) << 40, offsetof(struct relay_run, relay.max_bytes), true,
     "Kept in all, before senders are held back (1 GiB)"},
    {"max-assembling",     256 << 20, G_GINT64_CONSTANT(1) << 40, offsetof(struct relay_run, relay.max_assembling), true,
     "Of all messages that are not whole yet (256 MiB)"},
    {"max-queued",         256 << 10, 1 << 30,  offsetof(struct relay_run, relay.limits.max_queued), true,
     "Of output that waits on one connection, before its messages do (256 KiB)"},
};

/* clang-format on */

struct relay_options {
    char **urls, **listen, **listen_443, **listen_http, **locked_out;
    char **peers, **peer_proxies;
    struct relay_peers read_peers; /* what these say */
    char *proxy_auth, *config, *log, *store, *capture, *truth;
    bool has_answers;
    char **faults;
    struct wear_plan wear;
    uint64_t seed;
    unsigned version, auth;
    int64_t quota, max_per_device, longlived_limit;
    bool no_multi_drop, no_single_hop, is_verbose;
    int64_t limits[G_N_ELEMENTS(limits)];
};

/* Where it listens: an address, and a port of those that stand for what comes there. */
struct relay_doors {
    GPtrArray *addresses;
    GArray *ports;
};

static char *check_url(const char *url)
{
    return sstp_url_is_relay(sstp_span_of_string(url))
               ? NULL
               : g_strdup_printf("--url is a device URL such as grooveDNS://relay1.example, not %s",
                                 url);
}

static char *check_address(const char *option, const char *address)
{
    struct sockaddr_storage storage;
    return net_parse_address(address, &storage)
               ? NULL
               : g_strdup_printf("--%s %s is not an address and a port, such as 127.0.0.1:2492 or "
                                 "[::1]:2492",
                                 option, address);
}

static char *check_listen(const char *address)
{
    return check_address("listen", address);
}

static char *check_listen_443(const char *address)
{
    return check_address("listen-443", address);
}

static char *check_listen_http(const char *address)
{
    return check_address("listen-http", address);
}

/* Whether there is room for the URLs in a Connect and its answer. */
static gboolean have_room(const struct relay_options *options)
{
    size_t sum = 0;
    for (char **url = options->urls; *url != NULL; url++)
        sum += strlen(*url) + 1;
    if (sum > SSTP_URL_OWN_SUM_MAX) {
        log_error("the device URLs of --url have %zu characters, with one more for each: together "
                  "at most %u have room in a command",
                  sum, SSTP_URL_OWN_SUM_MAX);
        return FALSE;
    }
    for (char **url = options->read_peers.urls; *url != NULL; url++)
        if (!options_url_has_room("peer", *url))
            return FALSE;
    return TRUE;
}

static void apply_limits(const struct relay_options *options, struct relay_run *run)
{
    for (size_t i = 0; i < G_N_ELEMENTS(limits); i++)
        *(size_t *)(void *)((char *)run + limits[i].member) = (size_t)options->limits[i];
    /* A message has to fit, with another one beside it. */
    run->relay.limits.max_assembling = 2 * run->relay.limits.max_message;
    run->relay.max_assembling = MAX(run->relay.max_assembling, run->relay.limits.max_assembling);
}

/* The options of --config, after those of the command line. */
static gboolean read_config(const char *path, struct option_row *rows)
{
    if (path == NULL)
        return TRUE;
    GPtrArray *mistakes = g_ptr_array_new_with_free_func(g_free);
    const gboolean is_good = option_file_read(rows, path, mistakes);
    for (guint i = 0; i < mistakes->len; i++)
        log_error("%s", (const char *)g_ptr_array_index(mistakes, i));
    g_ptr_array_free(mistakes, TRUE);
    return is_good && options_check_files(rows, NULL, NAMED_FILE_INPUT, NULL, 0);
}

/* Where it listens, in the order of the ready line, and what comes there. */
static void apply_addresses(const struct relay_options *options, struct relay_doors *doors,
                            struct relay_run *run)
{
    static const char *const usual[] = {ADDRESS_DEFAULT, NULL};
    const struct {
        const char *const *addresses;
        uint16_t port;
    } rows[] = {
        {options->listen != NULL ? (const char *const *)options->listen : usual, NET_PORT_SSTP},
        {(const char *const *)options->listen_443, 443},
        {(const char *const *)options->listen_http, NET_PORT_HTTP},
    };
    doors->addresses = g_ptr_array_new();
    doors->ports = g_array_new(FALSE, FALSE, sizeof(uint16_t));
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        for (const char *const *at = rows[i].addresses; at != NULL && *at != NULL; at++) {
            g_ptr_array_add(doors->addresses, (gpointer)(uintptr_t)*at);
            g_array_append_val(doors->ports, rows[i].port);
        }
    run->addresses = (const char *const *)(void *)doors->addresses->pdata;
    run->ports = (const uint16_t *)(void *)doors->ports->data;
    run->num_addresses = doors->addresses->len;
}

static void clear_doors(struct relay_doors *doors)
{
    if (doors->addresses != NULL)
        g_ptr_array_free(doors->addresses, TRUE);
    if (doors->ports != NULL)
        g_array_free(doors->ports, TRUE);
}

/* Checks what the parser does not, and fills in the relay's configuration. */
static gboolean apply(struct relay_options *options, struct relay_doors *doors,
                      struct relay_run *run)
{
    struct sstp_relay_config *config = &run->relay;

    if (options->urls == NULL) {
        log_error("--url is needed: the relay's device URL, such as grooveDNS://relay1.example");
        return FALSE;
    }
    if (g_strv_length(options->urls) > URLS_MAX) {
        log_error("--url can be given %d times at most", URLS_MAX);
        return FALSE;
    }
    if (run->polling.min > run->polling.max) {
        log_error("--poll-min %" PRIi64 " is more than --poll-max %" PRIi64, run->polling.min,
                  run->polling.max);
        return FALSE;
    }
    if (!options_read_wear(options->faults, &options->wear) ||
        !relay_peers_read(&options->read_peers, options->peers, options->peer_proxies,
                          options->proxy_auth, options->urls, (uint64_t)options->longlived_limit) ||
        !have_room(options))
        return FALSE;
    config->urls = (const char *const *)options->urls;
    config->num_urls = g_strv_length(options->urls);
    config->locked_out = (const char *const *)options->locked_out;
    config->num_locked_out = options->locked_out != NULL ? g_strv_length(options->locked_out) : 0;
    config->quota = (uint64_t)options->quota;
    config->max_connections_per_device = (size_t)options->max_per_device;
    config->supports_multi_drop = !options->no_multi_drop;
    config->supports_single_hop = !options->no_single_hop;
    config->peer_urls = (const char *const *)options->read_peers.urls;
    config->num_peers = options->read_peers.num;
    apply_addresses(options, doors, run);
    run->peer_addresses = (const char *const *)options->read_peers.addresses;
    run->peer_ways = options->read_peers.ways;
    run->proxy_login = options->read_peers.login;
    run->store =
        options->store != NULL && strcmp(options->store, "memory") == 0 ? NULL : options->store;
    run->files = (struct recording_files){.capture = options->capture,
                                          .truth = options->truth,
                                          .has_answers = options->has_answers,
                                          .wear = options->wear,
                                          .seed = options->seed};
    run->log = options->log;
    config->auth = (enum sstp_relay_auth)options->auth;
    config->minor_version = options_minor_version(options->version);
    apply_limits(options, run);
    return TRUE;
}

static struct option_row *limit_rows(struct option_row *row, int64_t *values)
{
    for (size_t i = 0; i < G_N_ELEMENTS(limits); i++) {
        values[i] = limits[i].value;
        *row++ = limits[i].is_size
                     ? (struct option_row)OPTION_SIZE(limits[i].name, &values[i], 1, limits[i].max,
                                                      limits[i].help)
                     : (struct option_row)OPTION_NUMBER(limits[i].name, &values[i], 1,
                                                        limits[i].max, "N", limits[i].help);
    }
    return row;
}

int cmd_relay(int argc, char **argv)
{
    struct relay_options o = {.seed = 1,
                              .auth = SSTP_RELAY_AUTH_OPTIONAL,
                              .version = OPTIONS_VERSION_DEFAULT,
                              .longlived_limit = (int64_t)HENC_LONGLIVED_LENGTH_MAX};
    struct relay_doors doors = {.addresses = NULL};
    struct relay_run run = {
        .relay = {.product_version = PRODUCT_RELAY_2010, .random = {random_system, NULL}},
        .polling = POLLING_OPTIONS_DEFAULT};
    const struct option_row others[] = {
        OPTION_TEXTS("url", &o.urls, "URL",
                     "A device URL of this relay, grooveDNS://...; the first is the one it goes by",
                     .check = check_url),
        OPTION_TEXTS("listen", &o.listen, "ADDR:PORT",
                     "SSTP over TCP (" ADDRESS_DEFAULT
                     "); port 0 takes a free one; may be repeated",
                     .check = check_listen),
        OPTION_TEXTS("listen-443", &o.listen_443, "ADDR:PORT",
                     "SSTP over TCP, as on the port of SSL and without any; may be repeated",
                     .check = check_listen_443),
        OPTION_TEXTS("listen-http", &o.listen_http, "ADDR:PORT",
                     "SSTP over HTTP, in each of its encapsulations; may be repeated",
                     .check = check_listen_http),
        OPTION_SIZE("longlived-limit", &o.longlived_limit, HTTP_LONGLIVED_LIMIT_MIN,
                    HENC_LONGLIVED_LENGTH_MAX,
                    "Of what one LongLived connection brings a client, or a peer (2147479552)"),
        OPTION_FLAG("longlived-hangs", &run.http.longlived_hangs,
                    "Do as the products do when it has: close that half alone"),
        OPTION_NUMBER("poll-max", &run.polling.max, 0, POLL_SECONDS_MAX, "SECONDS",
                      "Tell clients over Polling to ask so often at least, in whole seconds (120)"),
        OPTION_NUMBER("poll-min", &run.polling.min, 0, POLL_SECONDS_MAX, "SECONDS",
                      "And how soon they may (5)"),
        OPTION_NUMBER("poll-repetitions", &run.polling.repetitions, 0, INT_MAX, "N",
                      "So many times, before they wait twice as long (3)"),
        OPTION_FILE("store", &o.store, NAMED_FILE_STORE, "FILE",
                    "Where messages are kept: a file, or memory (memory)"),
        OPTION_CHOICE("sstp-version", &o.version, options_versions, "VERSION", "1.5 or 1.6 (1.6)"),
        OPTION_CHOICE("auth", &o.auth, options_auth_modes, "MODE",
                      "off, optional or required (optional)"),
        OPTION_SIZE("quota", &o.quota, 0, INT64_MAX, "Kept for one identity (0: no limit)"),
        OPTION_FLAG("no-multi-drop", &o.no_multi_drop, "Refuse fanout to recipients of this relay"),
        OPTION_FLAG("no-single-hop", &o.no_single_hop, "Refuse fanout to other relays"),
        OPTION_TEXTS("peer", &o.peers, "URL=ADDR:PORT", "Where another relay is; may be repeated",
                     .check = relay_peers_check),
        OPTION_TEXTS("peer-proxy", &o.peer_proxies,
                     "URL=connect|socks|longlived|keepalive|polling:ADDR:PORT",
                     "The proxy through which that relay is reached; may be repeated",
                     .check = relay_peers_check_proxy),
        OPTION_TEXT("proxy-auth", &o.proxy_auth, "basic|ntlm:" LOGIN_WHO,
                    "Who asks these proxies; the password may be in " LOGIN_VARIABLE,
                    .is_secret = true),
        OPTION_NUMBER("connections-per-device", &o.max_per_device, 0, INT_MAX, "N",
                      "Beyond so many of one device, CrossedConnections (0: no limit)"),
        OPTION_TEXTS("lock-out", &o.locked_out, "URL",
                     "A device, identity or account that is locked out; may be repeated"),
        OPTION_FILE("write", &o.capture, NAMED_FILE_OUTPUT, "FILE", "Write a capture (pcapng)",
                    .letter = 'w'),
        OPTION_FLAG("answers", &o.has_answers, OPTIONS_ANSWERS_HELP),
        OPTION_TEXTS("fault", &o.faults, "FAULT", OPTIONS_WEAR_HELP),
        OPTION_UNSIGNED("seed", &o.seed, "N", OPTIONS_WEAR_SEED_HELP),
        OPTION_FILE("truth", &o.truth, NAMED_FILE_OUTPUT, "FILE",
                    "Write what happened, as JSON lines"),
        OPTION_FILE(OPTION_FILE_NAME, &o.config, NAMED_FILE_INPUT, "FILE",
                    "Take options from a file, NAME = VALUE on each line; those given here win"),
        OPTION_FLAG("verbose", &o.is_verbose, "Log connections", .letter = 'v'),
        OPTION_FILE("log", &o.log, NAMED_FILE_LOG, "FILE",
                    "Append to it what is logged, with date and time; sentences on what went wrong "
                    "are on stderr, too"),
        OPTION_TIME("counters", &run.counters_ms, 1, OPTION_TIME_MAX,
                    "Print the counters every so often")};
    struct option_row rows[G_N_ELEMENTS(others) + G_N_ELEMENTS(timers) + G_N_ELEMENTS(http_timers) +
                           G_N_ELEMENTS(polling_timers) + G_N_ELEMENTS(limits) + 1];

    memcpy(rows, others, sizeof others);
    struct option_row *row = limit_rows(rows + G_N_ELEMENTS(others), o.limits);
    row = options_timer_rows(row, timers, G_N_ELEMENTS(timers), &run.relay);
    row = options_timer_rows(row, http_timers, G_N_ELEMENTS(http_timers), &run.http);
    row = options_timer_rows(row, polling_timers, G_N_ELEMENTS(polling_timers), &run.polling);
    *row = (struct option_row)OPTION_END;

    int result =
        options_parse("A relay server: stores messages and forwards them to the clients "
                      "that attach, and to other relays.\nPrints \"ready ADDRESS ...\" once "
                      "it listens; SIGTERM and SIGINT end it, a second one at once.\n"
                      "SIGUSR1 prints what it has done so far as a line of JSON; SIGHUP opens "
                      "its log and recordings anew.",
                      rows, argc, argv);
    if (result == -1) {
        result = EXIT_USAGE;
        if (read_config(o.config, rows) && apply(&o, &doors, &run)) {
            log_set_verbose(o.is_verbose);
            run.http.longlived_limit = (uint64_t)o.longlived_limit;
            run.http.polling = &run.polling;
            result = relay_run(&run);
        }
    }
    option_rows_clear(rows);
    clear_doors(&doors);
    relay_peers_clear(&o.read_peers);
    return result;
}
