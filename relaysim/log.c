/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

static int verbose;

void log_set_verbose(int is_verbose)
{
    verbose = is_verbose;
}

void log_info(const char *format, ...)
{
    struct timespec now;
    struct tm tm;
    char text[16];
    va_list args;

    if (!verbose)
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    strftime(text, sizeof text, "%H:%M:%S", localtime_r(&now.tv_sec, &tm));
    fprintf(stderr, "%s.%03d ", text, (int)(now.tv_nsec / 1000000));
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

void log_error(const char *format, ...)
{
    va_list args;
    fputs("relaysim: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}
