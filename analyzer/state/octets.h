/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * octets: numbers packed into octets, appended and read again from any place that was noted.
 *
 * A number has seven bits to an octet, the lowest first; a difference is as short both ways.
 *
 *     uint8_t octets[SSTP_OCTETS_MAX], *end = octets;
 *     end = sstp_put_number(end, 7);
 *     end = sstp_put_difference(end, 12, 15);
 *     at = packed.num;
 *     if (!sstp_octets_add(&packed, octets, (size_t)(end - octets))) ...
 *     sstp_take_number(&packed, &at)                     // 7
 *     sstp_take_difference(&packed, &at, 15)             // 12
 */
#ifndef SSTP_STATE_OCTETS_H
#define SSTP_STATE_OCTETS_H

#include "state/array.h"

/* So many are added at a time, at most. */
#define SSTP_OCTETS_MAX 64u

#define SSTP_OCTETS_CELL 16u

/* The members are private, `num` apart. */
struct sstp_octets {
    struct sstp_array cells; /* of so many octets each */
    uint32_t num;
};

/* `mem` has to outlive them. */
void sstp_octets_init(struct sstp_octets *octets, const struct sstp_mem *mem);
void sstp_octets_clear(struct sstp_octets *octets);

/* Appends the first `num` of an array of SSTP_OCTETS_MAX; false without memory or room: then none
 * is. */
bool sstp_octets_add(struct sstp_octets *octets, const uint8_t *from, size_t num);

/* The octet of an index below `num`. */
static inline uint8_t sstp_octets_get(const struct sstp_octets *octets, uint32_t index)
{
    const uint8_t *cell = sstp_array_at(&octets->cells, index / SSTP_OCTETS_CELL);
    return cell[index % SSTP_OCTETS_CELL];
}

/* ------------------------------------------------------------------------
 * Numbers: ten octets at most
 */

static inline uint8_t *sstp_put_number(uint8_t *to, uint64_t value)
{
    for (; value > 0x7f; value >>= 7)
        *to++ = (uint8_t)(value | 0x80);
    *to++ = (uint8_t)value;
    return to;
}

/* What `value` differs from `from`, which may be more. */
static inline uint8_t *sstp_put_difference(uint8_t *to, uint64_t value, uint64_t from)
{
    const uint64_t difference = value - from;
    return sstp_put_number(to, difference << 1 ^ (difference >> 63 != 0 ? UINT64_MAX : 0));
}

/* Reads a number at *at, which goes on after it. */
static inline uint64_t sstp_take_number(const struct sstp_octets *octets, uint32_t *at)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        const uint8_t octet = sstp_octets_get(octets, (*at)++);
        value |= (uint64_t)(octet & 0x7f) << shift;
        if ((octet & 0x80) == 0)
            break;
    }
    return value;
}

static inline uint64_t sstp_take_difference(const struct sstp_octets *octets, uint32_t *at,
                                            uint64_t from)
{
    const uint64_t value = sstp_take_number(octets, at);
    return from + (value >> 1 ^ ((value & 1) != 0 ? UINT64_MAX : 0));
}

#endif
