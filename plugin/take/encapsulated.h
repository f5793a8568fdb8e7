/* SPDX-License-Identifier: GPL-2.0-or-later */
/* encapsulated: takes a TCP connection of an HTTP encapsulation.  First pass only. */
#ifndef GRVSSTP_ENCAPSULATED_H
#define GRVSSTP_ENCAPSULATED_H

#include "take/opening.h"
#include "take/recognise.h"

/* By a message that was recognised at the beginning of the chunk. */
void grvsstp_encapsulated_take(const struct grvsstp_transport *transport, packet_info *pinfo,
                               const struct grvsstp_recognised *recognised);

/* A connection of an encapsulation gets the chunks of it that were held. */
void grvsstp_encapsulated_take_held(const struct grvsstp_transport *transport);

/* Holds a chunk that came before bytes that may make the connection one of an encapsulation; false
 * where there are none, or they were waited for in vain. */
bool grvsstp_encapsulated_hold(struct grvsstp_opening *opening,
                               const struct grvsstp_transport *transport, tvbuff_t *tvb,
                               packet_info *pinfo);

/* Whether what comes before the client's SYN, if it still comes, may be of a connection that this
 * begins: on ports of HTTP's.  `opening` may be NULL. */
bool grvsstp_encapsulated_may_be_early(conversation_t *conversation,
                                       const struct grvsstp_opening *opening,
                                       const packet_info *pinfo);

/* Keeps a chunk of a connection of which no SYN was captured, for the one that a SYN may begin;
 * false where that is not to be expected any more. */
bool grvsstp_encapsulated_keep_early(struct grvsstp_opening *opening,
                                     const struct grvsstp_transport *transport, tvbuff_t *tvb,
                                     packet_info *pinfo);

/* A SYN, at hand, has begun a connection: holds what was kept before it. */
void grvsstp_encapsulated_hold_early(struct grvsstp_opening *opening, conversation_t *conversation,
                                     packet_info *pinfo);

/* The same of an account that goes on with a connection which TCP has torn (tcp/torn.h): its first
 * half was one before a SYN. */
void grvsstp_encapsulated_hold_torn(struct grvsstp_opening *opening);

/* What is held of the side of the client from this number on, put after `bytes`; of the pool. */
struct sstp_span grvsstp_encapsulated_join(const struct grvsstp_opening *opening,
                                           struct sstp_span bytes, uint32_t next,
                                           wmem_allocator_t *pool);

#endif
