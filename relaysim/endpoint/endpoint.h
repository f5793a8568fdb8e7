/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * endpoint: one end of one SSTP connection (GRVSSTP 3.1, 3.2.5 and 3.3.5).
 *
 * It has no sockets and no clock: the caller hands in the bytes that came and
 * the time that it is, and takes away the bytes to send.  It keeps the states of
 * the connection and its sessions and the two acknowledgement lists, answers
 * what the specification says has to be answered, and tells its owner, the
 * higher layer, of the rest through one callback.  It knows nothing of stores,
 * accounts or keys: those are the owner's.
 *
 *     struct sstp_ep *ep = sstp_ep_new(&config);
 *     sstp_ep_connect(ep, "grooveDNS://relay1.example", sstp_span(NULL, 0));
 *     for (;;) {
 *         struct sstp_span out = sstp_ep_output(ep);
 *         sstp_ep_output_taken(ep, send(out));
 *         sstp_ep_tick(ep, now_ms);
 *         sstp_ep_receive(ep, bytes, len);
 *     }
 *     sstp_ep_free(ep);
 *
 * "Ours" is what this end originated.  Every function that takes a session or
 * event number answers SSTP_EP_NO_SESSION for one that is not open.
 */
#ifndef RELAYSIM_ENDPOINT_ENDPOINT_H
#define RELAYSIM_ENDPOINT_ENDPOINT_H

#include "core/command.h"
#include "endpoint/note.h"
#include "core/mem.h"

#define SSTP_EP_NEVER INT64_MAX
#define SSTP_EP_ACK_DELAY_MS 5000        /* GRVSSTP 3.1.2.1 */
#define SSTP_EP_ACK_COUNT 32             /* our choice, as 3.1.4.8 allows */
#define SSTP_EP_CONNECT_TIMEOUT_MS 30000 /* Appendix A, Connection Establishment Timer */
#define SSTP_EP_OPEN_TIMEOUT_MS 180000   /* Appendix A, Session Establishment Timer */
#define SSTP_EP_AUTH_TIMEOUT_MS 60000    /* Appendix A, Authentication Timer */

struct sstp_ep;

enum sstp_ep_err {
    SSTP_EP_OK = 0,
    SSTP_EP_NO_MEMORY = -1,
    SSTP_EP_WRONG_STATE = -2, /* the connection or session is not in a state that allows this */
    SSTP_EP_NO_SESSION = -3,
    SSTP_EP_FULL = -4,    /* a limit on what waits is reached: again when some of it has gone */
    SSTP_EP_TOO_LONG = -5 /* it does not fit into its command, or exceeds a limit */
};

enum sstp_ep_role { SSTP_EP_CLIENT, SSTP_EP_RELAY };

/* What several endpoints have of messages that are not whole yet.  Beyond `max_bytes` a
 * session that brings more ends with QuotaWouldBeExceeded, unless its connection has not
 * more than SSTP_EP_ASSEMBLING_SHARE: who sends short messages always gets through. */
#define SSTP_EP_ASSEMBLING_SHARE (64u << 10)
struct sstp_ep_assembling {
    size_t num_bytes, max_bytes;
};

/* What a peer may make grow.  0 stands for the default. */
struct sstp_ep_limits {
    size_t max_sessions;       /* open at a time, both ways together; 1024 */
    size_t max_events;         /* attach and register sessions; 1024 */
    size_t max_fanout_entries; /* of one FanoutOpen; 1024 */
    size_t max_message;        /* bytes of one message; 16 MiB */
    size_t max_assembling;     /* bytes of all unfinished messages together; 32 MiB */
    size_t max_unacknowledged; /* messages in either acknowledgement list; 65536 */
    size_t max_queued;         /* output bytes beyond which no message is taken; 256 KiB */
    size_t max_unread;         /* output bytes beyond which the peer is given up; 64 MiB */
};

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
    SSTP_EP_EVENT_ACKNOWLEDGED_LATE,   /* it is after all, behind the Close of its session */
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
    SSTP_EP_LIMIT_EVENTS,         /* max_events */
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
    void *user;                         /* the session's, see sstp_ep_set_user() */
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

struct sstp_ep_config {
    const struct sstp_mem *mem;
    enum sstp_ep_role role;
    bool is_originator;             /* it opened the transport */
    const char *const *device_urls; /* LocalDeviceURLs; strings and array outlive the endpoint */
    size_t num_device_urls;         /* at most 255 */
    uint8_t major_version, minor_version;          /* 0.0 stands for 1.6 */
    const char *product_version;                   /* outlives the endpoint */
    const char *product_capabilities;              /* likewise; NULL for none */
    bool supports_multi_drop, supports_single_hop; /* relay only */
    uint32_t upgrade_retry_time;                   /* RetryTime of a WillUpgrade, in seconds */
    int64_t now_ms;
    int64_t ack_delay_ms; /* 0: SSTP_EP_ACK_DELAY_MS */
    size_t ack_count;     /* a Noop at once for so many; 0: SSTP_EP_ACK_COUNT, SIZE_MAX: never */
    int64_t connect_timeout_ms; /* 0: SSTP_EP_CONNECT_TIMEOUT_MS */
    int64_t open_timeout_ms;    /* 0: SSTP_EP_OPEN_TIMEOUT_MS */
    /* Client: for each AttachResponse and RegisterResponse; 0: SSTP_EP_AUTH_TIMEOUT_MS */
    int64_t auth_timeout_ms;
    /* A Noop after so long without a command to the peer, or from it (Appendix A,
     * Outbound and Inbound Idle Timer); 0: never. */
    int64_t outbound_idle_ms, inbound_idle_ms;
    uint32_t first_session_id; /* without the bit that tells the side; 0: 1 */
    struct sstp_ep_limits limits;
    struct sstp_ep_assembling *assembling; /* outlives the endpoint; NULL: its own limit alone */

    /* The callback may call every function here on this endpoint but _free(),
     * _receive() and _tick(); none during EVENT_CONNECT. */
    void (*event)(void *cookie, struct sstp_ep *ep, const struct sstp_ep_event *event);
    /* Told of every command at the moment it enters the output; may be NULL. */
    void (*sent)(void *cookie, struct sstp_ep *ep, const struct sstp_command *command);
    /* See sstp_ep_lend_message(); NULL for who never calls that. */
    void (*release)(void *cookie, void *lender);
    /* Told of a limit, before what comes of it is told; calls nothing on the endpoint; may be
     * NULL. */
    void (*limited)(void *cookie, struct sstp_ep *ep, enum sstp_ep_limit limit);
    /* Told of every change of state and every message (endpoint/note.h); calls nothing on
     * the endpoint; may be NULL. */
    void (*noted)(void *cookie, struct sstp_ep *ep, const struct sstp_ep_note *note);
    void *cookie;
};

/* A new endpoint on a transport that is connected, or NULL without memory. */
struct sstp_ep *sstp_ep_new(const struct sstp_ep_config *config);

/* Frees it, without another event.  NULL is fine. */
void sstp_ep_free(struct sstp_ep *ep);

/* ------------------------------------------------------------------------
 * Bytes and time
 */

/* Takes in what came.  All of it is consumed; once closed, it is ignored. */
void sstp_ep_receive(struct sstp_ep *ep, const void *data, size_t len);

/* How many bytes there are to send. */
size_t sstp_ep_output_len(const struct sstp_ep *ep);

/* How many of them are no part of a message. */
size_t sstp_ep_output_answers_len(const struct sstp_ep *ep);

/* The oldest bytes to send that lie in a row; empty when there are none at all.  They
 * stay where they are until they have been taken. */
struct sstp_span sstp_ep_output(const struct sstp_ep *ep);

/* The same for at most `max` such rows, oldest first; returns how many there are. */
size_t sstp_ep_output_pieces(const struct sstp_ep *ep, struct sstp_span *pieces, size_t max);

/* The first `len` bytes of the output have gone. */
void sstp_ep_output_taken(struct sstp_ep *ep, size_t len);

/* Sets the time and does what is due.  Call it before anything else whenever the
 * caller wakes up, for the other functions go by the time last told. */
void sstp_ep_tick(struct sstp_ep *ep, int64_t now_ms);

/* The time last told. */
int64_t sstp_ep_now_ms(const struct sstp_ep *ep);

/* Signs of life: how many commands of the peer's have come, when the last one did (or this
 * was made), and how many bytes of the output the transport has taken. */
uint64_t sstp_ep_num_heard(const struct sstp_ep *ep);
int64_t sstp_ep_last_heard_ms(const struct sstp_ep *ep);
uint64_t sstp_ep_num_taken(const struct sstp_ep *ep);

/* When sstp_ep_tick() has to be called at the latest; SSTP_EP_NEVER. */
int64_t sstp_ep_next_deadline(const struct sstp_ep *ep);

/* The transport is gone (GRVSSTP 3.1.7.1): everything ends, with its events. */
void sstp_ep_transport_lost(struct sstp_ep *ep);

/* ------------------------------------------------------------------------
 * The connection
 */

enum sstp_connection_state sstp_ep_state(const struct sstp_ep *ep);

/* The version in force; 1.5 until the connection is established. */
enum sstp_version sstp_ep_version(const struct sstp_ep *ep);

/* Originator: sends Connect (GRVSSTP 3.1.4.1). */
enum sstp_ep_err sstp_ep_connect(struct sstp_ep *ep, const char *target_device_url,
                                 struct sstp_span token);

/* Acceptor: the answer to a Connect for which the callback has set `is_later`.  The timer
 * for the Connect goes on until then. */
enum sstp_ep_err sstp_ep_answer_connect(struct sstp_ep *ep,
                                        const struct sstp_ep_connect_answer *answer);

/* Sends ConnectAuthenticate (GRVSSTP 3.2.5.2). */
enum sstp_ep_err sstp_ep_connect_authenticate(struct sstp_ep *ep, struct sstp_span token);

/* Sends ConnectClose and ends everything (GRVSSTP 3.1.4.2).  `return_time`, in
 * seconds, is for the reason Resting.  Harmless on a closed connection. */
void sstp_ep_close_connection(struct sstp_ep *ep, uint8_t reason_id, uint32_t return_time);

/* Sends a Noop with the acknowledgements that are due, or 0 (GRVSSTP 3.1.4.8). */
enum sstp_ep_err sstp_ep_noop(struct sstp_ep *ep);

/* ------------------------------------------------------------------------
 * Sessions
 */

/* Sends Open (GRVSSTP 3.1.4.3.2); *session_id is the new session's.  An empty
 * device makes it identity-targeted. */
enum sstp_ep_err sstp_ep_open(struct sstp_ep *ep, struct sstp_span resource_url,
                              struct sstp_span identity_url, struct sstp_span device_url,
                              void *user, uint32_t *session_id);

/* The same for a session that nobody wants, to have an answer: beyond all limits. */
enum sstp_ep_err sstp_ep_ask(struct sstp_ep *ep, struct sstp_span resource_url,
                             struct sstp_span identity_url, uint32_t *session_id);

/* Sends FanoutOpen in the form of the version in force (GRVSSTP 3.1.4.3.3). */
enum sstp_ep_err sstp_ep_fanout_open(struct sstp_ep *ep, struct sstp_span resource_url,
                                     const struct sstp_fanout_entry *entries, size_t num_entries,
                                     void *user, uint32_t *session_id);

/* A pointer of the owner's, kept with a session of either side. */
enum sstp_ep_err sstp_ep_set_user(struct sstp_ep *ep, uint32_t session_id, void *user);

/* The state of a session of either side; false when there is none. */
bool sstp_ep_session_state(const struct sstp_ep *ep, uint32_t session_id,
                           enum sstp_session_state *state);

/* Receiver: the resource handler's availability (GRVSSTP 3.1.4.5, 3.3.4.1.2).
 * With FAULT the session is closed for `reason_id`. */
enum sstp_ep_err sstp_ep_set_availability(struct sstp_ep *ep, uint32_t session_id,
                                          enum sstp_availability availability, uint8_t reason_id);

/* Receiver of a fanout session: the destinations of these indexes, in rising
 * order, are no longer part of it (GRVSSTP 3.3.4.1.2).  One SessionStatus for
 * each in SSTP 1.5, as few as possible in 1.6.  Closes the session with
 * EmptySession, told by SESSION_CLOSED, when none is left. */
enum sstp_ep_err sstp_ep_session_status(struct sstp_ep *ep, uint32_t session_id, uint8_t status_id,
                                        const uint16_t *indexes, size_t num_indexes);

/* Receiver of a fanout session: all destinations of another relay, as the entries
 * name it, are no longer part of it, which one SessionStatus says in both versions
 * (GRVSSTP 3.3.4.1.2).  Closes the session as above when none is left. */
enum sstp_ep_err sstp_ep_relay_status(struct sstp_ep *ep, uint32_t session_id, uint8_t status_id,
                                      struct sstp_span relay_url);

/* Sends Close for a session or event (GRVSSTP 3.1.4.4); no event is told. */
enum sstp_ep_err sstp_ep_close_session(struct sstp_ep *ep, uint32_t session_id, uint8_t reason_id);

/* ------------------------------------------------------------------------
 * Messages
 */

/* The Message command of a message, which opens it on the wire; and back.  The
 * command has no data: it is what the Data commands bring together. */
struct sstp_command sstp_ep_message_command(const struct sstp_ep_message *message);
struct sstp_ep_message sstp_ep_command_message(const struct sstp_command *command,
                                               struct sstp_span data);

/* Sends a whole message on a session of ours that is ready (GRVSSTP 3.1.4.6):
 * Message, as many Data as it takes, EndMessage.  All of it or nothing.
 *
 * What becomes of it is told with its `tag`: ACKNOWLEDGED, or UNACKNOWLEDGED when the
 * peer closes the session or the connection ends before.  A Close removes the session and
 * not what was sent on it (GRVSSTP 3.1.5.9), and counts are the connection's (3.1.5.19),
 * so ACKNOWLEDGED_LATE may yet follow upon the UNACKNOWLEDGED of a Close.  What it is
 * worth, the reason of the Close says: a handler that failed has not taken what it had
 * not acknowledged.  Who had forgotten the message lets it pass.  A session that was
 * closed from here changes nothing for its messages. */
enum sstp_ep_err sstp_ep_send_message(struct sstp_ep *ep, uint32_t session_id,
                                      const struct sstp_ep_message *message, void *tag);

/* The same for data that is not copied where it is long: it stays as it is until
 * `release` is told of `lender`, once, perhaps before this returns; never unless this
 * returns SSTP_EP_OK. */
enum sstp_ep_err sstp_ep_lend_message(struct sstp_ep *ep, uint32_t session_id,
                                      const struct sstp_ep_message *message, void *tag,
                                      void *lender);

/* The same in parts, so that messages of several sessions can be interleaved;
 * message->data is not looked at.  Data of any length, 0 included, is split. */
enum sstp_ep_err sstp_ep_message_begin(struct sstp_ep *ep, uint32_t session_id,
                                       const struct sstp_ep_message *message);
enum sstp_ep_err sstp_ep_message_data(struct sstp_ep *ep, uint32_t session_id,
                                      struct sstp_span data);
enum sstp_ep_err sstp_ep_message_end(struct sstp_ep *ep, uint32_t session_id, void *tag);

/* The message `number` of the peer's has been processed (GRVSSTP 3.1.4.7); its
 * session need not be there any more. */
enum sstp_ep_err sstp_ep_complete(struct sstp_ep *ep, uint64_t number);

/* Messages of the peer's that could be acknowledged now. */
size_t sstp_ep_num_due(const struct sstp_ep *ep);

/* Messages of ours that are not acknowledged. */
size_t sstp_ep_num_unacknowledged(const struct sstp_ep *ep);

/* ------------------------------------------------------------------------
 * Attach and register sessions (GRVSSTP 3.2.4.1, 3.3.5.14-17)
 */

/* Client.  *event_id is the new session's, for _attach and _register_new. */
enum sstp_ep_err sstp_ep_attach(struct sstp_ep *ep, struct sstp_span relay_url,
                                struct sstp_span account_url, struct sstp_span token,
                                uint32_t *event_id);
enum sstp_ep_err sstp_ep_attach_authenticate(struct sstp_ep *ep, uint32_t event_id,
                                             struct sstp_span token);
enum sstp_ep_err sstp_ep_register(struct sstp_ep *ep, uint32_t event_id, struct sstp_span token);
enum sstp_ep_err sstp_ep_register_new(struct sstp_ep *ep, struct sstp_span token,
                                      uint32_t *event_id);

/* Relay. */
enum sstp_ep_err sstp_ep_attach_response(struct sstp_ep *ep, uint32_t event_id, uint8_t response_id,
                                         struct sstp_span token);
enum sstp_ep_err sstp_ep_register_response(struct sstp_ep *ep, uint32_t event_id,
                                           struct sstp_span token);

#endif
