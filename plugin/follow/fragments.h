/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fragments: messages that are fragments of one byte stream, by their FragmentId (GRVSSTP
 * 2.2.10.1).
 *
 * The first pass gathers them, session by session, in whatever order they come; the last one
 * to come knows all of them.  A fragment is always a struct grvsstp_message of file scope,
 * also where it lies in one chunk (message.h).
 */
#ifndef GRVSSTP_FOLLOW_FRAGMENTS_H
#define GRVSSTP_FOLLOW_FRAGMENTS_H

#include "follow/message.h"

/* Streams of one direction that are under way at a time; a further one takes the place of
 * the oldest. */
#define GRVSSTP_FRAGMENTED_MAX 64u

/* The fragments of one stream.  File scope. */
struct grvsstp_fragments {
    const char *id; /* FragmentId */
    uint32_t session_id;
    uint32_t num_wanted;    /* NumFragments */
    uint32_t num_there;     /* different numbers */
    uint64_t length;        /* bytes */
    wmem_tree_t *by_number; /* struct grvsstp_message, by ThisFragment */
    uint32_t whole_in;      /* the frame that ended the last to come; 0 while one is missing */
    const struct grvsstp_message *last;
};

/* First pass: those of one direction that are under way. */
struct grvsstp_fragmented {
    struct grvsstp_fragments *under_way[GRVSSTP_FRAGMENTED_MAX];
    unsigned num; /* ever */
};

/* First pass: `command`, of which all bytes are there, has begun the message; or the message has
 * ended in `frame`. */
void grvsstp_fragment_begin(struct grvsstp_fragmented *fragmented, struct grvsstp_message *message,
                            struct sstp_span command);
void grvsstp_fragment_end(struct grvsstp_fragmented *fragmented, struct grvsstp_message *message,
                          uint32_t frame);

/* All bytes of a stream whose fragments are all there, in the order of their numbers, in
 * memory of the pool; empty where they are too many to be put together, or not all captured. */
struct sstp_span grvsstp_fragments_join(const struct grvsstp_fragments *fragments,
                                        wmem_allocator_t *pool);

#endif
