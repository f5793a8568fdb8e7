/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "statistics/statistics.h"

#include "statistics/parts.h"

void grvsstp_statistics_register(void)
{
    grvsstp_connections_table_register();
    grvsstp_sessions_table_register();
    grvsstp_acks_table_register();
    grvsstp_journeys_table_register();
    grvsstp_selfcheck_table_register();
    grvsstp_conversations_register();
    grvsstp_flow_register();
    grvsstp_journey_flow_register();
    grvsstp_follow_register();
    grvsstp_objects_register();
    grvsstp_filters_register();
}

void grvsstp_statistics_finish(void)
{
    grvsstp_journeys_table_finish();
}

void grvsstp_statistics_handoff(void)
{
    grvsstp_command_tree_register();
}
