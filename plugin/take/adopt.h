/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * adopt: what was captured before the SYN of its connection becomes its beginning.
 *
 * Where two taps or two queues swap them, TCP takes such chunks for the middle of an older
 * connection between the same ends, and begins another at the SYN.  If the first chunks of a
 * connection without a SYN go on from the number of one that follows, they are noted once more,
 * in their place.  First pass only.
 */
#ifndef GRVSSTP_ADOPT_H
#define GRVSSTP_ADOPT_H

#include "take/tcp_connection.h"

/* The connection whose chunks belong to that of the transport, which begins with a SYN; or NULL. */
struct grvsstp_tcp *grvsstp_adopt_find(const struct grvsstp_transport *transport,
                                       const packet_info *pinfo);

/* Notes the chunks of `early` in `tcp`, as which it is shown from now on. */
void grvsstp_adopt(struct grvsstp_tcp *early, struct grvsstp_tcp *tcp, wmem_allocator_t *pool);

#endif
