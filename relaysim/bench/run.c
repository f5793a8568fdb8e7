/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench/run.h"

#include "bench/party.h"
#include "base/random.h"
#include "base/log.h"

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
    PHASE_HOLDING, /* all are there, and nothing is sent yet */
    PHASE_SENDING, /* until all is delivered and acknowledged */
    PHASE_LEAVING, /* is_offline: all is stored, and the senders go */
    PHASE_DRAINING,
    PHASE_ENDING
};

struct bench {
    const struct bench_config *config;
    struct bench_result *result;
    struct net *net;
    uv_timer_t tick, patience, hold;
    enum phase phase;
    bool has_failed;
    struct bench_party_owner owner; /* of the parties */
    struct bench_party *parties;    /* the senders, then the receivers */
    unsigned num_parties;
    unsigned num_wanted; /* that have to come: the first ones of them all */
    unsigned num_dialed, num_ready, num_there;
    unsigned num_open; /* sessions that have been ready */
    struct bench_tally tally;
    uint64_t num_seen; /* at the last look of the patience */
    uint64_t begin_ns;
};

static struct bench *bench_of(const struct bench_party *party)
{
    return party->owner->cookie;
}

static void pump(struct bench_party *party);
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
    uv_timer_stop(&bench->hold);
    uv_timer_start(&bench->patience, on_end_over, END_MS, 0);
    for (unsigned i = 0; i < bench->num_parties; i++)
        bench_party_leave(&bench->parties[i]);
    stop_if_alone(bench);
}

static void G_GNUC_PRINTF(2, 3) fail(struct bench *bench, const char *format, ...)
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
 * How the senders fared
 */

static double rate_since(const struct bench *bench, uint64_t num, uint64_t end_ns)
{
    return end_ns > bench->begin_ns ? (double)num / ((double)(end_ns - bench->begin_ns) / 1e9) : 0;
}

static double rate_of_store(const struct bench *bench, const struct bench_sender *sender)
{
    return rate_since(bench, sender->num_acknowledged, sender->acknowledged_ns);
}

static double rate_of_deliveries(const struct bench *bench, const struct bench_sender *sender)
{
    return rate_since(bench, sender->num_delivered, sender->delivered_ns);
}

static double mean_latency_ms(const struct bench *bench, const struct bench_sender *sender)
{
    (void)bench;
    return (double)sender->latency_us / (double)sender->num_delivered / 1000;
}

static struct bench_spread spread(const struct bench *bench,
                                  double (*value_of)(const struct bench *bench,
                                                     const struct bench_sender *sender))
{
    struct bench_spread spread = {0, 0};
    for (unsigned i = 0; i < bench->config->num_senders; i++) {
        const double value = value_of(bench, &bench->tally.senders[i]);
        spread.min = i == 0 ? value : MIN(spread.min, value);
        spread.max = MAX(spread.max, value);
    }
    return spread;
}

/* ------------------------------------------------------------------------
 * Phases
 */

static void dial(struct bench *bench)
{
    while (bench->num_dialed < bench->num_wanted &&
           bench->num_dialed - bench->num_ready < CONNECTING_MAX)
        if (!bench_party_dial(&bench->parties[bench->num_dialed++], bench->net,
                              bench->config->address, bench->config->relay_url))
            return;
}

static void pump_all(struct bench *bench)
{
    for (unsigned i = 0; i < bench->config->num_senders; i++)
        pump(&bench->parties[i]);
}

static void begin_sending(struct bench *bench)
{
    bench->phase = PHASE_SENDING;
    bench->begin_ns = uv_hrtime();
    if (bench->config->rate > 0)
        uv_timer_start(&bench->tick, on_tick, TICK_MS, TICK_MS);
    pump_all(bench);
}

static void on_held(uv_timer_t *timer)
{
    struct bench *bench = timer->data;
    begin_sending(bench);
    net_settle(bench->net);
}

/* All who are needed first are there. */
static void begin(struct bench *bench)
{
    if (bench->config->hold_ms == 0) {
        begin_sending(bench);
        return;
    }
    bench->phase = PHASE_HOLDING;
    uv_timer_start(&bench->hold, on_held, (uint64_t)bench->config->hold_ms, 0);
}

static void open_session(struct bench_party *sender)
{
    struct bench *bench = bench_of(sender);
    const struct bench_config *config = bench->config;
    const struct bench_party *receivers = bench->parties + config->num_senders;
    struct sstp_ep *ep = live_client_ep(sender->client);
    const struct sstp_span resource_url = sstp_span_of_string(RESOURCE);
    struct sstp_fanout_entry *entries = g_new0(struct sstp_fanout_entry, config->fanout);

    for (unsigned i = 0; i < config->fanout; i++)
        entries[i].identity_url = sstp_span_of_string(receivers[i].identity_url);
    const enum sstp_ep_err err =
        config->fanout > 1
            ? sstp_ep_fanout_open(ep, resource_url, entries, config->fanout, &sender->session_id)
            : sstp_ep_open(ep, resource_url, entries[0].identity_url, sstp_span(NULL, 0),
                           &sender->session_id);
    g_free(entries);
    if (err != SSTP_EP_OK)
        fail(bench, "so many recipients do not fit into a FanoutOpen");
    else
        live_client_wake(sender->client);
}

static void leave(struct bench *bench, bool are_senders)
{
    for (unsigned i = 0; i < bench->num_parties; i++)
        if (bench->parties[i].is_sender == are_senders)
            bench_party_leave(&bench->parties[i]);
}

static void check_progress(struct bench *bench)
{
    if (bench->phase == PHASE_SENDING && bench_tally_is_acknowledged(&bench->tally)) {
        if (bench->config->is_offline) {
            bench->result->store_seconds = seconds_since(bench);
            bench->result->store_per_second = spread(bench, rate_of_store);
            bench->phase = PHASE_LEAVING;
            leave(bench, true);
        } else if (bench_tally_is_delivered(&bench->tally)) {
            bench->result->per_second = spread(bench, rate_of_deliveries);
            bench->result->latency_ms = spread(bench, mean_latency_ms);
            end(bench);
        }
    } else if (bench->phase == PHASE_DRAINING && bench_tally_is_delivered(&bench->tally)) {
        leave(bench, false); /* with the last acknowledgements */
    }
}

static void on_there(struct bench_party *party)
{
    bench_of(party)->num_there++;
}

/* Somebody has become ready: perhaps all who are needed first are. */
static void on_ready(struct bench_party *party)
{
    struct bench *bench = bench_of(party);
    bench->num_ready++;
    dial(bench);
    if (bench->phase != PHASE_COMING || bench->num_ready < bench->num_wanted)
        return;
    for (unsigned i = 0; i < bench->config->num_senders && bench->phase == PHASE_COMING; i++)
        open_session(&bench->parties[i]);
}

static void on_gone(struct bench_party *party)
{
    struct bench *bench = bench_of(party);
    bench->num_there--;
    if (bench->phase == PHASE_LEAVING && bench->num_there == 0) {
        bench->phase = PHASE_DRAINING;
        bench->begin_ns = uv_hrtime();
        bench->num_wanted = bench->num_parties;
        dial(bench);
    } else if (bench->phase == PHASE_DRAINING && bench->num_there == 0 &&
               bench_tally_is_delivered(&bench->tally)) {
        bench->result->drain_seconds = seconds_since(bench);
        bench->result->drain_per_second = spread(bench, rate_of_deliveries);
        end(bench);
    }
    stop_if_alone(bench);
}

/* ------------------------------------------------------------------------
 * Sending
 */

/* How many messages this sender may have sent by now. */
static uint64_t num_due(const struct bench *bench, unsigned sender)
{
    const struct bench_config *config = bench->config;
    if (config->rate == 0)
        return (uint64_t)bench->tally.senders[sender].num_acknowledged + config->window;
    return bench_tally_share(&bench->tally, sender,
                             1 + (uint64_t)(seconds_since(bench) * config->rate));
}

static void pump(struct bench_party *party)
{
    struct bench *bench = bench_of(party);
    struct sstp_ep *ep = live_client_ep(party->client);
    const struct bench_sender *sender = &bench->tally.senders[party->index];
    const uint64_t limit = MIN(num_due(bench, party->index), sender->num_messages);

    while (bench->phase == PHASE_SENDING && sender->num_sent < limit) {
        /* The last one asks for its acknowledgement, and so for all. */
        const bool is_last = sender->num_sent + 1 == sender->num_messages;
        const struct sstp_ep_message message = {
            .flags = is_last ? SSTP_MESSAGE_FLAG_ACK_IMMEDIATELY : 0,
            .data = bench_tally_next(&bench->tally, party->index, uv_hrtime())};
        const enum sstp_ep_err err = sstp_ep_send_message(ep, party->session_id, &message, NULL);
        if (err == SSTP_EP_FULL || err == SSTP_EP_WRONG_STATE)
            break; /* the output has to go first, or the relay has sent StopSending */
        if (err != SSTP_EP_OK) {
            fail(bench, "a message could not be sent");
            return;
        }
        bench_tally_sent(&bench->tally, party->index);
    }
    live_client_wake(party->client);
}

/* All begin at once, when the last one can. */
static void on_session_ready(struct bench_party *party)
{
    struct bench *bench = bench_of(party);
    bench->num_open += !party->is_open;
    party->is_open = true;
    if (bench->phase == PHASE_SENDING)
        pump(party);
    else if (bench->phase == PHASE_COMING && bench->num_open == bench->config->num_senders)
        begin(bench);
}

static void on_room(struct bench_party *party)
{
    if (bench_of(party)->phase == PHASE_SENDING)
        pump(party);
}

static void on_completed(struct bench_party *party)
{
    check_progress(bench_of(party));
}

static void on_acknowledged(struct bench_party *party)
{
    struct bench *bench = bench_of(party);
    const struct bench_sender *sender = &bench->tally.senders[party->index];
    bench_tally_acknowledged(&bench->tally, party->index, uv_hrtime());
    if (sender->num_sent < sender->num_messages)
        pump(party);
    check_progress(bench);
}

static void on_tick(uv_timer_t *timer)
{
    struct bench *bench = timer->data;
    pump_all(bench);
    net_settle(bench->net);
}

/* ------------------------------------------------------------------------
 * Receiving
 */

static bool on_message(struct bench_party *party, struct sstp_span data)
{
    struct bench *bench = bench_of(party);
    const uint64_t now_ns = uv_hrtime();
    uint64_t latency_us;
    char *why = bench_tally_delivered(&bench->tally, party->index, data, now_ns, &latency_us);

    if (why != NULL) {
        fail(bench, "%s", why);
        g_free(why);
        return false;
    }
    if (!bench->config->is_offline) {
        latency_add(&bench->result->latency, latency_us);
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
    const struct bench_tally *tally = &bench->tally;
    if (bench->phase == PHASE_HOLDING)
        return;
    const uint64_t num = tally->num_delivered + tally->num_acknowledged + bench->num_ready +
                         bench->num_open + tally->num_sent;
    if (num == bench->num_seen)
        fail(bench,
             "the relay stands still: %u messages sent, %u acknowledged, %" PRIu64 " delivered",
             tally->num_sent, tally->num_acknowledged, tally->num_delivered);
    bench->num_seen = num;
    net_settle(bench->net);
}

static void on_failed(void *cookie, const char *why)
{
    fail(cookie, "%s", why);
}

static void set_up(struct bench *bench)
{
    const struct bench_config *config = bench->config;
    uint64_t run_id;
    uv_loop_t *loop = net_loop(bench->net);

    /* Nobody else's messages, and not those of an earlier run that broke off. */
    random_system(NULL, &run_id, sizeof run_id);
    char *run = g_strdup_printf("%016" PRIx64, run_id);
    bench->owner = (struct bench_party_owner){.failed = on_failed,
                                              .there = on_there,
                                              .ready = on_ready,
                                              .gone = on_gone,
                                              .session_ready = on_session_ready,
                                              .room = on_room,
                                              .acknowledged = on_acknowledged,
                                              .message = on_message,
                                              .completed = on_completed,
                                              .cookie = bench};
    bench->num_parties = config->num_senders + config->fanout;
    bench->parties = g_new0(struct bench_party, bench->num_parties);
    for (unsigned i = 0; i < bench->num_parties; i++) {
        struct bench_party *party = &bench->parties[i];
        bench_party_init(party, &bench->owner, run, i);
        party->is_sender = i < config->num_senders;
        party->index = party->is_sender ? i : i - config->num_senders;
        party->attaches = !party->is_sender || config->is_proven;
        party->carrier = config->carrier;
        party->http = &config->http;
        party->secret = config->secret;
        party->recording = config->recording;
    }
    g_free(run);
    bench_tally_init(&bench->tally, config->num_senders, config->fanout, config->num_messages,
                     config->size);
    uv_timer_init(loop, &bench->tick);
    uv_timer_init(loop, &bench->patience);
    uv_timer_init(loop, &bench->hold);
    bench->tick.data = bench->patience.data = bench->hold.data = bench;
}

static void clear(struct bench *bench)
{
    uv_close((uv_handle_t *)&bench->tick, NULL);
    uv_close((uv_handle_t *)&bench->patience, NULL);
    uv_close((uv_handle_t *)&bench->hold, NULL);
    for (unsigned i = 0; i < bench->num_parties; i++)
        bench_party_clear(&bench->parties[i]);
    net_free(bench->net);
    g_free(bench->parties);
    bench_tally_clear(&bench->tally);
}

bool bench_run(const struct bench_config *config, struct bench_result *result)
{
    struct bench bench = {.config = config, .result = result};
    const struct net_config net_config = {.capture = config->recording->capture,
                                          .clock = &config->recording->clock};

    memset(result, 0, sizeof *result);
    bench.net = net_new(&net_config);
    if (bench.net == NULL) {
        log_error("the event loop cannot be started");
        return false;
    }
    set_up(&bench);
    uv_timer_start(&bench.patience, on_patience_over, (uint64_t)config->patience_ms,
                   (uint64_t)config->patience_ms);
    bench.num_wanted = config->is_offline ? config->num_senders : bench.num_parties;
    dial(&bench);
    net_run(bench.net);
    result->num_deliveries = bench.tally.num_delivered;
    clear(&bench);
    return !bench.has_failed;
}
