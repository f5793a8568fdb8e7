/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench_run.h"

#include "client.h"
#include "log.h"
#include "net.h"
#include "options.h"

#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PRODUCT_VERSION "Groove Client 14.0 4006" /* note <1> of GRVSSTP */
#define RESOURCE "apphandler"
#define CONNECTING_MAX 16u /* at a time: a relay drops those that crowd its door */
#define END_MS 3000        /* for the peers' ends after our ConnectCloses */
#define TICK_MS 1          /* in which what is due at a rate is sent */

enum phase {
    PHASE_COMING,  /* those who are needed first connect */
    PHASE_SENDING, /* until all is delivered and acknowledged */
    PHASE_LEAVING, /* is_offline: all is stored, and the sender goes */
    PHASE_DRAINING,
    PHASE_ENDING
};

/* The sender, or a receiver. */
struct party {
    struct bench *bench;
    struct net_connection *socket; /* NULL: gone, or not there yet */
    struct sstp_client *client;
    char *device_url, *identity_url, *account_url;
    bool is_sender;
    bool is_ready;
    unsigned num_received;
};

struct bench {
    const struct bench_config *config;
    struct bench_result *result;
    struct net *net;
    uv_timer_t tick, patience;
    enum phase phase;
    bool has_failed;
    struct party sender;
    struct party *receivers;
    unsigned num_dialed, num_ready, num_there; /* receivers */
    uint32_t session_id;
    unsigned num_sent, num_acknowledged;
    uint64_t num_delivered, num_seen; /* at the last look of the patience */
    uint64_t begin_ns;
    uint64_t *sent_ns; /* of each message */
    uint8_t *content;
};

static void pump(struct bench *bench);
static void on_tick(uv_timer_t *timer);
static bool dial(struct party *party);

/* ------------------------------------------------------------------------
 * The end
 */

static void stop_if_alone(struct bench *bench)
{
    if (bench->phase == PHASE_ENDING && net_num_connections(bench->net) == 0)
        net_stop(bench->net);
}

static void on_end_over(uv_timer_t *timer)
{
    const struct bench *bench = timer->data;
    net_stop(bench->net);
}

static void leave(struct party *party)
{
    if (party->socket == NULL)
        return;
    sstp_ep_close_connection(sstp_client_ep(party->client), SSTP_CONNECT_CLOSE_NO_REASON, 0);
    net_wake(party->socket);
}

static void end(struct bench *bench)
{
    if (bench->phase == PHASE_ENDING)
        return;
    bench->phase = PHASE_ENDING;
    uv_timer_stop(&bench->tick);
    uv_timer_start(&bench->patience, on_end_over, END_MS, 0);
    leave(&bench->sender);
    for (unsigned i = 0; i < bench->config->fanout; i++)
        leave(&bench->receivers[i]);
    stop_if_alone(bench);
}

static void fail(struct bench *bench, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void fail(struct bench *bench, const char *format, ...)
{
    if (bench->has_failed || bench->phase == PHASE_ENDING)
        return;
    va_list args;
    va_start(args, format);
    char *text = g_strdup_vprintf(format, args);
    va_end(args);
    log_error("%s", text);
    g_free(text);
    bench->has_failed = true;
    end(bench);
}

static double seconds_since(const struct bench *bench)
{
    return (double)(uv_hrtime() - bench->begin_ns) / 1e9;
}

/* ------------------------------------------------------------------------
 * Phases
 */

static void dial_receivers(struct bench *bench)
{
    while (bench->num_dialed < bench->config->fanout &&
           bench->num_dialed - bench->num_ready < CONNECTING_MAX)
        if (!dial(&bench->receivers[bench->num_dialed++]))
            return;
}

static void begin_sending(struct bench *bench)
{
    bench->phase = PHASE_SENDING;
    bench->begin_ns = uv_hrtime();
    if (bench->config->rate > 0)
        uv_timer_start(&bench->tick, on_tick, TICK_MS, TICK_MS);
    pump(bench);
}

static void open_session(struct bench *bench)
{
    const struct bench_config *config = bench->config;
    struct sstp_ep *ep = sstp_client_ep(bench->sender.client);
    const struct sstp_span resource_url = sstp_span_of_string(RESOURCE);
    struct sstp_fanout_entry *entries = g_new0(struct sstp_fanout_entry, config->fanout);

    for (unsigned i = 0; i < config->fanout; i++)
        entries[i].identity_url = sstp_span_of_string(bench->receivers[i].identity_url);
    const enum sstp_ep_err err = config->fanout > 1
                                     ? sstp_ep_fanout_open(ep, resource_url, entries,
                                                           config->fanout, NULL, &bench->session_id)
                                     : sstp_ep_open(ep, resource_url, entries[0].identity_url,
                                                    sstp_span(NULL, 0), NULL, &bench->session_id);
    g_free(entries);
    if (err != SSTP_EP_OK)
        fail(bench, "so many recipients do not fit into a FanoutOpen");
    else
        net_wake(bench->sender.socket);
}

/* Somebody has become ready: perhaps all who are needed first are. */
static void on_coming(struct bench *bench)
{
    const bool needs_receivers = !bench->config->is_offline;
    if (bench->phase == PHASE_COMING && bench->sender.is_ready &&
        (!needs_receivers || bench->num_ready == bench->config->fanout))
        open_session(bench);
}

static void check_progress(struct bench *bench)
{
    const struct bench_config *config = bench->config;
    const uint64_t num_expected = (uint64_t)config->num_messages * config->fanout;

    if (bench->phase == PHASE_SENDING && bench->num_acknowledged == config->num_messages) {
        if (config->is_offline) {
            bench->result->store_seconds = seconds_since(bench);
            bench->phase = PHASE_LEAVING;
            leave(&bench->sender);
        } else if (bench->num_delivered == num_expected) {
            end(bench);
        }
    } else if (bench->phase == PHASE_DRAINING && bench->num_delivered == num_expected) {
        for (unsigned i = 0; i < config->fanout; i++)
            leave(&bench->receivers[i]); /* with the last acknowledgements */
    }
}

static void on_party_gone(struct bench *bench, const struct party *party)
{
    const struct bench_config *config = bench->config;
    if (bench->phase == PHASE_LEAVING && party->is_sender) {
        bench->phase = PHASE_DRAINING;
        bench->begin_ns = uv_hrtime();
        dial_receivers(bench);
    } else if (bench->phase == PHASE_DRAINING && bench->num_there == 0 &&
               bench->num_delivered == (uint64_t)config->num_messages * config->fanout) {
        bench->result->drain_seconds = seconds_since(bench);
        end(bench);
    }
    stop_if_alone(bench);
}

/* ------------------------------------------------------------------------
 * Sending
 */

/* How many messages may have been sent by now. */
static uint64_t num_due(const struct bench *bench)
{
    const struct bench_config *config = bench->config;
    if (config->rate == 0)
        return (uint64_t)bench->num_acknowledged + config->window;
    return 1 + (uint64_t)(seconds_since(bench) * config->rate);
}

static void pump(struct bench *bench)
{
    const struct bench_config *config = bench->config;
    struct sstp_ep *ep = sstp_client_ep(bench->sender.client);
    const uint64_t limit = MIN(num_due(bench), config->num_messages);

    while (bench->phase == PHASE_SENDING && bench->num_sent < limit) {
        const uint64_t number = bench->num_sent;
        /* The last one asks for its acknowledgement, and so for all. */
        const bool is_last = number + 1 == config->num_messages;
        const struct sstp_ep_message message = {.flags =
                                                    is_last ? SSTP_MESSAGE_FLAG_ACK_IMMEDIATELY : 0,
                                                .data = sstp_span(bench->content, config->size)};
        memcpy(bench->content, &number, sizeof number);
        bench->sent_ns[number] = uv_hrtime();
        const enum sstp_ep_err err = sstp_ep_send_message(ep, bench->session_id, &message, NULL);
        if (err == SSTP_EP_FULL || err == SSTP_EP_WRONG_STATE)
            break; /* the output has to go first, or the relay has sent StopSending */
        if (err != SSTP_EP_OK) {
            fail(bench, "a message could not be sent");
            return;
        }
        bench->num_sent++;
    }
    if (bench->sender.socket != NULL)
        net_wake(bench->sender.socket);
}

static void on_tick(uv_timer_t *timer)
{
    struct bench *bench = timer->data;
    pump(bench);
    net_settle(bench->net);
}

/* ------------------------------------------------------------------------
 * Receiving
 */

static void on_message(struct party *party, struct sstp_ep *ep, const struct sstp_ep_event *event)
{
    struct bench *bench = party->bench;
    const struct sstp_span data = event->message->data;
    const size_t size = bench->config->size;
    uint64_t number;

    if (data.len != size) {
        fail(bench, "a message came with %zu bytes instead of %zu", data.len, size);
        return;
    }
    memcpy(&number, data.data, sizeof number);
    if (number != party->num_received || number >= bench->num_sent) {
        fail(bench, "message %" PRIu64 " came to receiver %s where %u was expected", number,
             party->identity_url, party->num_received);
        return;
    }
    if (memcmp(data.data + sizeof number, bench->content + sizeof number, size - sizeof number) !=
        0) {
        fail(bench, "message %" PRIu64 " came with other contents than it was sent", number);
        return;
    }
    party->num_received++;
    bench->num_delivered++;
    if (!bench->config->is_offline) {
        const uint64_t now_ns = uv_hrtime();
        latency_add(&bench->result->latency, (now_ns - bench->sent_ns[number]) / 1000);
        bench->result->seconds = (double)(now_ns - bench->begin_ns) / 1e9;
    }
    (void)sstp_ep_complete(ep, event->number);
    check_progress(bench);
}

/* ------------------------------------------------------------------------
 * Events
 */

static void on_sender_session_state(struct bench *bench, const struct sstp_ep_event *event)
{
    if (event->session_state != SSTP_SESSION_READY)
        return;
    if (bench->phase == PHASE_COMING)
        begin_sending(bench);
    else
        pump(bench);
}

static void on_closed(struct party *party, const struct sstp_ep_event *event)
{
    const char *name = sstp_connect_close_reason_name(event->reason_id);
    party->is_ready = false;
    if (event->end == SSTP_EP_END_LOCAL)
        return;
    if (event->end == SSTP_EP_END_PEER || event->end == SSTP_EP_END_VIOLATION)
        fail(party->bench, "a connection was closed: %s", name != NULL ? name : "unknown reason");
    else
        fail(party->bench, "a connection was lost");
}

static void on_event(void *cookie, struct sstp_ep *ep, const struct sstp_ep_event *event)
{
    struct party *party = cookie;
    struct bench *bench = party->bench;

    switch (event->kind) {
    case SSTP_EP_EVENT_REFUSED: {
        const char *name = sstp_connect_response_name(event->response_id);
        fail(bench, "a connection was refused: %s", name != NULL ? name : "unknown response");
        break;
    }
    case SSTP_EP_EVENT_OPEN:
        *event->availability = SSTP_HANDLER_READY;
        break;
    case SSTP_EP_EVENT_SESSION_STATE:
        if (party->is_sender)
            on_sender_session_state(bench, event);
        break;
    case SSTP_EP_EVENT_SESSION_STATUS:
        fail(bench, "the relay gave up a recipient");
        break;
    case SSTP_EP_EVENT_SESSION_CLOSED:
        if (party->is_sender)
            fail(bench, "the relay closed the session");
        break;
    case SSTP_EP_EVENT_MESSAGE:
        on_message(party, ep, event);
        break;
    case SSTP_EP_EVENT_ACKNOWLEDGED:
        bench->num_acknowledged++;
        if (bench->num_sent < bench->config->num_messages)
            pump(bench);
        check_progress(bench);
        break;
    case SSTP_EP_EVENT_CLOSED:
        on_closed(party, event);
        break;
    case SSTP_EP_EVENT_UNACKNOWLEDGED: /* what ended its session is told, too */
    case SSTP_EP_EVENT_ACKNOWLEDGED_LATE:
    case SSTP_EP_EVENT_CONNECT:
    case SSTP_EP_EVENT_ESTABLISHED:
    case SSTP_EP_EVENT_CONNECT_AUTHENTICATE:
    case SSTP_EP_EVENT_FANOUT_OPEN:
    case SSTP_EP_EVENT_OPENED:
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
    struct party *party = cookie;
    struct bench *bench = party->bench;
    (void)client;
    party->is_ready = true;
    if (!party->is_sender) {
        bench->num_ready++;
        dial_receivers(bench);
    }
    on_coming(bench);
}

static void on_failed(void *cookie, struct sstp_client *client, const char *why)
{
    const struct party *party = cookie;
    (void)client;
    fail(party->bench, "%s", why);
}

/* ------------------------------------------------------------------------
 * Connections
 */

static void on_output_is_empty(void *cookie)
{
    const struct party *party = cookie;
    if (party->is_sender && party->bench->phase == PHASE_SENDING)
        pump(party->bench);
}

static void on_gone(void *cookie)
{
    struct party *party = cookie;
    party->socket = NULL;
    if (!party->is_sender)
        party->bench->num_there--;
    on_party_gone(party->bench, party);
}

static void on_connected(void *cookie, struct net_connection *socket, const char *why)
{
    struct party *party = cookie;
    struct bench *bench = party->bench;

    if (socket == NULL) {
        fail(bench, "cannot connect to %s: %s", bench->config->address, why);
        return;
    }
    party->socket = socket;
    if (!party->is_sender)
        bench->num_there++;
    net_start(socket, sstp_client_ep(party->client),
              (struct net_handler){on_output_is_empty, on_gone, party});
    if (sstp_client_start(party->client) != SSTP_EP_OK)
        fail(bench, "memory is out, or a URL is too long");
}

static bool dial(struct party *party)
{
    struct bench *bench = party->bench;
    char *error = NULL;
    const struct sstp_client_config config = {
        .device_url = party->device_url,
        .target_url = bench->config->relay_url,
        .is_originator = true,
        .attaches = !party->is_sender,
        .account_url = party->account_url,
        .identity_urls = (const char *const *)&party->identity_url,
        .num_identities = 1,
        .device_key = sstp_sec_derive_key("", party->device_url),
        .account_key = sstp_sec_derive_key("", party->account_url),
        .random = {random_system, NULL},
        .major_version = 1,
        .minor_version = 6,
        .product_version = PRODUCT_VERSION,
        .now_ms = net_now_ms(bench->net),
        .ready = on_ready,
        .failed = on_failed,
        .event = on_event,
        .cookie = party};
    party->client = sstp_client_new(&config);
    if (party->client != NULL && net_connect(bench->net, bench->config->address,
                                             (struct net_hosts){0, 0}, on_connected, party, &error))
        return true;
    fail(bench, "%s", error != NULL ? error : "memory is out");
    g_free(error);
    return false;
}

/* ------------------------------------------------------------------------
 * The run
 */

/* Nothing has moved for so long. */
static void on_patience_over(uv_timer_t *timer)
{
    struct bench *bench = timer->data;
    const uint64_t num =
        bench->num_delivered + bench->num_acknowledged + bench->num_ready + bench->num_sent;
    if (num == bench->num_seen)
        fail(bench,
             "the relay stands still: %u messages sent, %u acknowledged, %" PRIu64 " delivered",
             bench->num_sent, bench->num_acknowledged, bench->num_delivered);
    bench->num_seen = num;
    net_settle(bench->net);
}

static void init_party(struct bench *bench, struct party *party, const char *run, unsigned index)
{
    party->bench = bench;
    party->device_url = g_strdup_printf("dpp:///bench-%s-%u", run, index);
    party->identity_url = g_strdup_printf("grooveIdentity://bench-%s-%u", run, index);
    party->account_url = g_strdup_printf("grooveAccount://bench-%s-%u", run, index);
}

static void clear_party(struct party *party)
{
    sstp_client_free(party->client);
    g_free(party->device_url);
    g_free(party->identity_url);
    g_free(party->account_url);
}

static void set_up(struct bench *bench)
{
    const struct bench_config *config = bench->config;
    uint64_t run_id;
    uv_loop_t *loop = net_loop(bench->net);

    /* Nobody else's messages, and not those of an earlier run that broke off. */
    random_system(NULL, &run_id, sizeof run_id);
    char *run = g_strdup_printf("%016" PRIx64, run_id);
    bench->receivers = g_new0(struct party, config->fanout);
    for (unsigned i = 0; i < config->fanout; i++)
        init_party(bench, &bench->receivers[i], run, i + 1);
    init_party(bench, &bench->sender, run, 0);
    bench->sender.is_sender = true;
    g_free(run);

    bench->sent_ns = g_new0(uint64_t, config->num_messages);
    bench->content = g_malloc(config->size);
    for (size_t i = 0; i < config->size; i++)
        bench->content[i] = (uint8_t)('a' + i % 26);
    uv_timer_init(loop, &bench->tick);
    uv_timer_init(loop, &bench->patience);
    bench->tick.data = bench->patience.data = bench;
}

static void clear(struct bench *bench)
{
    uv_close((uv_handle_t *)&bench->tick, NULL);
    uv_close((uv_handle_t *)&bench->patience, NULL);
    net_free(bench->net);
    for (unsigned i = 0; i < bench->config->fanout; i++)
        clear_party(&bench->receivers[i]);
    clear_party(&bench->sender);
    g_free(bench->receivers);
    g_free(bench->sent_ns);
    g_free(bench->content);
}

bool bench_run(const struct bench_config *config, struct bench_result *result)
{
    struct bench bench = {.config = config, .result = result};
    const struct net_config net_config = {.tap = NULL};

    memset(result, 0, sizeof *result);
    bench.net = net_new(&net_config);
    if (bench.net == NULL) {
        log_error("the event loop cannot be started");
        return false;
    }
    set_up(&bench);
    uv_timer_start(&bench.patience, on_patience_over, (uint64_t)config->patience_ms,
                   (uint64_t)config->patience_ms);
    if (dial(&bench.sender) && !config->is_offline)
        dial_receivers(&bench);
    net_run(bench.net);
    result->num_deliveries = bench.num_delivered;
    clear(&bench);
    return !bench.has_failed;
}
