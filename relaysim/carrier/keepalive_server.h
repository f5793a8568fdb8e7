/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keepalive_server: the server's side of KeepAlive (GRVHENC 3.4), behind the door
 * (carrier/door.h).
 *
 * Each request says whose it is, and is answered on the transport that brought it: POST at once,
 * GET when there is something to say.  Between two requests a transport is nobody's: behind a
 * proxy the next one on it may be another client's, and the door hands it on.  So the GET session
 * is lost (3.4.7) with the transport on which a GET awaits its answer, or gets it; with one that
 * has brought the last GET, and is answered, where no other follows soon.  And for too long without
 * a request, IdleConnection ends all.
 */
#ifndef RELAYSIM_CARRIER_KEEPALIVE_SERVER_H
#define RELAYSIM_CARRIER_KEEPALIVE_SERVER_H

#include "carrier/door.h"

/* A body that comes again over another transport within so long after its answer is taken for one
 * whose answer was lost (GRVHENC 3.3.7.1), and not heard twice. */
#define KEEPALIVE_REPEAT_MS 2000

/* For the next GET, where the transport of the last one is lost after its answer. */
#define KEEPALIVE_GET_AGAIN_MS 5000

extern const struct door_service keepalive_service;

#endif
