/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/transition.h"

#include "core/command.h"

#include <stddef.h>

/* In each table 0 is a violation.  The other values are those of the states, the
 * unknown one apart, which nothing leads back to; SAME stands for it. */
#define VIOLATION 0
#define SAME 15

static bool take(uint8_t cell, unsigned state, unsigned *next)
{
    *next = cell == VIOLATION || cell == SAME ? state : cell;
    return cell != VIOLATION;
}

/* clang-format off */

#define V VIOLATION
#define CONNECTING SSTP_CONNECTION_CONNECTING
#define ESTABLISHED SSTP_CONNECTION_ESTABLISHED
#define ABORTING SSTP_CONNECTION_ABORTING
#define CLOSED SSTP_CONNECTION_CLOSED

/* ConnectResponse has the row of a refusal; Ok is below. */
static const uint8_t connection_table[SSTP_COMMAND_ID_MAX + 1][SSTP_CONNECTION_STATE_COUNT] = {
/*                               unknown      transport   connecting   established  aborting  closed */
    [SSTP_CONNECT]             = {CONNECTING,  CONNECTING, V,           V,           V,        V},
    [SSTP_CONNECT_RESPONSE]    = {ABORTING,    V,          ABORTING,    V,           V,        V},
    [SSTP_CONNECT_AUTHENTICATE] = {ESTABLISHED, V,         V,           SAME,        V,        V},
    [SSTP_CONNECT_CLOSE]       = {CLOSED,      V,          CLOSED,      CLOSED,      CLOSED,   V},
    [SSTP_OPEN]                = {ESTABLISHED, V,          V,           SAME,        V,        V},
    [SSTP_FANOUT_OPEN]         = {ESTABLISHED, V,          V,           SAME,        V,        V},
    [SSTP_OPEN_RESPONSE]       = {ESTABLISHED, V,          V,           SAME,        V,        V},
    [SSTP_SESSION_STATUS]      = {ESTABLISHED, V,          V,           SAME,        V,        V},
    [SSTP_CLOSE]               = {ESTABLISHED, V,          V,           SAME,        V,        V},
    [SSTP_MESSAGE]             = {ESTABLISHED, V,          V,           SAME,        V,        V},
    [SSTP_DATA]                = {ESTABLISHED, V,          V,           SAME,        V,        V},
    [SSTP_END_MESSAGE]         = {ESTABLISHED, V,          V,           SAME,        V,        V},
    [SSTP_NOOP]                = {ESTABLISHED, V,          V,           SAME,        V,        V},
    [SSTP_ATTACH]              = {ESTABLISHED, V,          V,           SAME,        V,        V},
    [SSTP_ATTACH_RESPONSE]     = {ESTABLISHED, V,          V,           SAME,        V,        V},
    [SSTP_ATTACH_AUTHENTICATE] = {ESTABLISHED, V,          V,           SAME,        V,        V},
    [SSTP_REGISTER]            = {ESTABLISHED, V,          V,           SAME,        V,        V},
    [SSTP_REGISTER_RESPONSE]   = {ESTABLISHED, V,          V,           SAME,        V,        V},
};

#undef CONNECTING
#undef ESTABLISHED
#undef ABORTING
#undef CLOSED

#define SUSPENDED SSTP_SESSION_SUSPENDED
#define READY SSTP_SESSION_READY
#define BLOCKED SSTP_SESSION_BLOCKED
#define CLOSED SSTP_SESSION_CLOSED

/* GRVSSTP 3.1.5.7. */
static const uint8_t session_table[SSTP_OPEN_RESPONSE_FANOUT_NOT_SUPPORTED + 1]
                                  [SSTP_SESSION_STATE_COUNT] = {
/*                                             unknown    opening    suspended  ready    blocked  closed */
    [SSTP_OPEN_RESPONSE_OK]                   = {READY,     READY,     V,         V,       V,       V},
    [SSTP_OPEN_RESPONSE_NO_RESOURCE]          = {CLOSED,    CLOSED,    V,         V,       V,       V},
    [SSTP_OPEN_RESPONSE_UNKNOWN]              = {CLOSED,    CLOSED,    V,         V,       V,       V},
    [SSTP_OPEN_RESPONSE_NO_FANOUT_ENTRIES]    = {CLOSED,    CLOSED,    V,         V,       V,       V},
    [SSTP_OPEN_RESPONSE_START_SENDING]        = {READY,     V,         READY,     SAME,    READY,   V},
    [SSTP_OPEN_RESPONSE_STOP_SENDING]         = {BLOCKED,   V,         V,         BLOCKED, SAME,    V},
    [SSTP_OPEN_RESPONSE_OK_STOP_SENDING]      = {SUSPENDED, SUSPENDED, V,         V,       V,       V},
    [SSTP_OPEN_RESPONSE_FANOUT_NOT_SUPPORTED] = {CLOSED,    CLOSED,    V,         V,       V,       V},
};

#undef SUSPENDED
#undef READY
#undef BLOCKED
#undef CLOSED

#define WAITING SSTP_RECEIVER_WAITING
#define READY SSTP_RECEIVER_READY
#define BUFFERING SSTP_RECEIVER_BUFFERING

/* GRVSSTP 3.1.5.10-12, in the order of their CommandIds. */
static const uint8_t receiver_table[SSTP_END_MESSAGE - SSTP_MESSAGE + 1]
                                   [SSTP_RECEIVER_STATE_COUNT] = {
/*                                     unknown    waiting  ready      buffering */
    [SSTP_MESSAGE - SSTP_MESSAGE]     = {READY,     READY,   V,         V        },
    [SSTP_DATA - SSTP_MESSAGE]        = {BUFFERING, V,       BUFFERING, BUFFERING},
    [SSTP_END_MESSAGE - SSTP_MESSAGE] = {WAITING,   V,       V,         WAITING  },
};

#undef WAITING
#undef READY
#undef BUFFERING
#undef V

#define NOTHING SSTP_AVAILABILITY_NOTHING
#define START SSTP_AVAILABILITY_START
#define STOP SSTP_AVAILABILITY_STOP
#define CLOSE SSTP_AVAILABILITY_CLOSE

/* GRVSSTP 3.1.4.5.  A receiver's session is 'opening' only inside the handling
 * of its Open, where the OpenResponse says what there is to say. */
static const enum sstp_availability_action
    availability_table[SSTP_SESSION_STATE_COUNT][SSTP_AVAILABILITY_COUNT] = {
/*                             notReady  ready    fault */
    [SSTP_SESSION_SUSPENDED] = {NOTHING, START,   CLOSE  },
    [SSTP_SESSION_READY]     = {STOP,    NOTHING, CLOSE  },
    [SSTP_SESSION_BLOCKED]   = {NOTHING, START,   CLOSE  },
};

#undef NOTHING
#undef START
#undef STOP
#undef CLOSE

/* clang-format on */

bool sstp_connection_transition(enum sstp_connection_state state, uint8_t command_id,
                                uint8_t response_id, enum sstp_connection_state *next)
{
    unsigned after = state;
    bool is_allowed = false;

    if (command_id <= SSTP_COMMAND_ID_MAX)
        is_allowed = take(connection_table[command_id][state], state, &after);
    if (is_allowed && command_id == SSTP_CONNECT_RESPONSE &&
        response_id == SSTP_CONNECT_RESPONSE_OK)
        after = SSTP_CONNECTION_ESTABLISHED;
    *next = (enum sstp_connection_state)after;
    return is_allowed;
}

bool sstp_session_transition(enum sstp_session_state state, uint8_t response_id,
                             enum sstp_session_state *next)
{
    unsigned after = state;
    bool is_allowed = false;

    if (response_id < sizeof session_table / sizeof session_table[0])
        is_allowed = take(session_table[response_id][state], state, &after);
    *next = (enum sstp_session_state)after;
    return is_allowed;
}

bool sstp_receiver_transition(enum sstp_receiver_state state, uint8_t command_id,
                              enum sstp_receiver_state *next)
{
    unsigned after = state;
    bool is_allowed = false;

    if (command_id >= SSTP_MESSAGE && command_id <= SSTP_END_MESSAGE)
        is_allowed = take(receiver_table[command_id - SSTP_MESSAGE][state], state, &after);
    *next = (enum sstp_receiver_state)after;
    return is_allowed;
}

enum sstp_availability_action sstp_availability_action(enum sstp_session_state state,
                                                       enum sstp_availability availability)
{
    return availability_table[state][availability];
}

const char *sstp_connection_state_name(enum sstp_connection_state state)
{
    static const char *const names[SSTP_CONNECTION_STATE_COUNT] = {
        NULL, "transport connected", "connecting", "established", "aborting", "closed"};
    return names[state];
}

const char *sstp_session_state_name(enum sstp_session_state state)
{
    static const char *const names[SSTP_SESSION_STATE_COUNT] = {NULL,    "opening", "suspended",
                                                                "ready", "blocked", "closed"};
    return names[state];
}

const char *sstp_receiver_state_name(enum sstp_receiver_state state)
{
    static const char *const names[SSTP_RECEIVER_STATE_COUNT] = {NULL, "waiting", "ready",
                                                                 "buffering"};
    return names[state];
}
