/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "endpoint_transition.h"

#include "mnemonics.h"

/* clang-format off */

#define V SSTP_EP_RESPONSE_VIOLATION
#define N SSTP_EP_RESPONSE_NOTHING
#define READY SSTP_EP_RESPONSE_READY
#define SUSPEND SSTP_EP_RESPONSE_SUSPEND
#define BLOCK SSTP_EP_RESPONSE_BLOCK
#define REMOVE SSTP_EP_RESPONSE_REMOVE

/* GRVSSTP 3.1.5.7.  V is 0, so the values between count as violations. */
static const enum sstp_ep_response_action
    response_actions[SSTP_OPEN_RESPONSE_FANOUT_NOT_SUPPORTED + 1][SSTP_EP_SESSION_STATE_COUNT] = {
/*                                          opening  suspended ready   blocked */
    [SSTP_OPEN_RESPONSE_OK]                   = {READY,   V,     V,     V    },
    [SSTP_OPEN_RESPONSE_NO_RESOURCE]          = {REMOVE,  V,     V,     V    },
    [SSTP_OPEN_RESPONSE_UNKNOWN]              = {REMOVE,  V,     V,     V    },
    [SSTP_OPEN_RESPONSE_NO_FANOUT_ENTRIES]    = {REMOVE,  V,     V,     V    },
    [SSTP_OPEN_RESPONSE_START_SENDING]        = {V,       READY, N,     READY},
    [SSTP_OPEN_RESPONSE_STOP_SENDING]         = {V,       V,     BLOCK, N    },
    [SSTP_OPEN_RESPONSE_OK_STOP_SENDING]      = {SUSPEND, V,     V,     V    },
    [SSTP_OPEN_RESPONSE_FANOUT_NOT_SUPPORTED] = {REMOVE,  V,     V,     V    },
};

#undef V
#undef N
#undef READY
#undef SUSPEND
#undef BLOCK
#undef REMOVE

#define NOTHING SSTP_EP_AVAILABILITY_NOTHING
#define START SSTP_EP_AVAILABILITY_START
#define STOP SSTP_EP_AVAILABILITY_STOP
#define CLOSE SSTP_EP_AVAILABILITY_CLOSE

/* GRVSSTP 3.1.4.5.  A receiver's session is 'opening' only inside the handling
 * of its Open, where the OpenResponse says what there is to say. */
static const enum sstp_ep_availability_action
    availability_actions[SSTP_EP_SESSION_STATE_COUNT][SSTP_EP_AVAILABILITY_COUNT] = {
/*                              notReady  ready    fault */
    [SSTP_EP_SESSION_OPENING]   = {NOTHING, NOTHING, NOTHING},
    [SSTP_EP_SESSION_SUSPENDED] = {NOTHING, START,   CLOSE  },
    [SSTP_EP_SESSION_READY]     = {STOP,    NOTHING, CLOSE  },
    [SSTP_EP_SESSION_BLOCKED]   = {NOTHING, START,   CLOSE  },
};

#undef NOTHING
#undef START
#undef STOP
#undef CLOSE

/* clang-format on */

enum sstp_ep_response_action sstp_ep_response_action(enum sstp_ep_session_state state,
                                                     uint8_t response_id)
{
    if (response_id > SSTP_OPEN_RESPONSE_FANOUT_NOT_SUPPORTED)
        return SSTP_EP_RESPONSE_VIOLATION;
    return response_actions[response_id][state];
}

enum sstp_ep_availability_action sstp_ep_availability_action(enum sstp_ep_session_state state,
                                                             enum sstp_ep_availability availability)
{
    return availability_actions[state][availability];
}

const char *sstp_ep_session_state_name(enum sstp_ep_session_state state)
{
    static const char *const names[SSTP_EP_SESSION_STATE_COUNT] = {"opening", "suspended", "ready",
                                                                   "blocked"};
    return names[state];
}
