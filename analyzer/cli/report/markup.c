/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/markup.h"

#include <string.h>

#include "base/plain.h"

void markup_append(GString *html, const char *text)
{
    GString *plain = g_string_new(NULL);

    plain_append(plain, text, strlen(text));
    for (const char *at = plain->str; *at != '\0'; at++) {
        switch (*at) {
        case '&':
            g_string_append(html, "&amp;");
            break;
        case '<':
            g_string_append(html, "&lt;");
            break;
        case '>':
            g_string_append(html, "&gt;");
            break;
        case '"':
            g_string_append(html, "&quot;");
            break;
        case '\'':
            g_string_append(html, "&#39;");
            break;
        default:
            g_string_append_c(html, *at);
        }
    }
    g_string_free(plain, TRUE);
}
