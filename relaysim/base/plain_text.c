/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/plain_text.h"

#include <glib.h>
#include <stdint.h>
#include <string.h>

static gboolean is_plain(gunichar c)
{
    switch (g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
    case G_UNICODE_PRIVATE_USE:
    case G_UNICODE_SURROGATE:
    case G_UNICODE_UNASSIGNED:
        return FALSE;
    default:
        return c != '\\';
    }
}

static void escape_bytes(GString *text, const char *at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        g_string_append_printf(text, "\\x%02x", (unsigned)(unsigned char)at[i]);
}

/* One character, or a byte that is none, in at most 16 bytes; returns its length. */
static size_t append(GString *text, const char *at, size_t len)
{
    const gunichar c = g_utf8_get_char_validated(at, (gssize)len);
    /* A NUL with a length given is one of the errors. */
    const size_t num =
        c == (gunichar)-1 || c == (gunichar)-2 || c == 0 ? 1 : (size_t)(g_utf8_next_char(at) - at);
    const char *const escape = *at == '\\'   ? "\\\\"
                               : *at == '\n' ? "\\n"
                               : *at == '\t' ? "\\t"
                               : *at == '\r' ? "\\r"
                                             : NULL;
    if (escape != NULL)
        g_string_append(text, escape);
    else if (c != (gunichar)-1 && c != (gunichar)-2 && is_plain(c))
        g_string_append_len(text, at, (gssize)num);
    else
        escape_bytes(text, at, num);
    return num;
}

char *plain_text_cut(const void *bytes, size_t len, size_t max)
{
    const char *at = bytes, *const end = at + len;
    GString *text = g_string_new(NULL);
    while (at != end) {
        const gsize before = text->len;
        const size_t num = append(text, at, (size_t)(end - at));
        if (text->len > max) {
            g_string_truncate(text, before);
            g_string_append_printf(text, "... (%zu bytes more)", (size_t)(end - at));
            break;
        }
        at += num;
    }
    return g_string_free(text, FALSE);
}

char *plain_text(const char *string)
{
    return plain_text_cut(string, strlen(string), SIZE_MAX);
}
