/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/octets.h"

#include <string.h>

/* The cells of a block lie one after the other. */
#define BLOCK (SSTP_OCTETS_CELL * SSTP_ARRAY_BLOCK)

struct cell {
    uint8_t octets[SSTP_OCTETS_CELL];
};

void sstp_octets_init(struct sstp_octets *octets, const struct sstp_mem *mem)
{
    sstp_array_init(&octets->cells, mem, sizeof(struct cell));
    octets->num = 0;
}

void sstp_octets_clear(struct sstp_octets *octets)
{
    sstp_array_clear(&octets->cells);
    octets->num = 0;
}

static uint8_t *octet_at(const struct sstp_octets *octets, uint32_t index)
{
    uint8_t *cell = sstp_array_at(&octets->cells, index / SSTP_OCTETS_CELL);
    return cell + index % SSTP_OCTETS_CELL;
}

static bool reserve(struct sstp_octets *octets, size_t num)
{
    if (num > UINT32_MAX - SSTP_OCTETS_CELL - octets->num)
        return false;
    const uint32_t num_cells =
        (octets->num + (uint32_t)num + SSTP_OCTETS_CELL - 1) / SSTP_OCTETS_CELL;
    while (octets->cells.num < num_cells)
        if (sstp_array_add_unset(&octets->cells) == NULL)
            return false;
    return true;
}

bool sstp_octets_add(struct sstp_octets *octets, const uint8_t *from, size_t num)
{
    if (!reserve(octets, num))
        return false;
    for (size_t done = 0; done < num;) {
        const size_t room = BLOCK - octets->num % BLOCK;
        const size_t len = num - done < room ? num - done : room;
        uint8_t *to = octet_at(octets, octets->num);
        for (size_t i = 0; i < len; i++) /* they are few */
            to[i] = from[done + i];
        octets->num += (uint32_t)len;
        done += len;
    }
    return true;
}
