/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "security/security.h"

#include <glib.h>

static const struct sstp_sec_secret key = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23}};

static void count_up(void *cookie, void *bytes, size_t len)
{
    uint8_t *at = bytes, *next = cookie;
    while (len-- > 0)
        *at++ = (*next)++;
}

/* The nonce and IV of the printed exchanges under a key of ours; the RC4 that worked it out was
 * checked with RFC 6229. */
static void test_marc4(void)
{
    static const struct sstp_sec_secret iv = {{0xe9, 0x4c, 0xb5, 0xb2, 0xb7, 0xdf, 0x00, 0xc9,
                                               0x65, 0xed, 0x36, 0xea, 0xed, 0x61, 0x26, 0x1d,
                                               0xa8, 0xa0, 0xa2, 0xcb, 0x5d, 0x1b, 0x83, 0x66}};
    static const uint8_t in[] = {0x00, 0xe8, 0xf4, 0xab, 0x6c, 0xb1, 0xf0, 0xc0,
                                 0xe9, 0x2d, 0xc8, 0x0b, 0x2d, 0x91, 0x5e, 0x07,
                                 0x4c, 0x9a, 0x24, 0x34, 0xb7, 0xf1, 0xb8, 0x10};
    static const uint8_t expected[] = {0x6a, 0xc6, 0xa1, 0x40, 0xf2, 0xa8, 0xeb, 0x36,
                                       0x0b, 0xc6, 0x40, 0xa1, 0x63, 0x51, 0x33, 0xd1,
                                       0x3c, 0xc5, 0x5b, 0x19, 0x20, 0xf9, 0xf1, 0x0f};
    uint8_t out[sizeof in];
    sstp_sec_marc4(&key, &iv, sizeof in, out, in);
    g_assert_cmpint(memcmp(out, expected, sizeof out), ==, 0);
    sstp_sec_marc4(&key, &iv, sizeof out, out, out);
    g_assert_cmpint(memcmp(out, in, sizeof out), ==, 0);
}

/* The published layouts: lengths and their places (SPECIFICATION.md, Security tokens). */
static void test_layouts(void)
{
    uint8_t token[SSTP_SEC_TOKEN_MAX], next = 0;
    const struct sstp_sec_random random = {count_up, &next};
    struct sstp_sec_secret nonce;
    g_assert_cmpuint(
        sstp_sec_challenge_write(SSTP_SEC_CONNECT, &key, &random, &nonce, token, sizeof token), ==,
        77);
    static const uint8_t connect_header[] = {1, 3, 1, 24, 0};
    g_assert_cmpint(memcmp(token, connect_header, sizeof connect_header), ==, 0);
    g_assert_cmpuint(token[29], ==, 20);
    g_assert_cmpuint(token[51], ==, 24);
    g_assert_cmpuint(sstp_sec_response_write(SSTP_SEC_CONNECT_RESPONSE, &key, &random, &key, &nonce,
                                             token, sizeof token),
                     ==, 103);
    static const uint8_t response_header[] = {1, 3, 2, 24, 0};
    g_assert_cmpint(memcmp(token, response_header, sizeof response_header), ==, 0);
    /* The client's nonce is in clear. */
    g_assert_cmpint(memcmp(token + 53, key.bytes, sizeof key.bytes), ==, 0);
}

/* Every single byte that is changed is noticed; so is every other length. */
static void check_tampering(uint8_t *token, size_t len, bool (*is_good)(struct sstp_span token))
{
    g_assert_true(is_good(sstp_span(token, len)));
    for (size_t i = 0; i < len; i++) {
        if (i == 1)
            continue; /* the minor version is anybody's */
        token[i] ^= 0x40;
        g_assert_false(is_good(sstp_span(token, len)));
        token[i] ^= 0x40;
    }
    for (size_t i = 0; i < len; i++)
        g_assert_false(is_good(sstp_span(token, i)));
    token[len] = 0;
    g_assert_false(is_good(sstp_span(token, len + 1)));
}

static struct sstp_sec_secret expected_nonce;

static bool challenge_is_good(struct sstp_span token)
{
    struct sstp_sec_secret nonce;
    return sstp_sec_challenge_read(SSTP_SEC_ATTACH, &key, token, &nonce) &&
           memcmp(&nonce, &expected_nonce, sizeof nonce) == 0;
}

static bool response_is_good(struct sstp_span token)
{
    struct sstp_sec_secret nonce;
    return sstp_sec_response_read(SSTP_SEC_ATTACH_RESPONSE, &key, token, &key, &nonce) &&
           memcmp(&nonce, &expected_nonce, sizeof nonce) == 0;
}

static bool authenticate_is_good(struct sstp_span token)
{
    return sstp_sec_authenticate_read(SSTP_SEC_ATTACH_AUTHENTICATE, &key, token, &expected_nonce);
}

static bool register_is_good(struct sstp_span token)
{
    struct sstp_sec_registration registration;
    return sstp_sec_register_read(token, &registration) && registration.is_new_device &&
           memcmp(&registration.device_key, &key, sizeof key) == 0 &&
           memcmp(&registration.account_key, &expected_nonce, sizeof key) == 0;
}

static bool register_response_is_good(struct sstp_span token)
{
    return sstp_sec_register_response_read(&key, token);
}

static void test_tampering(void)
{
    uint8_t token[SSTP_SEC_TOKEN_MAX + 1], next = 9;
    const struct sstp_sec_random random = {count_up, &next};
    size_t len = sstp_sec_challenge_write(SSTP_SEC_ATTACH, &key, &random, &expected_nonce, token,
                                          SSTP_SEC_TOKEN_MAX);
    check_tampering(token, len, challenge_is_good);
    len = sstp_sec_response_write(SSTP_SEC_ATTACH_RESPONSE, &key, &random, &key, &expected_nonce,
                                  token, SSTP_SEC_TOKEN_MAX);
    check_tampering(token, len, response_is_good);
    len = sstp_sec_authenticate_write(SSTP_SEC_ATTACH_AUTHENTICATE, &key, &expected_nonce, token,
                                      SSTP_SEC_TOKEN_MAX);
    check_tampering(token, len, authenticate_is_good);
    len = sstp_sec_register_response_write(&key, token, SSTP_SEC_TOKEN_MAX);
    check_tampering(token, len, register_response_is_good);

    const struct sstp_sec_registration registration = {
        .device_key = key, .account_key = expected_nonce, .is_new_device = true};
    len = sstp_sec_register_write(&registration, token, SSTP_SEC_TOKEN_MAX);
    /* The inner minor version is inside the outer HMAC, so no byte but the outer
     * one is free. */
    check_tampering(token, len, register_is_good);
}

/* Another key, another nonce. */
static void test_wrong_key(void)
{
    uint8_t token[SSTP_SEC_TOKEN_MAX], next = 9;
    const struct sstp_sec_random random = {count_up, &next};
    const struct sstp_sec_secret other = sstp_sec_derive_key("secret", "dpp:///x");
    struct sstp_sec_secret nonce, got;
    size_t len =
        sstp_sec_challenge_write(SSTP_SEC_CONNECT, &key, &random, &nonce, token, sizeof token);
    g_assert_false(sstp_sec_challenge_read(SSTP_SEC_CONNECT, &other, sstp_span(token, len), &got));
    g_assert_false(sstp_sec_challenge_read(SSTP_SEC_ATTACH, &key, sstp_span(token, len), &got));
    len = sstp_sec_response_write(SSTP_SEC_CONNECT_RESPONSE, &key, &random, &nonce, &got, token,
                                  sizeof token);
    g_assert_true(sstp_sec_response_read(SSTP_SEC_CONNECT_RESPONSE, &key, sstp_span(token, len),
                                         &nonce, &got));
    g_assert_false(sstp_sec_response_read(SSTP_SEC_CONNECT_RESPONSE, &key, sstp_span(token, len),
                                          &other, &got));
}

static void test_derive(void)
{
    const struct sstp_sec_secret a = sstp_sec_derive_key("s", "u"),
                                 again = sstp_sec_derive_key("s", "u"),
                                 b = sstp_sec_derive_key("t", "u"),
                                 c = sstp_sec_derive_key("s", "v");
    g_assert_cmpint(memcmp(&a, &again, sizeof a), ==, 0);
    g_assert_cmpint(memcmp(&a, &b, sizeof a), !=, 0);
    g_assert_cmpint(memcmp(&a, &c, sizeof a), !=, 0);
}

static void collect(void *cookie, struct sstp_span url)
{
    g_string_append_printf(cookie, "%.*s;", (int)url.len, (const char *)url.data);
}

static void test_identities(void)
{
    static const char *const urls[] = {"grooveIdentity://a", "grooveIdentity://b"};
    uint8_t token[200];
    struct sstp_span account;
    GString *got = g_string_new(NULL);
    const size_t len = sstp_sec_identities_write("account", urls, 2, token, sizeof token);
    g_assert_cmpuint(len, ==, 3 + 9 + 20 + 20);
    g_assert_true(sstp_sec_identities_read(sstp_span(token, len), &account, collect, got));
    g_assert_cmpstr(got->str, ==, "grooveIdentity://a;grooveIdentity://b;");
    g_assert_cmpuint(account.len, ==, 7);
    g_string_truncate(got, 0);
    g_assert_false(sstp_sec_identities_read(sstp_span(token, len - 1), &account, collect, got));
    g_assert_cmpstr(got->str, ==, "");
    g_assert_cmpuint(sstp_sec_identities_write("account", urls, 2, token, len - 1), ==, 0);
    /* A name that would end early is none: of the account, and of each identity. */
    static const size_t within[] = {3 + 2 + 3, 3 + 9 + 2 + 18, 3 + 9 + 20 + 2 + 18};
    for (size_t i = 0; i < G_N_ELEMENTS(within); i++) {
        const uint8_t was = token[within[i] - 1];
        token[within[i] - 1] = 0;
        g_assert_false(sstp_sec_identities_read(sstp_span(token, len), &account, collect, got));
        g_assert_cmpstr(got->str, ==, "");
        token[within[i] - 1] = was;
    }
    g_assert_true(sstp_sec_identities_read(sstp_span(token, len), &account, collect, got));
    /* As many as fit are found for every size. */
    for (size_t size = 0; size <= sizeof token; size++) {
        const size_t num = sstp_sec_identities_num_fitting("account", urls, 2, size);
        g_assert_cmpuint(num, ==, size < 32 ? 0 : size < len ? 1 : 2);
        if (size >= 12)
            g_assert_cmpuint(sstp_sec_identities_write("account", urls, num, token, size), >, 0);
    }
    g_string_free(got, TRUE);
}

static void test_sizes(void)
{
    uint8_t token[200], next = 0;
    const struct sstp_sec_random random = {count_up, &next};
    struct sstp_sec_secret nonce;
    g_assert_cmpuint(sstp_sec_bare_write(SSTP_SEC_CONNECT_RESPONSE_AUTHENTICATION_FAILED, token, 2),
                     ==, 0);
    g_assert_cmpuint(sstp_sec_bare_write(SSTP_SEC_CONNECT_RESPONSE_AUTHENTICATION_FAILED, token, 3),
                     ==, 3);
    g_assert_cmpuint(sstp_sec_challenge_write(SSTP_SEC_CONNECT, &key, &random, &nonce, token, 76),
                     ==, 0);
    g_assert_cmpuint(sstp_sec_challenge_write(SSTP_SEC_CONNECT, &key, &random, &nonce, token, 77),
                     ==, 77);
    g_assert_cmpuint(sstp_sec_message_id(sstp_span(token, 2)), ==, 0);
    token[0] = 2;
    g_assert_cmpuint(sstp_sec_message_id(sstp_span(token, 77)), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/security/marc4", test_marc4);
    g_test_add_func("/security/layouts", test_layouts);
    g_test_add_func("/security/tampering", test_tampering);
    g_test_add_func("/security/wrong-key", test_wrong_key);
    g_test_add_func("/security/derive", test_derive);
    g_test_add_func("/security/identities", test_identities);
    g_test_add_func("/security/sizes", test_sizes);
    return g_test_run();
}
