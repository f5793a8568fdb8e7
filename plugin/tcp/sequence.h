/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sequence: how the chunks of one direction of a TCP connection join, by TCP's sequence
 * numbers: what came before, what is missing, what cannot be.
 */
#ifndef GRVSSTP_TCP_SEQUENCE_H
#define GRVSSTP_TCP_SEQUENCE_H

#include <stdbool.h>
#include <stdint.h>

/* One direction's place; first pass only. */
struct grvsstp_sequence {
    bool is_known;
    uint32_t next; /* TCP's sequence number after the bytes so far */
    /* Bytes that are not believed to be the next, one after the other, that came last: up to
     * `other_next`. */
    uint32_t other_next, other_len;
};

/* Where more than this is left out, the number is not believed before the bytes go on from
 * there: TCP gives the number of an IP fragment another beginning than that of a packet. */
#define GRVSSTP_SEQUENCE_LOSS_MAX (UINT32_C(64) << 20)
/* So many bytes in a row are not sent twice. */
#define GRVSSTP_SEQUENCE_OLD_MAX (UINT32_C(1) << 20)

/* How a chunk joins the bytes before it. */
struct grvsstp_join {
    bool is_first; /* nothing was seen of this direction before */
    uint32_t skip; /* bytes of the chunk that came before */
    uint32_t lost; /* bytes that are missing before it; UINT32_MAX: nobody knows how many */
};

/* Moves the place after the `len` bytes at seq.  No single wrong number ends a direction:
 * one far ahead has to be followed by another, and where more comes "again" than anybody
 * sends again, the place moves back to it. */
struct grvsstp_join grvsstp_sequence_join(struct grvsstp_sequence *sequence, uint32_t seq,
                                          uint32_t len);

#endif
