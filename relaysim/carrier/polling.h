/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * polling: SSTP in the bodies of POSTs and of their answers, each pair on a TCP connection of its
 * own (GRVHENC 1.3.1.3, 2.2.4, 3.5, 3.6).
 *
 * One transport for a request, and none between two.  The client asks when it has something to
 * say, and when carrier/poll_pace.h says so; the server answers with what it has to say by then.
 * Both end with their endpoint, whose last words travel in one more exchange.
 *
 * What is not answered because its TCP connection is lost is sent again, number and all, and the
 * server knows it again: each exchange happens once.  (3.5.7 has the virtual connection end there,
 * which `repeats` 0 does.)
 *
 * On the server's side a transport comes from the door (carrier/door.h) with what was read of
 * it: the first one becomes a carrier_polling_server, the others are moved there.
 */
#ifndef RELAYSIM_CARRIER_POLLING_H
#define RELAYSIM_CARRIER_POLLING_H

#include "carrier/carrier.h"

extern const struct carrier_ops carrier_polling, carrier_polling_server;

#endif
