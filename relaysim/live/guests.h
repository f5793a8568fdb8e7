/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guests: the connections of a relay, those that it accepts and those that it opens to its
 * peers.  Each is known to the relay (relay/relay.h) as the `socket` of its callbacks.
 *
 * Of those that have been accepted and say nothing, so many are kept as are allowed: the
 * half open.  Who comes over HTTP is one of them while its virtual connection is not whole, and the
 * relay does not know of it.
 */
#ifndef RELAYSIM_LIVE_GUESTS_H
#define RELAYSIM_LIVE_GUESTS_H

#include "base/log_seldom.h"
#include "carrier/http_server.h"
#include "net/net.h"
#include "record/recording.h"
#include "relay/relay.h"

#include <glib.h>

struct live_guests {
    /* Filled in by the owner; all of it outlives the guests. */
    struct net *net;
    struct sstp_relay *relay;
    const struct recording *recording; /* NULL for none */
    const char *const *peer_urls;      /* of the configuration, as the addresses are */
    const char *const *peer_addresses;
    const struct live_peer_way *peer_ways; /* live/connection.h; NULL: straight to all of them */
    struct proxy_login *proxy_login;
    const uint8_t *peer_hosts; /* in the capture; NULL: the usual */
    size_t num_peers;
    uint8_t host; /* of the relay, in the capture */
    size_t max_half_open;
    bool tells_refusals;      /* on stderr; otherwise in the log alone */
    struct http_server *http; /* for those who come over HTTP; NULL where nobody does */

    /* Zeros to begin with. */
    GQueue all;       /* struct guest, that the relay knows */
    GQueue half_open; /* accepted, and no Connect is known of: of these, and of those to come */
    GQueue dials;     /* struct guest, that are being opened */
    bool is_leaving;  /* nobody is dialed any more */
    struct log_seldom silent_lines;
};

/* Sets what the relay says of single connections: `wake`, `hold`, `log`, `tell`, and with a
 * truth file `witness` and `label`.  They need no cookie. */
void live_guests_configure(const struct live_guests *guests, struct sstp_relay_config *config);

/* Somebody has connected; within net_accepted().  What it speaks, the port says that it came to.
 * For a spare there is a file descriptor to be
 * refused by, and that is all. */
void live_guests_accept(struct live_guests *guests, struct net_connection *socket, bool is_spare);

/* As `dial` of relay/config.h: one of `peer_urls`, and the relay's number of the dial. */
void live_guests_dial(struct live_guests *guests, const char *url, uint64_t number);

/* Nobody waits any more for those who are being dialed, who may not even be there. */
void live_guests_stop_dialing(struct live_guests *guests);

/* Drops those who have no socket at present, so that nothing awaits their time. */
void live_guests_drop_idle(struct live_guests *guests);

/* Resets all that the relay knows, and closes those that it does not know yet. */
void live_guests_reset(struct live_guests *guests);

#endif
