/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tunnel: what carriers share that first talk to a proxy, on the one transport that they have,
 * and then hand on what is SSTP as it is: carrier/connect.h and carrier/socks.h.
 *
 * They begin their state with a struct tunnel, put into `says` what they have to say, and are
 * told with `heard` what has come since, as long as the way is not free.
 */
#ifndef RELAYSIM_CARRIER_TUNNEL_H
#define RELAYSIM_CARRIER_TUNNEL_H

#include <glib.h>

#include "carrier/carrier.h"

#define TUNNEL_HEARD_MAX (64u << 10) /* of the proxy's, before the way is free */

struct tunnel {
    unsigned number;   /* of the transport that is not done with */
    GByteArray *says;  /* to the proxy, not taken yet */
    GByteArray *heard; /* of the proxy, not dealt with yet; then of the other side, before the
                          endpoint was there */
    int64_t deadline;
};

/* Whom the proxy is asked for: carrier_config()->target divided, an IPv6 address without its
 * brackets.  False for what is no HOST:PORT; *host is to be freed. */
bool tunnel_target(const char *target, char **host, uint16_t *port);

/* Says something, `len` bytes. */
void tunnel_say(struct carrier *carrier, const void *bytes, size_t len);

/* The first `len` bytes that were heard are dealt with. */
void tunnel_understood(struct carrier *carrier, size_t len);

/* This transport is done with, and another one to the proxy is wanted. */
void tunnel_anew(struct carrier *carrier);

/* The way is free: the first `len` bytes that were heard were the proxy's. */
void tunnel_set_ready(struct carrier *carrier, size_t len);

/* Functions of the row.  Those of `opened` and `receive` begin with the first two of these:
 * the second returns whether the carrier has to look at what was heard. */
void tunnel_opened(struct carrier_transport *transport);
bool tunnel_receive(struct carrier_transport *transport, const void *data, size_t len);
void tunnel_begin(struct carrier *carrier);
void tunnel_clear(struct carrier *carrier);
void tunnel_not_opened(struct carrier_transport *transport, const char *why);
void tunnel_lost(struct carrier_transport *transport);
void tunnel_started(struct carrier *carrier);
bool tunnel_has_room(const struct carrier_transport *transport);
size_t tunnel_output_len(const struct carrier_transport *transport);
size_t tunnel_output(const struct carrier_transport *transport, struct sstp_span *pieces,
                     size_t max);
void tunnel_taken(struct carrier_transport *transport, size_t len);
bool tunnel_is_over(const struct carrier_transport *transport);
void tunnel_tick(struct carrier *carrier);
int64_t tunnel_deadline(const struct carrier *carrier);

/* The rest of a row, after its name, port, state_size, begin, clear, opened, lost and receive. */
#define TUNNEL_OPS                                                                                 \
    .not_opened = tunnel_not_opened, .started = tunnel_started, .has_room = tunnel_has_room,       \
    .output_len = tunnel_output_len, .output = tunnel_output, .taken = tunnel_taken,               \
    .is_over = tunnel_is_over, .tick = tunnel_tick, .deadline = tunnel_deadline

#endif
