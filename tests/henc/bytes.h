/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_henc_bytes: compares bytes; GLib's own macro does not build with
 * -Wconversion.
 */
#ifndef TESTS_UNIT_TEST_HENC_BYTES_H
#define TESTS_UNIT_TEST_HENC_BYTES_H

#include <glib.h>

#include "wire.h"

static inline void assert_bytes(const void *data, size_t len, const void *expected,
                                size_t expected_len)
{
    g_assert_cmpuint(len, ==, expected_len);
    g_assert_true(sstp_span_is_equal(sstp_span(data, len), sstp_span(expected, expected_len)));
}

#endif
