/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * note: what an endpoint goes through, for who keeps a record of it.
 *
 * Events (endpoint/endpoint.h) tell the owner what it has to deal with.  Notes tell of every
 * change of a state and of every message, also where nobody has to do anything.
 * They are told as they happen, after the command that was sent for them, and
 * only where the owner asked for them.
 */
#ifndef RELAYSIM_ENDPOINT_NOTE_H
#define RELAYSIM_ENDPOINT_NOTE_H

#include "state/transition.h"

enum sstp_ep_note_kind {
    SSTP_EP_NOTE_CONNECTION_STATE, /* `connection_state`; of 'closed' also `end` */
    SSTP_EP_NOTE_SESSION_STATE,    /* `session_state`; of 'closed' also `session_end` */
    SSTP_EP_NOTE_SENT,             /* ours: its EndMessage has entered the output */
    SSTP_EP_NOTE_DELIVERED,        /* the peer's: whole, and about to be handed to the owner */
    SSTP_EP_NOTE_ACKNOWLEDGED,     /* ours: a MessageCount took it off the list */
    SSTP_EP_NOTE_UNACKNOWLEDGED,   /* ours: given up with its session, see `session_end` */
    SSTP_EP_NOTE_DISCARDED,        /* the peer's: its session had been closed from here */
    SSTP_EP_NOTE_COUNT
};

/* How a connection ended. */
enum sstp_ep_end {
    SSTP_EP_END_LOCAL,     /* the owner closed it */
    SSTP_EP_END_VIOLATION, /* the peer broke a rule; ConnectClose was sent */
    SSTP_EP_END_REFUSED,   /* the peer's Connect was refused, or ours was */
    SSTP_EP_END_PEER,      /* a ConnectClose came */
    SSTP_EP_END_TIMEOUT,   /* no Connect, or none of the responses to it, Attach and Register */
    SSTP_EP_END_TRANSPORT_LOST,
    SSTP_EP_END_NO_MEMORY, /* or the peer takes nothing off the queue */
    SSTP_EP_END_COUNT
};

/* How a session ended. */
enum sstp_ep_session_end {
    SSTP_EP_SESSION_END_HERE,       /* Close was sent */
    SSTP_EP_SESSION_END_THERE,      /* Close came */
    SSTP_EP_SESSION_END_REFUSED,    /* by an OpenResponse, ours or the peer's */
    SSTP_EP_SESSION_END_CONNECTION, /* with its connection */
    SSTP_EP_SESSION_END_COUNT
};

struct sstp_command;

struct sstp_ep_note {
    enum sstp_ep_note_kind kind;
    enum sstp_connection_state connection_state;
    enum sstp_ep_end end;
    uint32_t session_id; /* of all but CONNECTION_STATE */
    bool is_ours;        /* SESSION_STATE: this end is the originator */
    enum sstp_session_state session_state;
    enum sstp_ep_session_end session_end;
    uint64_t number;  /* of a message, from 1 in its direction, in the order of EndMessage */
    uint64_t ordinal; /* SENT: likewise, in the order of Message */
    uint64_t len;     /* SENT, DELIVERED: bytes of its data */
    bool is_given_up; /* ACKNOWLEDGED: UNACKNOWLEDGED had been told before */
};

/* Who watches an endpoint.  It is told of things at the moment they happen, and calls
 * nothing on the endpoint.  Either may be NULL. */
struct sstp_ep_witness {
    /* A command has entered the output. */
    void (*sent)(void *cookie, const struct sstp_command *command);
    void (*noted)(void *cookie, const struct sstp_ep_note *note);
    void *cookie;
};

#endif
