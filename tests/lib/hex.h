/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hex: bytes as a test writes them: pairs of hexadecimal digits, blanks
 * anywhere between the pairs, and characters in single quotes as themselves.
 *
 *     uint8_t bytes[64];
 *     size_t len = hex_parse("05 0f00 'abc' 00", bytes, sizeof bytes);
 */
#ifndef TESTS_LIB_HEX_H
#define TESTS_LIB_HEX_H

#include <stddef.h>
#include <stdint.h>

/* Returns the number of bytes.  Anything else in the text, or more bytes than
 * fit, is a mistake in the test and aborts. */
size_t hex_parse(const char *hex, uint8_t *bytes, size_t size);

/* Two digits a byte, and 0x00, to `text`, of at least 2 * len + 1 bytes. */
void hex_print(const uint8_t *bytes, size_t len, char *text);

#endif
