/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "henc/text.h"

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

bool henc_text_has_prefix(struct sstp_span text, const char *prefix)
{
    const size_t len = strlen(prefix);
    if (text.len < len)
        return false;
    for (size_t i = 0; i < len; i++)
        if (lower(text.data[i]) != lower((uint8_t)prefix[i]))
            return false;
    return true;
}

bool henc_text_is(struct sstp_span text, const char *other)
{
    return text.len == strlen(other) && henc_text_has_prefix(text, other);
}

struct sstp_span henc_text_from(struct sstp_span text, size_t start)
{
    if (start >= text.len)
        return sstp_span(NULL, 0);
    return sstp_span(text.data + start, text.len - start);
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

struct sstp_span henc_text_trim(struct sstp_span text)
{
    size_t start = 0;
    size_t end = text.len;
    while (start < end && is_blank(text.data[start]))
        start++;
    while (end > start && is_blank(text.data[end - 1]))
        end--;
    if (start == end)
        return sstp_span(NULL, 0);
    return sstp_span(text.data + start, end - start);
}

struct sstp_span henc_text_split(struct sstp_span text, uint8_t separator, struct sstp_span *rest)
{
    const uint8_t *at = text.len > 0 ? memchr(text.data, separator, text.len) : NULL;
    if (at == NULL) {
        *rest = sstp_span(NULL, 0);
        return text;
    }
    const size_t len = (size_t)(at - text.data);
    *rest = henc_text_from(text, len + 1);
    return sstp_span(text.data, len);
}

bool henc_text_number(struct sstp_span text, uint64_t max, uint64_t *value)
{
    *value = 0;
    uint64_t sum = 0;
    for (size_t i = 0; i < text.len; i++) {
        const uint8_t c = text.data[i];
        if (!henc_is_digit(c))
            return false;
        const uint64_t digit = (uint64_t)(c - '0');
        if (sum > max / 10 || sum * 10 > max || digit > max - sum * 10)
            return false;
        sum = sum * 10 + digit;
    }
    if (text.len == 0)
        return false;
    *value = sum;
    return true;
}

void henc_write_number(struct sstp_writer *w, uint64_t value)
{
    uint8_t digits[HENC_NUMBER_LEN_MAX];
    size_t start = sizeof digits;
    do {
        digits[--start] = (uint8_t)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    sstp_write_bytes(w, sstp_span(digits + start, sizeof digits - start));
}

void henc_write_text(struct sstp_writer *w, const char *text)
{
    sstp_write_bytes(w, sstp_span_of_string(text));
}
