/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE /* memmem */
#include "henc/proxy_header.h"

#include <string.h>

/* Version 1 is a line of text. */
#define LINE_LEN_MAX 107u

static const char line_start[] = "PROXY ";
static const char signature[] = "\r\n\r\n\0\r\nQUIT\n";
enum {
    SIGNATURE_LEN = sizeof signature - 1,
    VERSION_OFFSET = SIGNATURE_LEN,
    LENGTH_OFFSET = SIGNATURE_LEN + 2,
    FIXED_LEN = SIGNATURE_LEN + 4
};

static bool begins_with(struct sstp_span bytes, const char *other, size_t len)
{
    return bytes.len >= len && memcmp(bytes.data, other, len) == 0;
}

size_t henc_proxy_header_len(struct sstp_span bytes)
{
    if (begins_with(bytes, line_start, sizeof line_start - 1)) {
        const size_t looked_at = bytes.len < LINE_LEN_MAX ? bytes.len : LINE_LEN_MAX;
        const uint8_t *end = memmem(bytes.data, looked_at, "\r\n", 2);
        return end != NULL ? (size_t)(end - bytes.data) + 2 : 0;
    }
    if (!begins_with(bytes, signature, SIGNATURE_LEN) || bytes.len < FIXED_LEN ||
        bytes.data[VERSION_OFFSET] >> 4 != 2)
        return 0;
    const size_t len =
        FIXED_LEN + (size_t)(bytes.data[LENGTH_OFFSET] << 8 | bytes.data[LENGTH_OFFSET + 1]);
    return len <= bytes.len ? len : 0;
}
