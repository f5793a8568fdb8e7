/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * http_message: where one HTTP message begins and ends in the bytes of a TCP
 * connection, and what an encapsulation has to know of its head.
 *
 * The head is read by the http-parser library, but for the request line: the
 * URIs of Groove may hold blanks (errata), which no HTTP parser lets pass.
 */
#ifndef GRVHENC_HTTP_MESSAGE_H
#define GRVHENC_HTTP_MESSAGE_H

#include <epan/wmem_scopes.h>

#include "core/wire.h"

/* A longer head than this is none. */
#define GRVHENC_HEAD_LEN_MAX 32768u

struct grvhenc_http {
    bool is_response;
    struct sstp_span method, target; /* of a request */
    unsigned status;                 /* of a response */
    size_t head_len;                 /* with the empty line that ends it */
    bool has_content_length;
    uint64_t content_length;
    bool is_chunked;
    bool has_no_end; /* the body ends with the TCP connection */
};

enum grvhenc_http_result {
    GRVHENC_HTTP_NOT,  /* no HTTP message begins here */
    GRVHENC_HTTP_MORE, /* more bytes are needed */
    GRVHENC_HTTP_DONE
};

/* Reads the head of the message that begins at bytes.data. */
enum grvhenc_http_result grvhenc_http_head(struct sstp_span bytes, struct grvhenc_http *http);

/* Finds the end of the message whose head was read: DONE sets *len to its length
 * and *body to its body, which is a copy in `pool` where it came in chunks; MORE
 * sets *wanted to the number of bytes that are missing, 0 where that is not known. */
enum grvhenc_http_result grvhenc_http_body(const struct grvhenc_http *http, struct sstp_span bytes,
                                           wmem_allocator_t *pool, size_t *len,
                                           struct sstp_span *body, size_t *wanted);

/* Whether a request of an encapsulation begins here: by its URI, and for Polling
 * by the beginning of its body. */
bool grvhenc_http_is_encapsulation(struct sstp_span bytes);

/* Whether a request to a server's root, as Polling's are, begins here without
 * enough of its body to tell.  HTTP itself would wait for the body. */
bool grvhenc_http_begins_polling(struct sstp_span bytes);

/* Whether these bytes, without the end of a line, may go on to be a request of
 * LongLived or KeepAlive. */
bool grvhenc_http_begins_request(struct sstp_span bytes);

#endif
