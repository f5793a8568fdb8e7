/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hop_state: a hop and a share, for the files of relay/hop.h alone. */
#ifndef RELAYSIM_RELAY_HOP_STATE_H
#define RELAYSIM_RELAY_HOP_STATE_H

#include "relay/hop.h"

struct relay_hop {
    unsigned num_refs;
    struct relay_peer *peer;       /* NULL: it is over */
    struct relay_inbound *inbound; /* NULL: its originator is gone, only shares are left */
    GArray *indexes;               /* uint16_t: the recipients, as they are in FanoutOpen */
    size_t num_left;
    bool is_orphaned; /* the client has closed its session, and can be told nothing */
    bool is_open;
    bool awaits_open_response;
    uint32_t session_id; /* while it is open */
    enum sstp_session_state state;
    GQueue pending; /* struct relay_share, not sent yet */
    size_t num_pending_bytes;
    bool is_backlogged;
    bool is_waiting;
    GList link;         /* in peer->hops */
    GList waiting_link; /* in peer->waiting: to be opened, or with shares to send */
};

struct relay_share {
    struct relay_hop *hop;
    struct relay_receipt *receipt;
    struct sstp_payload *payload; /* until it is sent */
    int64_t expires_ms;
    struct sstp_relay_connection *connection; /* once it is sent */
    GList link;                               /* in hop->pending, or connection->shares */
};

/* ---- relay/hop_end.c ---- */

/* Whether it has something to open or to send. */
void relay_hop_set_waiting(struct relay_hop *hop, bool is_waiting);

/* The other relay owes no OpenResponse for it any more. */
void relay_hop_set_opened(struct relay_hop *hop);

/* A share is safe, or lost in a way that the client has been told of.  If it cannot be
 * told, its connection goes: what is not safe must not be acknowledged. */
void relay_share_end(struct relay_share *share, bool can_be_told);

/* It has ended: the session is closed, and what waits is safe or lost with it. */
void relay_hop_end(struct relay_hop *hop, enum sstp_relay_discard_reason reason);

/* The session to the other relay is gone, or cannot be had: its recipients are lost.  So are
 * those of other hops of the same session to the same relay: a loss is told by the RelayURL,
 * which says it of all. */
void relay_hop_fail(struct relay_hop *hop, uint8_t status_id);

#endif
