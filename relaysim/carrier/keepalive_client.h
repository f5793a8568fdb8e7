/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keepalive_client: the client's side of KeepAlive (GRVHENC 3.3).
 *
 * Two transports: POST carries a request for what the endpoint has to say, and the next when that
 * one is answered; GET always has a request out, which is answered when the server has something
 * to say.  Ready when both have their handshake.  A lost POST is opened again, and the request that
 * was not answered is sent again (3.3.7.1); with GET all is lost.
 */
#ifndef RELAYSIM_CARRIER_KEEPALIVE_CLIENT_H
#define RELAYSIM_CARRIER_KEEPALIVE_CLIENT_H

#include "carrier/carrier.h"

/* So often in a row POST is opened again without an answer. */
#define KEEPALIVE_REOPEN_MAX 3u

extern const struct carrier_ops carrier_keepalive;

#endif
