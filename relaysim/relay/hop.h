/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hop: single-hop fanout (GRVSSTP 3.3.5.6.1), for the files of the relay alone.
 *
 * A peer is another relay that is known by its URL, with the one connection to it
 * that all fanout sessions share (4.3.4): one that is established, whoever opened it,
 * or one that is opened when it is needed, and again, after a pause that doubles, when
 * it could not be had or was lost.  A hop is the
 * part of a client's fanout session whose recipients are at one peer: an outbound
 * fanout session of its own.  A share is one message on its way over a hop.
 *
 * Losses of recipients are gathered, and told to the client when the relay is next
 * ticked, or before anything is acknowledged: in SSTP 1.6 one SessionStatus can say
 * many of them (note <18>).
 */
#ifndef RELAYSIM_RELAY_HOP_H
#define RELAYSIM_RELAY_HOP_H

#include "relay/internal.h"

struct relay_hop;

struct relay_recipient {
    char *identity_url;
    char *device_url;
    char *relay_url;        /* of another relay; NULL: served here */
    bool is_gone;           /* reported by SessionStatus, or about to be */
    uint8_t lost_status_id; /* about to be, with this StatusId; 0: not */
};

/* A session of a client's, as its receiver. */
struct relay_inbound {
    struct sstp_relay_connection *connection;
    uint32_t session_id;
    bool is_fanout;
    char *resource_url;
    size_t num_recipients;
    struct relay_recipient *recipients;
    GPtrArray *hops; /* struct relay_hop, those that are left */
    bool is_troubled;
    GList troubled_link; /* in relay->troubled, while losses are to be told */
    bool has_changed;
    GList changed_link; /* in relay->changed, while it may be to stop or to go on */
};

struct relay_peer {
    struct sstp_relay *relay;
    const char *url;                          /* the configuration's */
    GQueue established;                       /* its connections that are, the newest last */
    struct sstp_relay_connection *connection; /* that its hops use, or wait for; NULL */
    bool is_dialing;
    uint64_t dial_number;     /* of the last dial; others have been given up */
    uint8_t dial_status_id;   /* why it failed */
    int64_t dial_deadline_ms; /* while it is dialed */
    int64_t next_dial_ms;     /* not before */
    int64_t pause_ms;         /* the last one; 0 after success */
    GHashTable *sessions;     /* on it: SessionId to struct relay_hop */
    GQueue hops;              /* struct relay_hop, that use it or wait for it */
    GQueue waiting;           /* those of them that have something to open or to send */
};

/* ---- relay/peer.c ---- */

/* Makes the peers of the configuration; frees them, with their hops, before the
 * connections. */
void relay_peers_new(struct sstp_relay *relay);
void relay_peers_free(struct sstp_relay *relay);

/* NULL for a relay that nobody knows. */
struct relay_peer *relay_peer_find(const struct sstp_relay *relay, const char *url);

bool relay_peer_is_established(const struct relay_peer *peer);

/* An accepted connection is established: from here on it may be a peer's. */
void relay_peer_meet(struct sstp_relay_connection *connection);

/* Opens what waits for the peer, or sees to it that there is a connection. */
void relay_peer_want(struct relay_peer *peer);

/* An event of a connection to a peer; false when others have to see it, too. */
bool relay_peer_on_event(struct sstp_relay_connection *connection,
                         const struct sstp_ep_event *event);
void relay_peers_tick(struct sstp_relay *relay);
int64_t relay_peers_next_deadline(const struct sstp_relay *relay);

/* ---- relay/loss.c ---- */

/* Whether a StatusId says that a whole relay is lost (GRVSSTP 2.2.8.1, 3.3.4.1.2). */
bool relay_loss_is_of_relay(uint8_t status_id);

/* A recipient is lost, with a StatusId of 2.2.8.1; it is told later. */
void relay_loss_note(struct relay_inbound *inbound, struct relay_recipient *recipient,
                     uint8_t status_id);

/* Whether something of a session is to be told. */
void relay_loss_set_troubled(struct relay_inbound *inbound, bool is_troubled);

/* Tells the client what has become of its session: the losses, then whether it may
 * send (GRVSSTP 3.3.4.1.2). */
void relay_hops_update(struct relay_inbound *inbound);
/* Whether that is to be done at the end of the turn. */
void relay_hops_set_changed(struct relay_inbound *inbound, bool has_changed);

/* The same for every session with losses to tell: of one connection, or all. */
void relay_hops_tell(struct sstp_relay *relay, const struct sstp_relay_connection *connection);

/* ---- relay/hop_send.c, relay/hop_end.c ---- */

/* Whether it has recipients, and is not ready for them. */
bool relay_hop_is_awaited(const struct relay_hop *hop);

/* Sessions without a recipient that is left: who opened one closes it, unless the other
 * relay has (GRVSSTP 3.2.5.8; note <16> for how long it may wait). */
void relay_hops_close_empty(struct relay_inbound *inbound);

/* Makes the hops of a session that has just been opened. */
void relay_hops_begin(struct relay_inbound *inbound);

/* The session of the client's is gone: so are its hops, with Close EmptySession
 * (GRVSSTP 3.3.5.4, 3.3.5.9, 3.3.7.1). */
void relay_hops_end(struct relay_inbound *inbound);

/* A message goes over all hops that are left; the receipt is held for each. */
void relay_hops_forward(struct relay_inbound *inbound, struct sstp_payload *payload,
                        int64_t expires_ms, struct relay_receipt *receipt);

/* What waits for the peer is opened, or sent, as far as there is room. */
void relay_hops_pump(struct relay_peer *peer);

/* All hops of a peer are over; or only those that have not been opened. */
void relay_hops_fail(struct relay_peer *peer, uint8_t status_id);

/* Events of the outbound sessions and their messages. */
void relay_hop_on_state(struct relay_hop *hop, enum sstp_session_state state);
void relay_hop_on_status(struct relay_hop *hop, unsigned entry_index, uint8_t status_id);
void relay_hop_on_closed(struct relay_hop *hop);
void relay_hop_on_share_over(void *share, bool is_acknowledged);

/* The shares under way on a connection that is freed without its events. */
void relay_hops_forget_shares(struct sstp_relay_connection *connection);

/* Discards shares that have waited for too long. */
void relay_hops_expire(struct sstp_relay *relay);

#endif
