/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * http_halves: the two transports of a client's virtual connection, GET and POST, and what a proxy
 * asks on each of them (GRVHENC 3.1.5.1.1.2, 3.3.5.1.3, 3.3.5.2.3).
 *
 *     begin:     http_halves_begin(&halves, carrier, open)     clear: http_halves_clear(&halves)
 *     opened:    http_halves_opened(&halves, transport)        say its request
 *     a request: proxy_auth_append(&halves.auths[half], fields)
 *     received:  if (!http_halves_have(&halves, transport)) return
 *                an answer with which a proxy asks: if (http_halves_asked(...)) say it again
 *     lost:      if (http_halves_lost(&halves, transport)) the half is gone
 */
#ifndef RELAYSIM_CARRIER_HTTP_HALVES_H
#define RELAYSIM_CARRIER_HTTP_HALVES_H

#include "carrier/carrier.h"
#include "carrier/proxy_auth.h"
#include "henc/http.h"

struct http_halves {
    struct carrier_transport **open; /* the two, by enum henc_half, NULL where it is not open */
    struct proxy_auth auths[2];      /* likewise */
    bool is_to_ask[2];               /* again, when the answer that is there is over */
};

/* Wants both.  `open` is the carrier's own, and outlives this. */
void http_halves_begin(struct http_halves *halves, struct carrier *carrier,
                       struct carrier_transport **open);
void http_halves_clear(struct http_halves *halves);

/* Function of struct carrier_ops, for both. */
void http_halves_opened(struct http_halves *halves, struct carrier_transport *transport);

/* Whether this is one of the two that there are; another one was the proxy's to ask on. */
bool http_halves_have(const struct http_halves *halves, const struct carrier_transport *transport);

/* A transport is lost.  True: a half with it, which is not open any more.  False: it was none, or
 * another one is wanted for it, as a proxy may close what it has asked on. */
bool http_halves_lost(struct http_halves *halves, struct carrier_transport *transport);

/* An answer with 401 or 407 is heard, or as much of it as there is: true when it is over, and the
 * same request is to be said again.  `can_follow` says that it may be on this transport; else
 * another one is wanted.  What is no answer, or asks for too much, is the end, for which `kind` is
 * the encapsulation's name. */
bool http_halves_asked(struct http_halves *halves, struct carrier_transport *transport,
                       const struct henc_http *http, bool can_follow, const char *kind);

#endif
