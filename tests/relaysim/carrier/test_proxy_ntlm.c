/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NTLM: the published vector, and messages that are none. */
#include "carrier/proxy_ntlm.h"

#include <glib.h>
#include <string.h>

/* [MS-NLMP] 4.2.1 and 4.2.2.2.1. */
static const uint8_t server_challenge[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
static const uint8_t nt_response[] = {0x67, 0xc4, 0x30, 0x11, 0xf3, 0x02, 0x98, 0xa2,
                                      0xad, 0x35, 0xec, 0xe6, 0x4f, 0x16, 0x33, 0x1c,
                                      0x44, 0xbd, 0xbe, 0xd9, 0x27, 0x84, 0x1f, 0x94};

static struct proxy_login *login_of(const char *user, const char *password)
{
    char *error;
    struct proxy_login *login = proxy_login_new(PROXY_NTLM, user, password, &error);
    g_assert_null(error);
    return login;
}

static char *answer_to(const uint8_t *challenge, const struct proxy_login *login)
{
    char *text = proxy_ntlm_challenge(challenge);
    char *answer = proxy_ntlm_authenticate(sstp_span_of_string(text), login);
    g_free(text);
    return answer;
}

/* Whether a message has these bytes, and how often. */
static unsigned count(const char *text, const void *bytes, size_t len)
{
    gsize message_len;
    unsigned num = 0;
    guchar *message = g_base64_decode(text, &message_len);
    for (size_t i = 0; i + len <= message_len; i++)
        num += memcmp(message + i, bytes, len) == 0;
    g_free(message);
    return num;
}

static void test_vector(void)
{
    struct proxy_login *login = login_of("Domain\\User", "Password");
    char *answer = answer_to(server_challenge, login);
    /* Both answers are in one place, and the weaker one nowhere. */
    g_assert_cmpuint(count(answer, nt_response, sizeof nt_response), ==, 1);
    g_assert_cmpuint(count(answer, "D\0o\0m\0a\0i\0n", 12), ==, 1);
    g_assert_cmpuint(count(answer, "\x18\0\x18", 3), ==, 2);
    g_assert_true(proxy_ntlm_is_answer(sstp_span_of_string(answer), server_challenge, login));
    g_free(answer);
    proxy_login_free(login);
}

static void test_who(void)
{
    static const struct {
        const char *user, *password;
        bool is_good;
    } rows[] = {{"DOMAIN\\alice", "sesame", true}, {"domain\\ALICE", "sesame", true},
                {"alice", "sesame", true},         {"OTHER\\alice", "sesame", false},
                {"bob", "sesame", false},          {"alice", "Sesame", false},
                {"alic", "sesame", false},         {"alice", "", false}};
    struct proxy_login *asking = login_of("Domain\\alice", "sesame");
    char *answer = answer_to(server_challenge, asking);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct proxy_login *known = login_of(rows[i].user, rows[i].password);
        g_assert_cmpint(proxy_ntlm_is_answer(sstp_span_of_string(answer), server_challenge, known),
                        ==, rows[i].is_good);
        proxy_login_free(known);
    }
    /* An answer to another question is none. */
    g_assert_false(
        proxy_ntlm_is_answer(sstp_span_of_string(answer), (const uint8_t *)"another!", asking));
    g_free(answer);
    proxy_login_free(asking);
}

/* The longest that there is room for. */
static void test_longest(void)
{
    char *user = g_strnfill(PROXY_NTLM_MAX, 'u'), *password = g_strnfill(PROXY_NTLM_MAX, 'p');
    user[PROXY_NTLM_MAX / 2] = '\\';
    struct proxy_login *login = login_of(user, password);
    char *answer = answer_to(server_challenge, login);
    g_assert_true(proxy_ntlm_is_answer(sstp_span_of_string(answer), server_challenge, login));
    g_free(answer);
    proxy_login_free(login);
    g_free(user);
    g_free(password);
}

/* Every prefix of each message, and each with every byte changed, harms nobody; only the right
 * ones are taken. */
static void try_all(const char *text, const struct proxy_login *login, bool is_challenge,
                    bool is_answer)
{
    gsize len;
    guchar *message = g_base64_decode(text, &len);
    for (size_t i = 0; i <= 2 * len; i++) {
        guchar *changed = g_memdup2(message, len);
        const size_t num = i <= len ? i : len;
        if (i > len)
            changed[i - len - 1] ^= 0xff;
        char *encoded = g_base64_encode(changed, num);
        const struct sstp_span span = sstp_span_of_string(encoded);
        char *answer = proxy_ntlm_authenticate(span, login);
        (void)proxy_ntlm_is_answer(span, server_challenge, login);
        (void)proxy_ntlm_is_negotiate(span);
        if (i == len)
            g_assert_cmpint(answer != NULL, ==, is_challenge);
        if (i == len)
            g_assert_cmpint(proxy_ntlm_is_answer(span, server_challenge, login), ==, is_answer);
        g_free(answer);
        g_free(encoded);
        g_free(changed);
    }
    g_free(message);
}

static void test_none(void)
{
    struct proxy_login *login = login_of("Domain\\User", "Password");
    char *negotiate = proxy_ntlm_negotiate(), *challenge = proxy_ntlm_challenge(server_challenge),
         *answer = answer_to(server_challenge, login);
    g_assert_true(proxy_ntlm_is_negotiate(sstp_span_of_string(negotiate)));
    g_assert_false(proxy_ntlm_is_negotiate(sstp_span_of_string(challenge)));
    try_all(negotiate, login, false, false);
    try_all(challenge, login, true, false);
    try_all(answer, login, false, true);
    g_assert_null(proxy_ntlm_authenticate(sstp_span(NULL, 0), login));
    g_assert_null(proxy_ntlm_authenticate(sstp_span_of_string("!\x80 no base64 at all"), login));
    char *long_text = g_strnfill(PROXY_NTLM_TEXT_MAX + 1, 'A');
    g_assert_null(proxy_ntlm_authenticate(sstp_span_of_string(long_text), login));
    g_free(long_text);
    g_free(negotiate);
    g_free(challenge);
    g_free(answer);
    proxy_login_free(login);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/proxy-ntlm/vector", test_vector);
    g_test_add_func("/proxy-ntlm/who", test_who);
    g_test_add_func("/proxy-ntlm/longest", test_longest);
    g_test_add_func("/proxy-ntlm/none", test_none);
    return g_test_run();
}
