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
 * "Ours" is what this end originated.  Every function that takes a SessionId or
 * EventId answers SSTP_EP_NO_SESSION for one that is not open.
 */
#ifndef RELAYSIM_ENDPOINT_ENDPOINT_H
#define RELAYSIM_ENDPOINT_ENDPOINT_H

#include "endpoint/config.h"

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

/* The Noop that breaks our silence (config's outbound_idle_ms) comes after so long at the latest:
 * for a transport that would be closed otherwise (GRVHENC note 10). */
void sstp_ep_limit_outbound_idle(struct sstp_ep *ep, int64_t idle_ms);

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
                              uint32_t *session_id);

/* The same for a session that nobody wants, to have an answer: beyond all limits. */
enum sstp_ep_err sstp_ep_ask(struct sstp_ep *ep, struct sstp_span resource_url,
                             struct sstp_span identity_url, uint32_t *session_id);

/* Sends FanoutOpen in the form of the version in force (GRVSSTP 3.1.4.3.3). */
enum sstp_ep_err sstp_ep_fanout_open(struct sstp_ep *ep, struct sstp_span resource_url,
                                     const struct sstp_fanout_entry *entries, size_t num_entries,
                                     uint32_t *session_id);

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

/* ------------------------------------------------------------------------
 * Puppets (config's is_puppet), for which all other functions of connection, sessions and
 * messages answer SSTP_EP_WRONG_STATE
 */

/* How many bytes of the peer's have come. */
uint64_t sstp_ep_num_bytes_heard(const struct sstp_ep *ep);

/* Sends bytes, one or more, whatever they are; the witness is told where they are one command. */
enum sstp_ep_err sstp_ep_say(struct sstp_ep *ep, struct sstp_span bytes);

/* Ends the connection when all is sent, without a word; harmless on a closed one. */
void sstp_ep_hang_up(struct sstp_ep *ep);

#endif
