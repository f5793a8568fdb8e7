/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_client: `relaysim client`, which sends or receives messages. */
#include "client_run.h"
#include "log.h"
#include "options.h"
#include "url.h"

#include <stdio.h>
#include <string.h>

#define TIMEOUT_DEFAULT 30 /* seconds, for who sends */
#define RESOURCE_DEFAULT "apphandler"
#define URL_MAX 1000 /* characters: two of them fit into every command that has two */

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
};

/* clang-format on */

struct client_options {
    char *relay, *relay_url, *device, *account, *via, *resource, *message, *file, *version;
    char *listen, *capture, *truth;
    char **identities, **to, **proxy, **proxy_auth;
    int num_messages, timeout, expect;
    gint64 size;
    gboolean receives, is_verbose;
    double seconds[G_N_ELEMENTS(timers)];
};

static void clear_options(struct client_options *options)
{
    char *strings[] = {options->relay,   options->relay_url, options->device,  options->account,
                       options->via,     options->resource,  options->message, options->file,
                       options->version, options->listen,    options->capture, options->truth};
    char **arrays[] = {options->identities, options->to, options->proxy, options->proxy_auth};
    for (size_t i = 0; i < G_N_ELEMENTS(strings); i++)
        g_free(strings[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(arrays); i++)
        g_strfreev(arrays[i]);
}

static gboolean usage(const char *sentence)
{
    log_error("%s", sentence);
    return FALSE;
}

static gboolean is_identity(const char *url)
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
    return len > 0 && len <= URL_MAX;
}

/* Whether it connects to a relay; otherwise to a peer device, which knows no accounts. */
static gboolean is_relay(const struct client_options *o)
{
    return o->relay_url != NULL && sstp_url_is_relay(sstp_span_of_string(o->relay_url));
}

/* Whether a recipient names its relay. */
static gboolean has_relay(const char *to)
{
    const char *device = strchr(to, ',');
    return device != NULL && strchr(device + 1, ',') != NULL;
}

/* What belongs together on the command line. */
static gboolean check(const struct client_options *o)
{
    const int num_contents = (o->message != NULL) + (o->file != NULL) + (o->size >= 0);
    const gboolean sends = num_contents > 0 || o->num_messages >= 0;

    if (options_is_later("--proxy", o->proxy) || options_is_later("--proxy-auth", o->proxy_auth))
        return FALSE;
    if (o->via != NULL && strcmp(o->via, "tcp") != 0) {
        log_error("--via %s is not in this version; --via tcp is", o->via);
        return FALSE;
    }
    if ((o->relay == NULL) == (o->listen == NULL))
        return usage("either --relay ADDR:PORT or --listen ADDR:PORT is needed");
    if (o->relay != NULL && o->relay_url == NULL)
        return usage("--relay-url is needed: the device URL of whom to connect to");
    if (o->device == NULL || !sstp_url_is_device(sstp_span_of_string(o->device)))
        return usage("--device is needed: this device's URL, such as dpp:///laptop");
    for (char **url = o->identities; url != NULL && *url != NULL; url++)
        if (!is_identity(*url))
            return usage("--identity is a URL such as grooveIdentity://alice, of at most 80 "
                         "characters behind the slashes");
    if (!sends && !o->receives)
        return usage("nothing to do: --message, --file or --size sends, --receive receives");
    if (!sends && o->to != NULL)
        return usage("--message, --file or --size is needed: what to send");
    if (!o->receives && o->expect > 0)
        return usage("--expect needs --receive");
    if (num_contents > 1)
        return usage("--message, --file and --size exclude each other");
    if (sends && o->to == NULL)
        return usage("--to is needed: to whom");
    if (o->relay_url != NULL && !is_relay(o) &&
        !sstp_url_is_device(sstp_span_of_string(o->relay_url)))
        return usage(
            "--relay-url is a relay's URL, grooveDNS://..., or a peer device's, dpp:///...");
    if (sends && (o->listen != NULL || !is_relay(o)) && (o->to[1] != NULL || has_relay(o->to[0])))
        return usage("a peer device takes a single --to, without a RELAY-URL: only a relay fans "
                     "messages out");
    if (o->receives && o->relay != NULL && is_relay(o) && o->identities == NULL)
        return usage("--identity is needed: for whom to receive");
    if (o->num_messages == 0 || o->num_messages < -1)
        return usage("--messages is at least 1");
    if (o->account != NULL && !is_name(o->account))
        return usage(
            "--account is a URL such as grooveAccount://alice, of at most 1000 characters");
    if (o->resource != NULL && !is_name(o->resource))
        return usage("--resource is a URL such as apphandler, of at most 1000 characters");
    if (o->expect < 0 || o->timeout < 0 || o->size > (16 << 20))
        return usage("--expect and --timeout cannot be negative, and --size is at most 16 MiB");
    return TRUE;
}

/* "IDENTITY[,DEVICE[,RELAY-URL]]" into parts, which have to stay. */
static gboolean parse_recipient(const char *text, char ***parts)
{
    *parts = g_strsplit(text, ",", 3);
    const guint num = g_strv_length(*parts);
    if (num >= 1 && is_identity((*parts)[0]) &&
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
    if (o->file != NULL) {
        char *data;
        gsize len;
        GError *error = NULL;
        if (g_file_get_contents(o->file, &data, &len, &error))
            return g_bytes_new_take(data, len);
        log_error("%s", error->message);
        g_error_free(error);
        return NULL;
    }
    /* A readable row of letters, whose place tells what is missing. */
    const size_t size = o->size > 0 ? (size_t)o->size : 0;
    char *data = g_malloc(size + 1);
    for (size_t i = 0; i < size; i++)
        data[i] = (char)('a' + i % 26);
    return g_bytes_new_take(data, size);
}

/* Without one, the account goes by the name of the first identity. */
static char *default_account(char *const *identities)
{
    if (identities == NULL || identities[0] == NULL)
        return NULL;
    return g_strconcat("grooveAccount://", identities[0] + strlen("grooveIdentity://"), NULL);
}

static int run(const struct client_options *o)
{
    GPtrArray *parts = g_ptr_array_new_with_free_func((GDestroyNotify)(void (*)(void))g_strfreev);
    GArray *entries = g_array_new(FALSE, FALSE, sizeof(struct sstp_fanout_entry));
    char *account = o->account != NULL ? g_strdup(o->account) : default_account(o->identities);
    const gboolean sends = o->to != NULL;
    GBytes *content = NULL;
    int result = EXIT_USAGE;

    struct client_run config = {
        .relay = o->relay,
        .listen = o->listen,
        .capture = o->capture,
        .truth = o->truth,
        .device_url = o->device,
        .target_url = o->relay_url,
        /* Who receives has to say who it is; who only sends may. */
        .attaches = o->relay != NULL && is_relay(o) && account != NULL &&
                    (o->receives || o->account != NULL),
        .account_url = account,
        .identity_urls = (const char *const *)o->identities,
        .num_identities = o->identities != NULL ? g_strv_length(o->identities) : 0,
        .resource_url = o->resource != NULL ? o->resource : RESOURCE_DEFAULT,
        .num_messages = !sends                ? 0
                        : o->num_messages > 0 ? (unsigned)o->num_messages
                                              : 1,
        .receives = o->receives,
        .num_expected = (unsigned)o->expect,
        .timeout_ms = o->timeout > 0 ? (int64_t)o->timeout * 1000
                      : sends        ? (int64_t)TIMEOUT_DEFAULT * 1000
                                     : 0,
    };
    if (!options_version(o->version, &config.minor_version) ||
        !options_timers_apply(timers, G_N_ELEMENTS(timers), o->seconds, &config.timers) ||
        !parse_recipients(o->to, parts, entries) || (content = make_content(o)) == NULL)
        goto out;
    gsize len;
    const void *data = g_bytes_get_data(content, &len);
    config.content = sstp_span(data, len);
    config.recipients = (const struct sstp_fanout_entry *)(const void *)entries->data;
    config.num_recipients = entries->len;
    result = client_run(&config);
out:
    if (content != NULL)
        g_bytes_unref(content);
    g_free(account);
    g_array_free(entries, TRUE);
    g_ptr_array_free(parts, TRUE);
    return result;
}

int cmd_client(int argc, char **argv)
{
    struct client_options o = {.size = -1, .num_messages = -1};
    const GOptionEntry others[] = {
        {"relay", 0, 0, G_OPTION_ARG_STRING, &o.relay, "Where to connect to", "ADDR:PORT"},
        {"relay-url", 0, 0, G_OPTION_ARG_STRING, &o.relay_url,
         "Its device URL: grooveDNS://..., or dpp:///... of a peer device", "URL"},
        {"listen", 0, 0, G_OPTION_ARG_STRING, &o.listen,
         "Accept a peer device instead of connecting", "ADDR:PORT"},
        {"device", 0, 0, G_OPTION_ARG_STRING, &o.device, "This device's URL, dpp:///...", "URL"},
        {"identity", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o.identities,
         "Whose messages to receive, grooveIdentity://...; may be repeated", "URL"},
        {"account", 0, 0, G_OPTION_ARG_STRING, &o.account,
         "The account to attach (made from the first identity)", "URL"},
        {"sstp-version", 0, 0, G_OPTION_ARG_STRING, &o.version, "1.5 or 1.6 (1.6)", "VERSION"},
        {"via", 0, 0, G_OPTION_ARG_STRING, &o.via, "tcp", "tcp"},
        {"to", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o.to, "A recipient; several make a fanout session",
         "IDENTITY[,DEVICE[,RELAY-URL]]"},
        {"resource", 0, 0, G_OPTION_ARG_STRING, &o.resource,
         "The resource handler (" RESOURCE_DEFAULT ")", "URL"},
        {"message", 0, 0, G_OPTION_ARG_STRING, &o.message, "Send this", "TEXT"},
        {"file", 0, 0, G_OPTION_ARG_FILENAME, &o.file, "Send what is in a file", "PATH"},
        {"messages", 0, 0, G_OPTION_ARG_INT, &o.num_messages, "Send it so many times (1)", "N"},
        {"size", 0, 0, G_OPTION_ARG_INT64, &o.size, "Send so many letters", "BYTES"},
        {"receive", 0, 0, G_OPTION_ARG_NONE, &o.receives,
         "Receive: one JSON line a message on stdout", NULL},
        {"expect", 0, 0, G_OPTION_ARG_INT, &o.expect, "End after so many messages", "N"},
        {"timeout", 0, 0, G_OPTION_ARG_INT, &o.timeout, "End then (30 to send, never to receive)",
         "SECONDS"},
        {"write", 'w', 0, G_OPTION_ARG_FILENAME, &o.capture, "Write a capture (pcapng)", "FILE"},
        {"truth", 0, 0, G_OPTION_ARG_FILENAME, &o.truth, "Write what happened, as JSON lines",
         "FILE"},
        {"verbose", 'v', 0, G_OPTION_ARG_NONE, &o.is_verbose, "Log on stderr", NULL},
        OPTION_LATER("proxy", &o.proxy),
        OPTION_LATER("proxy-auth", &o.proxy_auth)};
    GOptionEntry entries[G_N_ELEMENTS(others) + G_N_ELEMENTS(timers) + 1];

    memset(entries, 0, sizeof entries);
    memcpy(entries, others, sizeof others);
    (void)options_timer_rows(entries + G_N_ELEMENTS(others), timers, G_N_ELEMENTS(timers),
                             o.seconds);

    int result = options_parse("Sends messages through a relay or to a peer device, or receives "
                               "them.\nExits with 1 unless all were acknowledged, or as many came "
                               "as were expected.",
                               entries, argc, argv);
    if (result == -1) {
        log_set_verbose(o.is_verbose);
        result = check(&o) ? run(&o) : EXIT_USAGE;
    }
    clear_options(&o);
    return result;
}
