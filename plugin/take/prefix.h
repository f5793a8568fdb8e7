/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * prefix: what another protocol put before the first command of a direction, in the same
 * segment.
 */
#ifndef GRVSSTP_PREFIX_H
#define GRVSSTP_PREFIX_H

#include <epan/packet.h>

#include "core/wire.h"

enum grvsstp_prefix_kind {
    GRVSSTP_PREFIX_NONE,
    GRVSSTP_PREFIX_PROXY, /* the header of a load balancer */
    GRVSSTP_PREFIX_HTTP   /* the request for a tunnel, or the head of its answer */
};

struct grvsstp_prefix {
    enum grvsstp_prefix_kind kind;
    uint32_t len;
};

/* What may stand before the first command of a client. */
struct grvsstp_prefix grvsstp_prefix_before(struct sstp_span bytes);

/* What a proxy has answered before the first command of a server; whether it grants the tunnel. */
struct grvsstp_prefix grvsstp_prefix_answer(struct sstp_span bytes, bool *is_granted);

/* Shows the prefix of the chunk, by the dissector whose it is. */
void grvsstp_prefix_show(const struct grvsstp_prefix *prefix, tvbuff_t *tvb, packet_info *pinfo,
                         proto_tree *tree);

#endif
