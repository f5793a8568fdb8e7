/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What CONNECT and SOCKS share: where to, silence, a proxy that goes, and one that is not there. */
#include "carrier/tunnel.h"

#include "carrier/connect.h"
#include "carrier/socks.h"

#include "tunnelled.h"

static void test_targets(void)
{
    static const struct {
        const char *target, *host; /* NULL: it is none */
        uint16_t port;
    } rows[] = {{"relay1.example:2492", "relay1.example", 2492},
                {"127.0.0.1:1", "127.0.0.1", 1},
                {"[::1]:65535", "::1", 65535},
                {"a:65536", NULL, 0},
                {"a:0", NULL, 0},
                {"a:", NULL, 0},
                {":80", NULL, 0},
                {"a", NULL, 0},
                {"", NULL, 0},
                {"a b:80", NULL, 0},
                {"a\r\nb:80", NULL, 0},
                {"::1:80", NULL, 0},
                {"[]:80", NULL, 0},
                {"a:+80", NULL, 0}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *host = NULL;
        uint16_t port = 0;
        g_assert_cmpint(tunnel_target(rows[i].target, &host, &port), ==, rows[i].host != NULL);
        g_assert_cmpstr(host, ==, rows[i].host);
        g_assert_cmpuint(port, ==, rows[i].port);
        g_free(host);
    }
    for (size_t len = 255; len <= 256; len++) {
        char *host = NULL;
        uint16_t port;
        char *name = g_strnfill(len, 'x'), *target = g_strconcat(name, ":1", NULL);
        g_assert_cmpint(tunnel_target(target, &host, &port), ==, len == 255);
        g_free(host);
        g_free(name);
        g_free(target);
    }
}

static void test_silence(gconstpointer data)
{
    struct carrier_transport *transport;
    struct carrier *carrier = tunnelled_begin(data, RELAY, &transport);
    g_assert_cmpint(carrier_deadline(carrier), ==, 1000 + CARRIER_PROXY_TIMEOUT_MS);
    carrier_tick(carrier, 1000 + CARRIER_PROXY_TIMEOUT_MS - 1);
    g_assert_null(carrier_failure(carrier));
    carrier_tick(carrier, 1000 + CARRIER_PROXY_TIMEOUT_MS);
    g_assert_cmpstr(carrier_failure(carrier), ==, "the proxy did not answer in time");
    carrier_free(carrier);
}

static void test_lost(gconstpointer data)
{
    struct carrier_transport *transport;
    struct carrier *carrier = tunnelled_begin(data, RELAY, &transport);
    carrier_lost(transport);
    g_assert_cmpstr(carrier_failure(carrier), ==, "the proxy closed the connection");
    g_assert_true(carrier_is_gone(carrier));
    carrier_free(carrier);
}

static void test_no_proxy(gconstpointer data)
{
    struct carrier *carrier = carrier_new(data, &(struct carrier_config){.target = RELAY});
    carrier_not_opened(carrier_next_wanted(carrier), "connection refused");
    g_assert_cmpstr(carrier_failure(carrier), ==, "the proxy: connection refused");
    carrier_free(carrier);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tunnel/targets", test_targets);
    g_test_add_data_func("/tunnel/connect/silence", &carrier_connect, test_silence);
    g_test_add_data_func("/tunnel/socks/silence", &carrier_socks, test_silence);
    g_test_add_data_func("/tunnel/connect/lost", &carrier_connect, test_lost);
    g_test_add_data_func("/tunnel/socks/lost", &carrier_socks, test_lost);
    g_test_add_data_func("/tunnel/connect/no-proxy", &carrier_connect, test_no_proxy);
    g_test_add_data_func("/tunnel/socks/no-proxy", &carrier_socks, test_no_proxy);
    return g_test_run();
}
