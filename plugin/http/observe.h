/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * observe: HTTP messages of a chunk, shown to the observer of their virtual connection
 * (analyzer/henc/virtual.h).  First pass only.
 */
#ifndef GRVHENC_OBSERVE_H
#define GRVHENC_OBSERVE_H

#include "http/chunk.h"

/* The bytes of an HTTP message, and what of them is its body. */
struct grvhenc_message_bytes {
    size_t offset, len; /* in the chunk */
    struct grvhenc_read *read;
    struct sstp_span body; /* decoded */
    tvbuff_t *body_tvb;
    const char *undecoded;
    bool is_cut; /* the body goes on after what is there, or is not read */
};

/* What is shown. */
struct grvhenc_message {
    struct henc_message m;
    struct henc_polling polling;
    struct grvhenc_virtual *v;
};

/* Finds out whose the message is, which may begin a virtual connection; false where it is of no
 * encapsulation. */
bool grvhenc_observe_find(struct grvhenc_chunk *chunk, const struct grvhenc_message_bytes *bytes,
                          struct grvhenc_message *message);

/* The virtual connection that is known so far and that a chunk names which begins with a request;
 * NULL where it does not. */
struct grvhenc_virtual *grvhenc_observe_named(const struct grvhenc_chunk *chunk,
                                              wmem_allocator_t *pool);

/* Shows it, and keeps what comes of that. */
struct grvhenc_record *grvhenc_observe(struct grvhenc_chunk *chunk,
                                       const struct grvhenc_message_bytes *bytes,
                                       struct grvhenc_message *message);

/* The TCP connection's last request belongs to no encapsulation. */
void grvhenc_observe_other(struct grvhenc_chunk *chunk, const struct henc_http *http);

/* Bytes of a TCP connection are missing, since the frame `since`; they belong to the virtual
 * connection of the last request, most likely. */
void grvhenc_lose(struct grvhenc_tcp *tcp, bool from_client, int64_t time_ns);

#endif
