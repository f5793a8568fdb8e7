/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * check: assertions that GLib has not, or not for size_t.
 */
#ifndef TESTS_LIB_CHECK_H
#define TESTS_LIB_CHECK_H

#include <stddef.h>

/* Fails, with both in hexadecimal, unless the bytes are the same. */
void check_same_bytes(const void *got, size_t got_len, const void *expected, size_t expected_len);

#endif
