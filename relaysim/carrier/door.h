/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * door: where HTTP comes in at a server: the carrier of a transport of which nobody knows yet which
 * virtual connection it belongs to.
 *
 * It reads the first request, or of Polling all of it, and hands the transport to the virtual
 * connection that the request names (carrier_move()); or to a new one, which this carrier then
 * becomes (carrier_become()).  What is none of an encapsulation is answered 400, 404 or 501 and
 * closed.
 *
 * A GUID is all that anybody has to know who comes from the same address: from another one it is
 * answered 400, as is what the virtual connection does not await; and that does not notice.
 *
 * Its configuration has a struct http_server as `shared`.
 */
#ifndef RELAYSIM_CARRIER_DOOR_H
#define RELAYSIM_CARRIER_DOOR_H

#include "carrier/http_line.h"
#include "carrier/http_server.h"

extern const struct carrier_ops carrier_door;

/* A request, as far as the door has read it.  Views into what was heard. */
struct door_request {
    struct henc_http http;
    struct sstp_span guid;
    struct sstp_span body; /* of Polling, whole */
};

/* The server's side of an encapsulation. */
struct door_service {
    enum henc_kind kind;
    const struct carrier_ops *ops;
    /* Whether a request may join the virtual connection of its GUID, which is there, and of these
     * ops: 0, or the status that it is answered with. */
    unsigned (*refuses)(const struct carrier *carrier, const struct door_request *request);
    /* The transport is this carrier's from now on, with the request, the first of all that its line
     * has heard, and not dealt with.  A new virtual connection's state is zeroed: it enters its
     * GUID, which is one (door_guid()). */
    void (*take)(struct carrier_transport *transport, const struct door_request *request);
};

/* The GUID of a request; to be freed. */
char *door_guid(const struct door_request *request);

/* Finds out whose the request is that a transport has heard, and hands it on.  For the door, and
 * for a virtual connection whose transport brings a request with another GUID, as proxies do that
 * use one connection for several clients: it may be somebody else's after that. */
void door_route(struct carrier_transport *transport);

/* Answers with this status, and ends the transport after it. */
void door_refuse(struct carrier_transport *transport, unsigned status);

#endif
