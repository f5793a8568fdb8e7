/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client_retry.h"

#include <glib.h>

#include "command.h"

static const uint8_t errors[] = {SSTP_CONNECT_CLOSE_PROTOCOL_ERROR,
                                 SSTP_CONNECT_CLOSE_TOO_MANY_UNKNOWN_SESSION_CMDS};

/* Longer each time, up to the last, until something came of a connection. */
static void test_pause(void)
{
    static const int64_t pauses[] = {250,   500,   1000,  2000,  4000, 8000,
                                     16000, 30000, 30000, 30000, 30000};
    static void (*const good[])(struct client_retry * retry) = {client_retry_received,
                                                                client_retry_acknowledged};
    struct client_retry retry = {.has_been_ready = false};
    for (size_t n = 0; n <= G_N_ELEMENTS(good); n++) {
        for (size_t i = 0; i < G_N_ELEMENTS(pauses); i++) {
            client_retry_ready(&retry, 0); /* which is not enough */
            g_assert_cmpint(client_retry_pause(&retry, 0, CLIENT_RETRY_STEADY_MS - 1), ==,
                            pauses[i]);
        }
        if (n < G_N_ELEMENTS(good))
            good[n](&retry);
    }
    client_retry_ready(&retry, 1000);
    g_assert_cmpint(client_retry_pause(&retry, 0, 1000 + CLIENT_RETRY_STEADY_MS), ==, 250);
    /* That counts once: the next attempts have never been ready. */
    g_assert_cmpint(client_retry_pause(&retry, 0, 2000 + CLIENT_RETRY_STEADY_MS), ==, 500);
    g_assert_cmpint(client_retry_pause(&retry, 7, 3000), ==, 7000);
}

static void test_reasons(void)
{
    static const uint8_t good[] = {
        SSTP_CONNECT_CLOSE_NO_REASON,      SSTP_CONNECT_CLOSE_RESTING,
        SSTP_CONNECT_CLOSE_IDLE,           SSTP_CONNECT_CLOSE_RESPONSE_TIMEOUT,
        SSTP_CONNECT_CLOSE_INTERNAL_ERROR, SSTP_CONNECT_CLOSE_CROSSED_CONNECTIONS,
    };
    static const uint8_t bad[] = {
        SSTP_CONNECT_CLOSE_DEVICE_AUTHENTICATION_FAILED,
        SSTP_CONNECT_CLOSE_USER_AUTHENTICATION_FAILED,
        SSTP_CONNECT_CLOSE_STALE_CONNECT_AUTHENTICATE,
        SSTP_CONNECT_CLOSE_STALE_ATTACH_AUTHENTICATE,
        SSTP_CONNECT_CLOSE_REJECTED,
        SSTP_CONNECT_CLOSE_DECRYPTION_FAILED,
        SSTP_CONNECT_CLOSE_UPGRADE,
        SSTP_CONNECT_CLOSE_NEW_VERSION_REQUIRED,
        0xff,
    };
    struct client_retry retry = {.has_been_ready = true};
    for (unsigned n = 0; n < 100; n++)
        for (size_t i = 0; i < G_N_ELEMENTS(good); i++)
            g_assert_true(client_retry_may_go_on(&retry, good[i], 0));
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(client_retry_may_go_on(&retry, bad[i], 0));
}

/* A broken rule may be a misunderstanding; the same one again and again is none. */
static void test_errors(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(errors); i++) {
        struct client_retry retry = {.has_been_ready = false};
        for (unsigned n = 0; n < 3 * CLIENT_RETRY_ERRORS_MAX; n++) {
            client_retry_ready(&retry, 0);
            client_retry_acknowledged(&retry);
            g_assert_true(client_retry_may_go_on(&retry, errors[i], 0));
        }
        for (unsigned n = 0; n < 3 * CLIENT_RETRY_ERRORS_MAX; n++) {
            client_retry_ready(&retry, 0);
            g_assert_true(client_retry_may_go_on(&retry, errors[i], CLIENT_RETRY_STEADY_MS));
        }
        /* What came may be what came before. */
        for (unsigned n = 1; n < CLIENT_RETRY_ERRORS_MAX; n++) {
            client_retry_received(&retry);
            g_assert_true(client_retry_may_go_on(&retry, errors[i], 0));
        }
        g_assert_false(client_retry_may_go_on(&retry, errors[1 - i], 0));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/client-retry/pause", test_pause);
    g_test_add_func("/client-retry/reasons", test_reasons);
    g_test_add_func("/client-retry/errors", test_errors);
    return g_test_run();
}
