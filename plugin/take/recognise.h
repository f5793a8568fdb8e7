/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recognise: whether the bytes of a TCP connection that nobody has taken yet are
 * SSTP, plain or in one of its HTTP encapsulations.
 */
#ifndef GRVSSTP_RECOGNISE_H
#define GRVSSTP_RECOGNISE_H

#include "core/look.h"
#include "henc/http.h"
#include "take/prefix.h"
#include "tcp/transport.h"

enum grvsstp_verdict {
    GRVSSTP_NOT_OURS,
    GRVSSTP_WAIT_FOR_MORE, /* the beginning of a Connect, too short to tell */
    GRVSSTP_COMMANDS,      /* SSTP commands as they are */
    GRVSSTP_ENCAPSULATED   /* a request of LongLived, KeepAlive or Polling, or a 200 of Polling */
};

struct grvsstp_recognised {
    enum grvsstp_verdict verdict;
    struct grvsstp_prefix prefix; /* COMMANDS: what stands before them */
    struct henc_http head;        /* ENCAPSULATED: of the message at `head_at`; head_len may be 0 */
    const uint8_t *head_at;
};

/* Judges the first bytes of a chunk.  `bits_wanted` is what the commands have to
 * show (look.h); 0 takes anything for commands. */
void grvsstp_recognise(const struct grvsstp_transport *transport, tvbuff_t *tvb,
                       const packet_info *pinfo, int bits_wanted,
                       struct grvsstp_recognised *recognised);

/* What the first bytes of a connection have to show, whose SYN was captured. */
int grvsstp_bits_wanted(const struct grvsstp_transport *transport);

/* Asks TCP for one more segment, the whole chunk to be seen again, if it can be asked.  Returns
 * what the dissector has to return. */
int grvsstp_wait_for_more(tvbuff_t *tvb, packet_info *pinfo);

#endif
