/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "henc/phase.h"

/* Sets of kinds, for the rows. */
#define L 1u
#define K 2u
#define P 4u

struct row {
    unsigned kinds;
    enum henc_phase from;
    enum henc_event event;
    enum henc_phase to;
};

#define ROW(kinds, from, event, to) {kinds, HENC_PHASE_##from, HENC_EVENT_##event, HENC_PHASE_##to},

/* clang-format off */
static const struct row rows[] = {
/*   kinds | from         | event        | to               GRVHENC */
ROW( L|K   , START         , GET_REQUEST  , GET_SEEN      ) /* 3.1.4.1, 3.3.4.1 */
ROW( L|K   , START         , POST_REQUEST , POST_SEEN     )
ROW( L|K   , GET_SEEN      , POST_REQUEST , BOTH_SEEN     ) /* 3.2.5.1.1, 3.4.5.2.1 */
ROW( L|K   , POST_SEEN     , GET_REQUEST  , BOTH_SEEN     )

ROW( L     , GET_SEEN      , ECHO_BACK    , ESTABLISHED   ) /* the server has seen the POST that we have not */
ROW( L     , BOTH_SEEN     , ECHO_BACK    , ESTABLISHED   ) /* 3.1.5.2.1.1 */

ROW( K     , POST_SEEN     , POST_OK      , POST_ANSWERED ) /* 3.3.5.1.1.1 */
ROW( K     , POST_ANSWERED , GET_REQUEST  , BOTH_ANSWERED )
ROW( K     , GET_SEEN      , ECHO_BACK    , GET_ECHOED    ) /* 3.3.5.2.1.1 */
ROW( K     , GET_ECHOED    , POST_REQUEST , BOTH_ECHOED   )
ROW( K     , BOTH_SEEN     , ECHO_BACK    , BOTH_ECHOED   )
ROW( K     , BOTH_SEEN     , POST_OK      , BOTH_ANSWERED )
ROW( K     , BOTH_ECHOED   , POST_OK      , ESTABLISHED   )
ROW( K     , BOTH_ANSWERED , ECHO_BACK    , ESTABLISHED   )

ROW( K     , START         , POST_PLAIN   , MIDSTREAM     )
ROW( K     , GET_SEEN      , POST_PLAIN   , MIDSTREAM     )
ROW( K     , GET_SEEN      , GET_DATA     , ESTABLISHED   )
ROW( K     , GET_ECHOED    , GET_DATA     , ESTABLISHED   )
ROW( K     , START         , GET_DATA     , ESTABLISHED   )
ROW( K     , MIDSTREAM     , GET_DATA     , ESTABLISHED   )
ROW( K     , MIDSTREAM     , POST_OK      , ESTABLISHED   )

ROW( P     , START         , PROBE        , PROBING       ) /* 3.6.5.1 */
ROW( P     , START         , SECOND       , CONNECTING    )
ROW( P     , START         , NEXT         , MIDSTREAM     )
ROW( P     , START         , POLL_OK      , ESTABLISHED   )
ROW( P     , MIDSTREAM     , POLL_OK      , ESTABLISHED   )
ROW( P     , ESTABLISHED   , ANSWER_LOST  , MIDSTREAM     ) /* 3.5.7: or so the client may think */
ROW( P     , PROBING       , NUMBER_LOST  , MIDSTREAM     ) /* the handshake's end is among what was lost */
ROW( P     , PROBED        , NUMBER_LOST  , MIDSTREAM     )
ROW( P     , CONNECTING    , NUMBER_LOST  , MIDSTREAM     )
ROW( P     , MIDSTREAM     , BAD_REQUEST  , CLOSED        )
ROW( P     , PROBING       , BAD_REQUEST  , PROBED        ) /* 3.5.5.1.2.1: it is success */
ROW( P     , PROBING       , POLL_OK      , PROBED        )
ROW( P     , PROBING       , SECOND       , CONNECTING    )
ROW( P     , PROBED        , SECOND       , CONNECTING    ) /* 3.6.5.2 */
ROW( P     , PROBED        , PROBE        , CONNECTING    ) /* lacks its data */
ROW( P     , CONNECTING    , POLL_OK      , ESTABLISHED   ) /* 3.5.5.1.1.1 */
ROW( P     , CONNECTING    , BAD_REQUEST  , CLOSED        ) /* 3.5.5.1.2.2 */
ROW( P     , ESTABLISHED   , BAD_REQUEST  , CLOSED        )
};
/* clang-format on */

static unsigned kind_bit(enum henc_kind kind)
{
    switch (kind) {
    case HENC_KIND_LONGLIVED:
        return L;
    case HENC_KIND_KEEPALIVE:
        return K;
    case HENC_KIND_POLLING:
        return P;
    }
    return 0;
}

enum henc_phase henc_phase_next(enum henc_kind kind, enum henc_phase phase, enum henc_event event)
{
    /* From anywhere (GRVHENC 3.1.5.1.1.3, 3.2.7, 3.3.5.1.4, 3.3.7, 3.5.5.1.4). */
    if (event == HENC_EVENT_REJECTED || event == HENC_EVENT_ENDED)
        return HENC_PHASE_CLOSED;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if ((rows[i].kinds & kind_bit(kind)) != 0 && rows[i].from == phase &&
            rows[i].event == event)
            return rows[i].to;
    return phase;
}

enum henc_state henc_phase_state(enum henc_phase phase)
{
    switch (phase) {
    case HENC_PHASE_START:
    case HENC_PHASE_MIDSTREAM:
        return HENC_STATE_UNKNOWN;
    case HENC_PHASE_GET_SEEN:
    case HENC_PHASE_GET_ECHOED:
    case HENC_PHASE_POST_SEEN:
    case HENC_PHASE_POST_ANSWERED:
    case HENC_PHASE_CONNECTING:
        return HENC_STATE_CONNECTING;
    case HENC_PHASE_BOTH_SEEN:
    case HENC_PHASE_BOTH_ECHOED:
    case HENC_PHASE_BOTH_ANSWERED:
        return HENC_STATE_CONNECTED;
    case HENC_PHASE_PROBING:
        return HENC_STATE_PROBING;
    case HENC_PHASE_PROBED:
        return HENC_STATE_PROBED;
    case HENC_PHASE_ESTABLISHED:
        return HENC_STATE_ESTABLISHED;
    case HENC_PHASE_CLOSED:
        return HENC_STATE_CLOSED;
    }
    return HENC_STATE_UNKNOWN;
}

const char *henc_state_name(enum henc_state state)
{
    switch (state) {
    case HENC_STATE_UNKNOWN:
        return NULL;
    case HENC_STATE_CONNECTING:
        return "connecting";
    case HENC_STATE_CONNECTED:
        return "connected";
    case HENC_STATE_ESTABLISHED:
        return "established";
    case HENC_STATE_PROBING:
        return "probing";
    case HENC_STATE_PROBED:
        return "probed";
    case HENC_STATE_CLOSED:
        return "closed";
    }
    return NULL;
}
