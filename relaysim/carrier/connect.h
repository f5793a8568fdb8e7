/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * connect: SSTP through a proxy that is asked with HTTP's CONNECT, the Secure Tunnel of
 * GRVHENC 3.7, on the client's side; the server sees plain TCP.
 *
 * A transport to the proxy; ready when its answer is 200.  A proxy that wants to know who asks
 * (407, or 401) is told so (carrier/proxy_auth.h), on the same transport or, where it closes that
 * one, on another.
 */
#ifndef RELAYSIM_CARRIER_CONNECT_H
#define RELAYSIM_CARRIER_CONNECT_H

#include "carrier/carrier.h"

extern const struct carrier_ops carrier_connect;

#endif
