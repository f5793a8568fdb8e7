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

/* As most are: all of a cell is copied, whatever lies after the octets. */
static bool add_few(struct sstp_octets *octets, const uint8_t *from, size_t num)
{
    if (!reserve(octets, SSTP_OCTETS_CELL))
        return false;
    memcpy(octet_at(octets, octets->num), from, SSTP_OCTETS_CELL);
    octets->num += (uint32_t)num;
    return true;
}

bool sstp_octets_add(struct sstp_octets *octets, const uint8_t *from, size_t num)
{
    if (num <= SSTP_OCTETS_CELL && octets->num % BLOCK <= BLOCK - SSTP_OCTETS_CELL)
        return add_few(octets, from, num);
    if (!reserve(octets, num))
        return false;
    for (size_t i = 0; i < num; i++)
        *octet_at(octets, octets->num++) = from[i];
    return true;
}
