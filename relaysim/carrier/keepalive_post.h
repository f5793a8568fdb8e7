/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keepalive_post: what the client's side of KeepAlive says over POST: one request at a time, which
 * is kept whole until it is answered, and said again where its transport is lost, or a proxy asks
 * who it is from (GRVHENC 3.3.4.7, 3.3.5.1.3, 3.3.7.1).
 */
#ifndef RELAYSIM_CARRIER_KEEPALIVE_POST_H
#define RELAYSIM_CARRIER_KEEPALIVE_POST_H

#include "carrier/carrier.h"
#include "carrier/proxy_auth.h"

#include <glib.h>

struct keepalive_post {
    const struct carrier *carrier;
    const char *guid;
    struct proxy_auth *auth;
    GByteArray *body;    /* while it has no answer */
    GByteArray *request; /* likewise, whole; then empty (ClientOKtoSend) */
    guint num_said;      /* bytes of it, on the transport that there is */
};

/* What is named outlives it. */
void keepalive_post_init(struct keepalive_post *post, const struct carrier *carrier,
                         const char *guid, struct proxy_auth *auth);
void keepalive_post_clear(struct keepalive_post *post);

/* A request, where none awaits its answer: with the echo string, or with what the endpoint says. */
void keepalive_post_handshake(struct keepalive_post *post);
void keepalive_post_say(struct keepalive_post *post, struct sstp_span body);

/* A request awaits its answer. */
bool keepalive_post_is_waiting(const struct keepalive_post *post);

/* Nothing of a request is left to be said. */
bool keepalive_post_is_said(const struct keepalive_post *post);

/* The request that awaits its answer is said from its beginning: the same bytes, or written anew
 * with what the proxy is to be told by now. */
void keepalive_post_restart(struct keepalive_post *post);
void keepalive_post_write(struct keepalive_post *post);

void keepalive_post_answered(struct keepalive_post *post);

/* What is left to be said, and that so much of it has been. */
struct sstp_span keepalive_post_output(const struct keepalive_post *post);
void keepalive_post_taken(struct keepalive_post *post, size_t len);

#endif
