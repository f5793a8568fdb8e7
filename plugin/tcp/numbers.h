/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * numbers: TCP's sequence numbers, which wrap, as positions that do not, and what a segment
 * tells of both directions.  First pass only.
 */
#ifndef GRVSSTP_TCP_NUMBERS_H
#define GRVSSTP_TCP_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

/* The numbers of one direction. */
struct grvsstp_numbers {
    bool is_known;
    uint64_t last; /* the highest position that its sender brought */
};

/* Where a chunk stands: its first byte, and up to where its sender had received the other
 * direction; 0: nobody knows.  Of what ends after `unsure`, if that is not 0, it may have received
 * more. */
struct grvsstp_stand {
    uint64_t position, known, unsure;
};

/* The position of a number, near the last; without one the first of all. */
uint64_t grvsstp_position(struct grvsstp_numbers *numbers, uint32_t number);

/* What is up to here was brought. */
void grvsstp_position_reached(struct grvsstp_numbers *numbers, uint64_t position);

#endif
