/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NTLM: the published vectors of both versions, and messages that are none. */
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

/* What the published answer of version 2 has: in 1601, "\xaa" eight times, and the target
 * information of 4.2.4. */
static const struct proxy_ntlm_extra extra = {
    .challenge = {0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa},
    .wall_ms = INT64_C(-11644473600000)};
static const uint8_t target_info[] = {2,   0, 12,  0, 'D', 0, 'o', 0, 'm', 0, 'a', 0,
                                      'i', 0, 'n', 0, 1,   0, 12,  0, 'S', 0, 'e', 0,
                                      'r', 0, 'v', 0, 'e', 0, 'r', 0, 0,   0, 0,   0};
static const uint8_t nt_proof[] = {0x68, 0xcd, 0x0a, 0xb8, 0x51, 0xe5, 0x1c, 0x96,
                                   0xaa, 0xbc, 0x92, 0x7b, 0xeb, 0xef, 0x6a, 0x1c};
static const uint8_t lm_response[] = {0x86, 0xc3, 0x50, 0x97, 0xac, 0x9c, 0xec, 0x10,
                                      0x25, 0x54, 0x76, 0x4a, 0x57, 0xcc, 0xcc, 0x19,
                                      0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa};

/* A proxy's challenge with other target information, or none, to be freed: offsets of [MS-NLMP]
 * 2.2.1.2. */
static char *challenge_with(const uint8_t *challenge, const void *info, size_t info_len)
{
    char *text = proxy_ntlm_challenge(challenge);
    gsize len;
    guchar *bytes = g_base64_decode(text, &len);
    GByteArray *message = g_byte_array_new_take(bytes, 48);
    g_free(text);
    g_byte_array_append(message, info, (guint)info_len);
    message->data[22] = info_len > 0 ? 0x80 : 0; /* the third byte of its flags */
    message->data[40] = message->data[42] = (uint8_t)info_len;
    text = g_base64_encode(message->data, message->len);
    g_byte_array_unref(message);
    return text;
}

static char *answer_with(const char *challenge, const struct proxy_login *login)
{
    return proxy_ntlm_authenticate(sstp_span_of_string(challenge), login, &extra);
}

/* To our own proxy, which knows both versions. */
static char *answer_to(const uint8_t *challenge, const struct proxy_login *login)
{
    char *text = proxy_ntlm_challenge(challenge);
    char *answer = answer_with(text, login);
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

static void test_vector_1(void)
{
    struct proxy_login *login = login_of("Domain\\User", "Password");
    char *challenge = challenge_with(server_challenge, NULL, 0);
    char *answer = answer_with(challenge, login);
    g_free(challenge);
    /* Both answers are in one place, and the weaker one nowhere. */
    g_assert_cmpuint(count(answer, nt_response, sizeof nt_response), ==, 1);
    g_assert_cmpuint(count(answer, "D\0o\0m\0a\0i\0n", 12), ==, 1);
    g_assert_cmpuint(count(answer, "\x18\0\x18", 3), ==, 2);
    g_assert_true(proxy_ntlm_is_answer(sstp_span_of_string(answer), server_challenge, login));
    g_free(answer);
    proxy_login_free(login);
}

/* [MS-NLMP] 4.2.4.2: whole, and nothing of version 1. */
static void test_vector_2(void)
{
    struct proxy_login *login = login_of("Domain\\User", "Password");
    char *challenge = challenge_with(server_challenge, target_info, sizeof target_info);
    char *answer = answer_with(challenge, login);
    g_assert_cmpuint(count(answer, nt_proof, sizeof nt_proof), ==, 1);
    g_assert_cmpuint(count(answer, lm_response, sizeof lm_response), ==, 1);
    g_assert_cmpuint(count(answer, target_info, sizeof target_info), ==, 1);
    g_assert_cmpuint(count(answer, nt_response, sizeof nt_response), ==, 0);
    g_assert_true(proxy_ntlm_is_answer(sstp_span_of_string(answer), server_challenge, login));
    g_free(answer);
    g_free(challenge);
    proxy_login_free(login);
}

/* Whoever answers in version 1 is let in by our own proxy, too. */
static void test_both_versions(void)
{
    struct proxy_login *login = login_of("Domain\\User", "Password");
    struct proxy_login *other = login_of("Domain\\User", "password");
    for (unsigned version = 1; version <= 2; version++) {
        char *challenge =
            challenge_with(server_challenge, target_info, version == 2 ? sizeof target_info : 0);
        char *answer = answer_with(challenge, login);
        const struct sstp_span text = sstp_span_of_string(answer);
        g_assert_true(proxy_ntlm_is_answer(text, server_challenge, login));
        g_assert_false(proxy_ntlm_is_answer(text, server_challenge, other));
        g_free(answer);
        g_free(challenge);
    }
    proxy_login_free(other);
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
        char *answer = proxy_ntlm_authenticate(span, login, &extra);
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
    g_assert_null(proxy_ntlm_authenticate(sstp_span(NULL, 0), login, &extra));
    g_assert_null(answer_with("!\x80 no base64 at all", login));
    char *long_text = g_strnfill(PROXY_NTLM_TEXT_MAX + 1, 'A');
    g_assert_null(answer_with(long_text, login));
    g_free(long_text);
    g_free(negotiate);
    g_free(challenge);
    g_free(answer);
    proxy_login_free(login);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/proxy-ntlm/vector/1", test_vector_1);
    g_test_add_func("/proxy-ntlm/vector/2", test_vector_2);
    g_test_add_func("/proxy-ntlm/both-versions", test_both_versions);
    g_test_add_func("/proxy-ntlm/who", test_who);
    g_test_add_func("/proxy-ntlm/longest", test_longest);
    g_test_add_func("/proxy-ntlm/none", test_none);
    return g_test_run();
}
