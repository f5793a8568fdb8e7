/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * visit: one client at a proxy: what it asks for, in HTTP or SOCKS5, and what passes between it
 * and the server that it was brought to.
 *
 * CONNECT and SOCKS5 make a tunnel.  Any other request for an absolute URI of http:// is forwarded
 * as it comes, its body and the answer's, however long; both connections stay for the next request
 * as HTTP/1.0 has it, where it is asked for.  Bodies in chunks are not forwarded, and answers that
 * have no end of their own end the connection.
 *
 * Like an endpoint it has neither sockets nor a clock, and calls nobody back: after each call its
 * owner looks at what there is to be sent, to be opened and to be closed.
 *
 *     visit = proxy_visit_new(&config, now_ms);
 *     proxy_visit_receive(visit, PROXY_CLIENT, data, len, now_ms);
 *     if ((address = proxy_visit_wanted(visit)) != NULL)
 *         ... proxy_visit_opened(visit) or proxy_visit_not_opened(visit, why)
 *     send proxy_visit_output(visit, side), as far as it goes; close what proxy_visit_is_over()
 */
#ifndef RELAYSIM_PROXY_VISIT_H
#define RELAYSIM_PROXY_VISIT_H

#include <glib.h>

#include "carrier/proxy_login.h"
#include "core/wire.h"
#include "security/security.h"

enum proxy_side { PROXY_CLIENT, PROXY_SERVER, PROXY_SIDE_COUNT };

/* What came of the opening of a server's connection. */
enum proxy_why { PROXY_UNKNOWN_NAME, PROXY_REFUSED, PROXY_UNREACHABLE, PROXY_TOO_LATE };

#define PROXY_UNSENT_MAX (256u << 10) /* of one side; beyond it the other is not read */

struct proxy_visit_config {
    const struct proxy_login *login; /* who may come; NULL: everybody */
    struct sstp_sec_random random;   /* for NTLM's challenges */
    int64_t request_ms;              /* for a request to be there, and for a server to be */
    int64_t idle_ms;                 /* without a byte, when it has been brought on its way */
};

struct proxy_visit;

/* The configuration outlives it. */
struct proxy_visit *proxy_visit_new(const struct proxy_visit_config *config, int64_t now_ms);
void proxy_visit_free(struct proxy_visit *visit);

/* "HOST:PORT" that it is to be connected with now, told once; NULL for nobody. */
const char *proxy_visit_wanted(struct proxy_visit *visit);
bool proxy_visit_forwards(const struct proxy_visit *visit); /* HTTP; else it is a tunnel */
void proxy_visit_opened(struct proxy_visit *visit, int64_t now_ms);
void proxy_visit_not_opened(struct proxy_visit *visit, enum proxy_why why, int64_t now_ms);

void proxy_visit_receive(struct proxy_visit *visit, enum proxy_side from, const void *data,
                         size_t len, int64_t now_ms);
bool proxy_visit_has_room(const struct proxy_visit *visit, enum proxy_side from);

/* This side is gone. */
void proxy_visit_lost(struct proxy_visit *visit, enum proxy_side side, int64_t now_ms);

/* What is to be sent to a side; the caller takes from its beginning, with
 * proxy_visit_taken(). */
struct sstp_span proxy_visit_output(const struct proxy_visit *visit, enum proxy_side to);
void proxy_visit_taken(struct proxy_visit *visit, enum proxy_side to, size_t len);

/* There is nothing more for this side: it is closed when its output is gone.  A server's may be
 * over, and another one wanted after it. */
bool proxy_visit_is_over(const struct proxy_visit *visit, enum proxy_side side);

void proxy_visit_tick(struct proxy_visit *visit, int64_t now_ms);
int64_t proxy_visit_deadline(const struct proxy_visit *visit);

#endif
