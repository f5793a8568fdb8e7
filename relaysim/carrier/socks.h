/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * socks: SSTP through a SOCKS5 proxy (GRVHENC 3.9, RFC 1928), on the client's side; the
 * server sees plain TCP.
 *
 * One transport, to the proxy; ready when it has connected.  A proxy that wants to know who asks
 * is told the user and the password of carrier_config()->login (RFC 1929), where that is one of
 * PROXY_BASIC: with the other scheme nobody means to send a password as it is.
 */
#ifndef RELAYSIM_CARRIER_SOCKS_H
#define RELAYSIM_CARRIER_SOCKS_H

#include "carrier/carrier.h"

extern const struct carrier_ops carrier_socks;

#endif
