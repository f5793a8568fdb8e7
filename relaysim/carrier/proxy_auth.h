/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * proxy_auth: what an HTTP proxy is told that wants to know who asks (GRVHENC 3.1.5.1.1.2,
 * 3.7.5.1.3, 4.6), for every carrier that speaks HTTP to one.
 *
 * One for each transport that a carrier has at a time (so LongLived has two), in the carrier's
 * state; the login that all share is carrier_config()->login, NULL without.
 *
 *     begin:     proxy_auth_init(&auth, carrier, false)      clear: proxy_auth_clear(&auth)
 *     opened:    proxy_auth_begin(&auth)
 *     a request: proxy_auth_append(&auth, request)           a header field, or nothing
 *     a whole head of an answer with 401 or 407:
 *         switch (proxy_auth_answered(&auth, &http, head, &why))
 *         AGAIN    the same request again, on this transport, once the answer's body is over
 *         ANEW     the same, on another transport: this one is done with (its `is_over`), and
 *                  carrier_want() asks for the next, with another number
 *         REFUSED  carrier_fail(carrier, why), or carrier_lose()
 *     any other answer: proxy_auth_passed(&auth)
 *     lost:      if (proxy_auth_lost(&auth)) as ANEW, else it is lost
 *
 * NTLM is about the TCP connection (4.6): its two questions and answers are on one, and what is
 * asked there afterwards needs neither.  A request whose body has no end to wait for, such as
 * that of LongLived's POST, is sent without its body, with Content-Length 0, where
 * proxy_auth_is_asking() says that its answer can only be a challenge; so browsers do.
 *
 * 401 is a server's word in HTTP, though GRVHENC has it from proxies: the password is given for it
 * only where nobody but the proxy can have said it, in a request for a tunnel.
 */
#ifndef RELAYSIM_CARRIER_PROXY_AUTH_H
#define RELAYSIM_CARRIER_PROXY_AUTH_H

#include <glib.h>

#include "carrier/carrier.h"
#include "carrier/proxy_login.h"
#include "henc/http.h"

#define PROXY_AUTH_ANEW_MAX 3u /* transports beside the first, until it is refused */

enum proxy_auth_next { PROXY_AUTH_AGAIN, PROXY_AUTH_ANEW, PROXY_AUTH_REFUSED };

/* What the last request has told. */
enum proxy_auth_step {
    PROXY_AUTH_NOTHING,
    PROXY_AUTH_PASSWORD,  /* Basic's */
    PROXY_AUTH_NEGOTIATE, /* NTLM's first message; awaits a challenge */
    PROXY_AUTH_ANSWER     /* NTLM's last */
};

struct proxy_auth {
    const struct carrier *carrier; /* whose chance and time NTLM's answers have */
    struct proxy_login *login;
    bool takes_401;
    bool is_401;    /* the last question was one */
    bool is_asked;  /* since the last request */
    bool is_passed; /* this transport has been let through */
    enum proxy_auth_step step;
    char *answer;      /* to the challenge, for the next request; or NULL */
    unsigned num_anew; /* transports */
};

void proxy_auth_init(struct proxy_auth *auth, const struct carrier *carrier, bool takes_401);
void proxy_auth_clear(struct proxy_auth *auth);

/* A transport is there: nothing has been said on it. */
void proxy_auth_begin(struct proxy_auth *auth);

/* Appends the header field that the next request has to have, if any, with its line's end. */
void proxy_auth_append(struct proxy_auth *auth, GString *request);

/* Before it: whether that field will be one that can only be answered by a challenge. */
bool proxy_auth_is_asking(const struct proxy_auth *auth);

/* An answer whose status is 401 or 407, by its head, which `head` begins with; `can_follow` where
 * the request is over, so that another one may follow it on the transport.  *why is a sentence to
 * be freed where it is refused, else NULL. */
enum proxy_auth_next proxy_auth_answered(struct proxy_auth *auth, const struct henc_http *http,
                                         struct sstp_span head, bool can_follow, char **why);

/* The length of such an answer with its body, which is of no interest: DONE when all of it was
 * heard. */
enum henc_http_result proxy_auth_skip(const struct henc_http *http, struct sstp_span heard,
                                      size_t *len);

/* An answer with any other status: the proxy knows enough. */
void proxy_auth_passed(struct proxy_auth *auth);

/* The transport is lost: whether to try another one, as the proxy may have closed it only to be
 * asked anew. */
bool proxy_auth_lost(struct proxy_auth *auth);

#endif
