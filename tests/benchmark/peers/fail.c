/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE /* program_invocation_short_name */
#include "fail.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

__attribute__((format(printf, 2, 0), noreturn)) static void end(int code, const char *format,
                                                                va_list arguments)
{
    fprintf(stderr, "%s: ", program_invocation_short_name);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    exit(code);
}

void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    end(1, format, arguments);
}

void refuse(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    end(2, format, arguments);
}
