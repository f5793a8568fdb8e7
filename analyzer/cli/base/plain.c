/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/plain.h"

gboolean plain_is_harmless(gunichar c)
{
    switch (g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT: /* those that turn a line around, among others */
    case G_UNICODE_UNASSIGNED:
    case G_UNICODE_PRIVATE_USE:
    case G_UNICODE_SURROGATE:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
        return FALSE;
    default:
        return TRUE;
    }
}

void plain_append(GString *line, const char *text, gsize len)
{
    const char *end = text + len;

    while (text < end) {
        const gunichar c = g_utf8_get_char_validated(text, end - text);
        if (c != (gunichar)-1 && c != (gunichar)-2 && c != 0 && plain_is_harmless(c)) {
            const char *next = g_utf8_next_char(text);
            g_string_append_len(line, text, next - text);
            text = next;
        } else {
            g_string_append_printf(line, "\\x%02x", (guchar)*text++);
        }
    }
}

gsize plain_width(const char *text)
{
    gsize width = 0;

    for (; *text != '\0'; text = g_utf8_next_char(text)) {
        const gunichar c = g_utf8_get_char(text);
        width += g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
    }
    return width;
}
