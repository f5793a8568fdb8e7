/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * phase: how far a virtual connection has come, as one transition table.
 *
 * A phase is finer than the state that is shown: it remembers which half of the
 * handshake is still to come.  An event without a row changes nothing, for an
 * observer goes on after a violation.
 *
 *     phase = henc_phase_next(kind, phase, HENC_EVENT_GET_REQUEST);
 *     show(henc_state_name(henc_phase_state(phase)));
 */
#ifndef SSTP_HENC_PHASE_H
#define SSTP_HENC_PHASE_H

#include "henc/uri.h"

/* What is shown as `sstp.encap.state` (GRVHENC 3.1.1.1, 3.3.1.1, 3.5.1.1). */
enum henc_state {
    HENC_STATE_UNKNOWN,     /* the capture began after the handshake; nothing fixes it yet */
    HENC_STATE_CONNECTING,  /* awaits the other half's request; Polling: the first 200 */
    HENC_STATE_CONNECTED,   /* awaits the echo on GET, and for KeepAlive the POST's 200 */
    HENC_STATE_ESTABLISHED, /* application data may flow */
    HENC_STATE_PROBING,     /* Polling: awaits the 400 of the first request */
    HENC_STATE_PROBED,      /* Polling: awaits the second request */
    HENC_STATE_CLOSED       /* nothing: whatever comes still is shown, and changes nothing */
};

enum henc_phase {
    HENC_PHASE_START,         /* nothing was seen */
    HENC_PHASE_MIDSTREAM,     /* data without a handshake; awaits an answer that proves it good */
    HENC_PHASE_GET_SEEN,      /* awaits POST */
    HENC_PHASE_GET_ECHOED,    /* KeepAlive: GET has its echo; awaits POST */
    HENC_PHASE_POST_SEEN,     /* awaits GET */
    HENC_PHASE_POST_ANSWERED, /* KeepAlive: POST has its 200; awaits GET */
    HENC_PHASE_BOTH_SEEN,     /* awaits the echo, and KeepAlive also the 200 of POST */
    HENC_PHASE_BOTH_ECHOED,   /* KeepAlive: awaits the 200 of POST */
    HENC_PHASE_BOTH_ANSWERED, /* KeepAlive: awaits the echo */
    HENC_PHASE_PROBING,
    HENC_PHASE_PROBED,
    HENC_PHASE_CONNECTING, /* Polling: awaits the 200 of the second request */
    HENC_PHASE_ESTABLISHED,
    HENC_PHASE_CLOSED
};

enum henc_event {
    HENC_EVENT_GET_REQUEST,
    HENC_EVENT_POST_REQUEST, /* with an echo string, or known to lack it */
    HENC_EVENT_POST_PLAIN,   /* KeepAlive: without one, and no handshake was seen */
    HENC_EVENT_ECHO_BACK,    /* 200 with an echo string on GET */
    HENC_EVENT_GET_DATA,     /* 200 with data on GET, and no handshake was seen */
    HENC_EVENT_POST_OK,      /* 200 on POST */
    HENC_EVENT_PROBE,        /* Polling: number 0 without data */
    HENC_EVENT_SECOND,       /* Polling: number 0 with data */
    HENC_EVENT_NEXT,         /* Polling: a higher number */
    HENC_EVENT_BAD_REQUEST,  /* status 400 */
    HENC_EVENT_POLL_OK,      /* Polling: status 200 */
    HENC_EVENT_ANSWER_LOST,  /* Polling: a TCP connection ended before the answer */
    HENC_EVENT_NUMBER_LOST,  /* Polling: a body that is not in the capture */
    HENC_EVENT_REJECTED,     /* any other final status but 401 and 407 */
    HENC_EVENT_ENDED         /* the TCP connection that counts has ended */
};

/* The phase after an event. */
enum henc_phase henc_phase_next(enum henc_kind kind, enum henc_phase phase, enum henc_event event);

enum henc_state henc_phase_state(enum henc_phase phase);

/* As shown: "connecting"; NULL for HENC_STATE_UNKNOWN. */
const char *henc_state_name(enum henc_state state);

#endif
