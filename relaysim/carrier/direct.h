/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * direct: SSTP on TCP and nothing between (GRVSSTP 2.1): port 2492, or 443 in the clear.
 *
 * One transport, ready as soon as it is there; both sides.
 */
#ifndef RELAYSIM_CARRIER_DIRECT_H
#define RELAYSIM_CARRIER_DIRECT_H

#include "carrier/carrier.h"

extern const struct carrier_ops carrier_direct;
extern const struct carrier_ops carrier_direct_443; /* a client's, to port 443 */

#endif
