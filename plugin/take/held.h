/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * held: commands that were held because they may be of a body of HTTP's (encapsulated.h), and of
 * which no request came: they are a connection's of its own.  First pass only.
 */
#ifndef GRVSSTP_HELD_H
#define GRVSSTP_HELD_H

#include "take/opening.h"
#include "take/tcp_connection.h"

/* Commands are held on this connection, from this chunk on. */
void grvsstp_held_begin(struct grvsstp_opening *opening, const struct grvsstp_transport *transport,
                        const packet_info *pinfo);

/* Takes the connection by what was held since the first commands, all of which is shown in its own
 * frame on later passes.  False, and nothing has happened, where there is none, or a SYN was seen:
 * then bytes are missing between that and the commands, which may have been a request.  `opening`
 * may be NULL. */
bool grvsstp_held_take(struct grvsstp_opening *opening, wmem_allocator_t *pool);

/* The connection was taken by another chunk: it gets what is held. */
void grvsstp_held_give(struct grvsstp_opening *opening, struct grvsstp_tcp *tcp,
                       wmem_allocator_t *pool);

/* The capture is over: takes all connections of which something is still held. */
void grvsstp_held_finish(void);

/* Forgets the capture before; for an init routine. */
void grvsstp_held_reset(void);

#endif
