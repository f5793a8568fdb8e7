/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chunk: what a frame brought of a TCP connection, while it is divided or waits for that.
 * First pass only.
 */
#ifndef GRVHENC_CHUNK_H
#define GRVHENC_CHUNK_H

#include "http/connection.h"

/* A chunk of nothing but tiny messages; what is beyond is left to HTTP. */
#define GRVHENC_ITEMS_MAX 256u

struct grvhenc_chunk {
    struct grvhenc_chunk *next; /* that waits */
    struct grvhenc_tcp *tcp;
    bool from_client;
    uint32_t srcport; /* while it is not known whose it is */
    uint32_t frame;
    int64_t time_ns;
    uint32_t key;      /* of its plan */
    uint32_t seq, end; /* TCP's numbers of the first byte and after the last, on the wire */
    bool has_ack;
    uint32_t ack;             /* TCP's acknowledgement number */
    uint64_t opened;          /* see struct henc_message */
    struct sstp_span bytes;   /* captured, after what was carried */
    uint32_t num_carried;     /* of the bytes, from chunks before */
    uint32_t offset_in_frame; /* of the others (follow/source.h); 0: they cannot be read again */
    const struct grvhenc_joint *joint;
    bool is_cut;                       /* more was on the wire */
    bool has_begun;                    /* it has its place among the bytes before it */
    struct grvhenc_virtual *waits_for; /* whose message at `pos` waits for another */
    bool awaits_answer; /* and for nothing but the answer on the TCP connection of this number */
    uint64_t answer_on;
    bool is_forced;     /* the message at `pos` waits for no other TCP connection any more */
    size_t pos;         /* in the bytes: what is before was dealt with */
    packet_info *pinfo; /* of its frame where that is the one at hand, else NULL */
    wmem_allocator_t *pool;
    tvbuff_t *tvb;              /* of the bytes */
    struct grvhenc_plan *kept;  /* what its frame holds, where it had to wait; else NULL */
    uint32_t kept_len;          /* bytes that are kept then */
    struct grvsstp_plan *plain; /* and that, while it is not known whether there is HTTP at all */
    unsigned num_items;
    struct grvhenc_item *items; /* room for GRVHENC_ITEMS_MAX */
};

static inline struct grvhenc_side *grvhenc_chunk_side(const struct grvhenc_chunk *chunk)
{
    return &chunk->tcp->sides[chunk->from_client];
}

/* Where what is at `pos` of the bytes stands, for the virtual connection. */
static inline struct grvhenc_moment grvhenc_chunk_moment(const struct grvhenc_chunk *chunk,
                                                         size_t pos)
{
    return (struct grvhenc_moment){.frame = chunk->frame,
                                   .key = chunk->seq - chunk->num_carried + (uint32_t)pos,
                                   .time_ns = chunk->time_ns,
                                   .pool = chunk->pool};
}

struct grvhenc_item *grvhenc_chunk_add(struct grvhenc_chunk *chunk, enum grvhenc_item_kind kind,
                                       size_t offset, size_t len);

#endif
