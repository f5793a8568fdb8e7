/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "endpoint/output.h"

#include <assert.h>
#include <string.h>

/* Many commands, and few enough that they are still in the processor's cache when they
 * are sent.  A connection with nothing to send has no block at all. */
#define BLOCK_SIZE (32u << 10)
#define PIECES_MIN 8u

struct sstp_ep_output_block {
    struct sstp_ep_output_block *next;
    size_t size;
    size_t len;       /* written */
    size_t num_taken; /* of those */
    uint8_t data[];
};

static void *resize(const struct sstp_ep_output *output, void *block, size_t size)
{
    return output->mem->resize(output->mem->cookie, block, size);
}

void sstp_ep_output_init(struct sstp_ep_output *output, const struct sstp_mem *mem,
                         void (*release)(void *cookie, void *lender), void *cookie)
{
    memset(output, 0, sizeof *output);
    output->mem = mem;
    output->release = release;
    output->cookie = cookie;
}

static void release(const struct sstp_ep_output *output, void *lender)
{
    if (lender != NULL)
        output->release(output->cookie, lender);
}

void sstp_ep_output_clear(struct sstp_ep_output *output)
{
    struct sstp_ep_output_block *block = output->first;
    for (size_t i = 0; i < output->num_pieces; i++)
        release(output, output->pieces[output->first_piece + i].lender);
    while (block != NULL) {
        struct sstp_ep_output_block *next = block->next;
        resize(output, block, 0);
        block = next;
    }
    if (output->pieces != NULL)
        resize(output, output->pieces, 0);
    sstp_ep_output_init(output, output->mem, output->release, output->cookie);
}

/* ------------------------------------------------------------------------
 * Adding
 */

bool sstp_ep_output_reserve_pieces(struct sstp_ep_output *output, size_t num)
{
    struct sstp_ep_output_piece *pieces = output->pieces;
    if (output->size_pieces - output->first_piece - output->num_pieces >= num)
        return true;
    /* Moving them is cheap enough once half the room is free. */
    if (output->size_pieces - output->num_pieces >= num &&
        output->first_piece >= output->size_pieces / 2) {
        memmove(pieces, pieces + output->first_piece, output->num_pieces * sizeof *pieces);
        output->first_piece = 0;
        return true;
    }
    size_t size = output->size_pieces > 0 ? 2 * output->size_pieces : PIECES_MIN;
    while (size - output->first_piece - output->num_pieces < num)
        size *= 2;
    pieces = resize(output, pieces, size * sizeof *pieces);
    if (pieces == NULL)
        return false;
    output->pieces = pieces;
    output->size_pieces = size;
    return true;
}

static struct sstp_ep_output_piece *last_piece(const struct sstp_ep_output *output)
{
    return &output->pieces[output->first_piece + output->num_pieces - 1];
}

static void add_piece(struct sstp_ep_output *output, struct sstp_ep_output_piece piece)
{
    output->num_pieces++;
    *last_piece(output) = piece;
}

uint8_t *sstp_ep_output_room(struct sstp_ep_output *output, size_t len)
{
    struct sstp_ep_output_block *block = output->last;
    if (!sstp_ep_output_reserve_pieces(output, 1))
        return NULL;
    if (block == NULL || block->size - block->len < len) {
        const size_t size = len < BLOCK_SIZE ? BLOCK_SIZE : len;
        block = resize(output, NULL, sizeof *block + size);
        if (block == NULL)
            return NULL;
        *block = (struct sstp_ep_output_block){.size = size};
        if (output->last != NULL)
            output->last->next = block;
        else
            output->first = block;
        output->last = block;
    }
    return block->data + block->len;
}

static void count(struct sstp_ep_output *output, size_t len, bool is_message)
{
    output->len += len;
    output->message_len += is_message ? len : 0;
}

void sstp_ep_output_add(struct sstp_ep_output *output, size_t len, bool is_message)
{
    struct sstp_ep_output_block *block = output->last;
    const uint8_t *data = block->data + block->len;

    assert(len <= block->size - block->len);
    block->len += len;
    count(output, len, is_message);
    if (output->num_pieces > 0) {
        struct sstp_ep_output_piece *piece = last_piece(output);
        if (!piece->is_lent && piece->is_message == is_message &&
            piece->data + piece->len == data) {
            piece->len += len;
            return;
        }
    }
    add_piece(output,
              (struct sstp_ep_output_piece){.data = data, .len = len, .is_message = is_message});
}

void sstp_ep_output_lend(struct sstp_ep_output *output, struct sstp_span bytes, void *lender)
{
    assert(bytes.len > 0);
    count(output, bytes.len, true);
    add_piece(output, (struct sstp_ep_output_piece){.data = bytes.data,
                                                    .len = bytes.len,
                                                    .is_message = true,
                                                    .is_lent = true,
                                                    .lender = lender});
}

/* ------------------------------------------------------------------------
 * Taking
 */

size_t sstp_ep_output_look(const struct sstp_ep_output *output, struct sstp_span *pieces,
                           size_t max)
{
    const size_t num = output->num_pieces < max ? output->num_pieces : max;
    for (size_t i = 0; i < num; i++) {
        const struct sstp_ep_output_piece *piece = &output->pieces[output->first_piece + i];
        const size_t num_taken = i == 0 ? output->num_taken : 0;
        pieces[i] = sstp_span(piece->data + num_taken, piece->len - num_taken);
    }
    return num;
}

/* Blocks of which all has gone, go too; so do those that were never written to. */
static void drop_blocks(struct sstp_ep_output *output)
{
    struct sstp_ep_output_block *block;
    while ((block = output->first) != NULL && block->num_taken == block->len) {
        output->first = block->next;
        resize(output, block, 0);
    }
    if (output->first == NULL)
        output->last = NULL;
}

/* So many bytes of the oldest block that has any have gone. */
static void take_from_blocks(struct sstp_ep_output *output, size_t len)
{
    drop_blocks(output);
    output->first->num_taken += len;
    drop_blocks(output);
}

void sstp_ep_output_take(struct sstp_ep_output *output, size_t len)
{
    assert(len <= output->len);
    output->len -= len;
    while (len > 0) {
        struct sstp_ep_output_piece *piece = &output->pieces[output->first_piece];
        const size_t left = piece->len - output->num_taken;
        const size_t num = len < left ? len : left;
        const bool is_gone = num == left;
        len -= num;
        output->message_len -= piece->is_message ? num : 0;
        output->num_taken = is_gone ? 0 : output->num_taken + num;
        const struct sstp_ep_output_piece gone = *piece;
        if (is_gone) {
            output->first_piece++;
            output->num_pieces--;
        }
        if (!gone.is_lent)
            take_from_blocks(output, num);
        else if (is_gone)
            release(output, gone.lender);
    }
    if (output->num_pieces == 0)
        output->first_piece = 0;
}
