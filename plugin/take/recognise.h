/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recognise: whether the bytes of a TCP connection that nobody has taken yet are
 * SSTP, plain or in one of its HTTP encapsulations.
 */
#ifndef GRVSSTP_RECOGNISE_H
#define GRVSSTP_RECOGNISE_H

#include "core/look.h"
#include "tcp/transport.h"

enum grvsstp_verdict {
    GRVSSTP_NOT_OURS,
    GRVSSTP_WAIT_FOR_MORE, /* the beginning of a Connect or a request, too short to tell */
    GRVSSTP_COMMANDS,      /* SSTP commands as they are */
    GRVSSTP_ENCAPSULATED   /* a request of LongLived, KeepAlive or Polling, or a 200 of Polling */
};

/* Judges the first bytes of a chunk.  `bits_wanted` is what the commands have to
 * show (look.h); 0 takes anything for commands. */
enum grvsstp_verdict grvsstp_recognise(const struct grvsstp_transport *transport, tvbuff_t *tvb,
                                       const packet_info *pinfo, int bits_wanted);

/* Asks TCP for one more segment, the whole chunk to be seen again.  Returns what
 * the dissector has to return. */
int grvsstp_wait_for_more(tvbuff_t *tvb, packet_info *pinfo);

#endif
