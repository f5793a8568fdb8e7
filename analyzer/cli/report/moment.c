/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/moment.h"

#define NS_PER_SECOND G_GINT64_CONSTANT(1000000000)

void moment_append(GString *text, gint64 t_ns)
{
    gint64 seconds = t_ns / NS_PER_SECOND, rest = t_ns % NS_PER_SECOND;

    if (rest < 0) {
        seconds--;
        rest += NS_PER_SECOND;
    }
    GDateTime *time = g_date_time_new_from_unix_utc(seconds);
    char *formatted = time != NULL ? g_date_time_format(time, "%Y-%m-%d %H:%M:%S") : NULL;
    g_string_append_printf(text, "%s.%06d", formatted != NULL ? formatted : "?",
                           (int)(rest / 1000));
    g_free(formatted);
    if (time != NULL)
        g_date_time_unref(time);
}

void moment_append_span(GString *text, gint64 span_ns)
{
    static const struct {
        double ns;
        const char *unit;
    } small[] = {{1e3, "us"}, {1e6, "ms"}, {1e9, "s"}};
    const double ns = span_ns < 0 ? -(double)span_ns : (double)span_ns;
    const guint64 seconds = (guint64)(ns / 1e9);

    if (span_ns < 0)
        g_string_append_c(text, '-');
    if (ns < 1e3) {
        g_string_append_printf(text, "%.0f ns", ns);
    } else if (seconds < 60) {
        guint unit = ns < 1e6 ? 0 : ns < 1e9 ? 1 : 2;
        g_string_append_printf(text, "%.3g %s", MIN(ns / small[unit].ns, 999.0), small[unit].unit);
    } else if (seconds < 3600) {
        g_string_append_printf(text, "%u min %u s", (guint)(seconds / 60), (guint)(seconds % 60));
    } else if (seconds < 86400) {
        g_string_append_printf(text, "%u h %u min", (guint)(seconds / 3600),
                               (guint)(seconds / 60 % 60));
    } else {
        g_string_append_printf(text, "%u d %u h", (guint)(seconds / 86400),
                               (guint)(seconds / 3600 % 24));
    }
}

/* A number of `unit`s without the zeros that say nothing. */
static void append_real(GString *text, double number, int digits, const char *unit)
{
    g_string_append_printf(text, "%.*f", digits, number);
    while (text->str[text->len - 1] == '0')
        g_string_truncate(text, text->len - 1);
    if (text->str[text->len - 1] == '.')
        g_string_truncate(text, text->len - 1);
    g_string_append_printf(text, " %s", unit);
}

void moment_append_offset(GString *text, gint64 offset_ns)
{
    static const struct {
        guint64 seconds;
        const char *unit;
    } large[] = {{86400, "d"}, {3600, "h"}, {60, "min"}};
    const gint64 us = offset_ns / 1000 - (offset_ns % 1000 < 0);
    guint64 left = us < 0 ? (guint64)-us : (guint64)us;

    if (us < 0)
        g_string_append_c(text, '-');
    if (left < 1000000) {
        append_real(text, (double)left / 1e3, 3, "ms");
        return;
    }
    for (guint i = 0; i < G_N_ELEMENTS(large); i++) {
        const guint64 size = large[i].seconds * 1000000;
        if (left < size)
            continue;
        g_string_append_printf(text, "%u %s ", (guint)(left / size), large[i].unit);
        left %= size;
    }
    append_real(text, (double)left / 1e6, 6, "s");
}

void moment_append_count(GString *text, guint64 count)
{
    if (count >= 1000) {
        moment_append_count(text, count / 1000);
        g_string_append_printf(text, ",%03u", (guint)(count % 1000));
    } else {
        g_string_append_printf(text, "%u", (guint)count);
    }
}

void moment_append_things(GString *text, guint64 count, const char *thing)
{
    moment_append_count(text, count);
    g_string_append_printf(text, " %s%s", thing, count == 1 ? "" : "s");
}

void moment_append_reading(GString *text, guint64 num_files, guint64 num_packets, gint64 first_ns,
                           gint64 last_ns)
{
    moment_append_things(text, num_files, "file");
    g_string_append(text, ", ");
    moment_append_things(text, num_packets, "packet");
    if (num_packets == 0)
        return;
    g_string_append(text, ", from ");
    moment_append(text, first_ns);
    g_string_append(text, " UTC, ");
    moment_append_span(text, last_ns - first_ns);
    g_string_append(text, " long");
}
