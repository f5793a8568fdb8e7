/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench/report.h"

#include "bench/relay.h"
#include "base/json_text.h"
#include "base/results.h"

#include <glib.h>
#include <stdio.h>

/* What a row of the results is: in JSON, and for people. */
struct figure {
    const char *name;
    const char *text; /* what stands after the value */
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

/* How many a second; 0 where there was no time to count. */
static double per_second(uint64_t num, double seconds)
{
    return seconds > 0 ? (double)num / seconds : 0;
}

static void add_spread(struct report *report, const char *const names[2],
                       const char *const texts[2], int num_decimals, struct bench_spread spread)
{
    add(report, names[0], texts[0], num_decimals, spread.min);
    add(report, names[1], texts[1], num_decimals, spread.max);
}

#define MIN_AND_MAX(name) ((const char *const[2]){name "_min", name "_max"})
#define FOR_SENDERS(what, worst, best)                                                             \
    ((const char *const[2]){what " " worst " sender", what " " best " sender"})

/* How fair the relay is. */
static void add_senders(struct report *report, const struct bench_config *config,
                        const struct bench_result *result)
{
    if (config->is_offline) {
        add_spread(report, MIN_AND_MAX("sender_store_per_second"),
                   FOR_SENDERS("messages a second stored for the", "slowest", "fastest"), 0,
                   result->store_per_second);
        add_spread(report, MIN_AND_MAX("sender_drain_per_second"),
                   FOR_SENDERS("deliveries a second drained for the", "slowest", "fastest"), 0,
                   result->drain_per_second);
        return;
    }
    add_spread(report, MIN_AND_MAX("sender_deliveries_per_second"),
               FOR_SENDERS("deliveries a second for the", "slowest", "fastest"), 0,
               result->per_second);
    add_spread(report, MIN_AND_MAX("sender_latency_ms"),
               FOR_SENDERS("ms of latency, the mean of the", "best", "worst"), 3,
               result->latency_ms);
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
    if (config->num_senders > 1)
        add_senders(report, config, result);
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
    fprintf(results_file(), "%u messages of %zu bytes", config->num_messages, config->size);
    if (config->num_senders > 1)
        fprintf(results_file(), " from %u senders", config->num_senders);
    fprintf(results_file(), " to %u %s\n", config->fanout,
            config->fanout == 1 ? "receiver" : "receivers");
    for (size_t i = 0; i < report->num; i++)
        fprintf(results_file(), "%.*f %s\n", report->figures[i].num_decimals,
                report->figures[i].value, report->figures[i].text);
    if (config->is_offline)
        return;
    fprintf(results_file(), "latency in ms:");
    for (size_t i = 0; i < G_N_ELEMENTS(percentiles); i++)
        fprintf(results_file(), " %s %.3f", percentiles[i].name, percentile_ms(latency, i));
    fputs("\n", results_file());
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
    json_builder_set_member_name(builder, "senders");
    json_builder_add_int_value(builder, config->num_senders);
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
    fprintf(results_file(), "%s\n", line);
    g_free(line);
    g_object_unref(builder);
}

void bench_report(const struct bench_config *config, const struct bench_result *result,
                  double relay_seconds, bool is_json)
{
    struct report report = {.num = 0};
    make_report(&report, config, result, relay_seconds);
    if (is_json)
        print_json(&report, config, &result->latency);
    else
        print_text(&report, config, &result->latency);
}
