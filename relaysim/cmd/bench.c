/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bench: `relaysim bench`, how much a relay carries, and how fast. */
#include "bench/relay.h"
#include "bench/report.h"
#include "base/file_limit.h"
#include "base/log.h"
#include "carrier/ways.h"
#include "cmd/options.h"
#include "record/recording.h"
#include "relay/relay.h"
#include "base/url.h"
#include "henc/polling.h"

#include <inttypes.h>
#include <string.h>

#define URL_DEFAULT "grooveDNS://relay1.example"
#define WINDOW_DEFAULT 1024
#define PATIENCE_DEFAULT_MS 30000
#define PATIENCE_MAX_MS 86400000
#define RATE_MAX 1000000
#define OTHER_FILES 64   /* beside the connections */
#define WINDOW_MAX 60000 /* an endpoint keeps 65,536 without acknowledgement */

struct bench_options {
    char *relay, *relay_url, *store;
    char *capture, *truth, **faults;
    struct wear_plan wear;
    uint64_t seed;
    bool has_answers;
    int64_t num_senders, num_messages, size, fanout, rate, window, hold_ms, patience_ms;
    unsigned auth, via;
    bool is_offline, is_json;
};

/* ------------------------------------------------------------------------
 * The command line
 */

static gboolean check(const struct bench_options *o)
{
    if (o->relay != NULL && o->store != NULL) {
        log_error("--store is for a relay of the bench's own, and --relay for another one: "
                  "give one of them");
        return FALSE;
    }
    if (o->relay_url != NULL && !sstp_url_is_relay(sstp_span_of_string(o->relay_url))) {
        log_error("--relay-url is a device URL such as %s, not %s", URL_DEFAULT, o->relay_url);
        return FALSE;
    }
    if (o->relay_url != NULL && !options_url_has_room("relay-url", o->relay_url))
        return FALSE;
    if (carrier_ways[o->via].needs_proxy) {
        log_error("--via %s takes a proxy, and the bench has none", carrier_ways[o->via].via);
        return FALSE;
    }
    if (o->is_offline && o->rate > 0) {
        log_error("--rate measures latency, and --offline has none: give one of them");
        return FALSE;
    }
    if (o->num_messages < o->num_senders) {
        log_error("--messages %" PRIi64 " are too few for --senders %" PRIi64
                  ": each sends one at least",
                  o->num_messages, o->num_senders);
        return FALSE;
    }
    return TRUE;
}

/* A connection takes a socket, over HTTP two. */
static gboolean have_files(const struct bench_options *o)
{
    const int64_t num_connections = o->num_senders + o->fanout;
    const uintmax_t needed =
        (uintmax_t)num_connections * (carrier_ways[o->via].is_http ? 2 : 1) + OTHER_FILES;
    uintmax_t limit;
    if (file_limit_raise(needed, &limit))
        return TRUE;
    log_error("%ju open files are needed for so many connections, and the system allows %ju: raise "
              "the limit (ulimit -Hn), or lower --senders and --fanout",
              needed, limit);
    return FALSE;
}

static int run(const struct bench_options *o, struct recording *recording)
{
    const struct carrier_way *way = &carrier_ways[o->via];
    const char *listen = way->is_http            ? "--listen-http"
                         : way->ops->port == 443 ? "--listen-443"
                                                 : NULL;
    struct bench_config config = {.recording = recording,
                                  .address = o->relay,
                                  .relay_url = o->relay_url != NULL ? o->relay_url : URL_DEFAULT,
                                  .carrier = way->ops,
                                  .num_senders = (unsigned)o->num_senders,
                                  .num_messages = (unsigned)o->num_messages,
                                  .size = (size_t)o->size,
                                  .fanout = (unsigned)o->fanout,
                                  .is_offline = o->is_offline,
                                  .is_proven = o->auth == SSTP_RELAY_AUTH_REQUIRED,
                                  .secret = options_secret(),
                                  .rate = (unsigned)o->rate,
                                  .window = (unsigned)o->window,
                                  .hold_ms = o->hold_ms,
                                  .patience_ms = o->patience_ms};
    struct bench_relay relay = {.address = NULL};
    config.http.server_name = config.relay_url + strlen(HENC_POLLING_SCHEME);
    struct bench_result *result = g_new(struct bench_result, 1);
    double relay_seconds = -1;

    if (o->relay == NULL) {
        const int code = bench_relay_start(
            &relay, config.relay_url, o->store != NULL ? o->store : "memory",
            options_auth_modes[o->auth], listen, config.num_senders + config.fanout);
        if (code != EXIT_DONE) {
            g_free(result);
            return code;
        }
        config.address = relay.address;
    }
    /* Not before: the files stay as they are without a relay, and no thread is there to fork. */
    recording_begin(recording);
    gboolean is_good = bench_run(&config, result);
    if (o->relay == NULL) {
        relay_seconds = bench_relay_end(&relay);
        is_good = is_good && relay_seconds >= 0;
    }
    if (is_good) {
        bench_report(&config, result, relay_seconds, o->is_json);
        is_good = options_end_output() == EXIT_DONE;
    }
    g_free(result);
    return is_good ? EXIT_DONE : EXIT_REPORTED;
}

static int run_and_record(const struct bench_options *o)
{
    struct recording recording;
    if (!recording_open(&recording, &(struct recording_files){.capture = o->capture,
                                                              .truth = o->truth,
                                                              .has_answers = o->has_answers,
                                                              .wear = o->wear,
                                                              .seed = o->seed,
                                                              .care = RECORDING_WAITS}))
        return EXIT_USAGE;
    const int result = run(o, &recording);
    return recording_close(&recording) ? result : EXIT_REPORTED;
}

static const char *const vias[] = {CARRIER_VIA_WORDS, NULL};

int cmd_bench(int argc, char **argv)
{
    struct bench_options o = {.seed = 1,
                              .num_senders = 1,
                              .num_messages = 10000,
                              .size = 1024,
                              .fanout = 1,
                              .window = WINDOW_DEFAULT,
                              .auth = SSTP_RELAY_AUTH_OPTIONAL,
                              .patience_ms = PATIENCE_DEFAULT_MS};
    struct option_row rows[] = {
        OPTION_TEXT("relay", &o.relay, "ADDR:PORT",
                    "The relay to load; without it, one is started on loopback"),
        OPTION_TEXT("relay-url", &o.relay_url, "URL", "Its device URL (" URL_DEFAULT ")"),
        OPTION_CHOICE("via", &o.via, vias, CARRIER_VIAS, "The way to it (tcp)"),
        OPTION_FILE("store", &o.store, NAMED_FILE_STORE, "FILE",
                    "Of the relay that is started: a file, or memory (memory)"),
        OPTION_CHOICE("auth", &o.auth, options_auth_modes, "MODE",
                      "Its --auth; required: senders authenticate, too (optional)"),
        OPTION_NUMBER("senders", &o.num_senders, 1, BENCH_SENDERS_MAX, "N",
                      "By so many at the same time (1)"),
        OPTION_NUMBER("messages", &o.num_messages, 1, BENCH_MESSAGES_MAX, "N",
                      "Send so many in all (10000)"),
        OPTION_SIZE("size", &o.size, BENCH_SIZE_MIN, BENCH_SIZE_MAX, "Of each message (1024)"),
        OPTION_NUMBER("fanout", &o.fanout, 1, BENCH_FANOUT_MAX, "N",
                      "To so many receivers each (1)"),
        OPTION_FLAG("offline", &o.is_offline, "Store all before the receivers come; measure both"),
        OPTION_NUMBER("rate", &o.rate, 0, RATE_MAX, "N",
                      "Send so many a second in all: for the latency (0: as fast as it goes)"),
        OPTION_NUMBER("window", &o.window, 1, WINDOW_MAX, "N",
                      "Messages of each sender under way without an acknowledgement (1024)"),
        OPTION_TIME("hold", &o.hold_ms, 0, OPTION_TIME_MAX,
                    "When all are there, send nothing for so long (0)"),
        OPTION_TIME("patience", &o.patience_ms, 1, PATIENCE_MAX_MS,
                    "Fail after so long a standstill (30)"),
        OPTION_FILE("write", &o.capture, NAMED_FILE_OUTPUT, "FILE",
                    "Write a capture of the bench's own sockets (pcapng)", .letter = 'w'),
        OPTION_FLAG("answers", &o.has_answers, OPTIONS_ANSWERS_HELP),
        OPTION_TEXTS("fault", &o.faults, "FAULT", OPTIONS_WEAR_HELP),
        OPTION_UNSIGNED("seed", &o.seed, "N", OPTIONS_WEAR_SEED_HELP),
        OPTION_FILE("truth", &o.truth, NAMED_FILE_OUTPUT, "FILE",
                    "Write what happened there, as JSON lines"),
        OPTION_FLAG("json", &o.is_json, "Print a line of JSON"),
        OPTION_END};

    int result = options_parse("Measures a relay: deliveries a second, and their latency.\nEvery "
                               "delivery is acknowledged, and checked: order, length, contents.",
                               rows, argc, argv);
    if (result == -1)
        result = check(&o) && options_read_wear(o.faults, &o.wear) && have_files(&o)
                     ? run_and_record(&o)
                     : EXIT_USAGE;
    option_rows_clear(rows);
    return result;
}
