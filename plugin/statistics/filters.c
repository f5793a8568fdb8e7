/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * filters.c: the selected packet's connection and session among the conversation
 * filters of Wireshark's menus.  In 4.0 they stand in for Follow, whose menu is a
 * fixed list there.
 */
#include "statistics/parts.h"
#include "show/selection.h"

#include <epan/conversation_filter.h>

static bool has_connection(packet_info *pinfo)
{
    return grvsstp_selection(pinfo) != NULL;
}

static bool has_session(packet_info *pinfo)
{
    const struct grvsstp_selection *selection = grvsstp_selection(pinfo);
    return selection != NULL && selection->has_session;
}

static char *filter_connection(packet_info *pinfo)
{
    const struct grvsstp_selection *selection = grvsstp_selection(pinfo);
    return selection != NULL ? g_strdup_printf("sstp.stream == %u", selection->stream) : NULL;
}

static char *filter_session(packet_info *pinfo)
{
    const struct grvsstp_selection *selection = grvsstp_selection(pinfo);
    if (selection == NULL || !selection->has_session)
        return NULL;
    if (selection->is_event) /* what follows may be a Close, which has a SessionId */
        return g_strdup_printf(
            "sstp.stream == %u && (sstp.event_id == 0x%08x || sstp.session_id == 0x%08x)",
            selection->stream, selection->session_id, selection->session_id);
    return g_strdup_printf("sstp.stream == %u && sstp.session_id == 0x%08x", selection->stream,
                           selection->session_id);
}

GRVSSTP_CONVERSATION_FILTER(grvsstp_bool, is_connection_valid, has_connection)
GRVSSTP_CONVERSATION_FILTER(grvsstp_bool, is_session_valid, has_session)
GRVSSTP_CONVERSATION_FILTER(char *, build_connection, filter_connection)
GRVSSTP_CONVERSATION_FILTER(char *, build_session, filter_session)

void grvsstp_filters_register(void)
{
    grvsstp_register_conversation_filter("grvsstp", "Groove SSTP connection", is_connection_valid,
                                         build_connection);
    grvsstp_register_conversation_filter("grvsstp", "Groove SSTP session", is_session_valid,
                                         build_session);
}
