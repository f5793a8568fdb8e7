/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "henc/proxy_header.h"

#include <glib.h>
#include <string.h>

#define MAGIC "\r\n\r\n\0\r\nQUIT\n"

struct row {
    const char *name;
    const char *bytes;
    size_t bytes_len, len;
};

#define BYTES(bytes) bytes, sizeof bytes - 1

static const struct row rows[] = {
    {"1", BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 40001 2492\r\n\1"), 46},
    {"1-nothing-after", BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 40001 2492\r\n"), 46},
    {"1-unknown", BYTES("PROXY UNKNOWN\r\n\1\2"), 15},
    {"1-without-end", BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 40001 2492\r"), 0},
    {"1-lf-alone", BYTES("PROXY UNKNOWN\n\1"), 0},
    {"1-as-long-as-can-be",
     BYTES("PROXY UNKNOWN 1234567890123456789012345678901234567890123456789012345678901234567890"
           "123456789012345678901\r\n\1"),
     107},
    {"1-one-longer",
     BYTES("PROXY UNKNOWN 1234567890123456789012345678901234567890123456789012345678901234567890"
           "1234567890123456789012\r\n\1"),
     0},
    {"2-local", BYTES(MAGIC "\x20\0\0\0\1"), 16},
    {"2-tcp4",
     BYTES(MAGIC "\x21\x11\0\x0c"
                 "abcdefghijkl\1"),
     28},
    {"2-one-byte-less",
     BYTES(MAGIC "\x21\x11\0\x0c"
                 "abcdefghijk"),
     0},
    {"2-head-cut", BYTES(MAGIC "\x21\x11\0"), 0},
    {"2-other-version",
     BYTES(MAGIC "\x11\x11\0\x0c"
                 "abcdefghijkl"),
     0},
    {"2-magic-wrong",
     BYTES("\r\n\r\n\0\r\nQUIS\n\x21\x11\0\x0c"
           "abcdefghijkl"),
     0},
    {"a-message", BYTES("\x0d\x15\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), 0},
    {"nothing", BYTES(""), 0},
};

static void check_row(gconstpointer data)
{
    const struct row *row = data;
    uint8_t *bytes = g_memdup2(row->bytes, row->bytes_len);
    g_assert_cmpuint(henc_proxy_header_len(sstp_span(bytes, row->bytes_len)), ==, row->len);
    g_free(bytes);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *name = g_strdup_printf("/henc_proxy_header/%s", rows[i].name);
        g_test_add_data_func(name, &rows[i], check_row);
        g_free(name);
    }
    return g_test_run();
}
