/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/client_lines.h"

#include <stdbool.h>
#include <string.h>

struct client_lines {
    GByteArray *bytes; /* lines are taken out at `begin` */
    gsize begin;
    gsize searched; /* up to where there is no newline */
    gsize max;
    bool is_ended;
};

struct client_lines *client_lines_new(gsize max)
{
    struct client_lines *lines = g_new0(struct client_lines, 1);
    lines->bytes = g_byte_array_new();
    lines->max = max;
    return lines;
}

void client_lines_free(struct client_lines *lines)
{
    if (lines == NULL)
        return;
    g_byte_array_free(lines->bytes, TRUE);
    g_free(lines);
}

void client_lines_add(struct client_lines *lines, const void *data, gsize len)
{
    g_assert(!lines->is_ended);
    g_byte_array_remove_range(lines->bytes, 0, (guint)lines->begin);
    lines->searched -= lines->begin;
    lines->begin = 0;
    g_byte_array_append(lines->bytes, data, (guint)len);
}

void client_lines_end(struct client_lines *lines)
{
    lines->is_ended = true;
}

enum client_lines_result client_lines_next(struct client_lines *lines, GBytes **line)
{
    const guint8 *data = lines->bytes->data;
    const gsize len = lines->bytes->len;
    const guint8 *newline =
        len > lines->searched ? memchr(data + lines->searched, '\n', len - lines->searched) : NULL;
    const gsize end = newline != NULL ? (gsize)(newline - data) : len;

    lines->searched = end;
    if (end - lines->begin > lines->max)
        return CLIENT_LINES_TOO_LONG;
    if (newline == NULL && !(lines->is_ended && len > lines->begin))
        return CLIENT_LINES_NONE;
    *line = g_bytes_new(data + lines->begin, end - lines->begin);
    lines->begin = lines->searched = MIN(end + 1, len);
    return CLIENT_LINES_LINE;
}
