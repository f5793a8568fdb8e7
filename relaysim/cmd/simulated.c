/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/simulated.h"

#include "base/log.h"

#define SECOND_NS UINT64_C(1000000000)
#define SECONDS_MAX INT64_C(7258118400) /* 2200: a capture counts nanoseconds in 64 bits */

/* Seconds since 1970; false when it is none. */
static bool read_time(const char *text, uint64_t *seconds)
{
    GTimeZone *utc = g_time_zone_new_utc();
    GDateTime *time = g_date_time_new_from_iso8601(text, utc);
    const gint64 unix_time = time != NULL ? g_date_time_to_unix(time) : -1;
    const bool is_good = unix_time >= 0 && unix_time <= SECONDS_MAX;
    if (time != NULL)
        g_date_time_unref(time);
    g_time_zone_unref(utc);
    *seconds = is_good ? (uint64_t)unix_time : 0;
    return is_good;
}

char *simulated_check_time(const char *text)
{
    uint64_t seconds;
    return read_time(text, &seconds)
               ? NULL
               : g_strdup("--start-time is a date and a time from 1970 to 2199, such as "
                          "2010-05-12T10:00:00Z");
}

bool simulated_check(const struct simulated_options *options)
{
    if (options->is_wanted && options->has_sockets) {
        log_error(
            "--simulated plays in memory and --skip-waits on sockets: one of them can be had");
        return false;
    }
    if (options->start_time == NULL || options->is_wanted || options->has_sockets)
        return true;
    log_error("--start-time sets a simulated clock: --simulated is needed");
    return false;
}

const uint64_t *simulated_begin(struct simulated_options *options, uint64_t seed)
{
    uint64_t start_ns = SIMULATION_START_NS, seconds;
    if (!options->is_wanted && !options->has_sockets)
        return NULL;
    if (options->start_time != NULL && read_time(options->start_time, &seconds))
        start_ns = seconds * SECOND_NS;
    options->simulation = simulation_new(seed, start_ns);
    return simulation_clock(options->simulation);
}

void simulated_end(struct simulated_options *options)
{
    simulation_free(options->simulation);
    options->simulation = NULL;
}
