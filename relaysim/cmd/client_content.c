/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/client_content.h"

#include "base/input.h"
#include "base/log.h"

#include <errno.h>
#include <string.h>

GBytes *client_content_read(const char *path)
{
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
    GBytes *bytes = input_read(path, CLIENT_CONTENT_MAX);

    if (bytes == NULL) {
        log_error("cannot read %s: %s", name, g_strerror(errno));
        return NULL;
    }
    if (g_bytes_get_size(bytes) <= CLIENT_CONTENT_MAX)
        return bytes;
    log_error("%s is longer than the 16 MiB of a message", name);
    g_bytes_unref(bytes);
    return NULL;
}

GBytes *client_content_letters(gsize len)
{
    char *data = g_malloc(len + 1);
    for (gsize i = 0; i < len; i++)
        data[i] = (char)('a' + i % 26);
    return g_bytes_new_take(data, len);
}
