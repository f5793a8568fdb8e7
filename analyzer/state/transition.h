/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * transition: the tables of states, of the connection, of a session as its
 * originator sees it, and of a session's MessageReceiver.
 *
 * They say what a command does to a state, and nothing else.  The observer
 * (observer.h) goes by them to tell what both sides are in, an endpoint to know
 * what it has to do.  "Violation" is what GRVSSTP 3.1.5 answers with ConnectClose.
 *
 * The unknown state of each is the observer's: a capture that begins late, or has
 * a gap.  It allows every command, and most of them end it.
 */
#ifndef SSTP_STATE_TRANSITION_H
#define SSTP_STATE_TRANSITION_H

#include <stdbool.h>
#include <stdint.h>

/* ConnectionState (GRVSSTP 3.1.1.2); what each waits for. */
enum sstp_connection_state {
    SSTP_CONNECTION_UNKNOWN,
    SSTP_CONNECTION_TRANSPORT_CONNECTED, /* Connect */
    SSTP_CONNECTION_CONNECTING,          /* ConnectResponse */
    SSTP_CONNECTION_ESTABLISHED,
    SSTP_CONNECTION_ABORTING, /* refused: the acceptor's ConnectClose */
    SSTP_CONNECTION_CLOSED,   /* nothing */
    SSTP_CONNECTION_STATE_COUNT
};

/* SessionState (GRVSSTP 3.1.1.3); what each waits for. */
enum sstp_session_state {
    SSTP_SESSION_UNKNOWN,
    SSTP_SESSION_OPENING,   /* the first OpenResponse */
    SSTP_SESSION_SUSPENDED, /* the first StartSending: nothing may be sent yet */
    SSTP_SESSION_READY,
    SSTP_SESSION_BLOCKED, /* StartSending again */
    SSTP_SESSION_CLOSED,
    SSTP_SESSION_STATE_COUNT
};

/* MessageReceiver (GRVSSTP 3.1.1.3); what each waits for. */
enum sstp_receiver_state {
    SSTP_RECEIVER_UNKNOWN,
    SSTP_RECEIVER_WAITING,   /* Message */
    SSTP_RECEIVER_READY,     /* the first Data */
    SSTP_RECEIVER_BUFFERING, /* more Data, or EndMessage */
    SSTP_RECEIVER_STATE_COUNT
};

/* ResourceHandlerAvailability (GRVSSTP 3.1.1.3). */
enum sstp_availability {
    SSTP_HANDLER_NOT_READY,
    SSTP_HANDLER_READY,
    SSTP_HANDLER_FAULT,
    SSTP_AVAILABILITY_COUNT
};

/* What the receiver of a session does on a change of availability. */
enum sstp_availability_action {
    SSTP_AVAILABILITY_NOTHING,
    SSTP_AVAILABILITY_START, /* OpenResponse StartSending; ready */
    SSTP_AVAILABILITY_STOP,  /* OpenResponse StopSending; blocked */
    SSTP_AVAILABILITY_CLOSE
};

/* What a command of this CommandId does to the connection: true, and the state
 * after it, or false for a violation, which leaves *next as `state`.
 * `response_id` is that of a ConnectResponse, and 0 for all others.  In 'closed'
 * everything is a violation; whether it crossed the ConnectClose on its way is
 * for the caller to know (GRVSSTP 3.1.4.1-2, 3.1.5.1-4, 3.1.5.9). */
bool sstp_connection_transition(enum sstp_connection_state state, uint8_t command_id,
                                uint8_t response_id, enum sstp_connection_state *next);

/* What an OpenResponse does to the session of its receiver, likewise; 'closed'
 * means that session state is removed (GRVSSTP 3.1.5.7). */
bool sstp_session_transition(enum sstp_session_state state, uint8_t response_id,
                             enum sstp_session_state *next);

/* What a Message, Data or EndMessage does to the MessageReceiver, likewise
 * (GRVSSTP 3.1.5.10-12). */
bool sstp_receiver_transition(enum sstp_receiver_state state, uint8_t command_id,
                              enum sstp_receiver_state *next);

/* What a change of the resource handler's availability does to the session on
 * the side that accepted it (GRVSSTP 3.1.4.5, 3.3.4.1.2). */
enum sstp_availability_action sstp_availability_action(enum sstp_session_state state,
                                                       enum sstp_availability availability);

/* "established", "ready", "buffering": the specification's words, for displays,
 * logs and the truth file; NULL for the unknown state. */
const char *sstp_connection_state_name(enum sstp_connection_state state);
const char *sstp_session_state_name(enum sstp_session_state state);
const char *sstp_receiver_state_name(enum sstp_receiver_state state);

#endif
