/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * held: commands that were held because they may be of a body of HTTP's (encapsulated.h), and of
 * which no request came: they are a connection's of its own; and the beginning of a Connect that
 * is too short to tell.  First pass only.
 */
#ifndef GRVSSTP_HELD_H
#define GRVSSTP_HELD_H

#include "take/opening.h"
#include "take/recognise.h"
#include "take/tcp_connection.h"

/* Commands are held on this connection, from this chunk on. */
void grvsstp_held_begin(struct grvsstp_opening *opening, const struct grvsstp_transport *transport,
                        const packet_info *pinfo);

/* Takes the connection by what was held since the first commands, all of which is shown in its own
 * frame on later passes.  False, and nothing has happened, where there is none, or a SYN was seen:
 * then bytes are missing between that and the commands, which may have been a request.  `opening`
 * may be NULL. */
bool grvsstp_held_take(struct grvsstp_opening *opening, wmem_allocator_t *pool);

/* The connection was taken by another chunk, which is at hand: it gets what is held beside that.
 * `opening` may be NULL. */
void grvsstp_held_give(struct grvsstp_opening *opening, struct grvsstp_tcp *tcp,
                       const struct grvsstp_transport *transport, const packet_info *pinfo);

/* The chunk, or what it is with those held before it, may begin a Connect: it is held until that
 * can be told, and whoever else wants it gets it as it is.  False where no account is kept. */
bool grvsstp_held_await(const struct grvsstp_transport *transport, tvbuff_t *tvb,
                        packet_info *pinfo);

/* First pass: holds a chunk, of whichever side, that came out of a tunnel while the beginning of a
 * Connect is held there; false where it is not. */
bool grvsstp_held_follow(const struct grvsstp_transport *transport, tvbuff_t *tvb,
                         packet_info *pinfo);

/* A chunk as if TCP had handed it on together with the beginning of a Connect that is held, where
 * it goes on with that; else as it is. */
struct grvsstp_joined {
    bool is_joined;
    struct grvsstp_transport transport;
    struct tcpinfo tcpinfo;
    tvbuff_t *tvb;
};

/* Judges a chunk (recognise.h) together with such a beginning.  What turns out not to be one is
 * not held any more. */
void grvsstp_held_judge(const struct grvsstp_transport *transport, tvbuff_t *tvb,
                        packet_info *pinfo, int bits_wanted, struct grvsstp_joined *joined,
                        struct grvsstp_recognised *recognised);

/* The capture is over: takes all connections of which something is still held. */
void grvsstp_held_finish(void);

/* Forgets the capture before; for an init routine. */
void grvsstp_held_reset(void);

#endif
