/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "henc/socks.h"

#include <glib.h>
#include <string.h>

struct row {
    const char *name;
    const char *client, *server;
    size_t client_len, server_len;
    bool is_handshake;
};

#define BYTES(client, server) client, server, sizeof client - 1, sizeof server - 1

static const struct row rows[] = {
    {"5-address", BYTES("\5\1\0\5\1\0\1\xc0\0\2\1\x09\xbc", "\5\0\5\0\0\1\0\0\0\0\0\0"), true},
    {"5-two-methods", BYTES("\5\2\0\2\5\1\0\1\xc0\0\2\1\x09\xbc", "\5\0\5\0\0\1\0\0\0\0\0\0"),
     true},
    {"5-name", BYTES("\5\1\0\5\1\0\3\5relay\x09\xbc", "\5\0\5\0\0\1\0\0\0\0\0\0"), true},
    {"5-ipv6", BYTES("\5\1\0\5\1\0\4abcdefghijklmnop\x09\xbc", "\5\0\5\0\0\4abcdefghijklmnop\0\0"),
     true},
    {"5-password",
     BYTES("\5\1\2\1\2me\3pwd\5\1\0\3\5relay\x09\xbc", "\5\2\1\0\5\0\0\1\0\0\0\0\0\0"), true},
    {"5-password-empty",
     BYTES("\5\1\2\1\0\0\5\1\0\3\5relay\x09\xbc", "\5\2\1\0\5\0\0\1\0\0\0\0\0\0"), true},
    {"5-password-refused",
     BYTES("\5\1\2\1\2me\3pwd\5\1\0\3\5relay\x09\xbc", "\5\2\1\1\5\0\0\1\0\0\0\0\0\0"), false},
    {"5-no-method", BYTES("\5\1\0\5\1\0\3\5relay\x09\xbc", "\5\xff\5\0\0\1\0\0\0\0\0\0"), false},
    {"5-refused", BYTES("\5\1\0\5\1\0\3\5relay\x09\xbc", "\5\0\5\5\0\1\0\0\0\0\0\0"), false},
    {"5-bind", BYTES("\5\1\0\5\2\0\3\5relay\x09\xbc", "\5\0\5\0\0\1\0\0\0\0\0\0"), false},
    {"5-one-byte-more", BYTES("\5\1\0\5\1\0\3\5relay\x09\xbcx", "\5\0\5\0\0\1\0\0\0\0\0\0"), false},
    {"5-one-byte-less", BYTES("\5\1\0\5\1\0\3\5relay\x09", "\5\0\5\0\0\1\0\0\0\0\0\0"), false},
    {"5-answer-one-byte-less", BYTES("\5\1\0\5\1\0\3\5relay\x09\xbc", "\5\0\5\0\0\1\0\0\0\0\0"),
     false},
    {"5-name-too-long", BYTES("\5\1\0\5\1\0\3\xffrelay\x09\xbc", "\5\0\5\0\0\1\0\0\0\0\0\0"),
     false},
    {"4", BYTES("\4\1\x09\xbc\xc0\0\2\1me\0", "\0\x5a\0\0\0\0\0\0"), true},
    {"4-nobody", BYTES("\4\1\x09\xbc\xc0\0\2\1\0", "\0\x5a\0\0\0\0\0\0"), true},
    {"4a", BYTES("\4\1\x09\xbc\0\0\0\1me\0relay\0", "\0\x5a\0\0\0\0\0\0"), true},
    {"4-without-end", BYTES("\4\1\x09\xbc\xc0\0\2\1me", "\0\x5a\0\0\0\0\0\0"), false},
    {"4-refused", BYTES("\4\1\x09\xbc\xc0\0\2\1\0", "\0\x5b\0\0\0\0\0\0"), false},
    {"other-version", BYTES("\6\1\0\5\1\0\3\5relay\x09\xbc", "\6\0\5\0\0\1\0\0\0\0\0\0"), false},
    {"nothing", BYTES("", ""), false},
};

/* Copies of their own, for what is read beyond them. */
static void check_row(gconstpointer data)
{
    const struct row *row = data;
    uint8_t *client = g_memdup2(row->client, row->client_len);
    uint8_t *server = g_memdup2(row->server, row->server_len);

    g_assert_cmpint(henc_socks_is_handshake(sstp_span(client, row->client_len),
                                            sstp_span(server, row->server_len)),
                    ==, row->is_handshake);
    /* What is not all there is none. */
    for (size_t len = 0; len < row->client_len; len++) {
        uint8_t *part = g_memdup2(row->client, len);
        g_assert_false(
            henc_socks_is_handshake(sstp_span(part, len), sstp_span(server, row->server_len)) &&
            row->is_handshake);
        g_free(part);
    }
    g_free(client);
    g_free(server);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *name = g_strdup_printf("/henc_socks/%s", rows[i].name);
        g_test_add_data_func(name, &rows[i], check_row);
        g_free(name);
    }
    return g_test_run();
}
