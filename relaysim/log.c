/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "log.h"

#include "plain_text.h"

#include <errno.h>
#include <glib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define AROUND_MAX 64 /* what a line has beside its text: the time, the mark of a cut, the end */

static int verbose;

void log_set_verbose(int is_verbose)
{
    verbose = is_verbose;
}

/* Nobody could be told that stderr does not take it. */
static void write_all(const char *bytes, size_t len)
{
    while (len > 0) {
        const ssize_t num = write(STDERR_FILENO, bytes, len);
        if (num < 0 && errno != EINTR)
            return;
        bytes += MAX(num, 0);
        len -= (size_t)MAX(num, 0);
    }
}

static void write_line(const char *head, const char *format, va_list args)
{
    char *text = g_strdup_vprintf(format, args);
    char *plain = plain_text_cut(text, strlen(text), LOG_LINE_MAX - AROUND_MAX);
    char *line = g_strconcat(head, plain, "\n", NULL);
    write_all(line, strlen(line));
    g_free(line);
    g_free(plain);
    g_free(text);
}

void log_info(const char *format, ...)
{
    struct timespec now;
    struct tm tm;
    char clock[16], head[24];
    va_list args;

    if (!verbose)
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    strftime(clock, sizeof clock, "%H:%M:%S", localtime_r(&now.tv_sec, &tm));
    g_snprintf(head, sizeof head, "%s.%03d ", clock, (int)(now.tv_nsec / 1000000));
    va_start(args, format);
    write_line(head, format, args);
    va_end(args);
}

void log_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line("relaysim: ", format, args);
    va_end(args);
}
