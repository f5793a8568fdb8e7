/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A proxy asks who asks, on either half of LongLived and of KeepAlive: what is said then, where,
 * and what ends it. */
#include "carrier/http_halves.h"

#include "carrier/keepalive_client.h"
#include "carrier/longlived_client.h"
#include "carrier/proxy_ntlm.h"
#include "halves.h"

#include <string.h>

#define NAME "server.domain.net"
#define ECHO "GroovePing: 1.0,Ping\r\n"
#define WHO(scheme) "Proxy-Authenticate: " scheme "\r\n"
#define KEPT(scheme) "HTTP/1.1 407 Who\r\n" WHO(scheme)
#define LENGTH "Content-Length: 0\r\n\r\n"
#define TOLD "\r\nProxy-Authorization: Basic YWxpY2U6c2VzYW1l\r\n"
#define NEGOTIATING "\r\nProxy-Authorization: NTLM TlRMTVNTUAAB"
#define ANSWERING "\r\nProxy-Authorization: NTLM TlRMTVNTUAAD"

static const struct http_options options = {.server_name = NAME};
static const struct carrier_ops *const kinds[] = {&carrier_longlived, &carrier_keepalive};

static struct proxy_login *alice(enum proxy_scheme scheme)
{
    char *error;
    return proxy_login_new(scheme, "alice", "sesame", &error);
}

/* Each of the kinds, and of its halves. */
struct asked {
    struct halves client;
    struct proxy_login *login;
    const struct carrier_ops *kind;
    unsigned half;
    struct carrier_transport *transport; /* of the half */
};

static void begin(struct asked *asked, unsigned i, enum proxy_scheme scheme)
{
    asked->kind = kinds[i / 2];
    asked->half = i % 2;
    asked->login = alice(scheme);
    halves_begin_as(&asked->client, asked->kind, &options, NAME ":80", asked->login);
    asked->transport = asked->half == HENC_HALF_GET ? asked->client.get : asked->client.post;
    g_assert_cmpuint(asked->transport->number, ==, asked->half);
}

static void end(struct asked *asked)
{
    halves_end(&asked->client);
    proxy_login_free(asked->login);
}

#define NUM_ASKED 4u

/* LongLived's POST has begun a body without end: nothing can follow it. */
static bool can_follow(const struct asked *asked)
{
    return asked->kind == &carrier_keepalive || asked->half == HENC_HALF_GET;
}

/* The half has another transport, and its old one is done with. */
static void take_anew(struct asked *asked)
{
    struct carrier_transport *next = carrier_next_wanted(asked->client.carrier);
    g_assert_nonnull(next);
    g_assert_cmpuint(next->number, ==, asked->half);
    g_assert_cmpint(next->target, ==, CARRIER_TO_PROXY);
    g_assert_true(carrier_is_over(asked->transport));
    g_assert_cmpuint(carrier_output_len(asked->transport), ==, 0);
    carrier_lost(asked->transport);
    asked->transport = next;
    carrier_opened(next);
    g_assert_null(carrier_next_wanted(asked->client.carrier));
}

/* What is said has this, and a POST's body where there is to be one. */
static void check_said(struct asked *asked, const char *has, bool has_body)
{
    char *said = spoken_by(asked->transport);
    g_assert_true(g_str_has_prefix(said, asked->half == HENC_HALF_GET ? "GET http://" NAME
                                                                      : "POST http://" NAME));
    if (strstr(said, has) == NULL)
        g_assert_cmpstr(said, ==, has);
    if (asked->half == HENC_HALF_POST) {
        g_assert_cmpint(g_str_has_suffix(said, "\r\n\r\n" ECHO), ==, has_body);
        g_assert_cmpint(strstr(said, "\r\nContent-Length: 0\r\n") == NULL, ==, has_body);
    }
    g_assert_null(carrier_failure(asked->client.carrier));
    g_free(said);
}

/* Whatever is lost, 200 comes in the end, and the way is free. */
static void check_passed(struct asked *asked)
{
    const bool is_longlived = asked->kind == &carrier_longlived;
    const bool is_get = asked->half == HENC_HALF_GET;
    struct carrier_transport *get = is_get ? asked->transport : asked->client.get;
    struct carrier_transport *post = is_get ? asked->client.post : asked->transport;
    spoken_pass(is_get ? post : get);
    if (!is_longlived)
        spoken_to(post, "HTTP/1.0 200 OK\r\nContent-Length: 15\r\n\r\n<html></html>\r\n", 1);
    spoken_to(get, "HTTP/1.0 200 OK\r\nContent-Length: 22\r\n\r\n" ECHO, 1);
    g_assert_true(carrier_is_ready(asked->client.carrier));
}

/* On a connection that is kept the same is said again, when the question is over; else on another.
 */
static void test_told(void)
{
    for (unsigned i = 0; i < NUM_ASKED; i++) {
        struct asked asked;
        begin(&asked, i, PROXY_BASIC);
        halves_drain(&asked.client);
        spoken_to(asked.transport, KEPT("Basic realm=\"x\"") "Content-Length: 5\r\n\r\nhell", 1);
        if (can_follow(&asked)) {
            g_assert_cmpuint(carrier_output_len(asked.transport), ==, 0);
            spoken_to(asked.transport, "o", 0);
        } else {
            take_anew(&asked);
        }
        check_said(&asked, TOLD, true);
        check_passed(&asked);
        end(&asked);
    }
}

/* The proxy closes what it has asked on, whatever was left to be said there, and is told at once on
 * the next. */
static void test_closed(void)
{
    for (unsigned i = 0; i < NUM_ASKED; i++) {
        struct asked asked;
        begin(&asked, i, PROXY_BASIC);
        spoken_to(asked.transport, "HTTP/1.0 407 Who\r\n" WHO("Basic") LENGTH, 1);
        take_anew(&asked);
        check_said(&asked, TOLD, true);
        check_passed(&asked);
        end(&asked);
    }
}

/* It closes without a word what it has been told on: so often, and no more. */
static void test_lost(void)
{
    for (unsigned i = 0; i < NUM_ASKED; i++) {
        struct asked asked;
        begin(&asked, i, PROXY_BASIC);
        halves_drain(&asked.client);
        spoken_to(asked.transport, "HTTP/1.0 407 Who\r\n" WHO("Basic") LENGTH, 0);
        take_anew(&asked);
        for (unsigned n = 1; n < PROXY_AUTH_ANEW_MAX; n++) {
            check_said(&asked, TOLD, true);
            carrier_lost(asked.transport);
            asked.transport = carrier_next_wanted(asked.client.carrier);
            g_assert_nonnull(asked.transport);
            carrier_opened(asked.transport);
        }
        spoken_pass(asked.transport);
        carrier_lost(asked.transport);
        g_assert_cmpstr(carrier_failure(asked.client.carrier), ==,
                        "the proxy closed the connection");
        end(&asked);
    }
}

/* NTLM's three steps, on one transport; a body that has to be said again waits for the last. */
static void test_ntlm(void)
{
    char *challenge = proxy_ntlm_challenge((const uint8_t *)"12345678");
    char *question = g_strdup_printf(KEPT("NTLM %s") LENGTH, challenge);
    for (unsigned i = 0; i < NUM_ASKED; i++) {
        struct asked asked;
        begin(&asked, i, PROXY_NTLM);
        halves_drain(&asked.client);
        spoken_to(asked.transport, KEPT("NTLM") LENGTH, 1);
        if (!can_follow(&asked))
            take_anew(&asked);
        check_said(&asked, NEGOTIATING, false);
        spoken_to(asked.transport, question, 1);
        check_said(&asked, ANSWERING, true);
        check_passed(&asked);
        end(&asked);
    }
    g_free(question);
    g_free(challenge);
}

/* What is no answer to who asks, and what is none of HTTP. */
static const struct {
    const char *name;
    bool is_told; /* it was told before */
    const char *question;
    const char *failure; /* with the name of the kind for % */
} ends[] = {
    {"unknown-user", true, KEPT("Basic") LENGTH,
     "the proxy answered 407: it does not know this user, or not this password"},
    {"another-scheme", false, KEPT("Digest nonce=\"1\"") LENGTH,
     "the proxy answered 407: it does not take Basic"},
    {"no-scheme", false, "HTTP/1.1 407 Who\r\n" LENGTH,
     "the proxy answered 407: it does not take Basic"},
    {"server-asks", false, "HTTP/1.1 401 Who\r\nWWW-Authenticate: Basic\r\n" LENGTH,
     "the proxy answered 401: it wants to know who asks, and is not told"},
    {"chunks-that-are-none", false, KEPT("Basic") "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
     "the proxy gave an answer that is none of %s"},
};

static void test_ended(void)
{
    for (unsigned i = 0; i < NUM_ASKED * G_N_ELEMENTS(ends); i++) {
        struct asked asked;
        begin(&asked, i % NUM_ASKED, PROXY_BASIC);
        halves_drain(&asked.client);
        const unsigned row = i / NUM_ASKED;
        g_test_message("%s, %s, %u", ends[row].name, asked.kind->name, asked.half);
        if (ends[row].is_told) {
            spoken_to(asked.transport, KEPT("Basic") LENGTH, 0);
            if (!can_follow(&asked))
                take_anew(&asked);
            check_said(&asked, TOLD, true);
        }
        spoken_to(asked.transport, ends[row].question, 0);
        char **parts = g_strsplit(ends[row].failure, "%s", 2);
        char *failure =
            g_strjoinv(asked.kind == &carrier_longlived ? "LongLived" : "KeepAlive", parts);
        if (strstr(ends[row].question, "zz") != NULL && !can_follow(&asked))
            take_anew(&asked); /* whatever the rest of the answer is */
        else
            g_assert_cmpstr(carrier_failure(asked.client.carrier), ==, failure);
        g_free(failure);
        g_strfreev(parts);
        end(&asked);
    }
}

/* A question without end: what is too long for an answer is none. */
static void test_flood(void)
{
    char *much = g_strnfill(1 << 20, 'x');
    for (unsigned i = 0; i < NUM_ASKED; i++) {
        struct asked asked;
        begin(&asked, i, PROXY_BASIC);
        halves_drain(&asked.client);
        spoken_to(asked.transport, KEPT("Basic") "Content-Length: 9999999\r\n\r\n", 0);
        if (can_follow(&asked)) {
            spoken_to(asked.transport, much, 0);
            g_assert_nonnull(strstr(carrier_failure(asked.client.carrier), "none of "));
        } else {
            take_anew(&asked);
        }
        end(&asked);
    }
    g_free(much);
}

/* Each half is told by itself, and at once, when the other one has been asked. */
static void test_both(void)
{
    for (unsigned i = 0; i < NUM_ASKED; i++) {
        struct asked asked;
        begin(&asked, i, PROXY_BASIC);
        halves_drain(&asked.client);
        struct carrier_transport *other =
            asked.half == HENC_HALF_GET ? asked.client.post : asked.client.get;
        spoken_to(asked.transport, "HTTP/1.0 407 Who\r\n" WHO("Basic") LENGTH, 0);
        take_anew(&asked);
        check_said(&asked, TOLD, true);
        asked.half = 1 - asked.half;
        asked.transport = other;
        spoken_to(asked.transport, "HTTP/1.0 407 Who\r\n" WHO("Basic") LENGTH, 0);
        take_anew(&asked);
        check_said(&asked, TOLD, true);
        end(&asked);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/http-halves/told", test_told);
    g_test_add_func("/http-halves/closed", test_closed);
    g_test_add_func("/http-halves/lost", test_lost);
    g_test_add_func("/http-halves/ntlm", test_ntlm);
    g_test_add_func("/http-halves/ended", test_ended);
    g_test_add_func("/http-halves/flood", test_flood);
    g_test_add_func("/http-halves/both", test_both);
    return g_test_run();
}
