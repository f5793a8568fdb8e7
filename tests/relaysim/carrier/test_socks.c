/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SOCKS: what is said to the proxy, to the byte, and what is made of its answers, whole and in
 * pieces; and who asks. */
#include "carrier/socks.h"

#include "rows.h"
#include "tunnelled.h"

static const struct tunnelled_answer answers[] = {
    {"ip4", TEXT("\5\0\5\0\0\1\x7f\0\0\1\x09\xbc"), NULL, 0},
    {"ip6", TEXT("\5\0\5\0\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\x09\xbc"), NULL, 0},
    {"name", TEXT("\5\0\5\0\0\3\1x\x09\xbc"), NULL, 0},
    {"with-sstp-after-it",
     TEXT("\5\0\5\0\0\1\x7f\0\0\1\x09\xbc"
          "abc"),
     NULL, 3},
    {"refused", TEXT("\5\0\5\5\0\1\0\0\0\0\0\0"), "the proxy says: connection refused", 0},
    {"unknown-reply", TEXT("\5\0\5\x63\0\1\0\0\0\0\0\0"), "the proxy says: reply 99", 0},
    {"no-method", TEXT("\5\xff"), "the proxy wants to know who asks, and is not told", 0},
    {"other-method", TEXT("\5\2"), "the proxy chose a method that it was not offered", 0},
    {"version-4", TEXT("\4\0"), "the proxy's answer is none of SOCKS5", 0},
    {"reply-of-version-4", TEXT("\5\0\4\0\0\1\0\0\0\0\0\0"), "the proxy's answer is none of SOCKS5",
     0},
    {"no-type", TEXT("\5\0\5\0\0\2\0\0\0\0\0\0"), "the proxy's answer is none of SOCKS5", 0},
};

static void test_answer(gconstpointer data)
{
    tunnelled_answer(&carrier_socks, data);
}

static void test_requests(void)
{
    static const struct {
        const char *target, *request;
        size_t len;
    } rows[] = {
        {RELAY, TEXT("\5\1\0\3\x0erelay1.example\x09\xbc")},
        {"127.0.0.1:258", TEXT("\5\1\0\1\x7f\0\0\1\1\2")},
        {"[::1]:258", TEXT("\5\1\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\1\2")},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct carrier_transport *transport;
        struct carrier *carrier = tunnelled_begin(&carrier_socks, rows[i].target, &transport);
        tunnelled_assert_said(transport, TEXT("\5\1\0"));
        carrier_receive(transport, "\5\0", 2);
        tunnelled_assert_said(transport, rows[i].request, rows[i].len);
        carrier_free(carrier);
    }
}

static void test_login(void)
{
    static const struct {
        const char *name;
        enum proxy_scheme scheme;
        const char *answers[3]; /* two bytes each */
        const char *failure;    /* NULL: it goes on */
    } rows[] = {
        {"told", PROXY_BASIC, {"\5\2", "\1\0"}, NULL},
        {"not-asked", PROXY_BASIC, {"\5\0"}, NULL},
        {"wrong",
         PROXY_BASIC,
         {"\5\2", "\1\1"},
         "the proxy does not know this user, or not this password"},
        {"no-method",
         PROXY_BASIC,
         {"\5\xff"},
         "the proxy takes neither a user and a password nor none"},
        {"other-method", PROXY_BASIC, {"\5\1"}, "the proxy chose a method that it was not offered"},
        {"no-verdict", PROXY_BASIC, {"\5\2", "\5\0"}, "the proxy's answer is none of SOCKS5"},
        {"ntlm", PROXY_NTLM, {"\5\2"}, "the proxy chose a method that it was not offered"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct carrier_transport *transport;
        struct proxy_login *login = tunnelled_alice(rows[i].scheme);
        struct carrier *carrier =
            tunnelled_begin_as(&carrier_socks, "127.0.0.1:258", login, &transport);
        g_test_message("%s", rows[i].name);
        if (rows[i].scheme == PROXY_BASIC)
            tunnelled_assert_said(transport, TEXT("\5\2\0\2"));
        else
            tunnelled_assert_said(transport, TEXT("\5\1\0"));
        for (size_t j = 0; rows[i].answers[j] != NULL; j++) {
            if (j == 1)
                tunnelled_assert_said(transport, TEXT("\1\5alice\6sesame"));
            carrier_receive(transport, rows[i].answers[j], 1);
            carrier_receive(transport, rows[i].answers[j] + 1, 1);
        }
        g_assert_cmpstr(carrier_failure(carrier), ==, rows[i].failure);
        if (rows[i].failure == NULL)
            tunnelled_assert_said(transport, TEXT("\5\1\0\1\x7f\0\0\1\1\2"));
        carrier_free(carrier);
        proxy_login_free(login);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/socks/requests", test_requests);
    g_test_add_func("/socks/login", test_login);
    add_rows("/socks/answer", answers, test_answer);
    return g_test_run();
}
