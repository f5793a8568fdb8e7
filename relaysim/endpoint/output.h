/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * output: what waits to be sent on a connection: bytes of its own, and bytes
 * that somebody lends it, which are not copied.
 *
 * What it hands out stays where it is until it has been taken, whatever is added after it.
 */
#ifndef RELAYSIM_ENDPOINT_OUTPUT_H
#define RELAYSIM_ENDPOINT_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/mem.h"
#include "core/wire.h"

struct sstp_ep_output_block;

/* A row of bytes, in a block or lent. */
struct sstp_ep_output_piece {
    const uint8_t *data;
    size_t len;
    bool is_message; /* part of one */
    bool is_lent;
    void *lender; /* of the last piece of what was lent together; NULL */
};

struct sstp_ep_output {
    const struct sstp_mem *mem;
    void (*release)(void *cookie, void *lender);
    void *cookie;
    size_t len;                          /* all that waits */
    size_t message_len;                  /* of that, what is part of messages */
    struct sstp_ep_output_piece *pieces; /* a row with room at both ends */
    size_t first_piece, num_pieces, size_pieces;
    size_t num_taken;                          /* of the first piece */
    struct sstp_ep_output_block *first, *last; /* the blocks, oldest first */
};

/* `release` is told of each lender once its bytes are not needed any more. */
void sstp_ep_output_init(struct sstp_ep_output *output, const struct sstp_mem *mem,
                         void (*release)(void *cookie, void *lender), void *cookie);

/* Forgets everything. */
void sstp_ep_output_clear(struct sstp_ep_output *output);

/* Room for `len` bytes in a row at the end, or NULL without memory; they count from
 * sstp_ep_output_add() on, which may be for fewer. */
uint8_t *sstp_ep_output_room(struct sstp_ep_output *output, size_t len);
void sstp_ep_output_add(struct sstp_ep_output *output, size_t len, bool is_message);

/* Room for what `num` calls of _add() and _lend() can need, so that those cannot fail;
 * false without memory. */
bool sstp_ep_output_reserve_pieces(struct sstp_ep_output *output, size_t num);

/* Puts somebody else's bytes, of a message, at the end, for which there has to be a piece. `lender`
 * is released when they have gone; NULL for what a later piece's lender lends, too. */
void sstp_ep_output_lend(struct sstp_ep_output *output, struct sstp_span bytes, void *lender);

/* The oldest rows of bytes, at most `max`; returns how many there are.  Empty ones are
 * not among them. */
size_t sstp_ep_output_look(const struct sstp_ep_output *output, struct sstp_span *pieces,
                           size_t max);

/* The oldest `len` bytes have gone. */
void sstp_ep_output_take(struct sstp_ep_output *output, size_t len);

#endif
