/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * http_client: what the client's sides of the encapsulations over HTTP share: how they end, and
 * what they can be asked for.
 *
 * Their configuration has struct http_options with a server_name, and a target, which is where
 * they connect to, or whom the proxy is asked for.
 */
#ifndef RELAYSIM_CARRIER_HTTP_CLIENT_H
#define RELAYSIM_CARRIER_HTTP_CLIENT_H

#include "carrier/carrier.h"
#include "carrier/http_options.h"
#include "carrier/proxy_auth.h"

/* Whether this can be a server_name or a target: both stand in URIs. */
bool http_client_check(const char *name);

/* Of the options, or the products' where those have none. */
int64_t http_client_establish_ms(const struct carrier *carrier);
int64_t http_client_receive_ms(const struct carrier *carrier);
uint64_t http_client_longlived_limit(const struct carrier *carrier);

/* One more transport, to the server or its proxy. */
void http_client_want(struct carrier *carrier, unsigned number);

/* The virtual connection ends, and why, as a sentence of which "the other side", or the proxy
 * where there is one, is the beginning: it fails, or is lost, as it was not or was ready. */
void __attribute__((format(printf, 2, 3)))
http_client_end(struct carrier *carrier, const char *format, ...);

/* The same for an answer that is none of ours, by its status (GRVHENC 3.1.5.1.1, 3.1.5.2.1). */
void http_client_refused(struct carrier *carrier, unsigned status);

/* The same for an answer with 401 or 407, whose head is heard: what is to be done, where it is not
 * the end. */
enum proxy_auth_next http_client_asked(struct carrier *carrier, struct proxy_auth *auth,
                                       const struct henc_http *http, struct sstp_span heard,
                                       bool can_follow);

/* Whether a status is one of those, which a proxy asks with that may be told who asks. */
bool http_client_is_question(const struct carrier *carrier, unsigned status);

/* Function of struct carrier_ops. */
void http_client_not_opened(struct carrier_transport *transport, const char *why);

#endif
