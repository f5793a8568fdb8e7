/* SPDX-License-Identifier: GPL-2.0-or-later */
/* internal: what the files of the relay share, and nobody else. */
#ifndef RELAYSIM_RELAY_INTERNAL_H
#define RELAYSIM_RELAY_INTERNAL_H

#include <glib.h>

#include "base/log_seldom.h"
#include "security/registry.h"
#include "endpoint/endpoint.h"
#include "relay/config.h"
#include "store/store.h"

/* What a peer is refused, each with a line of the log: relay_tell(). */
enum relay_refusal {
    RELAY_REFUSAL_CONNECTION,
    RELAY_REFUSAL_DEVICE,
    RELAY_REFUSAL_SESSION,
    RELAY_REFUSAL_EVENT,
    RELAY_REFUSAL_FANOUT,
    RELAY_REFUSAL_MESSAGE,
    RELAY_REFUSAL_ASSEMBLING,
    RELAY_REFUSAL_STORED,
    RELAY_REFUSAL_QUOTA,
    RELAY_REFUSAL_QUEUE,
    RELAY_REFUSAL_IDENTITIES,
    RELAY_REFUSAL_REGISTRY,
    RELAY_REFUSAL_IDENTITY,
    RELAY_REFUSAL_LOCKED_OUT,
    RELAY_REFUSAL_COUNT
};

struct sstp_relay {
    struct sstp_relay_config config;
    int64_t now_ms;
    bool is_resting;
    bool is_store_failing, is_store_full;
    bool is_stopped; /* for either, senders are held back */
    struct sstp_ep_assembling assembling;
    struct sstp_store *store;
    struct sstp_registry *registry;
    GHashTable *locked_out;  /* a set of URLs, borrowed */
    GHashTable *connections; /* a set of struct sstp_relay_connection */
    unsigned turn_depth;     /* see relay/turn.c, for this and what follows */
    GArray *later;
    GQueue changed; /* struct relay_inbound: its client is to be told whether it may send */
    GQueue settled; /* struct relay_receipt */
    /* What the endpoints of connections tell. */
    void (*on_event)(void *connection, struct sstp_ep *ep, const struct sstp_ep_event *event);
    GHashTable *online;     /* identity URL to GPtrArray of connections */
    GHashTable *devices;    /* device URL to the number of its established connections */
    size_t num_established; /* by others: those to peers do not count */
    GHashTable *peers;      /* URL to struct relay_peer */
    GQueue troubled;        /* struct relay_inbound with losses to tell */
    int64_t next_share_expiry_ms;
    GQueue timed;           /* connections that are proving who they are, in the order of time */
    uint32_t last_delivery; /* its number */
    GQueue idle;            /* deliveries without messages, in the order of their deadlines */
    GQueue closed;          /* deliveries whose acknowledgements are awaited, likewise */
    GQueue handed;          /* the same, for which a newer connection waits, likewise */
    GQueue watched;         /* connections that owe an answer, in the order of watch_ms */
    GQueue newcomers;       /* connections whose Connect waits for the answers of others */
    struct sstp_relay_connection *answered; /* one of those, until that has its effect; NULL */
    struct log_seldom refusals[RELAY_REFUSAL_COUNT];
    int64_t again_ms;         /* what there was no memory for is tried again */
    uint64_t last_connection; /* its number */
    size_t num_waiting_bytes; /* of all connections, see relay/receipt.c */
    struct sstp_relay_counters counters;
};

/* An attach session of a client. */
struct relay_attach {
    char *account_url;
    struct sstp_sec_secret nonce; /* that its AttachAuthenticate has to hold */
    bool awaits_authenticate;
    bool is_authenticated;
};

struct sstp_relay_connection {
    struct sstp_relay *relay;
    struct sstp_ep *ep;
    void *socket;
    uint64_t number; /* the higher, the newer */
    bool is_established;
    bool is_unwelcome;      /* sstp_relay_refuse() */
    char *device_url;       /* the first SourceDeviceURL */
    GPtrArray *device_urls; /* those that count, each once: see relay_connection_is_device() */

    bool has_token;           /* its Connect had one, and it was good so far */
    bool awaits_authenticate; /* ConnectAuthenticate */
    bool is_authenticated;    /* the device */
    bool is_trusted;          /* a relay that need not be */
    bool is_timed;            /* it is proving who it is, and has to go on with it */
    int64_t auth_deadline_ms;
    GList auth_link; /* in relay->timed */
    struct sstp_sec_secret nonce;
    uint8_t token[SSTP_SEC_TOKEN_MAX]; /* of an answer under way */
    GHashTable *attaches;              /* EventId to struct relay_attach */
    GHashTable *identities;            /* a set: those registered on this connection */
    GQueue registering;                /* Registers that are not answered yet */

    GHashTable *inbound;        /* SessionId to struct relay_inbound */
    GHashTable *deliveries;     /* SessionId to struct relay_delivery, open or closed */
    GQueue waiting;             /* struct relay_delivery, for which there was no session yet */
    uint32_t first_refilled_id; /* of the delivery that sent first, when there was room last */

    GQueue receipts; /* of its messages that are not safe yet */
    size_t num_waiting_bytes;
    size_t num_safe_bytes; /* since it was last acknowledged something for its size */
    bool is_held;          /* nothing is read from it */

    unsigned num_owed;      /* OpenResponses, and acknowledgements of deliveries */
    int64_t quiet_since_ms; /* since then, at the earliest, it owes something */
    int64_t watch_ms;       /* to be looked at again, while it is watched */
    bool is_watched;
    bool is_last_call; /* it had its time: what has come and was not read yet counts */
    GList watch_link;
    bool is_probed; /* it has been asked, and nothing came since that is known of */
    int64_t probe_ms;
    uint64_t probed_num_heard; /* when it was asked */
    uint64_t known_num_taken;  /* when it was looked at last */
    bool has_probe;            /* the session by which it was asked */
    uint32_t probe_id;

    bool is_newcomer;
    int64_t verdict_ms;
    bool is_last_verdict; /* as above */
    bool is_decided;      /* who has not answered by then makes room */
    GList newcomer_link;
    uint8_t *connect_token; /* meanwhile */
    size_t connect_token_len;

    bool is_dialed;          /* opened from here */
    struct relay_peer *peer; /* the other relay that it is with; NULL */
    GList peer_link;         /* in peer->established */
    GQueue shares;           /* struct relay_share, that it has not acknowledged */
};

/* ---- relay/connection.c ---- */
void relay_log(const struct sstp_relay_connection *connection, const char *format, ...)
    G_GNUC_PRINTF(2, 3);
void relay_wake(const struct sstp_relay_connection *connection);
/* A line on something that was refused; with no more than one of a kind every while. */
void relay_tell(struct sstp_relay_connection *connection, enum relay_refusal refusal,
                const char *format, ...) G_GNUC_PRINTF(3, 4);
bool relay_is_locked_out(const struct sstp_relay *relay, const char *url);
/* A string from the wire; free it with g_free(). */
char *relay_string(struct sstp_span span);
/* NULL without memory; who opened the transport is the originator. */
struct sstp_relay_connection *relay_connection_new(struct sstp_relay *relay, void *socket,
                                                   int64_t now_ms, bool is_originator);
/* One that nobody has been told of; NULL is fine. */
void relay_connection_drop(struct sstp_relay_connection *connection);

/* ---- relay/turn.c ---- */
void relay_turns_new(struct sstp_relay *relay);
void relay_turns_free(struct sstp_relay *relay);
/* Around whatever the relay is called for; they may be nested. */
void relay_turn_begin(struct sstp_relay *relay);
void relay_turn_end(struct sstp_relay *relay);
bool relay_turn_is_on(const struct sstp_relay *relay);
/* Has something done at the end of the turn, in the order of these calls; `event`, NULL or
 * one that no command brought, is copied.  The object lasts until then. */
void relay_turn_later(struct sstp_relay *relay,
                      void (*work)(void *object, const struct sstp_ep_event *event), void *object,
                      const struct sstp_ep_event *event);

/* ---- relay/discard.c ---- */
/* Notes where a message came from, if anybody wants to know what becomes of it. */
void relay_note_origin(const struct sstp_relay_connection *connection, uint32_t session_id,
                       uint64_t number, struct sstp_payload *payload);
/* It is not kept for this recipient. */
void relay_discarded(const struct sstp_relay *relay, const struct sstp_payload *payload,
                     enum sstp_relay_discard_reason reason, const char *identity_url,
                     const char *device_url, const char *resource_url);
/* A share of it is not sent on. */
void relay_share_discarded(const struct sstp_relay *relay, const struct sstp_payload *payload,
                           enum sstp_relay_discard_reason reason, const char *relay_url);
/* What made a message expire, as far as that is known. */
enum sstp_relay_discard_reason relay_expiry_reason(const struct sstp_payload *payload);
/* The time of one in the store is over. */
void relay_on_expired(void *relay, const struct sstp_store_message *message);

/* ---- relay/auth.c ---- */
/* Whether the connection is one of this device: any that its Connect named, or under
 * authentication the first, for the others are never proven. */
bool relay_connection_is_device(const struct sstp_relay_connection *connection, const char *url);
void relay_on_connect(struct sstp_relay_connection *connection, const struct sstp_ep_event *event);
/* What a Connect earns with this token that crosses no other connection. */
void relay_judge_connect(struct sstp_relay_connection *connection, struct sstp_span token,
                         struct sstp_ep_connect_answer *answer);
void relay_on_connect_authenticate(struct sstp_relay_connection *connection,
                                   const struct sstp_ep_event *event);
void relay_on_attach(struct sstp_relay_connection *connection, const struct sstp_ep_event *event);
void relay_on_attach_authenticate(struct sstp_relay_connection *connection,
                                  const struct sstp_ep_event *event);
void relay_on_register(struct sstp_relay_connection *connection, const struct sstp_ep_event *event);
void relay_attach_free(void *attach);
/* The connection is gone. */
void relay_on_registry_failing(void *relay);
void relay_forget_registering(struct sstp_relay_connection *connection);

/* ---- relay/receive.c ---- */
void relay_on_open(struct sstp_relay_connection *connection, const struct sstp_ep_event *event);
void relay_on_opened(struct sstp_relay_connection *connection, const struct sstp_ep_event *event);
void relay_on_message(struct sstp_relay_connection *connection, const struct sstp_ep_event *event);
void relay_inbound_free(void *inbound);

/* The store cannot be written, or again: who sends is held back, or let go. */
void relay_on_failing(void *relay, const char *why);
/* The same for one that is full. */
void relay_check_room(struct sstp_relay *relay);

/* ---- relay/receipt.c ---- */
struct relay_receipt;
/* For message `number` of the connection, `len` bytes, held by the caller; NULL is
 * never returned. */
struct relay_receipt *relay_receipt_new(struct sstp_relay_connection *connection, uint64_t number,
                                        size_t len);
struct sstp_relay *relay_receipt_relay(const struct relay_receipt *receipt);
/* One more share that is not safe yet. */
void relay_receipt_hold(struct relay_receipt *receipt);
/* A share is safe, or has been reported as lost; with the last one the message is
 * acknowledged at the end of the turn.  Its connection need not be there any more. */
void relay_receipt_release(struct relay_receipt *receipt);
/* That end, or one before it. */
void relay_receipts_settle(struct sstp_relay *relay);
/* A share is lost, and the client cannot be told which: its connection is closed, so
 * that the message is not acknowledged. */
void relay_receipt_fail(struct relay_receipt *receipt);
/* The connection is gone. */
void relay_forget_receipts(struct sstp_relay_connection *connection);

/* ---- relay/watch.c ---- */
/* The first of what the connection has to answer has been sent. */
void relay_watch_owed(struct sstp_relay_connection *connection);
/* Somebody waits for its answers from here on. */
void relay_watch_await(struct sstp_relay_connection *connection);
/* Asks whether it is there, unless it has been asked. */
void relay_watch_probe(struct sstp_relay_connection *connection);
/* Whoever had its time has had it when all is read that had come by then: a relay that was
 * stopped itself looks at its clock before it reads. */
#define RELAY_LAST_CALL_MS 100
/* How long it has to answer that. */
int64_t relay_watch_probe_ms(const struct sstp_relay *relay);
/* Whether it was asked and has said nothing since. */
bool relay_watch_is_unanswered(const struct sstp_relay_connection *connection);
/* Whether it has taken bytes since the last call, or could not be heard: its time begins anew. */
bool relay_watch_shows_life(struct sstp_relay_connection *connection);
/* It has hung: it is closed. */
void relay_watch_give_up(struct sstp_relay_connection *connection);
/* True when it concerns nobody else. */
bool relay_watch_on_event(struct sstp_relay_connection *connection,
                          const struct sstp_ep_event *event);
void relay_watch_stop(struct sstp_relay_connection *connection);
void relay_watches_tick(struct sstp_relay *relay);
int64_t relay_watches_next(const struct sstp_relay *relay);

/* ---- relay/crossed.c ---- */
/* Whether a device of the connection has as many others as there may be. */
bool relay_is_crossed(const struct sstp_relay_connection *connection);
/* Its Connect waits until the others have answered, or have had time to, unless too many
 * do. */
void relay_crossed_await(struct sstp_relay_connection *connection, struct sstp_span token,
                         struct sstp_ep_connect_answer *answer);
/* Some connection has answered. */
void relay_crossed_review(struct sstp_relay *relay);
/* This one is established, or gone. */
void relay_crossed_settled(struct sstp_relay_connection *connection);
/* It waits no more. */
void relay_crossed_forget(struct sstp_relay_connection *connection);
void relay_crossed_tick(struct sstp_relay *relay);
int64_t relay_crossed_next(const struct sstp_relay *relay);

/* ---- relay/auth_timer.c ---- */
void relay_auth_timer_start(struct sstp_relay_connection *connection);
/* Only where it runs. */
void relay_auth_timer_restart(struct sstp_relay_connection *connection);
void relay_auth_timer_stop(struct sstp_relay_connection *connection);
void relay_auth_timers_tick(struct sstp_relay *relay);
int64_t relay_auth_timers_next(const struct sstp_relay *relay);

/* ---- relay/deliver.c, relay/delivery.c ---- */
/* Sends what can be sent of a queue, opening a session for it if need be. */
void relay_deliver(struct sstp_relay *relay, struct sstp_store_queue *queue);
/* The same for all queues of an identity that has come; a device that has come again
 * takes its queues with it. */
void relay_deliver_all(struct sstp_relay *relay, const char *identity_url);
/* Messages of a queue have come from the disk. */
void relay_on_loaded(void *relay, struct sstp_store_queue *queue);
void relay_on_session_state(struct sstp_relay_connection *connection,
                            const struct sstp_ep_event *event);
/* In time, or late. */
void relay_on_acknowledged(struct sstp_relay_connection *connection,
                           const struct sstp_ep_event *event);
/* A delivery's session is gone; false when the id is no delivery's. */
bool relay_on_delivery_closed(struct sstp_relay_connection *connection,
                              const struct sstp_ep_event *event);
/* Whether another connection could have, or waits for, what is under way on this one. */
bool relay_deliveries_are_awaited(const struct sstp_relay_connection *connection);
/* There may be room for sessions that there was none for. */
void relay_open_waiting(struct sstp_relay_connection *connection);
/* The connection is gone: its queues go to another, or wait. */
void relay_stop_deliveries(struct sstp_relay_connection *connection);
/* It is freed without having ended. */
void relay_free_deliveries(struct sstp_relay_connection *connection);
void relay_deliveries_tick(struct sstp_relay *relay);
int64_t relay_deliveries_next(const struct sstp_relay *relay);

#endif
