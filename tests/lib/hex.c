/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hex.h"

#include <stdio.h>
#include <stdlib.h>

static _Noreturn void refuse(const char *hex, const char *why)
{
    fprintf(stderr, "hex_parse: %s: %s\n", why, hex);
    abort();
}

static int digit_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    return -1;
}

size_t hex_parse(const char *hex, uint8_t *bytes, size_t size)
{
    size_t len = 0;
    for (const char *p = hex; *p != '\0';) {
        if (*p == ' ' || *p == '\n') {
            p++;
            continue;
        }
        if (*p == '\'') {
            for (p++; *p != '\''; p++) {
                if (*p == '\0')
                    refuse(hex, "no closing quote");
                if (len == size)
                    refuse(hex, "too long");
                bytes[len++] = (uint8_t)*p;
            }
            p++;
            continue;
        }
        const int high = digit_value(p[0]);
        const int low = high < 0 ? -1 : digit_value(p[1]);
        if (low < 0)
            refuse(hex, "not a pair of lower case digits");
        if (len == size)
            refuse(hex, "too long");
        bytes[len++] = (uint8_t)(high << 4 | low);
        p += 2;
    }
    return len;
}

void hex_print(const uint8_t *bytes, size_t len, char *text)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 0x0f];
    }
    text[2 * len] = '\0';
}
