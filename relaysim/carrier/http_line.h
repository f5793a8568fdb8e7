/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * http_line: one transport that carries HTTP: what came over it and has not been dealt with, what
 * is to be said, and until when something has to come.
 *
 * It is a transport's own state (struct carrier_transport), and goes with it from carrier to
 * carrier.  What is longer than it should be in memory, the stream of LongLived, does not go
 * through it.
 */
#ifndef RELAYSIM_CARRIER_HTTP_LINE_H
#define RELAYSIM_CARRIER_HTTP_LINE_H

#include <glib.h>

#include "carrier/carrier.h"
#include "henc/http.h"
#include "henc/polling.h"

/* Of what is heard and not dealt with: a head, a body, and as much as is read at once. */
#define HTTP_HEARD_MAX (HENC_HTTP_HEAD_LEN_MAX + HENC_BODY_LEN_MAX + (64u << 10))

struct http_line {
    GByteArray *heard, *says;
    int64_t deadline; /* whoever has the line looks after it; SSTP_EP_NEVER */
    bool is_over;     /* nothing after `says`, and what comes is not looked at */
};

/* The transport is there.  A second time it is the same line. */
struct http_line *http_line_begin(struct carrier_transport *transport);
struct http_line *http_line_of(const struct carrier_transport *transport);

/* Bytes have come.  What would be too much ends the line. */
void http_line_hear(struct http_line *line, const void *data, size_t len);
void http_line_understood(struct http_line *line, size_t len);
struct sstp_span http_line_heard(const struct http_line *line);

/* The message that is heard, whole: DONE, and its head and body, views that are good until the next
 * call; NOT for one that will not be read: no HTTP, in chunks, without an end of its own, or with a
 * longer body than `max`. */
enum henc_http_result http_line_message(const struct http_line *line, size_t max,
                                        struct henc_http *http, struct sstp_span *body);

/* Functions of struct carrier_ops for what the line itself says. */
size_t http_line_output_len(const struct carrier_transport *transport);
size_t http_line_output(const struct carrier_transport *transport, struct sstp_span *pieces,
                        size_t max);
void http_line_taken(struct carrier_transport *transport, size_t len);

#endif
