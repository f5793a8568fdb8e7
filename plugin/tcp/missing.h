/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * missing: whether something that was sent at about some time may not be in the capture, of TCP
 * connections of which nothing else is, either.  Who says what only another connection before could
 * have made right is blamed where the capture holds the time before.
 */
#ifndef GRVSSTP_MISSING_H
#define GRVSSTP_MISSING_H

#include <epan/conversation.h>
#include <epan/packet.h>

/* Who opens a connection because of what another one brought does it at once, or not after so
 * long. */
#define GRVSSTP_MISSING_TIME_NS INT64_C(60000000000)

/* First pass, after each frame of TCP's, which was captured at this time. */
void grvsstp_missing_note_frame(conversation_t *conversation, int64_t time_ns);

/* First pass: whether the capture began less than that before, or has lacked something since. */
bool grvsstp_missing_is_near(int64_t time_ns);

/* Forgets the capture before; for an init routine. */
void grvsstp_missing_reset(void);

#endif
