/* SPDX-License-Identifier: GPL-2.0-or-later */
/* client: `relaysim client`, which sends or receives messages. */
#include "carrier/polling_options.h"
#include "carrier/socks.h"
#include "carrier/ways.h"
#include "client/retry.h"
#include "cmd/client_check.h"
#include "cmd/client_content.h"
#include "cmd/login.h"
#include "cmd/client_run.h"
#include "base/log.h"
#include "cmd/options.h"
#include "base/url.h"
#include "henc/uri.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define TIMEOUT_DEFAULT_MS 30000 /* for who sends */
#define RESOURCE_DEFAULT "apphandler"
#define RATE_MAX 1000000

/* clang-format off */

/* The timers, with the products' defaults (GRVSSTP 3.1.2.1, note <11>). */
static const struct options_timer timers[] = {
    {"ack-delay",       5,   false, offsetof(struct client_timers, ack_delay_ms),
     "Until a message that was taken is acknowledged (5)"},
    {"connect-timeout", 30,  false, offsetof(struct client_timers, connect_timeout_ms),
     "For the answer to a Connect, or for a peer's (30)"},
    {"open-timeout",    180, false, offsetof(struct client_timers, open_timeout_ms),
     "For the OpenResponse to a session (180)"},
    {"auth-timeout",    60,  true,  offsetof(struct client_timers, auth_timeout_ms),
     "For each answer to Attach and Register (60; 0: for ever)"},
    {"transport-timeout", 600, false, offsetof(struct client_timers, transport_timeout_ms),
     "For a connection to be made (600)"},
    {"outbound-idle",   600, true,  offsetof(struct client_timers, outbound_idle_ms),
     "Noop when nothing was sent for so long (600)"},
    {"inbound-idle",    600, true,  offsetof(struct client_timers, inbound_idle_ms),
     "Noop when nothing came for so long (600)"},
    {"http-establish",  30,  false, offsetof(struct client_timers, http_establish_ms),
     "For a virtual connection over HTTP to be made (30)"},
    {"http-idle",       300, false, offsetof(struct client_timers, http_receive_ms),
     "For something to come over HTTP (300)"},
    {"http-keepalive",  45,  false, offsetof(struct client_timers, http_keepalive_ms),
     "Noop over LongLived or KeepAlive when nothing was sent for so long (45)"},
};

static const struct options_timer polling_timers[] = {
    {"poll-establish",  180, false, offsetof(struct polling_options, establish_ms),
     "For a virtual connection over Polling to be made (180)"},
    {"poll-timeout",    120, false, offsetof(struct polling_options, receive_ms),
     "For the answer to a poll (120)"},
};

/* clang-format on */

/* Those of the table, and after the last: the first of them that leads there. */
static const char *const vias[] = {CARRIER_VIA_WORDS, "auto", NULL};
#define VIAS CARRIER_VIAS "|auto"
/* In the order of enum client_format. */
static const char *const formats[] = {"json", "text", NULL};

/* "IDENTITY[,DEVICE[,RELAY-URL]]" into parts, which have to stay. */
static gboolean parse_recipient(const char *text, char ***parts)
{
    *parts = g_strsplit(text, ",", 3);
    const guint num = g_strv_length(*parts);
    if (num >= 1 && client_is_identity((*parts)[0]) &&
        (num < 2 || (*parts)[1][0] == '\0' ||
         sstp_url_is_device(sstp_span_of_string((*parts)[1]))) &&
        (num < 3 || sstp_url_is_relay(sstp_span_of_string((*parts)[2]))))
        return TRUE;
    log_error("--to is IDENTITY[,DEVICE[,RELAY-URL]], such as "
              "grooveIdentity://bob,dpp:///phone, not %s",
              text);
    g_strfreev(*parts);
    return FALSE;
}

static gboolean parse_recipients(char *const *to, GPtrArray *parts, GArray *entries)
{
    for (; to != NULL && *to != NULL; to++) {
        char **strings;
        if (!parse_recipient(*to, &strings))
            return FALSE;
        g_ptr_array_add(parts, strings);
        const guint num = g_strv_length(strings);
        for (guint i = 1; i < num; i++)
            if (!options_url_has_room("to", strings[i]))
                return FALSE;
        const struct sstp_fanout_entry entry = {
            .identity_url = sstp_span_of_string(strings[0]),
            .device_url = sstp_span_of_string(num > 1 ? strings[1] : ""),
            .relay_url = sstp_span_of_string(num > 2 ? strings[2] : "")};
        g_array_append_val(entries, entry);
    }
    return TRUE;
}

/* The payload of every message; NULL with a sentence when there is none. */
static GBytes *make_content(const struct client_options *o)
{
    if (o->message != NULL)
        return g_bytes_new(o->message, strlen(o->message));
    return o->file != NULL ? client_content_read(o->file)
                           : client_content_letters(o->size > 0 ? (gsize)o->size : 0);
}

/* What is set in the Message command of all messages. */
static uint8_t make_flags(const struct client_options *o)
{
    return (uint8_t)((o->ttl >= 0 ? SSTP_MESSAGE_FLAG_EPHEMERAL : 0) |
                     (o->acks_immediately ? SSTP_MESSAGE_FLAG_ACK_IMMEDIATELY : 0) |
                     (o->is_not_if_offline ? SSTP_MESSAGE_FLAG_DO_NOT_DELIVER_IF_OFFLINE : 0));
}

/* Until what is sent has to be acknowledged, where nobody has said: some time beyond what the
 * waiting for the relay and the rate may take. */
static int64_t default_timeout_ms(const struct client_options *o, int64_t num_messages)
{
    const int64_t sending_ms = o->rate > 0 ? num_messages * 1000 / o->rate : 0;
    return TIMEOUT_DEFAULT_MS + o->retry_ms + sending_ms;
}

/* Without one, the account goes by the name of the first identity. */
static char *default_account(char *const *identities)
{
    if (identities == NULL || identities[0] == NULL)
        return NULL;
    return g_strconcat("grooveAccount://", identities[0] + strlen("grooveIdentity://"), NULL);
}

/* False with a sentence; without the option *login is NULL. */
static gboolean read_login(const struct client_options *o, struct proxy_login **login)
{
    char *error = NULL;
    *login = o->proxy_auth != NULL ? login_read("proxy-auth", o->proxy_auth, &error) : NULL;
    if (error == NULL && *login != NULL && (*login)->scheme == PROXY_NTLM &&
        carrier_ways[o->via].ops == &carrier_socks)
        error = g_strdup("--proxy-auth ntlm is for proxies of HTTP: a SOCKS proxy is told "
                         "basic:USER");
    if (error != NULL)
        log_error("%s", error);
    const gboolean is_good = error == NULL;
    g_free(error);
    return is_good;
}

static int run(const struct client_options *o, const struct client_timers *timer_values,
               const struct polling_options *polling)
{
    GPtrArray *parts = g_ptr_array_new_with_free_func((GDestroyNotify)(void (*)(void))g_strfreev);
    GArray *entries = g_array_new(FALSE, FALSE, sizeof(struct sstp_fanout_entry));
    char *account = o->account != NULL ? g_strdup(o->account) : default_account(o->identities);
    const gboolean sends = o->to != NULL;
    const int64_t num_messages = !sends || o->has_lines ? 0 : MAX(o->num_messages, 1);
    GBytes *content = NULL;
    struct proxy_login *login = NULL;
    int result = EXIT_USAGE;
    char *name = carrier_ways[o->via].is_http ? client_http_name(o) : NULL;
    struct client_ways to_relay = {
        .ways[0] = {carrier_ways[o->via].ops, g_strdup(o->relay), o->proxy}, .num = 1};
    if (carrier_ways[o->via].ops == NULL) {
        client_ways_clear(&to_relay);
        client_ways_auto(&to_relay, &(struct client_ways_places){.relay = o->relay,
                                                                 .relay_443 = o->relay_443,
                                                                 .relay_http = o->relay_http,
                                                                 .proxy = o->proxy,
                                                                 .socks_proxy = o->socks_proxy});
    }

    struct client_run config = {
        .relay = o->relay,
        .ways = to_relay,
        .listens = (const char *const *)o->listens,
        .files = {.capture = o->capture,
                  .truth = o->truth,
                  .has_answers = o->has_answers,
                  .wear = o->wear,
                  .seed = o->seed},
        .device_url = o->device,
        .target_url = o->relay_url,
        /* Who receives has to say who it is; who only sends may. */
        .attaches = o->relay != NULL && client_is_relay(o) && account != NULL &&
                    (o->receives || o->account != NULL),
        .account_url = account,
        .identity_urls = (const char *const *)o->identities,
        .num_identities = o->identities != NULL ? g_strv_length(o->identities) : 0,
        .resource_url = o->resource != NULL ? o->resource : RESOURCE_DEFAULT,
        .num_messages = (unsigned)num_messages,
        .sends_lines = o->has_lines,
        .flags = make_flags(o),
        .ttl = (uint32_t)MAX(o->ttl, 0),
        .messages_per_second = (double)o->rate,
        .receives = o->receives,
        .format = (enum client_format)o->format,
        .num_expected = (unsigned)o->num_expected,
        .timeout_ms = o->timeout_ms >= 0 ? o->timeout_ms
                      : num_messages > 0 ? default_timeout_ms(o, num_messages)
                                         : 0,
        .lines_timeout_ms = o->has_lines && o->timeout_ms < 0 ? TIMEOUT_DEFAULT_MS : 0,
        .retry_ms = o->retry_ms,
        .retry_pause_ms = o->retry_pause_ms,
        .minor_version = options_minor_version(o->version),
        .timers = *timer_values,
        .http = {.server_name = name,
                 .longlived_limit = (uint64_t)o->longlived_limit,
                 .longlived_hangs = o->longlived_hangs,
                 .establish_ms = timer_values->http_establish_ms,
                 .receive_ms = timer_values->http_receive_ms,
                 .keepalive_ms = timer_values->http_keepalive_ms,
                 .polling = polling},
    };
    if (!read_login(o, &login) || !parse_recipients(o->to, parts, entries) ||
        (content = make_content(o)) == NULL)
        goto out;
    config.login = login;
    gsize len;
    const void *data = g_bytes_get_data(content, &len);
    config.content = sstp_span(data, len);
    config.recipients = (const struct sstp_fanout_entry *)(const void *)entries->data;
    config.num_recipients = entries->len;
    result = client_run(&config);
out:
    if (content != NULL)
        g_bytes_unref(content);
    proxy_login_free(login);
    client_ways_clear(&to_relay);
    g_free(name);
    g_free(account);
    g_array_free(entries, TRUE);
    g_ptr_array_free(parts, TRUE);
    return result;
}

int cmd_client(int argc, char **argv)
{
    struct client_options o = {.seed = 1,
                               .version = OPTIONS_VERSION_DEFAULT,
                               .size = -1,
                               .num_messages = -1,
                               .retry_pause_ms = CLIENT_RETRY_PAUSE_FIRST_MS,
                               .ttl = -1,
                               .longlived_limit = (int64_t)HENC_LONGLIVED_LENGTH_MAX,
                               .timeout_ms = -1};
    struct client_timers timer_values;
    struct polling_options polling = POLLING_OPTIONS_DEFAULT;
    const struct option_row others[] = {
        OPTION_TEXT("relay", &o.relay, "ADDR:PORT", "Where to connect to"),
        OPTION_TEXT("relay-443", &o.relay_443, "ADDR:PORT",
                    "With --via auto: where its --listen-443 is (port 443 there)"),
        OPTION_TEXT("relay-http", &o.relay_http, "ADDR:PORT",
                    "With --via auto: where its --listen-http is (port 80 there)"),
        OPTION_TEXT("relay-url", &o.relay_url, "URL",
                    "Its device URL: grooveDNS://..., or dpp:///... of a peer device"),
        OPTION_TEXTS("listen", &o.listens, "ADDR:PORT",
                     "Accept peer devices instead of connecting; may be repeated"),
        OPTION_TIME("retry", &o.retry_ms, 0, OPTION_TIME_MAX,
                    "Try for so long when the relay is not there yet (0: once)"),
        OPTION_TIME("retry-pause", &o.retry_pause_ms, 1, CLIENT_RETRY_PAUSE_LAST_MS,
                    "Before the first attempt to connect again (0.25)"),
        OPTION_TEXT("device", &o.device, "URL", "This device's URL, dpp:///..."),
        OPTION_TEXTS("identity", &o.identities, "URL",
                     "Whose messages to receive, grooveIdentity://...; may be repeated"),
        OPTION_TEXT("account", &o.account, "URL",
                    "The account to attach (made from the first identity)"),
        OPTION_CHOICE("sstp-version", &o.version, options_versions, "VERSION", "1.5 or 1.6 (1.6)"),
        OPTION_CHOICE(
            "via", &o.via, vias, VIAS,
            "The way to the relay: TCP, through a proxy, or the first that leads there (tcp)"),
        OPTION_TEXT("proxy", &o.proxy, "ADDR:PORT", "Where the proxy is"),
        OPTION_TEXT("socks-proxy", &o.socks_proxy, "ADDR:PORT",
                    "With --via auto: where the one of SOCKS is (that of --proxy)"),
        OPTION_TEXT("proxy-auth", &o.proxy_auth, "basic|ntlm:" LOGIN_WHO,
                    "Who asks the proxy; the password may be in " LOGIN_VARIABLE,
                    .is_secret = true),
        OPTION_SIZE("longlived-limit", &o.longlived_limit, HTTP_LONGLIVED_LIMIT_MIN,
                    HENC_LONGLIVED_LENGTH_MAX,
                    "Of what one LongLived connection carries, before another (2147479552)"),
        OPTION_FLAG("longlived-hangs", &o.longlived_hangs,
                    "Do as the products do where the relay's half is full: do not notice"),
        OPTION_NUMBER("poll-repeats", &polling.repeats, 0, INT_MAX, "N",
                      "Ask so often again over Polling when an answer is lost (2)"),
        OPTION_TEXTS("to", &o.to, "IDENTITY[,DEVICE[,RELAY-URL]]",
                     "A recipient; several make a fanout session"),
        OPTION_TEXT("resource", &o.resource, "URL", "The resource handler (" RESOURCE_DEFAULT ")"),
        OPTION_TEXT("message", &o.message, "TEXT", "Send this"),
        OPTION_FILE("file", &o.file, NAMED_FILE_INPUT, "PATH",
                    "Send what is in a file, or (-) on standard input"),
        OPTION_SIZE("size", &o.size, 0, CLIENT_CONTENT_MAX, "Send so many letters"),
        OPTION_FLAG("lines", &o.has_lines, "Send each line of standard input"),
        OPTION_NUMBER("messages", &o.num_messages, 1, INT_MAX, "N", "Send it so many times (1)"),
        OPTION_NUMBER("rate", &o.rate, 0, RATE_MAX, "N", "Send so many a second (0: at once)"),
        OPTION_NUMBER("ttl", &o.ttl, 0, UINT32_MAX, "SECONDS",
                      "Let relays discard it after so many whole seconds (0: never)"),
        OPTION_FLAG("ack-immediately", &o.acks_immediately,
                    "Ask for the acknowledgement of each message at once"),
        OPTION_FLAG("not-if-offline", &o.is_not_if_offline,
                    "Let the relay discard it if its recipient is not there"),
        OPTION_FLAG("receive", &o.receives, "Receive: one line a message on stdout"),
        OPTION_CHOICE("format", &o.format, formats, "json|text", "Of those lines (json)"),
        OPTION_NUMBER("expect", &o.num_expected, 0, INT_MAX, "N", "End after so many messages"),
        OPTION_TIME("timeout", &o.timeout_ms, 0, OPTION_TIME_MAX,
                    "End then (30 to send, never to receive; 0: never)"),
        OPTION_FILE("write", &o.capture, NAMED_FILE_OUTPUT, "FILE", "Write a capture (pcapng)",
                    .letter = 'w'),
        OPTION_FLAG("answers", &o.has_answers, OPTIONS_ANSWERS_HELP),
        OPTION_TEXTS("fault", &o.faults, "FAULT", OPTIONS_WEAR_HELP),
        OPTION_UNSIGNED("seed", &o.seed, "N", OPTIONS_WEAR_SEED_HELP),
        OPTION_FILE("truth", &o.truth, NAMED_FILE_OUTPUT, "FILE",
                    "Write what happened, as JSON lines"),
        OPTION_FLAG("verbose", &o.is_verbose, "Log on stderr", .letter = 'v')};
    struct option_row
        rows[G_N_ELEMENTS(others) + G_N_ELEMENTS(timers) + G_N_ELEMENTS(polling_timers) + 1];

    memcpy(rows, others, sizeof others);
    struct option_row *row = options_timer_rows(rows + G_N_ELEMENTS(others), timers,
                                                G_N_ELEMENTS(timers), &timer_values);
    row = options_timer_rows(row, polling_timers, G_N_ELEMENTS(polling_timers), &polling);
    *row = (struct option_row)OPTION_END;

    int result = options_parse("Sends messages through a relay or to a peer device, or receives "
                               "them.\nExits with 1 unless all were acknowledged, or as many came "
                               "as were expected.",
                               rows, argc, argv);
    if (result == -1) {
        log_set_verbose(o.is_verbose);
        char *const lines[] = {(char[]){"-"}};
        char *const logins[] = {(char *)login_file(o.proxy_auth)};
        const bool is_good =
            client_check(&o) && options_read_wear(o.faults, &o.wear) &&
            options_check_files(rows, "--lines", NAMED_FILE_INPUT, lines, o.has_lines) &&
            options_check_files(rows, "--proxy-auth", NAMED_FILE_INPUT, logins, logins[0] != NULL);
        result = is_good ? run(&o, &timer_values, &polling) : EXIT_USAGE;
    }
    option_rows_clear(rows);
    return result;
}
