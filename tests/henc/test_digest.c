/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>

#include "henc/digest.h"
#include "bytes.h"

/* Every length around the ends of one and two blocks, against GLib's SHA-256. */
static void test_lengths(void)
{
    uint8_t bytes[260];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7 + 3);
    for (size_t len = 0; len <= sizeof bytes; len++) {
        const struct henc_digest digest = henc_digest(sstp_span(bytes, len));
        uint8_t expected[32];
        gsize size = sizeof expected;
        GChecksum *checksum = g_checksum_new(G_CHECKSUM_SHA256);
        g_checksum_update(checksum, bytes, (gssize)len);
        g_checksum_get_digest(checksum, expected, &size);
        g_checksum_free(checksum);
        assert_bytes(digest.octets, sizeof digest.octets, expected, size);
    }
}

static void test_compare(void)
{
    const struct henc_digest none = henc_digest(sstp_span(NULL, 0));
    const struct henc_digest zero = henc_digest(sstp_span("", 1));
    g_assert_true(henc_digest_is_equal(&none, &none));
    g_assert_false(henc_digest_is_equal(&none, &zero));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/henc/digest/lengths", test_lengths);
    g_test_add_func("/henc/digest/compare", test_compare);
    return g_test_run();
}
