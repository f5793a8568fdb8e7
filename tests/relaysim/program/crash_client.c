/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crash_client: a client that writes down what it sends, what is acknowledged to it and
 * what it receives, at once, so that it may be killed at any moment.  crash.py starts
 * it, kills it, and reads what it wrote.
 *
 *     crash_client send PORT URL NAME LOG IDENTITY[,DEVICE[,RELAY-URL]]...
 *     crash_client receive PORT URL NAME LOG
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
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "client/client.h"

#define TURN_MS 5
#define NUM_PER_TURN 10u /* messages, so that the log stays readable */
#define WINDOW 400u
#define PADDING_MAX 3000u
#define LIFE_SECONDS 3600u /* longer than any test, shorter than the steps of its clocks */

static volatile sig_atomic_t is_ending;

struct program {
    bool sends;
    const char *relay_url, *name;
    char *const *to;
    int num_to;
    int log;
    int socket;
    struct sstp_client *client;
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

static void fill(void *cookie, void *bytes, size_t len)
{
    (void)cookie;
    if (getrandom(bytes, len, 0) != (ssize_t)len)
        abort();
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
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
    struct sstp_ep *ep = sstp_client_ep(program->client);
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
           sstp_ep_session_state(sstp_client_ep(program->client), program->session_id, &state) &&
           state == SSTP_SESSION_READY;
}

static bool send_text(struct program *program, const char *text, uint64_t tag)
{
    const struct sstp_ep_message message = {.flags = SSTP_MESSAGE_FLAG_ACK_IMMEDIATELY |
                                                     SSTP_MESSAGE_FLAG_EPHEMERAL,
                                            .ttl = LIFE_SECONDS,
                                            .data = sstp_span_of_string(text)};
    return sstp_ep_send_message(sstp_client_ep(program->client), program->session_id, &message,
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
        abort(); /* the window is far below every limit */
    g_free(text);
    g_free(padding);
}

static void send_some(struct program *program)
{
    struct sstp_ep *ep = sstp_client_ep(program->client);
    if (now_ms() < program->next_turn_ms)
        return;
    program->next_turn_ms = now_ms() + TURN_MS;
    for (unsigned i = 0;
         i < NUM_PER_TURN && is_session_ready(program) && sstp_ep_num_unacknowledged(ep) < WINDOW;
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
    (void)sstp_ep_complete(sstp_client_ep(program->client), event->number);
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
    (void)sstp_ep_noop(sstp_client_ep(program->client));
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
    case SSTP_EP_EVENT_CLOSED:
        program->is_lost = true;
        break;
    }
}

static void on_ready(void *cookie, struct sstp_client *client)
{
    struct program *program = cookie;
    (void)client;
    program->is_ready = true;
    open_session(program);
}

static void on_failed(void *cookie, struct sstp_client *client, const char *why)
{
    struct program *program = cookie;
    (void)client;
    fprintf(stderr, "%s: %s\n", program->name, why);
    program->is_lost = true;
}

/* ------------------------------------------------------------------------
 * The connection
 */

static int connect_to(const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)atoi(port)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (const struct sockaddr *)(const void *)&address, sizeof address) == 0) {
        fcntl(fd, F_SETFL, O_NONBLOCK);
        return fd;
    }
    close(fd);
    return -1;
}

static bool would_block(void)
{
    return errno == EAGAIN || errno == EINTR;
}

static void carry(struct program *program)
{
    static uint8_t bytes[65536];
    struct sstp_ep *ep = sstp_client_ep(program->client);
    struct pollfd poll_fd = {.fd = program->socket, .events = POLLIN};

    if (sstp_ep_output(ep).len > 0)
        poll_fd.events |= POLLOUT;
    (void)poll(&poll_fd, 1, TURN_MS);
    sstp_ep_tick(ep, now_ms());
    const ssize_t num = read(program->socket, bytes, sizeof bytes);
    if (num > 0)
        sstp_ep_receive(ep, bytes, (size_t)num);
    else if (num == 0 || !would_block())
        program->is_lost = true;
    const struct sstp_span output = sstp_ep_output(ep);
    if (output.len == 0)
        return;
    const ssize_t num_sent = send(program->socket, output.data, output.len, MSG_NOSIGNAL);
    if (num_sent > 0)
        sstp_ep_output_taken(ep, (size_t)num_sent);
    else if (!would_block())
        program->is_lost = true;
}

/* One connection, until it is lost; false when all is done. */
static bool run(struct program *program)
{
    char *device_url = g_strconcat("dpp:///", program->name, NULL);
    char *account_url = g_strconcat("grooveAccount://", program->name, NULL);
    char *identity_url = g_strconcat("grooveIdentity://", program->name, NULL);
    const struct sstp_client_config config = {.device_url = device_url,
                                              .target_url = program->relay_url,
                                              .is_originator = true,
                                              .attaches = !program->sends,
                                              .account_url = account_url,
                                              .identity_urls = (const char *const *)&identity_url,
                                              .num_identities = 1,
                                              .device_key = sstp_sec_derive_key("", device_url),
                                              .account_key = sstp_sec_derive_key("", account_url),
                                              .random = {fill, NULL},
                                              .major_version = 1,
                                              .minor_version = 6,
                                              .product_version = "crash_client",
                                              .now_ms = now_ms(),
                                              .ready = on_ready,
                                              .failed = on_failed,
                                              .event = on_event,
                                              .cookie = program};
    bool is_done = false;

    program->client = sstp_client_new(&config);
    program->is_ready = program->has_session = program->is_lost = program->is_marking = false;
    program->num_got = program->num_marked = 0;
    if (!program->sends)
        say(program, "run\n");
    (void)sstp_client_start(program->client);
    while (!program->is_lost && !is_done) {
        if (program->sends)
            send_some(program);
        else
            mark(program);
        carry(program);
        is_done = is_ending && (!program->sends ||
                                (program->is_ready && program->again.length == 0 &&
                                 sstp_ep_num_unacknowledged(sstp_client_ep(program->client)) == 0));
    }
    sstp_client_free(program->client);
    close(program->socket);
    g_free(device_url);
    g_free(account_url);
    g_free(identity_url);
    return !is_done;
}

static void on_signal(int number)
{
    (void)number;
    is_ending = 1;
}

int main(int argc, char **argv)
{
    static char sink[] = "grooveIdentity://sink";
    static char *const sinks[] = {sink};
    struct program program = {.sends = argc > 6 && strcmp(argv[1], "send") == 0};
    bool goes_on = true;

    if (argc < 6) {
        fprintf(stderr, "usage: crash_client send|receive PORT URL NAME LOG [TO...]\n");
        return 2;
    }
    const struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGTERM, &action, NULL);
    program.relay_url = argv[3];
    program.name = argv[4];
    program.to = program.sends ? argv + 6 : sinks;
    program.num_to = program.sends ? argc - 6 : 1;
    program.log = open(argv[5], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    while (goes_on) {
        g_queue_clear(&program.again);
        if (program.sends)
            read_log(&program, argv[5]);
        program.socket = connect_to(argv[2]);
        if (program.socket >= 0)
            goes_on = run(&program);
        else
            g_usleep(20000);
    }
    return 0;
}
