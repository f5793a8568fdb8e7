/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/option_value.h"

#include <glib.h>
#include <string.h>

#define FRACTION_DIGITS_MAX 18 /* which a uint64_t holds */

struct unit {
    const char *name;
    uint64_t factor;
};

#define KIBI UINT64_C(1024)
#define KILO UINT64_C(1000)

static const struct unit size_units[] = {
    {"", 1},
    {"B", 1},
    {"K", KILO},
    {"KB", KILO},
    {"Ki", KIBI},
    {"KiB", KIBI},
    {"M", KILO *KILO},
    {"MB", KILO *KILO},
    {"Mi", KIBI *KIBI},
    {"MiB", KIBI *KIBI},
    {"G", KILO *KILO *KILO},
    {"GB", KILO *KILO *KILO},
    {"Gi", KIBI *KIBI *KIBI},
    {"GiB", KIBI *KIBI *KIBI},
    {"T", KILO *KILO *KILO *KILO},
    {"TB", KILO *KILO *KILO *KILO},
    {"Ti", KIBI *KIBI *KIBI *KIBI},
    {"TiB", KIBI *KIBI *KIBI *KIBI},
};

/* In microseconds. */
static const struct unit time_units[] = {{"", 1000 * 1000},
                                         {"ms", 1000},
                                         {"s", 1000 * 1000},
                                         {"m", UINT64_C(60) * 1000 * 1000},
                                         {"h", UINT64_C(3600) * 1000 * 1000}};

/* The digits at *text, which it moves after them; false when there are none, or too many. */
static bool read_digits(const char **text, uint64_t *number)
{
    const char *at = *text;
    for (*number = 0; g_ascii_isdigit(*at); at++)
        if (!g_uint64_checked_mul(number, *number, 10) ||
            !g_uint64_checked_add(number, *number, (uint64_t)(*at - '0')))
            return false;
    const bool is_any = at != *text;
    *text = at;
    return is_any;
}

/* The digits after a point as numerator and denominator, as small as they can be. */
static bool read_fraction(const char **text, uint64_t *numerator, uint64_t *denominator)
{
    const char *first = *text, *end = first;
    while (g_ascii_isdigit(*end))
        end++;
    *text = end;
    if (end == first)
        return false;
    while (end != first && end[-1] == '0')
        end--;
    if (end - first > FRACTION_DIGITS_MAX)
        return false;
    *numerator = 0;
    *denominator = 1;
    for (; first != end; first++) {
        *numerator = *numerator * 10 + (uint64_t)(*first - '0');
        *denominator *= 10;
    }
    return true;
}

static const struct unit *find_unit(const char *name, const struct unit *units, size_t num,
                                    bool has_any_case)
{
    for (size_t i = 0; i < num; i++) {
        const char *unit = units[i].name;
        if (strcmp(name, unit) == 0 ||
            (has_any_case && *name != '\0' && *unit != '\0' && g_ascii_toupper(*name) == *unit &&
             strcmp(name + 1, unit + 1) == 0))
            return &units[i];
    }
    return NULL;
}

/* "DIGITS[.DIGITS][UNIT]" in the smallest unit; *is_exact is false where that had to be cut off. */
static bool read_decimal(const char *text, const struct unit *units, size_t num, bool has_any_case,
                         uint64_t *value, bool *is_exact)
{
    uint64_t whole, numerator = 0, denominator = 1, part;
    if (!read_digits(&text, &whole))
        return false;
    if (*text == '.') {
        text++;
        if (!read_fraction(&text, &numerator, &denominator))
            return false;
    }
    const struct unit *unit = find_unit(text, units, num, has_any_case);
    if (unit == NULL || !g_uint64_checked_mul(&whole, whole, unit->factor) ||
        !g_uint64_checked_mul(&part, numerator, unit->factor) ||
        !g_uint64_checked_add(value, whole, part / denominator))
        return false;
    *is_exact = part % denominator == 0;
    return true;
}

bool option_value_unsigned(const char *text, uint64_t *number)
{
    return read_digits(&text, number) && *text == '\0';
}

bool option_value_number(const char *text, int64_t *number)
{
    const bool is_negative = *text == '-';
    uint64_t value;
    if (!option_value_unsigned(text + is_negative, &value) || value > INT64_MAX)
        return false;
    *number = is_negative ? -(int64_t)value : (int64_t)value;
    return true;
}

bool option_value_size(const char *text, int64_t *bytes)
{
    uint64_t value;
    bool is_exact;
    if (!read_decimal(text, size_units, G_N_ELEMENTS(size_units), true, &value, &is_exact) ||
        !is_exact || value > INT64_MAX)
        return false;
    *bytes = (int64_t)value;
    return true;
}

bool option_value_time(const char *text, int64_t *ms)
{
    uint64_t us;
    bool is_exact;
    if (!read_decimal(text, time_units, G_N_ELEMENTS(time_units), false, &us, &is_exact) ||
        us > INT64_MAX || (us < 1000 && (us > 0 || !is_exact)))
        return false;
    *ms = (int64_t)(us / 1000);
    return true;
}

void option_value_write_size(char *text, size_t size, int64_t bytes)
{
    static const struct unit units[] = {{"TiB", KIBI * KIBI * KIBI * KIBI},
                                        {"GiB", KIBI * KIBI * KIBI},
                                        {"MiB", KIBI * KIBI},
                                        {"KiB", KIBI}};
    for (size_t i = 0; i < G_N_ELEMENTS(units) && bytes > 0; i++)
        if ((uint64_t)bytes % units[i].factor == 0) {
            g_snprintf(text, size, "%" G_GINT64_FORMAT "%s", bytes / (int64_t)units[i].factor,
                       units[i].name);
            return;
        }
    g_snprintf(text, size, "%" G_GINT64_FORMAT, bytes);
}
