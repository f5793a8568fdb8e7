/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Until the Noop that keeps a virtual connection: the products' time, or another one; of each side,
 * and of no other carrier. */
#include "carrier/direct.h"
#include "carrier/http_server.h"
#include "carrier/keepalive_client.h"
#include "carrier/longlived_client.h"
#include "doorstep.h"
#include "halves.h"

#define GET "GET /2.0/a/kicxp8rrgwqdwhf7c6xsgbagmcdnxm9phtvbj5a,ConnType="
static const char *const requests[] = {GET "KeepAlive HTTP/1.0\r\n\r\n",
                                       GET "LongLived,ContentLength=2147479552 HTTP/1.0\r\n\r\n"};

static const struct {
    int64_t told, wanted;
} rows[] = {{0, 45000}, {1000, 1000}, {600000, 600000}};

static void test_client(void)
{
    static const struct carrier_ops *const ops[] = {&carrier_keepalive, &carrier_longlived};
    for (size_t i = 0; i < G_N_ELEMENTS(rows) * G_N_ELEMENTS(ops); i++) {
        const struct http_options options = {.server_name = "a", .keepalive_ms = rows[i / 2].told};
        struct halves client;
        halves_begin(&client, ops[i % 2], &options, "a:80", false);
        g_assert_cmpint(carrier_keepalive_ms(client.carrier), ==, rows[i / 2].wanted);
        halves_end(&client);
    }
}

static void test_server(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows) * G_N_ELEMENTS(requests); i++) {
        struct doorstep server;
        doorstep_begin(&server, (struct http_options){.keepalive_ms = rows[i / 2].told});
        struct carrier_transport *get = doorstep_visit(&server);
        g_assert_cmpint(carrier_keepalive_ms(get->carrier), ==, 0); /* nobody knows what it is */
        doorstep_say(&server, get, requests[i % 2]);
        g_assert_cmpint(carrier_keepalive_ms(get->carrier), ==, rows[i / 2].wanted);
        doorstep_end(&server);
    }
}

static void test_other(void)
{
    struct carrier *carrier = carrier_new(&carrier_direct, &(struct carrier_config){0});
    g_assert_cmpint(carrier_keepalive_ms(carrier), ==, 0);
    carrier_free(carrier);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/http-noop/client", test_client);
    g_test_add_func("/http-noop/server", test_server);
    g_test_add_func("/http-noop/other", test_other);
    return g_test_run();
}
