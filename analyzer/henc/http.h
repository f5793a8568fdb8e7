/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * http: where one HTTP message begins and ends in the bytes of a TCP
 * connection, and what an encapsulation has to know of its head.
 *
 * The head is read by the http-parser library, but for the request line: the
 * URIs of Groove may hold blanks, and in captures they do hold lines' ends, which no HTTP
 * parser lets pass.  A head is read once, and what was read handed on.
 */
#ifndef SSTP_HENC_HTTP_H
#define SSTP_HENC_HTTP_H

#include "core/mem.h"
#include "core/wire.h"
#include "henc/uri.h"

/* A longer head than this is none. */
#define HENC_HTTP_HEAD_LEN_MAX 32768u

struct henc_http {
    bool is_response;
    struct sstp_span method, target;   /* of a request */
    unsigned status;                   /* of a response */
    bool has_uri;                      /* the target is one of an encapsulation's */
    struct henc_uri uri;               /* what it says then */
    size_t line_len;                   /* of a request line, with its end */
    size_t head_len;                   /* with the empty line that ends it */
    struct sstp_span content_encoding; /* of the body; empty where there is none */
    bool has_content_length;
    uint64_t content_length;
    bool is_chunked;
    bool has_no_end; /* the body ends with the TCP connection */
};

enum henc_http_result {
    HENC_HTTP_NOT,  /* no HTTP message begins here */
    HENC_HTTP_MORE, /* more bytes are needed */
    HENC_HTTP_DONE
};

/* Reads the head of the message that begins at bytes.data. */
enum henc_http_result henc_http_head(struct sstp_span bytes, struct henc_http *http);

/* Finds the end of the message whose head was read: DONE sets *len to its length
 * and *body to its body, which is a block of `mem`, the caller's to free, where it came in
 * chunks (http->is_chunked); MORE sets *wanted to the number of bytes that are missing, 0
 * where that is not known.  Without memory it is NOT. */
enum henc_http_result henc_http_body(const struct henc_http *http, struct sstp_span bytes,
                                     const struct sstp_mem *mem, size_t *len,
                                     struct sstp_span *body, size_t *wanted);

/* Whether a request of this session lacks one of the header fields that it has to have
 * (GRVHENC 2.2.2.1, 2.2.2.2, 2.2.3.1, 2.2.3.2, 2.2.4.1); `head` is all of its head.
 * Connection is left out: proxies take it away. */
bool henc_http_lacks_header(struct sstp_span head, enum henc_kind kind, enum henc_half half);

/* Whether a request of an encapsulation begins here: by its URI, and for Polling
 * by the beginning of its body.  *http is its head, where that is whole; else head_len is 0. */
bool henc_http_is_encapsulation(struct sstp_span bytes, struct henc_http *http);

/* Whether a 200 of Polling begins here, by the beginning of its body: the only answer that
 * says itself that it is one.  *http is its head. */
bool henc_http_is_answer(struct sstp_span bytes, struct henc_http *http);

/* Whether these bytes, which are none yet, may go on to be a request of an encapsulation: its
 * line is not whole, or nothing of its body is there that tells a Polling body from another. */
bool henc_http_begins_encapsulation(struct sstp_span bytes);

/* The length of the head of a request for a tunnel (GRVSSTP 2.1, 4.6), of one or more in a
 * row, that is there whole; 0 where there is none. */
size_t henc_http_connect_len(struct sstp_span bytes);

#endif
