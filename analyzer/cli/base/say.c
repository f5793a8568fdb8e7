/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/say.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "base/plain.h"

void say(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);

    GString *line = g_string_new("grvsstp-analyze: ");
    plain_append(line, text, strlen(text));
    g_string_append_c(line, '\n');
    fputs(line->str, stderr);
    g_string_free(line, TRUE);
    g_free(text);
}
