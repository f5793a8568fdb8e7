/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * selection: which connection and session the selected packet belongs to, for menus
 * that are about it.  Of a frame with several commands, the first one counts.
 */
#ifndef GRVSSTP_SHOW_SELECTION_H
#define GRVSSTP_SHOW_SELECTION_H

#include "show/show.h"

struct grvsstp_selection {
    uint32_t stream; /* sstp.stream */
    bool has_session;
    bool is_event; /* the number is an EventId; both are of one number space */
    uint32_t session_id;
};

/* Notes a command that is shown, or with NULL the connection alone. */
void grvsstp_selection_note(const struct grvsstp_place *place, const struct sstp_command *command);

/* What was noted of the frame, or NULL. */
const struct grvsstp_selection *grvsstp_selection(packet_info *pinfo);

#endif
