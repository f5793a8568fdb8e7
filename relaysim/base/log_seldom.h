/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log_seldom: lines about what may happen a thousand times a second.
 *
 * The first time is told at once; what follows within ten seconds is counted, and told
 * with the next line.  It neither prints nor looks at a clock.
 *
 *     char *line = log_seldom(&relay->refused, now_ms, "%s is refused: --max-connections", who);
 *     if (line != NULL)
 *         log_error("%s", line);
 *     g_free(line);
 */
#ifndef RELAYSIM_BASE_LOG_SELDOM_H
#define RELAYSIM_BASE_LOG_SELDOM_H

#include <stdarg.h>
#include <stdint.h>

#define LOG_SELDOM_MS 10000

/* One kind of line; zeros to begin with. */
struct log_seldom {
    int64_t next_ms;       /* before that, nothing is told */
    uint64_t num_left_out; /* since the last line */
};

/* It has happened.  The line to log, to be freed, which ends with how many were left out
 * before it; NULL when it is not time for one. */
char *log_seldom(struct log_seldom *seldom, int64_t now_ms, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
char *log_seldom_v(struct log_seldom *seldom, int64_t now_ms, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

#endif
