/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client_run.h"

#include "client.h"
#include "client_print.h"
#include "log.h"
#include "options.h"

#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#define PRODUCT_VERSION "Groove Client 14.0 4006" /* note <1> of GRVSSTP */
#define MAX_PEERS 16
#define END_MS 3000 /* for the peers' ends after our ConnectCloses */

/* Between attempts to connect again: the first pause, which doubles up to the last. */
#define PAUSE_FIRST_MS 250
#define PAUSE_LAST_MS 30000
#define SECRET_VARIABLE "RELAYSIM_SECRET"

struct run {
    const struct client_run *config;
    struct net *net;
    struct peer *sender; /* the connection on which to send */
    uv_timer_t timeout;
    uv_signal_t signals[2];
    GPtrArray *peers;
    unsigned num_sent, num_acknowledged, num_received;
    bool is_ending, has_failed;

    bool has_been_ready; /* a connection was: what is lost is had again */
    bool is_given_up;    /* what ended the last one would end the next one, too */
    uv_timer_t again;    /* until the next attempt */
    int64_t pause_ms;    /* the last one; 0 after success */
    uint32_t wait_time;  /* that the other side asked for, in seconds */
};

/* One connection. */
struct peer {
    struct run *run;
    struct net_connection *socket;
    struct sstp_client *client;
    uint32_t session_id; /* on which it sends */
    bool has_session;
    GHashTable *inbound; /* SessionId to struct client_source */
};

/* ------------------------------------------------------------------------
 * The end
 */

static void stop_if_alone(struct run *run)
{
    if (run->is_ending && run->peers->len == 0)
        net_stop(run->net);
}

static void on_end_over(uv_timer_t *timer)
{
    const struct run *run = timer->data;
    net_stop(run->net);
}

/* Says goodbye to everybody; the loop ends with the last of them, or without
 * those that do not take it. */
static void end(struct run *run)
{
    if (!run->is_ending)
        uv_timer_start(&run->timeout, on_end_over, END_MS, 0);
    run->is_ending = true;
    for (guint i = 0; i < run->peers->len; i++) {
        struct peer *peer = g_ptr_array_index(run->peers, i);
        struct sstp_ep *ep = sstp_client_ep(peer->client);
        if (peer->has_session)
            (void)sstp_ep_close_session(ep, peer->session_id, SSTP_CLOSE_NO_REASON);
        peer->has_session = false;
        sstp_ep_close_connection(ep, SSTP_CONNECT_CLOSE_NO_REASON, 0);
        net_wake(peer->socket);
    }
    stop_if_alone(run);
}

static void fail(struct run *run, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void fail(struct run *run, const char *format, ...)
{
    if (run->has_failed || run->is_ending)
        return;
    run->has_failed = true;
    va_list args;
    va_start(args, format);
    char *text = g_strdup_vprintf(format, args);
    va_end(args);
    log_error("%s", text);
    g_free(text);
}

/* The same, for what another attempt would not mend. */
static void give_up(struct run *run, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void give_up(struct run *run, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = g_strdup_vprintf(format, args);
    va_end(args);
    run->is_given_up = true;
    fail(run, "%s", text);
    g_free(text);
}

/* A connection is lost.  Who had one tries again; who never had is told why. */
static void lose(struct run *run, const char *why, uint32_t wait_time)
{
    run->wait_time = wait_time;
    if (run->has_been_ready)
        log_info("%s", why);
    else
        give_up(run, "%s", why);
}

static void end_if_done(struct run *run)
{
    const struct client_run *config = run->config;
    const bool has_sent = run->num_acknowledged == config->num_messages;
    const bool has_received = !config->receives || (config->num_expected > 0 &&
                                                    run->num_received >= config->num_expected);
    if (has_sent && has_received && !run->is_ending)
        end(run);
}

/* ------------------------------------------------------------------------
 * Sending
 */

static void open_session(struct peer *peer)
{
    const struct client_run *config = peer->run->config;
    struct sstp_ep *ep = sstp_client_ep(peer->client);
    const struct sstp_span resource_url = sstp_span_of_string(config->resource_url);
    const struct sstp_fanout_entry *first = config->recipients;

    if (config->num_messages == 0 || peer != peer->run->sender)
        return;
    /* A remote relay can only be named in a fanout session. */
    const bool is_fanout = config->num_recipients > 1 || first->relay_url.len > 0;
    const enum sstp_ep_err err =
        is_fanout ? sstp_ep_fanout_open(ep, resource_url, config->recipients,
                                        config->num_recipients, NULL, &peer->session_id)
                  : sstp_ep_open(ep, resource_url, first->identity_url, first->device_url, NULL,
                                 &peer->session_id);
    peer->has_session = err == SSTP_EP_OK;
    if (err != SSTP_EP_OK) {
        fail(peer->run, "the recipients do not fit into a command");
        end(peer->run);
    }
}

static void pump(struct peer *peer)
{
    struct run *run = peer->run;
    struct sstp_ep *ep = sstp_client_ep(peer->client);
    enum sstp_session_state state;

    while (peer->has_session && run->num_sent < run->config->num_messages &&
           sstp_ep_session_state(ep, peer->session_id, &state) && state == SSTP_SESSION_READY) {
        char user_ref[32];
        const int len = g_snprintf(user_ref, sizeof user_ref, "relaysim-%u", run->num_sent + 1);
        /* The last one asks for its acknowledgement, and so for all. */
        const bool is_last = run->num_sent + 1 == run->config->num_messages;
        const struct sstp_ep_message message = {.flags =
                                                    is_last ? SSTP_MESSAGE_FLAG_ACK_IMMEDIATELY : 0,
                                                .user_ref = sstp_span(user_ref, (size_t)len),
                                                .data = run->config->content};
        const enum sstp_ep_err err = sstp_ep_send_message(ep, peer->session_id, &message, NULL);
        if (err == SSTP_EP_FULL)
            break; /* the output has to go first, or acknowledgements to come */
        if (err != SSTP_EP_OK) {
            fail(run, "the message cannot be sent: it is too long, or memory is out");
            end(run);
            break;
        }
        run->num_sent++;
    }
    net_wake(peer->socket);
}

static void on_session_closed(struct peer *peer, const struct sstp_ep_event *event)
{
    g_hash_table_remove(peer->inbound, GUINT_TO_POINTER(event->session_id));
    if (!peer->has_session || event->session_id != peer->session_id)
        return;
    peer->has_session = false;
    if (event->is_open_refused) {
        const char *name = sstp_open_response_name(event->response_id);
        fail(peer->run, "the session was refused: %s", name != NULL ? name : "unknown response");
    } else {
        const char *name = sstp_close_reason_name(event->reason_id);
        fail(peer->run, "the session was closed: %s", name != NULL ? name : "unknown reason");
    }
    end(peer->run);
}

static void on_session_status(struct peer *peer, const struct sstp_ep_event *event)
{
    const struct client_run *config = peer->run->config;
    if (event->entry_index >= config->num_recipients)
        return;
    const struct sstp_fanout_entry *entry = &config->recipients[event->entry_index];
    const char *name = sstp_session_status_name(event->command->status_id);
    log_error("%.*s is no longer a recipient: %s", (int)entry->identity_url.len,
              (const char *)entry->identity_url.data, name != NULL ? name : "unknown status");
    peer->run->has_failed = true;
}

/* ------------------------------------------------------------------------
 * Receiving
 */

static void on_open(struct peer *peer, const struct sstp_ep_event *event)
{
    *event->availability = peer->run->config->receives ? SSTP_HANDLER_READY : SSTP_HANDLER_FAULT;
}

static void on_opened(struct peer *peer, const struct sstp_ep_event *event)
{
    g_hash_table_insert(peer->inbound, GUINT_TO_POINTER(event->session_id),
                        client_source_new(event->command));
}

static void on_message(struct peer *peer, struct sstp_ep *ep, const struct sstp_ep_event *event)
{
    struct run *run = peer->run;
    const struct client_source *source =
        g_hash_table_lookup(peer->inbound, GUINT_TO_POINTER(event->session_id));

    /* Acknowledged once the line is out of our hands, and not before. */
    if (source == NULL || !client_print(source, event->message)) {
        fail(run, "the message could not be written to stdout");
        end(run);
        return;
    }
    run->num_received++;
    (void)sstp_ep_complete(ep, event->number);
    end_if_done(run);
}

/* ------------------------------------------------------------------------
 * Events
 */

/* Whether the next connection would be closed for the same reason. */
static bool is_for_good(uint8_t reason_id)
{
    switch ((enum sstp_connect_close_reason)reason_id) {
    case SSTP_CONNECT_CLOSE_NO_REASON:
    case SSTP_CONNECT_CLOSE_RESTING:
    case SSTP_CONNECT_CLOSE_IDLE:
    case SSTP_CONNECT_CLOSE_RESPONSE_TIMEOUT:
    case SSTP_CONNECT_CLOSE_INTERNAL_ERROR:
        return false;
    case SSTP_CONNECT_CLOSE_PROTOCOL_ERROR:
    case SSTP_CONNECT_CLOSE_DEVICE_AUTHENTICATION_FAILED:
    case SSTP_CONNECT_CLOSE_USER_AUTHENTICATION_FAILED:
    case SSTP_CONNECT_CLOSE_STALE_CONNECT_AUTHENTICATE:
    case SSTP_CONNECT_CLOSE_STALE_ATTACH_AUTHENTICATE:
    case SSTP_CONNECT_CLOSE_REJECTED:
    case SSTP_CONNECT_CLOSE_DECRYPTION_FAILED:
    case SSTP_CONNECT_CLOSE_CROSSED_CONNECTIONS:
    case SSTP_CONNECT_CLOSE_UPGRADE:
    case SSTP_CONNECT_CLOSE_TOO_MANY_UNKNOWN_SESSION_CMDS:
    case SSTP_CONNECT_CLOSE_NEW_VERSION_REQUIRED:
        return true;
    }
    return true;
}

static void on_closed_by_peer(struct run *run, const struct sstp_ep_event *event)
{
    const char *name = sstp_connect_close_reason_name(event->reason_id);
    char *why = g_strdup_printf("the other side closed the connection: %s",
                                name != NULL ? name : "unknown reason");
    if (run->config->listen != NULL) {
        /* A device that has said all it had to is no failure of who listens. */
        log_info("%s", why);
    } else if (is_for_good(event->reason_id)) {
        give_up(run, "%s", why);
    } else {
        lose(run, why, event->wait_time);
    }
    g_free(why);
}

static void on_closed(struct peer *peer, const struct sstp_ep_event *event)
{
    struct run *run = peer->run;
    const char *name = sstp_connect_close_reason_name(event->reason_id);
    peer->has_session = false;
    switch (event->end) {
    case SSTP_EP_END_PEER:
        on_closed_by_peer(run, event);
        break;
    case SSTP_EP_END_VIOLATION:
        give_up(run, "the other side broke a rule of SSTP: %s",
                name != NULL ? name : "unknown reason");
        break;
    case SSTP_EP_END_TIMEOUT:
        lose(run, "the other side did not answer", 0);
        break;
    case SSTP_EP_END_TRANSPORT_LOST:
        lose(run, "the connection was lost", 0);
        break;
    case SSTP_EP_END_NO_MEMORY:
        give_up(run, "memory is out");
        break;
    case SSTP_EP_END_LOCAL:
    case SSTP_EP_END_REFUSED:
    case SSTP_EP_END_COUNT:
        break;
    }
}

static void on_refused(struct peer *peer, const struct sstp_ep_event *event)
{
    struct run *run = peer->run;
    const char *name = sstp_connect_response_name(event->response_id);
    const bool is_for_now = event->response_id == SSTP_CONNECT_RESPONSE_TRY_LATER ||
                            event->response_id == SSTP_CONNECT_RESPONSE_WILL_UPGRADE;
    GString *why = g_string_new("the connection was refused: ");
    g_string_append(why, name != NULL ? name : "unknown response");
    if (event->wait_time != 0)
        g_string_append_printf(why, ", again in %u seconds", event->wait_time);
    if (is_for_now)
        lose(run, why->str, event->wait_time);
    else
        give_up(run, "%s", why->str);
    g_string_free(why, TRUE);
}

static void on_event(void *cookie, struct sstp_ep *ep, const struct sstp_ep_event *event)
{
    struct peer *peer = cookie;
    struct run *run = peer->run;

    switch (event->kind) {
    case SSTP_EP_EVENT_REFUSED:
        on_refused(peer, event);
        break;
    case SSTP_EP_EVENT_OPEN:
        on_open(peer, event);
        break;
    case SSTP_EP_EVENT_OPENED:
        on_opened(peer, event);
        break;
    case SSTP_EP_EVENT_SESSION_STATE:
        pump(peer);
        break;
    case SSTP_EP_EVENT_SESSION_STATUS:
        on_session_status(peer, event);
        break;
    case SSTP_EP_EVENT_SESSION_CLOSED:
        on_session_closed(peer, event);
        break;
    case SSTP_EP_EVENT_MESSAGE:
        on_message(peer, ep, event);
        break;
    case SSTP_EP_EVENT_ACKNOWLEDGED:
        run->num_acknowledged++;
        pump(peer);
        end_if_done(run);
        break;
    case SSTP_EP_EVENT_CLOSED:
        on_closed(peer, event);
        break;
    case SSTP_EP_EVENT_UNACKNOWLEDGED: /* what ended its session is told, too */
    case SSTP_EP_EVENT_ACKNOWLEDGED_LATE:
    case SSTP_EP_EVENT_CONNECT: /* whoever comes is welcome */
    case SSTP_EP_EVENT_ESTABLISHED:
    case SSTP_EP_EVENT_CONNECT_AUTHENTICATE:
    case SSTP_EP_EVENT_FANOUT_OPEN:
    case SSTP_EP_EVENT_ATTACH:
    case SSTP_EP_EVENT_ATTACH_RESPONSE:
    case SSTP_EP_EVENT_ATTACH_AUTHENTICATE:
    case SSTP_EP_EVENT_REGISTER:
    case SSTP_EP_EVENT_REGISTER_RESPONSE:
        break;
    }
}

static void on_ready(void *cookie, struct sstp_client *client)
{
    struct peer *peer = cookie;
    (void)client;
    log_info("ready");
    peer->run->has_been_ready = true;
    peer->run->pause_ms = 0;
    open_session(peer);
}

static void on_failed(void *cookie, struct sstp_client *client, const char *why)
{
    struct peer *peer = cookie;
    (void)client;
    give_up(peer->run, "%s", why);
}

static void on_sent(void *cookie, struct sstp_ep *ep, const struct sstp_command *command)
{
    const struct peer *peer = cookie;
    (void)ep;
    net_sent(peer->socket, command);
}

/* ------------------------------------------------------------------------
 * Connections
 */

static void on_output_is_empty(void *cookie)
{
    struct peer *peer = cookie;
    if (peer->has_session)
        pump(peer);
}

static void on_again(uv_timer_t *timer);

/* The next attempt, after a pause. */
static void connect_again(struct run *run)
{
    run->pause_ms = run->pause_ms == 0 ? PAUSE_FIRST_MS : MIN(2 * run->pause_ms, PAUSE_LAST_MS);
    const int64_t wait_ms = MAX(run->pause_ms, (int64_t)run->wait_time * 1000);
    run->wait_time = 0;
    log_info("trying again in %.3f seconds", (double)wait_ms / 1000);
    uv_timer_start(&run->again, on_again, (uint64_t)wait_ms, 0);
}

static void on_gone(void *cookie)
{
    struct peer *peer = cookie;
    struct run *run = peer->run;

    g_ptr_array_remove(run->peers, peer);
    if (run->sender == peer)
        run->sender = NULL;
    /* Who listens goes on for the next one. */
    if (run->config->listen == NULL && (run->is_given_up || !run->has_been_ready))
        run->is_ending = true;
    else if (run->config->listen == NULL && !run->is_ending)
        connect_again(run);
    stop_if_alone(run);
    sstp_client_free(peer->client);
    g_hash_table_destroy(peer->inbound);
    g_free(peer);
}

static struct peer *new_peer(struct run *run, struct net_connection *socket, bool is_originator)
{
    const struct client_run *config = run->config;
    const char *secret = getenv(SECRET_VARIABLE);
    struct peer *peer = g_new0(struct peer, 1);
    const char *account = config->account_url != NULL ? config->account_url : "";

    if (secret == NULL)
        secret = "";
    const struct sstp_client_config client_config = {
        .device_url = config->device_url,
        .target_url = config->target_url,
        .is_originator = is_originator,
        .attaches = is_originator && config->attaches,
        .account_url = account,
        .identity_urls = config->identity_urls,
        .num_identities = config->num_identities,
        .device_key = sstp_sec_derive_key(secret, config->device_url),
        .account_key = sstp_sec_derive_key(secret, account),
        .random = {random_system, NULL},
        .major_version = 1,
        .minor_version = config->minor_version,
        .product_version = PRODUCT_VERSION,
        .now_ms = net_now_ms(run->net),
        .ack_delay_ms = config->timers.ack_delay_ms,
        .connect_timeout_ms = config->timers.connect_timeout_ms,
        .open_timeout_ms = config->timers.open_timeout_ms,
        .outbound_idle_ms = config->timers.outbound_idle_ms,
        .inbound_idle_ms = config->timers.inbound_idle_ms,
        .ready = on_ready,
        .failed = on_failed,
        .event = on_event,
        .sent = on_sent,
        .cookie = peer};
    peer->run = run;
    peer->socket = socket;
    peer->client = sstp_client_new(&client_config);
    if (peer->client == NULL) {
        g_free(peer);
        return NULL;
    }
    peer->inbound = g_hash_table_new_full(NULL, NULL, NULL, client_source_free);
    g_ptr_array_add(run->peers, peer);
    if (run->sender == NULL) {
        run->sender = peer;
        /* What was not acknowledged on the last one is sent again. */
        run->num_sent = run->num_acknowledged;
    }
    net_start(socket, sstp_client_ep(peer->client),
              (struct net_handler){on_output_is_empty, on_gone, peer});
    return peer;
}

static void on_connected(void *cookie, struct net_connection *socket, const char *why)
{
    struct run *run = cookie;
    if (socket == NULL && run->has_been_ready && !run->is_ending) {
        log_info("cannot connect to %s: %s", run->config->relay, why);
        connect_again(run);
        return;
    }
    if (socket == NULL) {
        fail(run, "cannot connect to %s: %s", run->config->relay, why);
        run->is_ending = true;
        stop_if_alone(run);
        return;
    }
    struct peer *peer = new_peer(run, socket, true);
    if (peer == NULL || sstp_client_start(peer->client) != SSTP_EP_OK) {
        fail(run, "memory is out, or a URL is too long");
        end(run);
    }
}

static void on_again(uv_timer_t *timer)
{
    struct run *run = timer->data;
    char *error = NULL;
    if (!run->is_ending && !net_connect(run->net, run->config->relay, (struct net_hosts){0, 0},
                                        on_connected, run, &error)) {
        fail(run, "%s", error);
        g_free(error);
        end(run);
    }
    net_settle(run->net);
}

static void on_accepted(void *cookie, struct net_connection *socket)
{
    (void)new_peer(cookie, socket, false);
}

/* ------------------------------------------------------------------------
 * The run
 */

static void on_timeout(uv_timer_t *timer)
{
    struct run *run = timer->data;
    const struct client_run *config = run->config;

    if (config->num_messages > run->num_acknowledged)
        fail(run, "time is up: %u of %u messages were acknowledged", run->num_acknowledged,
             config->num_messages);
    else if (config->num_expected > run->num_received)
        fail(run, "time is up: %u of %u messages came", run->num_received, config->num_expected);
    end(run);
    net_settle(run->net);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct run *run = handle->data;
    const struct client_run *config = run->config;
    (void)number;
    if (run->is_ending)
        net_stop(run->net);
    if (config->num_messages > run->num_acknowledged || config->num_expected > run->num_received)
        fail(run, "interrupted");
    end(run);
    net_settle(run->net);
}

static bool start(struct run *run)
{
    const struct client_run *config = run->config;
    char *error = NULL;
    struct net_listener *listener;

    if (config->relay != NULL) {
        if (net_connect(run->net, config->relay, (struct net_hosts){0, 0}, on_connected, run,
                        &error))
            return true;
    } else if (net_listen(run->net, config->listen, MAX_PEERS, on_accepted, run, &listener,
                          &error)) {
        char *address = net_listener_address(listener);
        fprintf(stderr, "ready %s\n", address);
        g_free(address);
        return true;
    }
    log_error("%s", error);
    g_free(error);
    return false;
}

static void set_up(struct run *run)
{
    static const int numbers[] = {SIGTERM, SIGINT};
    uv_loop_t *loop = net_loop(run->net);
    uv_timer_init(loop, &run->timeout);
    uv_timer_init(loop, &run->again);
    run->timeout.data = run->again.data = run;
    if (run->config->timeout_ms > 0)
        uv_timer_start(&run->timeout, on_timeout, (uint64_t)run->config->timeout_ms, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        uv_signal_init(loop, &run->signals[i]);
        run->signals[i].data = run;
        uv_signal_start(&run->signals[i], on_signal, numbers[i]);
    }
}

int client_run(const struct client_run *config)
{
    struct run run = {.config = config};
    struct recording recording;
    struct sockaddr_storage address;
    int result = EXIT_USAGE;

    if (!net_parse_address(config->relay != NULL ? config->relay : config->listen, &address)) {
        log_error("%s is not an address and a port, such as 127.0.0.1:2492",
                  config->relay != NULL ? config->relay : config->listen);
        return EXIT_USAGE;
    }
    if (!recording_open(&recording, config->capture, config->truth))
        return EXIT_USAGE;
    const struct net_config net_config = {.tap = recording.tap, .truth = recording.truth};
    run.net = net_new(&net_config);
    if (run.net == NULL) {
        log_error("the event loop cannot be started");
        goto close_recording;
    }
    run.peers = g_ptr_array_new();
    set_up(&run);
    result = EXIT_REPORTED;
    if (start(&run)) {
        net_run(run.net);
        result = run.has_failed ? EXIT_REPORTED : EXIT_DONE;
    }
    uv_close((uv_handle_t *)&run.timeout, NULL);
    uv_close((uv_handle_t *)&run.again, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(run.signals); i++)
        uv_close((uv_handle_t *)&run.signals[i], NULL);
    net_free(run.net);
    g_ptr_array_free(run.peers, TRUE);

close_recording:
    if (!recording_close(&recording))
        result = EXIT_REPORTED;
    return result;
}
