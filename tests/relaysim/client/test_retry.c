/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/retry.h"

#include <glib.h>

#include "core/command.h"

static const uint8_t errors[] = {SSTP_CONNECT_CLOSE_PROTOCOL_ERROR,
                                 SSTP_CONNECT_CLOSE_TOO_MANY_UNKNOWN_SESSION_CMDS};

/* The least and the most that chance makes of the next pause. */
static void check_pause(const struct client_retry *retry, uint32_t wait_time, int64_t now_ms,
                        int64_t least_ms, int64_t most_ms)
{
    struct client_retry copy = *retry;
    g_assert_cmpint(client_retry_pause(&copy, wait_time, now_ms, 0), ==, least_ms);
    copy = *retry;
    g_assert_cmpint(client_retry_pause(&copy, wait_time, now_ms, (uint32_t)(most_ms - least_ms)),
                    ==, most_ms);
    copy = *retry; /* one more is the first again */
    g_assert_cmpint(
        client_retry_pause(&copy, wait_time, now_ms, (uint32_t)(most_ms - least_ms) + 1), ==,
        least_ms);
}

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
            check_pause(&retry, 0, CLIENT_RETRY_STEADY_MS - 1, pauses[i] / 2, pauses[i]);
            (void)client_retry_pause(&retry, 0, CLIENT_RETRY_STEADY_MS - 1, 0);
        }
        if (n < G_N_ELEMENTS(good))
            good[n](&retry);
    }
    client_retry_ready(&retry, 1000);
    check_pause(&retry, 0, 1000 + CLIENT_RETRY_STEADY_MS, 125, 250);
    /* That counts once: the next attempts have never been ready. */
    (void)client_retry_pause(&retry, 0, 1000 + CLIENT_RETRY_STEADY_MS, 0);
    check_pause(&retry, 0, 2000 + CLIENT_RETRY_STEADY_MS, 250, 500);
}

/* The first one can be another. */
static void test_first_pause(void)
{
    static const struct {
        int64_t first_ms, pauses_ms[4];
    } rows[] = {{0, {250, 500, 1000, 2000}},
                {1, {1, 2, 4, 8}},
                {7000, {7000, 14000, 28000, 30000}},
                {CLIENT_RETRY_PAUSE_LAST_MS, {30000, 30000, 30000, 30000}}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct client_retry retry = {.first_pause_ms = rows[i].first_ms, .has_been_ready = true};
        for (size_t n = 0; n < G_N_ELEMENTS(rows[i].pauses_ms); n++) {
            const int64_t most_ms = rows[i].pauses_ms[n];
            check_pause(&retry, 0, 0, most_ms / 2, most_ms);
            (void)client_retry_pause(&retry, 0, 0, 0);
        }
        client_retry_received(&retry);
        check_pause(&retry, 0, 0, rows[i].pauses_ms[0] / 2, rows[i].pauses_ms[0]);
    }
}

/* What the other side asks for is waited for, and then not by all at the same moment. */
static void test_asked(void)
{
    static const struct {
        int64_t pause_ms; /* the one before */
        uint32_t asked;
        int64_t least_ms, most_ms;
    } rows[] = {
        {0, 1, 1000, 1250},
        {0, 7, 7000, 8750},
        {8000, 7, 8000, 16000},
        {8000, 8, 8000, 16000},
        {8000, 9, 9000, 16000},
        {8000, 13, 13000, 16250},
        {30000, UINT32_MAX, UINT32_MAX * INT64_C(1000), UINT32_MAX * INT64_C(1250)},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct client_retry retry = {.has_been_ready = true, .pause_ms = rows[i].pause_ms};
        const int64_t pause_ms = client_retry_pause(&retry, rows[i].asked, 0, 0);
        g_assert_cmpint(pause_ms, ==, rows[i].least_ms);
        for (uint32_t chance = 1; chance != 0; chance <<= 1) {
            retry.pause_ms = rows[i].pause_ms;
            const int64_t other_ms = client_retry_pause(&retry, rows[i].asked, 0, chance - 1);
            g_assert_cmpint(other_ms, >=, rows[i].least_ms);
            g_assert_cmpint(other_ms, <=, rows[i].most_ms);
        }
    }
}

/* Sixty clients whose relay has gone at one moment: no tenth of the time in which they may
 * come back has more than a quarter of them, at any of the attempts. */
static void test_spread(void)
{
    GRand *random = g_rand_new_with_seed(1);
    struct client_retry clients[60] = {{0}};
    for (unsigned attempt = 0; attempt < 10; attempt++) {
        unsigned tenths[10] = {0};
        for (size_t i = 0; i < G_N_ELEMENTS(clients); i++) {
            clients[i].has_been_ready = true;
            const int64_t ms = client_retry_pause(&clients[i], 0, 0, g_rand_int(random));
            const int64_t half_ms = clients[i].pause_ms / 2;
            tenths[MIN((ms - half_ms) * 10 / half_ms, 9)]++;
        }
        for (size_t i = 0; i < G_N_ELEMENTS(tenths); i++)
            g_assert_cmpuint(tenths[i], <=, G_N_ELEMENTS(clients) / 4);
    }
    g_rand_free(random);
}

/* For a relay that is not there yet: so long, with a last attempt at the end. */
static void test_first(void)
{
    struct client_retry retry = {.first_until_ms = 0};
    g_assert_false(client_retry_is_worth(&retry, 0, 0)); /* nobody asked for it */
    retry.first_until_ms = 1000;
    g_assert_true(client_retry_is_worth(&retry, 0, 999));
    g_assert_false(client_retry_is_worth(&retry, 0, 1000));
    /* It would come too late. */
    g_assert_false(client_retry_is_worth(&retry, 1, 0));
    retry.first_until_ms = 1001;
    g_assert_true(client_retry_is_worth(&retry, 1, 0));
    g_assert_cmpint(client_retry_pause(&retry, 1, 0, 7), ==, 1001);
    g_assert_cmpint(client_retry_pause(&retry, 0, 900, UINT32_MAX), ==, 101);
    g_assert_cmpint(client_retry_pause(&retry, 0, 2000, 0), ==, 0);
    /* Once it has been ready, for ever. */
    client_retry_ready(&retry, 1000);
    g_assert_true(client_retry_is_worth(&retry, UINT32_MAX, 1000000));
    g_assert_cmpint(client_retry_pause(&retry, 60, 2000, 0), ==, 60000);
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
    g_test_add_func("/client-retry/first-pause", test_first_pause);
    g_test_add_func("/client-retry/asked", test_asked);
    g_test_add_func("/client-retry/spread", test_spread);
    g_test_add_func("/client-retry/first", test_first);
    g_test_add_func("/client-retry/reasons", test_reasons);
    g_test_add_func("/client-retry/errors", test_errors);
    return g_test_run();
}
