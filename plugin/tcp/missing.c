/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tcp/missing.h"

#include "tcp/transport.h"

static bool has_frames;
static int64_t first_ns; /* of all frames so far, at least of TCP's */
static bool has_lost;
static int64_t lost_ns; /* the latest frame that told of something that was not captured */

void grvsstp_missing_reset(void)
{
    has_frames = has_lost = false;
}

void grvsstp_missing_note_frame(conversation_t *conversation, int64_t time_ns)
{
    enum { LOST_PACKET = 0x0002, ACK_LOST_PACKET = 0x0004 }; /* of TCP's analysis */
    const struct tcp_analysis *analysis = grvsstp_transport_analysis(conversation);

    first_ns = has_frames ? MIN(first_ns, time_ns) : time_ns;
    has_frames = true;
    if (analysis == NULL || analysis->ta == NULL ||
        (analysis->ta->flags & (LOST_PACKET | ACK_LOST_PACKET)) == 0)
        return;
    lost_ns = has_lost ? MAX(lost_ns, time_ns) : time_ns;
    has_lost = true;
}

bool grvsstp_missing_is_near(int64_t time_ns)
{
    return time_ns - first_ns < GRVSSTP_MISSING_TIME_NS ||
           (has_lost && time_ns - lost_ns < GRVSSTP_MISSING_TIME_NS);
}
