/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * text: small readers of ASCII text in spans: numbers, prefixes, blanks.
 *
 * Without locale and without copies; for the modules of this folder.
 */
#ifndef SSTP_HENC_TEXT_H
#define SSTP_HENC_TEXT_H

#include "core/wire.h"

/* Enough for any 64-bit number with its sign. */
#define HENC_NUMBER_LEN_MAX 20u

static inline bool henc_is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static inline bool henc_is_letter(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Whether text begins with prefix, or equals it; the case of letters does not
 * matter. */
bool henc_text_has_prefix(struct sstp_span text, const char *prefix);
bool henc_text_is(struct sstp_span text, const char *other);

/* text from `start` on; empty when it is not that long. */
struct sstp_span henc_text_from(struct sstp_span text, size_t start);

/* text without the blanks and tabs around it. */
struct sstp_span henc_text_trim(struct sstp_span text);

/* Splits text at the first `separator`: returns what is before it, and leaves
 * what is after it in *rest (empty when there is none). */
struct sstp_span henc_text_split(struct sstp_span text, uint8_t separator, struct sstp_span *rest);

/* Reads 1*DIGIT that is not above `max`.  Returns false, with *value 0, for
 * anything else. */
bool henc_text_number(struct sstp_span text, uint64_t max, uint64_t *value);

/* Writes value in decimal. */
void henc_write_number(struct sstp_writer *w, uint64_t value);

/* Writes the characters of a C string, no 0x00 after them. */
void henc_write_text(struct sstp_writer *w, const char *text);

#endif
