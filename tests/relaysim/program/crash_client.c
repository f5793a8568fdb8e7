/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crash_client: a client that writes down what it sends, what is acknowledged to it and
 * what it receives, at once, so that it may be killed at any moment.  crash.py starts
 * it, kills it, and reads what it wrote.
 *
 *     crash_client [OPTION...] send ADDR:PORT URL NAME LOG IDENTITY[,DEVICE[,RELAY-URL]]...
 *     crash_client [OPTION...] receive ADDR:PORT URL NAME LOG
 *
 * It travels as --via and --proxy of `relaysim client` say; --longlived-limit likewise.
 *
 * A sender goes on until SIGTERM, and then waits for the acknowledgements.  What an
 * earlier run of the same log sent without one it sends again, as a new transmission.
 * Its lines: "sent TRANSMISSION NUMBER", "acked TRANSMISSION".
 *
 * A receiver is the identity of its name, on the device of that name.  Its lines: "run"
 * for each connection, "got SENDER TRANSMISSION NUMBER" before it acknowledges, and
 * "settled N": the relay cannot send the first N of this run again, for it has answered
 * for a message that was sent to it after their acknowledgement.
 */
#include "carrier/ways.h"
#include "carrier/http_options.h"
#include "henc/polling.h"
#include "live/client.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TURN_MS 5
#define RETRY_MS 20
#define NUM_PER_TURN 10u /* messages, so that the log stays readable */
#define WINDOW 400u
#define UNSENT 100000u /* bytes; far below what an endpoint has room for */
#define PADDING_MAX 3000u
#define LIFE_SECONDS 3600u /* longer than any test, shorter than the steps of its clocks */

static volatile sig_atomic_t is_ending;

struct program {
    bool sends;
    struct live_dial dial;
    char *proxy; /* of it, or NULL */
    struct http_options http;
    const char *relay_url, *name;
    char *const *to;
    int num_to;
    int log;
    struct net *net;
    struct live_client *client; /* NULL: none */
    bool is_ready, is_lost;

    /* Who sends. */
    uint32_t session_id;
    bool has_session;
    uint64_t last_transmission, last_number;
    GQueue again; /* numbers that were never acknowledged */
    int64_t next_turn_ms;

    /* Who receives. */
    uint64_t num_got, num_marked;
    bool is_marking;
};

static void say(const struct program *program, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* One line, out of this process when it returns. */
static void say(const struct program *program, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *line = g_strdup_vprintf(format, args);
    va_end(args);
    const size_t len = strlen(line);
    if (write(program->log, line, len) != (ssize_t)len)
        abort();
    g_free(line);
}

/* ------------------------------------------------------------------------
 * Sending
 */

static void open_session(struct program *program)
{
    struct sstp_fanout_entry entries[16];
    char **parts[16];
    bool is_fanout = program->num_to > 1;
    memset(entries, 0, sizeof entries);
    for (int i = 0; i < program->num_to && i < 16; i++) {
        parts[i] = g_strsplit(program->to[i], ",", 3);
        const guint num = g_strv_length(parts[i]);
        entries[i].identity_url = sstp_span_of_string(parts[i][0]);
        entries[i].device_url = sstp_span_of_string(num > 1 ? parts[i][1] : "");
        entries[i].relay_url = sstp_span_of_string(num > 2 ? parts[i][2] : "");
        is_fanout = is_fanout || num > 2;
    }
    struct sstp_ep *ep = live_client_ep(program->client);
    const enum sstp_ep_err err =
        is_fanout ? sstp_ep_fanout_open(ep, sstp_span_of_string("app"), entries,
                                        (size_t)program->num_to, &program->session_id)
                  : sstp_ep_open(ep, sstp_span_of_string("app"), entries[0].identity_url,
                                 entries[0].device_url, &program->session_id);
    program->has_session = err == SSTP_EP_OK;
    for (int i = 0; i < program->num_to && i < 16; i++)
        g_strfreev(parts[i]);
}

static bool is_session_ready(const struct program *program)
{
    enum sstp_session_state state;
    return program->has_session &&
           sstp_ep_session_state(live_client_ep(program->client), program->session_id, &state) &&
           state == SSTP_SESSION_READY;
}

static bool send_text(struct program *program, const char *text, uint64_t tag)
{
    const struct sstp_ep_message message = {.flags = SSTP_MESSAGE_FLAG_ACK_IMMEDIATELY |
                                                     SSTP_MESSAGE_FLAG_EPHEMERAL,
                                            .ttl = LIFE_SECONDS,
                                            .data = sstp_span_of_string(text)};
    return sstp_ep_send_message(live_client_ep(program->client), program->session_id, &message,
                                (void *)(uintptr_t)tag) == SSTP_EP_OK;
}

static void send_one(struct program *program, uint64_t number)
{
    const uint64_t transmission = ++program->last_transmission;
    char *padding = g_strnfill(number * 7919 % PADDING_MAX, 'x');
    char *text = g_strdup_printf("%s %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %s", program->name,
                                 transmission, number, padding);
    /* Written first: what was sent and not written would look like a message out of
     * nowhere. */
    say(program, "sent %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT "\n", transmission, number);
    if (!send_text(program, text, transmission))
        abort(); /* window and bytes are far below every limit */
    g_free(text);
    g_free(padding);
}

static void send_some(struct program *program)
{
    struct sstp_ep *ep = live_client_ep(program->client);
    if (net_now_ms(program->net) < program->next_turn_ms)
        return;
    program->next_turn_ms = net_now_ms(program->net) + TURN_MS;
    for (unsigned i = 0; i < NUM_PER_TURN && is_session_ready(program) &&
                         sstp_ep_num_unacknowledged(ep) < WINDOW && sstp_ep_output_len(ep) < UNSENT;
         i++) {
        gpointer again = g_queue_pop_head(&program->again);
        if (again != NULL)
            send_one(program, (uint64_t)(uintptr_t)again);
        else if (!is_ending)
            send_one(program, ++program->last_number);
    }
}

/* What the earlier runs left after. */
static void read_log(struct program *program, const char *path)
{
    char *text;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return;
    GHashTable *numbers = g_hash_table_new(NULL, NULL); /* transmission to number */
    GHashTable *acked = g_hash_table_new(NULL, NULL);   /* numbers */
    char **lines = g_strsplit(text, "\n", 0);
    for (char **line = lines; *line != NULL; line++) {
        guint64 transmission, number;
        if (sscanf(*line, "sent %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, &transmission,
                   &number) == 2) {
            g_hash_table_insert(numbers, (gpointer)(uintptr_t)transmission,
                                (gpointer)(uintptr_t)number);
            program->last_transmission = MAX(program->last_transmission, transmission);
            program->last_number = MAX(program->last_number, number);
        } else if (sscanf(*line, "acked %" G_GUINT64_FORMAT, &transmission) == 1) {
            g_hash_table_add(acked,
                             g_hash_table_lookup(numbers, (gpointer)(uintptr_t)transmission));
        }
    }
    for (uint64_t number = 1; number <= program->last_number; number++)
        if (!g_hash_table_contains(acked, (gpointer)(uintptr_t)number))
            g_queue_push_tail(&program->again, (gpointer)(uintptr_t)number);
    g_strfreev(lines);
    g_hash_table_destroy(numbers);
    g_hash_table_destroy(acked);
    g_free(text);
}

/* ------------------------------------------------------------------------
 * Receiving
 */

static void on_message(struct program *program, const struct sstp_ep_event *event)
{
    char *text = g_strndup((const char *)event->message->data.data, event->message->data.len);
    char *sender = strtok(text, " ");
    const char *transmission = strtok(NULL, " ");
    const char *number = strtok(NULL, " ");
    program->num_got++;
    say(program, "got %s %s %s\n", sender, transmission, number);
    (void)sstp_ep_complete(live_client_ep(program->client), event->number);
    g_free(text);
}

/* After all acknowledgements so far: a message of our own.  It goes to somebody who
 * never comes, so that it has to be stored. */
static void mark(struct program *program)
{
    if (program->is_marking || program->num_got == program->num_marked ||
        !is_session_ready(program))
        return;
    /* A Noop, so that the acknowledgement does not only ride on the marker. */
    (void)sstp_ep_noop(live_client_ep(program->client));
    program->is_marking = send_text(program, "marker", program->num_got);
    if (program->is_marking)
        program->num_marked = program->num_got;
}

/* ------------------------------------------------------------------------
 * Events
 */

static void on_event(void *cookie, struct sstp_ep *ep, const struct sstp_ep_event *event)
{
    struct program *program = cookie;
    (void)ep;
    switch ((int)event->kind) { /* of interest here */
    case SSTP_EP_EVENT_OPEN:
        *event->availability = SSTP_HANDLER_READY;
        break;
    case SSTP_EP_EVENT_MESSAGE:
        on_message(program, event);
        break;
    case SSTP_EP_EVENT_ACKNOWLEDGED:
        if (program->sends && program->is_lost) {
            /* Without a recipient, as it was told: that one gets it again. */
        } else if (program->sends) {
            say(program, "acked %" G_GUINT64_FORMAT "\n", (guint64)(uintptr_t)event->tag);
        } else {
            say(program, "settled %" G_GUINT64_FORMAT "\n", (guint64)(uintptr_t)event->tag);
            program->is_marking = false;
        }
        break;
    case SSTP_EP_EVENT_SESSION_STATUS:
    case SSTP_EP_EVENT_SESSION_CLOSED:
        if (program->has_session && event->session_id == program->session_id)
            program->is_lost = true;
        break;
    }
}

static void on_connected(void *cookie)
{
    struct program *program = cookie;
    (void)live_client_start(program->client);
}

static void on_ready(void *cookie)
{
    struct program *program = cookie;
    program->is_ready = true;
    open_session(program);
}

static void on_failed(void *cookie, const char *why)
{
    struct program *program = cookie;
    fprintf(stderr, "%s: %s\n", program->name, why);
    program->is_lost = true;
}

static void on_not_connected(void *cookie, const char *why)
{
    struct program *program = cookie;
    (void)why;
    program->is_lost = true;
}

static void on_gone(void *cookie)
{
    struct program *program = cookie;
    program->is_lost = true;
}

/* ------------------------------------------------------------------------
 * The connection
 */

static struct live_client *new_client(struct program *program, const char *device_url,
                                      const char *account_url, const char *const *identity_url)
{
    const struct live_client_config config = {.net = program->net,
                                              .secret = "",
                                              .client = {.device_url = device_url,
                                                         .target_url = program->relay_url,
                                                         .is_originator = true,
                                                         .attaches = !program->sends,
                                                         .account_url = account_url,
                                                         .identity_urls = identity_url,
                                                         .num_identities = 1,
                                                         .major_version = 1,
                                                         .minor_version = 6,
                                                         .product_version = "crash_client"}};
    return live_client_new(&config, (struct live_client_handler){.connected = on_connected,
                                                                 .not_connected = on_not_connected,
                                                                 .ready = on_ready,
                                                                 .failed = on_failed,
                                                                 .event = on_event,
                                                                 .gone = on_gone,
                                                                 .cookie = program});
}

static bool is_done(const struct program *program)
{
    return is_ending &&
           (!program->sends || (program->is_ready && program->again.length == 0 &&
                                sstp_ep_num_unacknowledged(live_client_ep(program->client)) == 0));
}

/* One connection, until it is lost; false when all is done. */
static bool run(struct program *program)
{
    char *device_url = g_strconcat("dpp:///", program->name, NULL);
    char *account_url = g_strconcat("grooveAccount://", program->name, NULL);
    char *identity_url = g_strconcat("grooveIdentity://", program->name, NULL);
    char *error = NULL;
    bool is_over = false;

    program->is_ready = program->has_session = program->is_lost = program->is_marking = false;
    program->num_got = program->num_marked = 0;
    program->client =
        new_client(program, device_url, account_url, (const char *const *)&identity_url);
    if (!live_client_dial(program->client, &program->dial, &error))
        g_error("%s", error);
    if (!program->sends)
        say(program, "run\n");
    while (!program->is_lost && !is_over) {
        net_run_once(program->net, TURN_MS);
        if (program->sends)
            send_some(program);
        else
            mark(program);
        live_client_wake(program->client);
        is_over = is_done(program);
    }
    live_client_free(program->client);
    program->client = NULL;
    g_free(device_url);
    g_free(account_url);
    g_free(identity_url);
    return !is_over;
}

static void on_signal(int number)
{
    (void)number;
    is_ending = 1;
}

/* Takes the options off the command line. */
static void read_options(struct program *program, int *argc, char ***argv)
{
    char *via = NULL;
    gint64 longlived_limit = 0;
    const GOptionEntry entries[] = {
        {"via", 0, 0, G_OPTION_ARG_STRING, &via, "The way to the relay", CARRIER_VIAS},
        {"proxy", 0, 0, G_OPTION_ARG_STRING, &program->proxy, "Where the proxy is", "ADDR:PORT"},
        {"longlived-limit", 0, 0, G_OPTION_ARG_INT64, &longlived_limit, "Of one half", "BYTES"},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL}};
    GOptionContext *context = g_option_context_new("send|receive ADDR:PORT URL NAME LOG [TO...]");
    const struct carrier_way *way = carrier_ways;
    GError *error = NULL;
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, argc, argv, &error))
        g_error("%s", error->message);
    while (via != NULL && way->via != NULL && strcmp(way->via, via) != 0)
        way++;
    if (way->via == NULL || *argc < 6)
        g_error("usage: see --help");
    program->dial =
        (struct live_dial){.carrier = way->ops, .proxy = program->proxy, .http = &program->http};
    program->http.longlived_limit = (uint64_t)longlived_limit;
    g_option_context_free(context);
    g_free(via);
}

/* Until all is done. */
static void run_all(struct program *program, const char *log)
{
    bool goes_on = true;
    while (goes_on) {
        g_queue_clear(&program->again);
        if (program->sends)
            read_log(program, log);
        goes_on = run(program);
        if (!program->is_ready)
            net_run_once(program->net, RETRY_MS);
    }
}

int main(int argc, char **argv)
{
    static char sink[] = "grooveIdentity://sink";
    static char *const sinks[] = {sink};
    const struct net_config config = {.capture = NULL};
    struct program program = {.log = -1};

    read_options(&program, &argc, &argv);
    program.sends = argc > 6 && strcmp(argv[1], "send") == 0;
    const struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN); /* sockets break here */
    program.dial.address = argv[2];
    program.relay_url = argv[3];
    program.http.server_name = argv[3] + strlen(HENC_POLLING_SCHEME);
    program.name = argv[4];
    program.to = program.sends ? argv + 6 : sinks;
    program.num_to = program.sends ? argc - 6 : 1;
    program.log = open(argv[5], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    program.net = net_new(&config);
    run_all(&program, argv[5]);
    net_free(program.net);
    g_free(program.proxy);
    return 0;
}
