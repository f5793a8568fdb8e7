/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcp/numbers.h"

/* So that what lies before the first number that was seen has a position, too. */
#define FIRST (UINT64_C(1) << 32)

uint64_t grvsstp_position(struct grvsstp_numbers *numbers, uint32_t number)
{
    if (!numbers->is_known) {
        numbers->is_known = true;
        numbers->last = FIRST + number;
    }
    return numbers->last + (uint64_t)(int64_t)(int32_t)(number - (uint32_t)numbers->last);
}

void grvsstp_position_reached(struct grvsstp_numbers *numbers, uint64_t position)
{
    if (position > numbers->last)
        numbers->last = position;
}
