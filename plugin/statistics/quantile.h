/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * quantile: the value below which a share of all values so far lies, kept as they
 * come: exact, by the nearest rank.  16 bytes a value at most, and the logarithm of
 * their number in time.
 *
 *     struct grvsstp_quantile median = {.permille = 500};
 *     grvsstp_quantile_add(&median, 7);
 *     grvsstp_quantile_value(&median);   7
 *     grvsstp_quantile_clear(&median);
 */
#ifndef GRVSSTP_STATISTICS_QUANTILE_H
#define GRVSSTP_STATISTICS_QUANTILE_H

#include <stddef.h>
#include <stdint.h>

/* Values in a row, of which the first is the outermost. */
struct grvsstp_heap {
    int64_t *values;
    size_t num, size;
};

/* Zero but for `permille` (1 to 1000) is empty.  The other members are private. */
struct grvsstp_quantile {
    unsigned permille;
    struct grvsstp_heap low;  /* up to the quantile, the greatest first */
    struct grvsstp_heap high; /* above it, the least first; negated */
};

void grvsstp_quantile_add(struct grvsstp_quantile *quantile, int64_t value);

/* Of a quantile that has a value. */
int64_t grvsstp_quantile_value(const struct grvsstp_quantile *quantile);

/* Forgets the values. */
void grvsstp_quantile_clear(struct grvsstp_quantile *quantile);

#endif
