/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * body: the body of an HTTP message as it was before a proxy compressed it or cut it into
 * chunks.
 */
#ifndef GRVHENC_BODY_H
#define GRVHENC_BODY_H

#include <epan/packet.h>

#include "henc/http.h"

struct grvhenc_body {
    tvbuff_t *tvb; /* NULL where there is none, or it is not decoded */
    /* The encoding that keeps it from being read, of the pool; NULL where it is. */
    const char *undecoded;
};

/* `body` is what henc_http_body() has found, or what is there of it, in the message that begins
 * at `offset` of tvb.  What was decoded is a data source of the packet `shown_in`, if not NULL. */
struct grvhenc_body grvhenc_body(const struct henc_http *http, struct sstp_span body, tvbuff_t *tvb,
                                 size_t offset, wmem_allocator_t *pool, packet_info *shown_in);

/* The encoding of a body without end, which nobody waits for; else as `undecoded`. */
const char *grvhenc_endless_undecoded(const struct henc_http *http, wmem_allocator_t *pool);

#endif
