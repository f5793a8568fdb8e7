/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench_run.h"

#include "bench_party.h"
#include "log.h"
#include "options.h"

#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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

struct bench {
    const struct bench_config *config;
    struct bench_result *result;
    struct net *net;
    uv_timer_t tick, patience;
    enum phase phase;
    bool has_failed;
    struct bench_party sender;
    struct bench_party *receivers;
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

static void end(struct bench *bench)
{
    if (bench->phase == PHASE_ENDING)
        return;
    bench->phase = PHASE_ENDING;
    uv_timer_stop(&bench->tick);
    uv_timer_start(&bench->patience, on_end_over, END_MS, 0);
    bench_party_leave(&bench->sender);
    for (unsigned i = 0; i < bench->config->fanout; i++)
        bench_party_leave(&bench->receivers[i]);
    stop_if_alone(bench);
}

void bench_fail(struct bench *bench, const char *format, ...)
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

static bool dial(struct bench *bench, struct bench_party *party)
{
    return bench_party_dial(party, bench->net, bench->config->address, bench->config->relay_url);
}

static void dial_receivers(struct bench *bench)
{
    while (bench->num_dialed < bench->config->fanout &&
           bench->num_dialed - bench->num_ready < CONNECTING_MAX)
        if (!dial(bench, &bench->receivers[bench->num_dialed++]))
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
        bench_fail(bench, "so many recipients do not fit into a FanoutOpen");
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
            bench_party_leave(&bench->sender);
        } else if (bench->num_delivered == num_expected) {
            end(bench);
        }
    } else if (bench->phase == PHASE_DRAINING && bench->num_delivered == num_expected) {
        for (unsigned i = 0; i < config->fanout; i++)
            bench_party_leave(&bench->receivers[i]); /* with the last acknowledgements */
    }
}

void bench_on_there(struct bench_party *party)
{
    if (!party->is_sender)
        party->bench->num_there++;
}

void bench_on_ready(struct bench_party *party)
{
    struct bench *bench = party->bench;
    if (!party->is_sender) {
        bench->num_ready++;
        dial_receivers(bench);
    }
    on_coming(bench);
}

void bench_on_gone(struct bench_party *party)
{
    struct bench *bench = party->bench;
    const struct bench_config *config = bench->config;
    if (!party->is_sender)
        bench->num_there--;
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
            bench_fail(bench, "a message could not be sent");
            return;
        }
        bench->num_sent++;
    }
    if (bench->sender.socket != NULL)
        net_wake(bench->sender.socket);
}

void bench_on_session_ready(struct bench *bench)
{
    if (bench->phase == PHASE_COMING)
        begin_sending(bench);
    else
        pump(bench);
}

void bench_on_room(struct bench *bench)
{
    if (bench->phase == PHASE_SENDING)
        pump(bench);
}

void bench_on_completed(struct bench *bench)
{
    check_progress(bench);
}

void bench_on_acknowledged(struct bench *bench)
{
    bench->num_acknowledged++;
    if (bench->num_sent < bench->config->num_messages)
        pump(bench);
    check_progress(bench);
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

bool bench_on_message(struct bench_party *party, struct sstp_span data)
{
    struct bench *bench = party->bench;
    const size_t size = bench->config->size;
    uint64_t number;

    if (data.len != size) {
        bench_fail(bench, "a message came with %zu bytes instead of %zu", data.len, size);
        return false;
    }
    memcpy(&number, data.data, sizeof number);
    if (number != party->num_received || number >= bench->num_sent) {
        bench_fail(bench, "message %" PRIu64 " came to receiver %s where %u was expected", number,
                   party->identity_url, party->num_received);
        return false;
    }
    if (memcmp(data.data + sizeof number, bench->content + sizeof number, size - sizeof number) !=
        0) {
        bench_fail(bench, "message %" PRIu64 " came with other contents than it was sent", number);
        return false;
    }
    party->num_received++;
    bench->num_delivered++;
    if (!bench->config->is_offline) {
        const uint64_t now_ns = uv_hrtime();
        latency_add(&bench->result->latency, (now_ns - bench->sent_ns[number]) / 1000);
        bench->result->seconds = (double)(now_ns - bench->begin_ns) / 1e9;
    }
    return true;
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
        bench_fail(bench,
                   "the relay stands still: %u messages sent, %u acknowledged, %" PRIu64
                   " delivered",
                   bench->num_sent, bench->num_acknowledged, bench->num_delivered);
    bench->num_seen = num;
    net_settle(bench->net);
}

static void set_up(struct bench *bench)
{
    const struct bench_config *config = bench->config;
    uint64_t run_id;
    uv_loop_t *loop = net_loop(bench->net);

    /* Nobody else's messages, and not those of an earlier run that broke off. */
    random_system(NULL, &run_id, sizeof run_id);
    char *run = g_strdup_printf("%016" PRIx64, run_id);
    bench->receivers = g_new0(struct bench_party, config->fanout);
    for (unsigned i = 0; i < config->fanout; i++)
        bench_party_init(&bench->receivers[i], bench, run, i + 1);
    bench_party_init(&bench->sender, bench, run, 0);
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
        bench_party_clear(&bench->receivers[i]);
    bench_party_clear(&bench->sender);
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
    if (dial(&bench, &bench.sender) && !config->is_offline)
        dial_receivers(&bench);
    net_run(bench.net);
    result->num_deliveries = bench.num_delivered;
    clear(&bench);
    return !bench.has_failed;
}
