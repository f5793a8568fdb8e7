/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * endpoint_transition: the two tables of session states.
 *
 * What an OpenResponse does to the session of its receiver (GRVSSTP 3.1.5.7),
 * and what a change of the resource handler's availability does to the session
 * on the other side (3.1.4.5, 3.3.4.1.2).  Both say what has to happen; the
 * endpoint does it.
 */
#ifndef RELAYSIM_ENDPOINT_TRANSITION_H
#define RELAYSIM_ENDPOINT_TRANSITION_H

#include <stdint.h>

/* SessionState (GRVSSTP 3.1.1.3); what each waits for. */
enum sstp_ep_session_state {
    SSTP_EP_SESSION_OPENING,   /* the first OpenResponse */
    SSTP_EP_SESSION_SUSPENDED, /* the first StartSending: nothing may be sent yet */
    SSTP_EP_SESSION_READY,
    SSTP_EP_SESSION_BLOCKED, /* StartSending again */
    SSTP_EP_SESSION_STATE_COUNT
};

/* ResourceHandlerAvailability (GRVSSTP 3.1.1.3). */
enum sstp_ep_availability {
    SSTP_EP_NOT_READY,
    SSTP_EP_READY,
    SSTP_EP_FAULT,
    SSTP_EP_AVAILABILITY_COUNT
};

/* What the originator does on an OpenResponse. */
enum sstp_ep_response_action {
    SSTP_EP_RESPONSE_VIOLATION, /* ConnectClose ProtocolError */
    SSTP_EP_RESPONSE_NOTHING,
    SSTP_EP_RESPONSE_READY,
    SSTP_EP_RESPONSE_SUSPEND,
    SSTP_EP_RESPONSE_BLOCK,
    SSTP_EP_RESPONSE_REMOVE
};

/* What the receiver does on a change of availability. */
enum sstp_ep_availability_action {
    SSTP_EP_AVAILABILITY_NOTHING,
    SSTP_EP_AVAILABILITY_START, /* OpenResponse StartSending; ready */
    SSTP_EP_AVAILABILITY_STOP,  /* OpenResponse StopSending; blocked */
    SSTP_EP_AVAILABILITY_CLOSE
};

/* A ResponseId that the specification does not list is a violation. */
enum sstp_ep_response_action sstp_ep_response_action(enum sstp_ep_session_state state,
                                                     uint8_t response_id);

enum sstp_ep_availability_action
sstp_ep_availability_action(enum sstp_ep_session_state state,
                            enum sstp_ep_availability availability);

/* "ready", for logs and the truth file. */
const char *sstp_ep_session_state_name(enum sstp_ep_session_state state);

#endif
