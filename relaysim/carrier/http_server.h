/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * http_server: what all carriers of a server have in common that come over HTTP: its options, and
 * the virtual connections that are there, by their GUIDs (VirtualConnectionGUIDList of GRVHENC
 * 3.2.1.1, 3.4.1.1, 3.6.1.1).
 *
 * It is the `shared` of their configuration, and outlives them all.
 */
#ifndef RELAYSIM_CARRIER_HTTP_SERVER_H
#define RELAYSIM_CARRIER_HTTP_SERVER_H

#include "carrier/carrier.h"
#include "carrier/http_options.h"

/* A longer GUID is none: those of the grammar have 39 characters, one that was printed has 42. */
#define HTTP_GUID_LEN_MAX 64u

struct http_server;

/* The options are copied; what is not set there is the products'. */
struct http_server *http_server_new(const struct http_options *options);
void http_server_free(struct http_server *server); /* NULL is fine */

struct http_server *http_server_of(const struct carrier *carrier);
const struct http_options *http_server_options(const struct http_server *server);

/* Whether a request may name this server so (GRVHENC 3.2.5.1.1, step 4). */
bool http_server_is_named(const struct http_server *server, struct sstp_span name);

/* NULL: there is none. */
struct carrier *http_server_find(const struct http_server *server, struct sstp_span guid);

bool http_server_is_full(const struct http_server *server);

/* A virtual connection is there; it is not full, and nobody else has that GUID, which is copied.
 * Before the carrier is freed, it leaves. */
void http_server_enter(struct http_server *server, const char *guid, struct carrier *carrier);
void http_server_leave(struct http_server *server, const char *guid);

#endif
