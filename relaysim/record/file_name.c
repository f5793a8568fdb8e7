/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record/file_name.h"

#include <glib.h>
#include <string.h>

char *file_name_with(const char *path, const char *suffix)
{
    const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
    const char *name = slash != NULL ? slash + 1 : path;
    const size_t len = dot != NULL && dot > name ? (size_t)(dot - path) : strlen(path);
    return g_strdup_printf("%.*s%s%s", (int)len, path, suffix, path + len);
}

char *file_name_of_ring(const char *path, unsigned number, uint64_t seconds)
{
    GDateTime *time = g_date_time_new_from_unix_local((gint64)seconds);
    char *digits = time != NULL ? g_date_time_format(time, "%Y%m%d%H%M%S") : g_strdup("0");
    char *suffix = g_strdup_printf("_%05u_%s", number, digits);
    char *name = file_name_with(path, suffix);
    g_free(suffix);
    g_free(digits);
    if (time != NULL)
        g_date_time_unref(time);
    return name;
}
