/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * internal: what the files of the endpoint share, and nobody else.  Each calls only those
 * that come before it here; at the top stands endpoint/endpoint.c.
 *
 * A callback may end the connection or any session.  So whoever raised an event
 * looks at the state, and for its session, again before it goes on.
 */
#ifndef RELAYSIM_ENDPOINT_INTERNAL_H
#define RELAYSIM_ENDPOINT_INTERNAL_H

#include "endpoint/config.h"
#include "endpoint/ledger.h"
#include "endpoint/output.h"
#include "state/fanout.h"
#include "core/stream.h"

/* Ids of sessions that were closed from here, kept so that what the peer sent
 * before it knew can be told from commands out of nowhere.  Far more than anyone
 * closes within a round trip; the oldest are forgotten. */
#define SSTP_EP_NUM_CLOSED 1024u

struct sstp_ep_bytes {
    uint8_t *data;
    size_t size; /* allocated */
    size_t len;
};

struct sstp_ep_session {
    uint32_t id;
    bool is_ours;
    bool is_fanout;
    enum sstp_session_state state;
    int64_t open_deadline_ms; /* ours, while it is opening */

    struct sstp_fanout fanout; /* the destinations, where is_fanout */

    /* Ours: a message whose EndMessage has not been sent. */
    bool is_sending;
    bool has_sent_data;
    uint64_t sending_ordinal, sending_len; /* for its note */

    /* The peer's: the bytes of the Message command, then the payload so far. */
    enum sstp_receiver_state receiver;
    struct sstp_ep_bytes assembly;
    size_t message_len;
    size_t last_len; /* of the whole of the last one */
};

/* An attach or register session. */
struct sstp_ep_attach_session {
    uint32_t id;
    bool is_attach;
    bool awaits_response; /* ours: to an Attach or Register */
};

struct sstp_ep {
    struct sstp_ep_config config;
    struct sstp_stream stream;
    enum sstp_connection_state state;
    bool is_receiving;        /* inside sstp_ep_receive() */
    struct sstp_span handled; /* the bytes of the command that is being handled */
    enum sstp_version version;
    int64_t now_ms;
    int64_t ack_deadline_ms;
    int64_t connect_deadline_ms;
    int64_t auth_deadline_ms;               /* while an event of ours awaits a response */
    size_t num_opening;                     /* sessions of ours without an OpenResponse */
    int64_t open_deadline_ms;               /* none of them has to be given up before */
    int64_t last_sent_ms, last_received_ms; /* the Noops of the idle timers count, too */
    int64_t last_heard_ms;
    uint64_t num_heard, num_taken; /* commands; bytes of the output */
    uint64_t num_bytes_heard;
    bool awaits_answer;         /* the Connect that came does */
    uint8_t peer_minor_version; /* in it */

    struct sstp_ep_output output;

    struct sstp_ep_session **sessions; /* sorted by id */
    size_t num_sessions, size_sessions;
    struct sstp_ep_attach_session *attaches;
    size_t num_attaches, size_attaches;
    uint32_t closed_ids[SSTP_EP_NUM_CLOSED]; /* a ring */
    size_t num_closed, next_closed;
    uint32_t next_id; /* without the bit that tells the side */

    size_t num_assembling; /* bytes of unfinished messages */
    uint64_t num_begun;    /* messages of ours, by their Message commands */
    struct sstp_ep_ledger inbound, outbound;
};

/* Takes a note (endpoint/note.h) of these members; where nobody wants it, it costs no
 * more than the question. */
#define SSTP_EP_NOTE(ep, ...)                                                                      \
    do {                                                                                           \
        const struct sstp_ep_witness *const witness = &(ep)->config.witness;                       \
        if (witness->noted != NULL)                                                                \
            witness->noted(witness->cookie, &(struct sstp_ep_note){__VA_ARGS__});                  \
    } while (0)

#define SSTP_EP_NOTE_CONNECTION(ep)                                                                \
    SSTP_EP_NOTE(ep, .kind = SSTP_EP_NOTE_CONNECTION_STATE, .connection_state = (ep)->state)

/* Tells of a limit. */
#define SSTP_EP_LIMITED(ep, limit)                                                                 \
    do {                                                                                           \
        if ((ep)->config.limited != NULL)                                                          \
            (ep)->config.limited((ep)->config.cookie, (ep), (limit));                              \
    } while (0)

/* ---- endpoint/table.c ---- */

bool sstp_ep_bytes_reserve(const struct sstp_mem *mem, struct sstp_ep_bytes *bytes, size_t more);
void sstp_ep_bytes_clear(const struct sstp_mem *mem, struct sstp_ep_bytes *bytes);

struct sstp_ep_session *sstp_ep_find_session(const struct sstp_ep *ep, uint32_t session_id);
/* A new session, or NULL without memory. */
struct sstp_ep_session *sstp_ep_add_session(struct sstp_ep *ep, uint32_t id, bool is_ours);
void sstp_ep_remove_session(struct sstp_ep *ep, uint32_t session_id);
void sstp_ep_free_sessions(struct sstp_ep *ep);
/* A session of ours has its answer, or is gone. */
void sstp_ep_count_answered(struct sstp_ep *ep, const struct sstp_ep_session *session);
/* Keeps the destinations with the session; false without memory. */
bool sstp_ep_keep_entries(struct sstp_ep *ep, struct sstp_ep_session *session,
                          const struct sstp_command *command);
/* More, or less, of messages that are not whole yet. */
void sstp_ep_count_assembling(struct sstp_ep *ep, size_t more, size_t less);

struct sstp_ep_attach_session *sstp_ep_find_attach(const struct sstp_ep *ep, uint32_t event_id);
enum sstp_ep_err sstp_ep_add_attach(struct sstp_ep *ep, uint32_t event_id, bool is_attach);
bool sstp_ep_remove_attach(struct sstp_ep *ep, uint32_t event_id);
/* Whether the peer owes an answer to an Attach or Register of ours. */
void sstp_ep_await_response(struct sstp_ep *ep, uint32_t event_id, bool awaits);

/* Whether a session or attach session has this id. */
bool sstp_ep_id_is_in_use(const struct sstp_ep *ep, uint32_t id);
/* Whether the peer may use this id for a session of its own. */
bool sstp_ep_id_is_peers(const struct sstp_ep *ep, uint32_t id);
/* The next free id of ours. */
uint32_t sstp_ep_take_id(struct sstp_ep *ep);

/* Whether this end closed the session, so that late commands are swallowed. */
bool sstp_ep_is_closed_id(const struct sstp_ep *ep, uint32_t id);
void sstp_ep_note_closed_id(struct sstp_ep *ep, uint32_t id);
void sstp_ep_forget_closed_id(struct sstp_ep *ep, uint32_t id);

/* ---- endpoint/tell.c ---- */

void sstp_ep_raise(struct sstp_ep *ep, const struct sstp_ep_event *event);
/* The state that a session is in, or that it is gone. */
void sstp_ep_note_session(struct sstp_ep *ep, uint32_t session_id, bool is_ours,
                          enum sstp_session_state state);
void sstp_ep_note_session_end(struct sstp_ep *ep, uint32_t session_id, bool is_ours,
                              enum sstp_ep_session_end end);
/* Sets it, too. */
void sstp_ep_set_session_state(struct sstp_ep *ep, struct sstp_ep_session *session,
                               enum sstp_session_state state);

/* ---- endpoint/send.c ---- */

/* Encodes into the output. */
enum sstp_ep_err sstp_ep_queue(struct sstp_ep *ep, const struct sstp_command *command);
/* The same for a Data command, whose data stays where it is until `lender` is released;
 * NULL for all but the last of a message. */
enum sstp_ep_err sstp_ep_queue_lent_data(struct sstp_ep *ep, uint32_t session_id,
                                         struct sstp_span data, void *lender);

/* ---- endpoint/acknowledge.c ---- */

/* Takes the count that is due out of the inbound list (GRVSSTP 3.1.4.2.1) and
 * stops the timer. */
uint32_t sstp_ep_take_message_count(struct sstp_ep *ep);
void sstp_ep_start_ack_timer(struct sstp_ep *ep);
/* A MessageCount came (GRVSSTP 3.1.5.19); false when a callback ended the
 * connection. */
bool sstp_ep_acknowledged(struct sstp_ep *ep, const struct sstp_command *command);
/* Tells the owner of the messages that will not be acknowledged: those of one
 * session, or all. */
void sstp_ep_lose_messages(struct sstp_ep *ep, const uint32_t *session_id);
void sstp_ep_on_noop(struct sstp_ep *ep, const struct sstp_command *command);

/* ---- endpoint/end.c ---- */

/* Ends everything, with its events. */
void sstp_ep_finish(struct sstp_ep *ep, const struct sstp_ep_event *closed);
/* Sends what the specification demands; without memory for it, or with a peer that takes
 * nothing, the connection is given up, and false returned. */
bool sstp_ep_answer(struct sstp_ep *ep, const struct sstp_command *command);
/* ConnectClose because the peer broke a rule. */
void sstp_ep_refuse(struct sstp_ep *ep, uint8_t reason_id);
/* The same; `what` says in words for whoever reads the log what the violation was. */
void sstp_ep_refuse_because(struct sstp_ep *ep, uint8_t reason_id, const char *what);

/* ---- endpoint/session.c ---- */

/* Ends a session of the peer's that asks for more than there is. */
void sstp_ep_give_up_session(struct sstp_ep *ep, uint32_t session_id, uint8_t reason_id);
/* Gives up the sessions of ours whose OpenResponse has not come in time. */
void sstp_ep_close_unanswered(struct sstp_ep *ep);
void sstp_ep_on_close(struct sstp_ep *ep, const struct sstp_command *command);

/* ---- what handles the rest of the commands: connection, open, fanout, message, attach ---- */

void sstp_ep_on_connect(struct sstp_ep *ep, const struct sstp_command *command);
void sstp_ep_on_connect_response(struct sstp_ep *ep, const struct sstp_command *command);
void sstp_ep_on_connect_authenticate(struct sstp_ep *ep, const struct sstp_command *command);
void sstp_ep_on_connect_close(struct sstp_ep *ep, const struct sstp_command *command);

void sstp_ep_on_open(struct sstp_ep *ep, const struct sstp_command *command);
void sstp_ep_on_fanout_open(struct sstp_ep *ep, const struct sstp_command *command);
void sstp_ep_on_open_response(struct sstp_ep *ep, const struct sstp_command *command);
void sstp_ep_on_session_status(struct sstp_ep *ep, const struct sstp_command *command);

void sstp_ep_on_message(struct sstp_ep *ep, const struct sstp_command *command);
void sstp_ep_on_data(struct sstp_ep *ep, const struct sstp_command *command);
void sstp_ep_on_end_message(struct sstp_ep *ep, const struct sstp_command *command);

void sstp_ep_on_attach(struct sstp_ep *ep, const struct sstp_command *command);
void sstp_ep_on_attach_response(struct sstp_ep *ep, const struct sstp_command *command);
void sstp_ep_on_attach_authenticate(struct sstp_ep *ep, const struct sstp_command *command);
void sstp_ep_on_register(struct sstp_ep *ep, const struct sstp_command *command);
void sstp_ep_on_register_response(struct sstp_ep *ep, const struct sstp_command *command);

#endif
