/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/selection.h"

#include <epan/proto_data.h>

/* Per-packet data of proto_grvsstp. */
enum { SELECTION_KEY = 1 };

void grvsstp_selection_note(const struct grvsstp_place *place, const struct sstp_command *command)
{
    packet_info *pinfo = place->pinfo;

    /* A packet whose details nobody looks at is not selected. */
    if (place->tree == NULL || !PTREE_DATA(place->tree)->visible)
        return;
    const struct sstp_command_info *info = command != NULL ? sstp_command_info(command->id) : NULL;
    struct grvsstp_selection *selection =
        p_get_proto_data(pinfo->pool, pinfo, proto_grvsstp, SELECTION_KEY);
    if (selection == NULL) {
        selection = wmem_new0(pinfo->pool, struct grvsstp_selection);
        selection->stream = place->connection->number;
        p_add_proto_data(pinfo->pool, pinfo, proto_grvsstp, SELECTION_KEY, selection);
    }
    if (info == NULL || info->scope == SSTP_SCOPE_CONNECTION || selection->has_session ||
        selection->stream != place->connection->number)
        return;
    selection->has_session = true;
    selection->is_event = info->scope == SSTP_SCOPE_EVENT;
    selection->session_id = command->session_id;
}

const struct grvsstp_selection *grvsstp_selection(packet_info *pinfo)
{
    return p_get_proto_data(pinfo->pool, pinfo, proto_grvsstp, SELECTION_KEY);
}
