/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>

#include "story/digest.h"

/* Of the reference's vectors of SipHash-2-4-128: the key is 00 01 .. 0f, the text 00 01 ... */
static const struct {
    unsigned len;
    uint8_t digest[16];
} vectors[] = {
    {0,
     {0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6, 0x6d, 0xf6, 0x72, 0x14, 0xc7, 0x55, 0x02,
      0x93}},
    {1,
     {0xda, 0x87, 0xc1, 0xd8, 0x6b, 0x99, 0xaf, 0x44, 0x34, 0x76, 0x59, 0x11, 0x9b, 0x22, 0xfc,
      0x45}},
    {2,
     {0x81, 0x77, 0x22, 0x8d, 0xa4, 0xa4, 0x5d, 0xc7, 0xfc, 0xa3, 0x8b, 0xde, 0xf6, 0x0a, 0xff,
      0xe4}},
};

static struct sstp_digest digest_of(const uint8_t *text, size_t len, size_t cut)
{
    uint8_t key[SSTP_DIGEST_KEY_LEN];
    struct sstp_digesting digesting;

    for (uint8_t i = 0; i < sizeof key; i++)
        key[i] = i;
    sstp_digest_begin(&digesting, key);
    sstp_digest_add(&digesting, sstp_span(text, cut));
    sstp_digest_add(&digesting, sstp_span(text + cut, len - cut));
    return sstp_digest_end(&digesting);
}

static void test_vectors(void)
{
    uint8_t text[64];

    for (uint8_t i = 0; i < sizeof text; i++)
        text[i] = i;
    for (gsize i = 0; i < G_N_ELEMENTS(vectors); i++) {
        const struct sstp_digest digest = digest_of(text, vectors[i].len, 0);
        for (unsigned byte = 0; byte < 16; byte++)
            g_assert_cmphex(digest.halves[byte / 8] >> (byte % 8 * 8) & 0xff, ==,
                            vectors[i].digest[byte]);
    }
}

static void test_cuts(void)
{
    uint8_t text[41];

    for (uint8_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)(i * 7);
    for (size_t len = 0; len <= sizeof text; len++)
        for (size_t cut = 0; cut <= len; cut++)
            g_assert_true(sstp_digest_is_equal(digest_of(text, len, cut), digest_of(text, len, 0)));
}

/* A number is its bytes, wherever it comes. */
static void test_numbers(void)
{
    const uint8_t bytes[] = {8, 7, 6, 5, 4, 3, 2, 1};
    const uint8_t key[SSTP_DIGEST_KEY_LEN] = {1};
    struct sstp_digesting a, b;

    for (size_t before = 0; before < sizeof bytes; before++) {
        sstp_digest_begin(&a, key);
        sstp_digest_add(&a, sstp_span(bytes, before));
        b = a;
        sstp_digest_add(&a, sstp_span(bytes, sizeof bytes));
        sstp_digest_add_number(&b, UINT64_C(0x0102030405060708));
        g_assert_true(sstp_digest_is_equal(sstp_digest_end(&a), sstp_digest_end(&b)));
        g_assert_cmphex(sstp_digest_end_half(&a), ==, sstp_digest_end(&a).halves[0]);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vectors", test_vectors);
    g_test_add_func("/cuts", test_cuts);
    g_test_add_func("/numbers", test_numbers);
    return g_test_run();
}
