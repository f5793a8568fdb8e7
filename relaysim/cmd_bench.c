/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_bench: `relaysim bench`, how much a relay carries, and how fast. */
#include "bench_relay.h"
#include "bench_run.h"
#include "json_text.h"
#include "log.h"
#include "options.h"
#include "url.h"

#include <stdio.h>
#include <string.h>

#define URL_DEFAULT "grooveDNS://relay1.example"
#define WINDOW_DEFAULT 1024
#define PATIENCE_DEFAULT_MS 30000
#define PATIENCE_MAX_MS 86400000
#define RATE_MAX 1000000
#define WINDOW_MAX 60000 /* an endpoint keeps 65,536 without acknowledgement */

struct bench_options {
    char *relay, *relay_url, *store;
    int64_t num_messages, size, fanout, rate, window, patience_ms;
    bool is_offline, is_json;
};

/* What a row of the results is: in JSON, and for people. */
struct figure {
    const char *name;
    const char *text; /* what stands behind the value */
    int num_decimals;
    double value;
};

enum { FIGURES_MAX = 16 };

struct report {
    struct figure figures[FIGURES_MAX];
    size_t num;
};

static void add(struct report *report, const char *name, const char *text, int num_decimals,
                double value)
{
    g_assert(report->num < FIGURES_MAX);
    report->figures[report->num++] = (struct figure){name, text, num_decimals, value};
}

static double own_seconds(void)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    return bench_cpu_seconds(&usage);
}

/* ------------------------------------------------------------------------
 * Results
 */

/* How many a second; 0 where there was no time to count. */
static double per_second(uint64_t num, double seconds)
{
    return seconds > 0 ? (double)num / seconds : 0;
}

static void make_report(struct report *report, const struct bench_config *config,
                        const struct bench_result *result, double relay_seconds)
{
    const double num = (double)result->num_deliveries;
    if (config->is_offline) {
        add(report, "store_per_second", "messages a second stored", 0,
            per_second(config->num_messages, result->store_seconds));
        add(report, "drain_per_second", "deliveries a second drained", 0,
            per_second(result->num_deliveries, result->drain_seconds));
    } else {
        add(report, "seconds", "seconds", 3, result->seconds);
        add(report, "deliveries_per_second", "deliveries a second", 0,
            per_second(result->num_deliveries, result->seconds));
    }
    if (relay_seconds >= 0)
        add(report, "relay_cpu_us", "us of the relay's processor time a delivery", 2,
            relay_seconds / num * 1e6);
    add(report, "bench_cpu_us", "us of the bench's", 2, own_seconds() / num * 1e6);
}

static const struct {
    const char *name;
    double percent;
} percentiles[] = {{"p50", 50}, {"p95", 95}, {"p99", 99}, {"max", 100}};

static double percentile_ms(const struct latency *latency, size_t i)
{
    return (double)latency_percentile(latency, percentiles[i].percent) / 1000;
}

static void print_text(const struct report *report, const struct bench_config *config,
                       const struct latency *latency)
{
    printf("%u messages of %zu bytes to %u %s\n", config->num_messages, config->size,
           config->fanout, config->fanout == 1 ? "receiver" : "receivers");
    for (size_t i = 0; i < report->num; i++)
        printf("%.*f %s\n", report->figures[i].num_decimals, report->figures[i].value,
               report->figures[i].text);
    if (config->is_offline)
        return;
    printf("latency in ms:");
    for (size_t i = 0; i < G_N_ELEMENTS(percentiles); i++)
        printf(" %s %.3f", percentiles[i].name, percentile_ms(latency, i));
    puts("");
}

static void print_json(const struct report *report, const struct bench_config *config,
                       const struct latency *latency)
{
    JsonBuilder *builder = json_builder_new();
    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "mode");
    json_builder_add_string_value(builder, config->is_offline ? "offline"
                                           : config->rate > 0 ? "rate"
                                                              : "online");
    json_builder_set_member_name(builder, "messages");
    json_builder_add_int_value(builder, config->num_messages);
    json_builder_set_member_name(builder, "size");
    json_builder_add_int_value(builder, (gint64)config->size);
    json_builder_set_member_name(builder, "fanout");
    json_builder_add_int_value(builder, config->fanout);
    for (size_t i = 0; i < report->num; i++) {
        json_builder_set_member_name(builder, report->figures[i].name);
        json_builder_add_double_value(builder, report->figures[i].value);
    }
    if (!config->is_offline) {
        json_builder_set_member_name(builder, "latency_ms");
        json_builder_begin_object(builder);
        for (size_t i = 0; i < G_N_ELEMENTS(percentiles); i++) {
            json_builder_set_member_name(builder, percentiles[i].name);
            json_builder_add_double_value(builder, percentile_ms(latency, i));
        }
        json_builder_end_object(builder);
    }
    json_builder_end_object(builder);
    char *line = json_text_line(builder);
    puts(line);
    g_free(line);
    g_object_unref(builder);
}

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
    if (o->is_offline && o->rate > 0) {
        log_error("--rate measures latency, and --offline has none: give one of them");
        return FALSE;
    }
    return TRUE;
}

static int run(const struct bench_options *o)
{
    struct bench_config config = {.address = o->relay,
                                  .relay_url = o->relay_url != NULL ? o->relay_url : URL_DEFAULT,
                                  .num_messages = (unsigned)o->num_messages,
                                  .size = (size_t)o->size,
                                  .fanout = (unsigned)o->fanout,
                                  .is_offline = o->is_offline,
                                  .rate = (unsigned)o->rate,
                                  .window = (unsigned)o->window,
                                  .patience_ms = o->patience_ms};
    struct bench_relay relay = {.address = NULL};
    struct bench_result *result = g_new(struct bench_result, 1);
    struct report report = {.num = 0};
    double relay_seconds = -1;

    if (o->relay == NULL) {
        if (!bench_relay_start(&relay, config.relay_url, o->store != NULL ? o->store : "memory",
                               config.fanout)) {
            g_free(result);
            return EXIT_REPORTED;
        }
        config.address = relay.address;
    }
    gboolean is_good = bench_run(&config, result);
    if (o->relay == NULL) {
        relay_seconds = bench_relay_end(&relay);
        is_good = is_good && relay_seconds >= 0;
    }
    if (is_good) {
        make_report(&report, &config, result, relay_seconds);
        if (o->is_json)
            print_json(&report, &config, &result->latency);
        else
            print_text(&report, &config, &result->latency);
        is_good = options_end_output() == EXIT_DONE;
    }
    g_free(result);
    return is_good ? EXIT_DONE : EXIT_REPORTED;
}

int cmd_bench(int argc, char **argv)
{
    struct bench_options o = {.num_messages = 10000,
                              .size = 1024,
                              .fanout = 1,
                              .window = WINDOW_DEFAULT,
                              .patience_ms = PATIENCE_DEFAULT_MS};
    struct option_row rows[] = {
        OPTION_TEXT("relay", &o.relay, "ADDR:PORT",
                    "The relay to load; without it, one is started on loopback"),
        OPTION_TEXT("relay-url", &o.relay_url, "URL", "Its device URL (" URL_DEFAULT ")"),
        OPTION_FILE("store", &o.store, OPTION_STORE, "FILE",
                    "Of the relay that is started: a file, or memory (memory)"),
        OPTION_NUMBER("messages", &o.num_messages, 1, BENCH_MESSAGES_MAX, "N",
                      "Send so many (10000)"),
        OPTION_SIZE("size", &o.size, BENCH_SIZE_MIN, BENCH_SIZE_MAX, "Of each message (1024)"),
        OPTION_NUMBER("fanout", &o.fanout, 1, BENCH_FANOUT_MAX, "N",
                      "To so many receivers each (1)"),
        OPTION_FLAG("offline", &o.is_offline, "Store all before the receivers come; measure both"),
        OPTION_NUMBER("rate", &o.rate, 0, RATE_MAX, "N",
                      "Send so many a second: for the latency (0: as fast as it goes)"),
        OPTION_NUMBER("window", &o.window, 1, WINDOW_MAX, "N",
                      "Messages under way without an acknowledgement (1024)"),
        OPTION_TIME("patience", &o.patience_ms, 1, PATIENCE_MAX_MS,
                    "Fail after so long a standstill (30)"),
        OPTION_FLAG("json", &o.is_json, "Print a line of JSON"),
        OPTION_END};

    int result = options_parse("Measures a relay: deliveries a second, and their latency.\nEvery "
                               "delivery is acknowledged, and checked: order, length, contents.",
                               rows, argc, argv);
    if (result == -1)
        result = check(&o) ? run(&o) : EXIT_USAGE;
    option_rows_clear(rows);
    return result;
}
