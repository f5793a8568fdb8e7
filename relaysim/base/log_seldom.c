/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/log_seldom.h"

#include <glib.h>
#include <inttypes.h>

char *log_seldom(struct log_seldom *seldom, int64_t now_ms, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *line = log_seldom_v(seldom, now_ms, format, args);
    va_end(args);
    return line;
}

char *log_seldom_v(struct log_seldom *seldom, int64_t now_ms, const char *format, va_list args)
{
    if (seldom->next_ms != 0 && now_ms < seldom->next_ms) {
        seldom->num_left_out++;
        return NULL;
    }
    char *text = g_strdup_vprintf(format, args);
    if (seldom->num_left_out > 0) {
        char *more = g_strdup_printf("%s (and %" PRIu64 " more since the last such line)", text,
                                     seldom->num_left_out);
        g_free(text);
        text = more;
    }
    seldom->next_ms = now_ms + LOG_SELDOM_MS;
    seldom->num_left_out = 0;
    return text;
}
