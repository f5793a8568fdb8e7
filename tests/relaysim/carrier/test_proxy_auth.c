/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is made of a proxy's questions: by how they are put, and by what it does with the
 * connection. */
#include "carrier/proxy_auth.h"

#include "base/random.h"
#include "carrier/direct.h"
#include "carrier/proxy_ntlm.h"

#include <string.h>

#define WHO(scheme) "Proxy-Authenticate: " scheme "\r\n"
#define LENGTH "Content-Length: 0\r\n"

static const struct {
    const char *name;
    enum proxy_scheme scheme;
    const char *head; /* without its last line */
    enum proxy_auth_next next;
    const char *why; /* what is in it, where it is refused */
} questions[] = {
    {"kept", PROXY_BASIC, "HTTP/1.1 407 X\r\n" WHO("Basic") LENGTH, PROXY_AUTH_AGAIN, NULL},
    {"case", PROXY_BASIC, "HTTP/1.1 407 X\r\nPROXY-authenticate: bASIC\r\n" LENGTH,
     PROXY_AUTH_AGAIN, NULL},
    {"lf", PROXY_BASIC, "HTTP/1.1 407 X\nProxy-Authenticate:Basic\nContent-Length: 0\n",
     PROXY_AUTH_AGAIN, NULL},
    {"chunked", PROXY_BASIC, "HTTP/1.1 407 X\r\n" WHO("Basic") "Transfer-Encoding: chunked\r\n",
     PROXY_AUTH_AGAIN, NULL},
    {"no-end", PROXY_BASIC, "HTTP/1.1 407 X\r\n" WHO("Basic"), PROXY_AUTH_ANEW, NULL},
    {"closed", PROXY_BASIC, "HTTP/1.1 407 X\r\n" WHO("Basic") LENGTH "Connection: foo, Close\r\n",
     PROXY_AUTH_ANEW, NULL},
    {"proxy-closed", PROXY_BASIC,
     "HTTP/1.1 407 X\r\n" WHO("Basic") LENGTH "Proxy-Connection: close\r\n", PROXY_AUTH_ANEW, NULL},
    {"1.0", PROXY_BASIC, "HTTP/1.0 407 X\r\n" WHO("Basic") LENGTH, PROXY_AUTH_ANEW, NULL},
    {"1.0-kept", PROXY_BASIC,
     "HTTP/1.0 407 X\r\n" WHO("Basic") LENGTH "Proxy-Connection: Keep-Alive\r\n", PROXY_AUTH_AGAIN,
     NULL},
    {"one-of-many", PROXY_NTLM,
     "HTTP/1.1 407 X\r\n" WHO("Basic realm=\"a\", Negotiate, NTLM") LENGTH, PROXY_AUTH_AGAIN, NULL},
    {"one-of-many-fields", PROXY_NTLM, "HTTP/1.1 407 X\r\n" WHO("Basic") WHO("NTLM") LENGTH,
     PROXY_AUTH_AGAIN, NULL},
    {"quoted", PROXY_NTLM, "HTTP/1.1 407 X\r\n" WHO("Basic realm=\"a, NTLM\"") LENGTH,
     PROXY_AUTH_REFUSED, "it does not take NTLM"},
    {"quote-without-end", PROXY_NTLM, "HTTP/1.1 407 X\r\n" WHO("Basic realm=\"a, NTLM") LENGTH,
     PROXY_AUTH_REFUSED, "it does not take NTLM"},
    {"other", PROXY_BASIC, "HTTP/1.1 407 X\r\n" WHO("Digest realm=\"Basic\"") LENGTH,
     PROXY_AUTH_REFUSED, "it does not take Basic"},
    {"begins-alike", PROXY_BASIC, "HTTP/1.1 407 X\r\n" WHO("Basically") LENGTH, PROXY_AUTH_REFUSED,
     "it does not take Basic"},
    {"nothing", PROXY_BASIC, "HTTP/1.1 407 X\r\n" LENGTH, PROXY_AUTH_REFUSED,
     "it does not take Basic"},
    {"a-server", PROXY_BASIC, "HTTP/1.1 401 X\r\nWWW-Authenticate: Basic\r\n" LENGTH,
     PROXY_AUTH_REFUSED, "401: it wants to know who asks, and is not told"},
};

static struct proxy_login *alice(enum proxy_scheme scheme)
{
    char *error;
    return proxy_login_new(scheme, "alice", "sesame", &error);
}

/* Of a client that tells who it is, or not (NULL). */
static struct carrier *begin(struct proxy_auth *auth, struct proxy_login *login, bool takes_401)
{
    static struct random_seeded seed = {1};
    struct carrier *carrier = carrier_new(
        &carrier_direct,
        &(struct carrier_config){.login = login, .random = {random_seeded_fill, &seed}});
    proxy_auth_init(auth, carrier, takes_401);
    return carrier;
}

static void end(struct proxy_auth *auth, struct carrier *carrier)
{
    proxy_auth_clear(auth);
    carrier_free(carrier);
}

static enum proxy_auth_next ask(struct proxy_auth *auth, const char *lines, char **why)
{
    struct henc_http http;
    char *head = g_strconcat(lines, "\r\n", NULL);
    g_assert_cmpint(henc_http_head(sstp_span_of_string(head), &http), ==, HENC_HTTP_DONE);
    const enum proxy_auth_next next =
        proxy_auth_answered(auth, &http, sstp_span_of_string(head), true, why);
    g_assert_cmpint(*why != NULL, ==, next == PROXY_AUTH_REFUSED);
    g_free(head);
    return next;
}

/* What the next request says; to be freed. */
static char *next_field(struct proxy_auth *auth)
{
    GString *request = g_string_new(NULL);
    proxy_auth_append(auth, request);
    return g_string_free(request, FALSE);
}

static void assert_field(struct proxy_auth *auth, const char *beginning)
{
    char *field = next_field(auth);
    if (beginning[0] == '\0')
        g_assert_cmpstr(field, ==, "");
    g_assert_true(g_str_has_prefix(field, beginning));
    g_free(field);
}

static void test_question(gconstpointer data)
{
    const size_t i = GPOINTER_TO_SIZE(data);
    struct proxy_login *login = alice(questions[i].scheme);
    struct proxy_auth auth;
    char *why;
    struct carrier *carrier = begin(&auth, login, false);
    proxy_auth_begin(&auth);
    assert_field(&auth, "");
    g_assert_cmpint(ask(&auth, questions[i].head, &why), ==, questions[i].next);
    if (why != NULL)
        g_assert_nonnull(strstr(why, questions[i].why));
    /* Nobody is told more than he has asked for. */
    if (questions[i].next == PROXY_AUTH_REFUSED)
        assert_field(&auth, "");
    else
        assert_field(&auth, questions[i].scheme == PROXY_BASIC
                                ? "Proxy-Authorization: Basic YWxpY2U6c2VzYW1l\r\n"
                                : "Proxy-Authorization: NTLM TlRMTVNTUAAB");
    g_free(why);
    end(&auth, carrier);
    proxy_login_free(login);
}

/* In a request for a tunnel, 401 is the proxy's. */
static void test_401(void)
{
    struct proxy_login *login = alice(PROXY_BASIC);
    struct proxy_auth auth;
    char *why;
    struct carrier *carrier = begin(&auth, login, true);
    proxy_auth_begin(&auth);
    assert_field(&auth, "");
    g_assert_cmpint(ask(&auth, "HTTP/1.1 401 X\r\nWWW-Authenticate: Basic\r\n" LENGTH, &why), ==,
                    PROXY_AUTH_AGAIN);
    assert_field(&auth, "Authorization: Basic ");
    end(&auth, carrier);
    proxy_login_free(login);
}

static void test_nobody(void)
{
    struct proxy_auth auth;
    char *why;
    struct carrier *carrier = begin(&auth, NULL, true);
    proxy_auth_begin(&auth);
    assert_field(&auth, "");
    g_assert_cmpint(ask(&auth, questions[0].head, &why), ==, PROXY_AUTH_REFUSED);
    g_assert_cmpstr(why, ==, "the proxy answered 407: it wants to know who asks, and is not told");
    g_assert_false(proxy_auth_lost(&auth));
    g_free(why);
    end(&auth, carrier);
}

/* Three steps, and nothing more on a connection that is let through; on the next one anew, and at
 * once. */
static void test_ntlm(void)
{
    struct proxy_login *login = alice(PROXY_NTLM);
    char *why, *challenge = proxy_ntlm_challenge((const uint8_t *)"12345678");
    char *question = g_strdup_printf("HTTP/1.1 407 X\r\n" WHO("NTLM %s") LENGTH, challenge);
    struct proxy_auth auth;
    struct carrier *carrier = begin(&auth, login, false);
    proxy_auth_begin(&auth);
    g_assert_false(proxy_auth_is_asking(&auth));
    assert_field(&auth, "");
    g_assert_cmpint(ask(&auth, "HTTP/1.1 407 X\r\n" WHO("NTLM") LENGTH, &why), ==,
                    PROXY_AUTH_AGAIN);
    for (unsigned i = 0; i < 2; i++) {
        g_assert_true(proxy_auth_is_asking(&auth));
        assert_field(&auth, "Proxy-Authorization: NTLM TlRMTVNTUAAB");
        g_assert_cmpint(ask(&auth, question, &why), ==, PROXY_AUTH_AGAIN);
        g_assert_false(proxy_auth_is_asking(&auth));
        assert_field(&auth, "Proxy-Authorization: NTLM TlRMTVNTUAAD");
        proxy_auth_passed(&auth);
        assert_field(&auth, "");
        g_assert_false(proxy_auth_is_asking(&auth));
        proxy_auth_begin(&auth);
    }
    g_free(question);
    g_free(challenge);
    end(&auth, carrier);
    proxy_login_free(login);
}

static void test_ntlm_wrong(void)
{
    static const struct {
        const char *head, *why;
    } rows[] = {
        {"HTTP/1.1 407 X\r\n" WHO("NTLM") LENGTH, "its challenge is none of NTLM"},
        {"HTTP/1.1 407 X\r\n" WHO("NTLM TlRMTVNTUAACAAAA") LENGTH, "its challenge is none of NTLM"},
        {"HTTP/1.1 407 X\r\n" WHO("NTLM ****") LENGTH, "its challenge is none of NTLM"},
        {"HTTP/1.0 407 X\r\n" WHO(
             "NTLM "
             "TlRMTVNTUAACAAAAAAAAADAAAAAFggAAMTIzNDU2NzgAAAAAAAAAAAAAAAAwAAAA"),
         "closes the connection"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct proxy_login *login = alice(PROXY_NTLM);
        struct proxy_auth auth;
        char *why;
        login->is_required = true;
        struct carrier *carrier = begin(&auth, login, false);
        proxy_auth_begin(&auth);
        assert_field(&auth, "Proxy-Authorization: NTLM TlRMTVNTUAAB");
        g_assert_cmpint(ask(&auth, rows[i].head, &why), ==, PROXY_AUTH_REFUSED);
        g_assert_nonnull(strstr(why, rows[i].why));
        g_free(why);
        end(&auth, carrier);
        proxy_login_free(login);
    }
}

/* A proxy that never lets anybody through does not keep a client busy for ever. */
static void test_again_and_again(void)
{
    struct proxy_login *login = alice(PROXY_NTLM);
    struct proxy_auth auth;
    unsigned num = 0;
    struct carrier *carrier = begin(&auth, login, false);
    login->is_required = true;
    for (; num < 100; num++) {
        proxy_auth_begin(&auth);
        assert_field(&auth, "Proxy-Authorization: NTLM ");
        if (!proxy_auth_lost(&auth))
            break;
    }
    g_assert_cmpuint(num, ==, PROXY_AUTH_ANEW_MAX);
    end(&auth, carrier);
    proxy_login_free(login);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(questions); i++) {
        char *path = g_strconcat("/proxy-auth/question/", questions[i].name, NULL);
        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_question);
        g_free(path);
    }
    g_test_add_func("/proxy-auth/401", test_401);
    g_test_add_func("/proxy-auth/nobody", test_nobody);
    g_test_add_func("/proxy-auth/ntlm", test_ntlm);
    g_test_add_func("/proxy-auth/ntlm-wrong", test_ntlm_wrong);
    g_test_add_func("/proxy-auth/again-and-again", test_again_and_again);
    return g_test_run();
}
