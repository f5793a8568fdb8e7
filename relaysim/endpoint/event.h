/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * event: what an endpoint tells its owner.
 */
#ifndef RELAYSIM_ENDPOINT_EVENT_H
#define RELAYSIM_ENDPOINT_EVENT_H

#include "core/command.h"
#include "endpoint/note.h"

enum sstp_ep_event_kind {
    SSTP_EP_EVENT_CONNECT,     /* acceptor: `command` came; fill in *connect_answer */
    SSTP_EP_EVENT_ESTABLISHED, /* `command` is the Connect or ConnectResponse; NULL for a Connect
                                  that was answered later */
    SSTP_EP_EVENT_REFUSED,     /* originator: `command` is a ConnectResponse that is not Ok */
    SSTP_EP_EVENT_CONNECT_AUTHENTICATE, /* relay: see `command` */
    SSTP_EP_EVENT_OPEN,                 /* set *availability; then comes OPENED */
    SSTP_EP_EVENT_FANOUT_OPEN,          /* relay: all is valid; then comes OPENED */
    SSTP_EP_EVENT_OPENED,               /* the OpenResponse to the peer's session is on its way */
    SSTP_EP_EVENT_SESSION_STATE,        /* of a session of ours; see `session_state` */
    SSTP_EP_EVENT_SESSION_STATUS, /* the destination `entry_index` of our fanout session is gone */
    SSTP_EP_EVENT_SESSION_CLOSED, /* session or event; `is_local`, `reason_id`, `response_id` */
    SSTP_EP_EVENT_MESSAGE,        /* whole: `message`; acknowledged by sstp_ep_complete() */
    SSTP_EP_EVENT_ACKNOWLEDGED,   /* a message of ours: `number`, `tag` */
    SSTP_EP_EVENT_UNACKNOWLEDGED, /* a message of ours that was not when its session was closed by
                                     the peer, or the connection ended */
    SSTP_EP_EVENT_ACKNOWLEDGED_LATE,   /* it is after all, later than the Close of its session */
    SSTP_EP_EVENT_ATTACH,              /* relay */
    SSTP_EP_EVENT_ATTACH_RESPONSE,     /* client */
    SSTP_EP_EVENT_ATTACH_AUTHENTICATE, /* relay */
    SSTP_EP_EVENT_REGISTER,            /* relay; `is_attach_session` */
    SSTP_EP_EVENT_REGISTER_RESPONSE,   /* client */
    SSTP_EP_EVENT_CLOSED /* the connection, all sessions with it; the last event there is */
};

/* A limit that the peer has run into, and has been refused something for. */
enum sstp_ep_limit {
    SSTP_EP_LIMIT_SESSIONS,       /* max_sessions */
    SSTP_EP_LIMIT_ATTACHES,       /* max_attaches */
    SSTP_EP_LIMIT_FANOUT_ENTRIES, /* max_fanout_entries */
    SSTP_EP_LIMIT_MESSAGE,        /* max_message, or max_assembling of its own */
    SSTP_EP_LIMIT_ASSEMBLING      /* what it shares with other endpoints */
};

/* The answer to a Connect that is for this device and of a version that it
 * speaks (GRVSSTP 3.1.5.1, 3.3.5.1).  Zeroed, it is Ok without a token. */
struct sstp_ep_connect_answer {
    uint8_t response_id;    /* enum sstp_connect_response */
    uint32_t retry_time;    /* TryLater: seconds */
    bool is_crossed;        /* Ok, then ConnectClose CrossedConnections */
    bool is_later;          /* it comes with sstp_ep_answer_connect() */
    struct sstp_span token; /* has to last until the callback's caller has encoded it */
};

/* A message without its commands (GRVSSTP 2.2.10.1).  `flags` says which of the
 * optional fields there are. */
struct sstp_ep_message {
    uint8_t flags;
    struct sstp_span user_ref;
    uint32_t ttl;                                          /* E: seconds */
    uint8_t ephemeral_reserved_len;                        /* E: 0, 4 or 5 */
    uint64_t byte_stream_size, session_size, message_size; /* S: bytes */
    uint32_t num_fragments, this_fragment;                 /* F */
    struct sstp_span fragment_id;
    uint64_t fragment_offset;
    struct sstp_span data; /* the whole of it, any length */
};

/* The memory, of the endpoint's `mem`, that a message lies in with all its spans.  An
 * owner that wants to keep it sets `data` to NULL, and frees it later itself. */
struct sstp_ep_block {
    void *data;
    size_t size; /* allocated */
};

/* Which members mean something is said at each kind.  Spans and pointers are
 * good until the callback returns. */
struct sstp_ep_event {
    enum sstp_ep_event_kind kind;
    const struct sstp_command *command; /* that brought it; NULL for what began here */
    uint32_t session_id;                /* or EventId */
    struct sstp_ep_connect_answer *connect_answer;
    enum sstp_availability *availability; /* NOT_READY unless it is set */
    enum sstp_session_state session_state;
    unsigned entry_index;
    unsigned num_active; /* destinations left in the fanout session */
    const struct sstp_ep_message *message;
    struct sstp_ep_block *block; /* MESSAGE */
    uint64_t number; /* of a message, from 1 in its direction, in the order of EndMessage */
    void *tag;       /* what was handed over with the message */
    bool is_local;   /* closed from this end */
    bool is_attach_session;
    bool is_open_refused; /* SESSION_CLOSED by an OpenResponse; its id is in response_id */
    uint8_t reason_id;    /* of Close or ConnectClose */
    uint8_t response_id;
    uint32_t wait_time; /* RetryTime or ReturnTime, in seconds */
    enum sstp_ep_end end;
    const char *what; /* CLOSED by a violation: which, in words; or NULL */
};

#endif
