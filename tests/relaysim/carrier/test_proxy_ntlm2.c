/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NTLM's version 2: the published key, the time that the target information tells, and target
 * information that is cut anywhere. */
#include "carrier/proxy_ntlm2.h"

#include <string.h>

static const uint8_t challenge[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
static const uint8_t own[] = {0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa};

static struct proxy_ntlm2_key key_of(const char *user, const char *domain, const char *password)
{
    GByteArray *wide = proxy_ntlm2_wide(domain, strlen(domain));
    const struct proxy_ntlm2_key key =
        proxy_ntlm2_key(user, sstp_span(wide->data, wide->len), password);
    g_byte_array_unref(wide);
    return key;
}

/* [MS-NLMP] 4.2.4.1.1. */
static void test_key(void)
{
    static const uint8_t published[] = {0x0c, 0x86, 0x8a, 0x40, 0x3b, 0xfd, 0x7a, 0x93,
                                        0xa3, 0x00, 0x1e, 0xf2, 0x2e, 0xf0, 0x2e, 0x3f};
    const struct {
        struct proxy_ntlm2_key key;
        bool is_same;
    } rows[] = {
        {key_of("User", "Domain", "Password"), true},
        {key_of("uSER", "Domain", "Password"), true}, /* the case of a user does not matter */
        {key_of("User", "DOMAIN", "Password"), false},
        {key_of("User", "", "Password"), false},
        {key_of("User", "Domain", "password"), false},
        {key_of("User", "Domain", ""), false}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_cmpint(memcmp(rows[i].key.bytes, published, sizeof published) == 0, ==,
                        rows[i].is_same);
}

static GByteArray *answer_to(struct sstp_span info, uint8_t *lm_answer)
{
    const struct proxy_ntlm2_key key = key_of("User", "Domain", "Password");
    return proxy_ntlm2_answer(&key,
                              &(struct proxy_ntlm2){.challenge = challenge,
                                                    .own_challenge = own,
                                                    .target_info = info,
                                                    .wall_ms = INT64_C(1273658400000)},
                              lm_answer);
}

/* Its own, 12 May 2010; or the proxy's, and then there is no answer for LAN Manager. */
static void test_time(void)
{
    static const uint8_t own_time[] = {0x00, 0x50, 0x37, 0xe2, 0xb9, 0xf1, 0xca, 0x01},
                         told[] = {2, 0, 2, 0, 'D', 0, 7, 0, 8, 0, 1,
                                   2, 3, 4, 5, 6,   7, 8, 0, 0, 0, 0};
    static const uint8_t zeros[PROXY_NTLM2_LM_LEN] = {0};
    uint8_t lm_answer[PROXY_NTLM2_LM_LEN];
    GByteArray *answer = answer_to(sstp_span(told, sizeof told), lm_answer);
    g_assert_cmpint(memcmp(answer->data + 24, told + 10, 8), ==, 0);
    g_assert_cmpint(memcmp(lm_answer, zeros, sizeof lm_answer), ==, 0);
    g_byte_array_unref(answer);
    answer = answer_to(sstp_span(told, 6), lm_answer);
    g_assert_cmpint(memcmp(answer->data + 24, own_time, 8), ==, 0);
    g_assert_cmpint(memcmp(lm_answer + 16, own, 8), ==, 0);
    g_byte_array_unref(answer);
}

/* The proxy's word goes back as it came, whatever it is; no part of an answer is one, and none of
 * another challenge or key. */
static void test_cut(void)
{
    static const uint8_t info[] = {2, 0, 2, 0, 'D', 0, 7, 0, 8, 0, 1,
                                   2, 3, 4, 5, 6,   7, 8, 0, 0, 0, 0};
    const struct proxy_ntlm2_key key = key_of("User", "Domain", "Password"),
                                 other = key_of("User", "Domain", "password");
    uint8_t lm_answer[PROXY_NTLM2_LM_LEN];
    for (size_t len = 0; len <= sizeof info; len++) {
        uint8_t *copy = g_memdup2(info, len); /* so that the sanitizer sees its end */
        GByteArray *answer = answer_to(sstp_span(copy, len), lm_answer);
        g_assert_cmpint(memcmp(answer->data + 44, info, len), ==, 0);
        for (size_t cut = 0; cut <= answer->len; cut++)
            g_assert_cmpint(proxy_ntlm2_is_answer(&key, challenge, sstp_span(answer->data, cut)),
                            ==, cut == answer->len);
        g_assert_false(
            proxy_ntlm2_is_answer(&other, challenge, sstp_span(answer->data, answer->len)));
        g_assert_false(proxy_ntlm2_is_answer(&key, own, sstp_span(answer->data, answer->len)));
        g_byte_array_unref(answer);
        g_free(copy);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/proxy-ntlm2/key", test_key);
    g_test_add_func("/proxy-ntlm2/time", test_time);
    g_test_add_func("/proxy-ntlm2/cut", test_cut);
    return g_test_run();
}
