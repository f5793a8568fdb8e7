/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packet-grvsstp: the protocol `grvsstp`, registered, and its ways in: TCP's
 * port table with Decode As and a preference, and the heuristic.
 */
#include "packet-grvsstp.h"

#include "take/direct.h"
#include "take/held.h"
#include "show/show.h"
#include "show/payload.h"
#include "take/ports.h"
#include "take/shim.h"
#include "take/tcp_connection.h"
#include "follow/again.h"
#include "follow/settle.h"
#include "follow/source.h"
#include "http/arrive.h"
#include "statistics/statistics.h"
#include "show/tap.h"

dissector_handle_t grvsstp_handle;

static int dissect_grvsstp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    return grvsstp_direct_dissect(tvb, pinfo, tree, data,
                                  grvsstp_port_is_chosen(pinfo) ? 0 : SSTP_LOOK_OWN_PORT);
}

static grvsstp_bool dissect_grvsstp_heuristic(tvbuff_t *tvb, packet_info *pinfo,
                                                          proto_tree *tree, void *data)
{
    return grvsstp_direct_dissect(tvb, pinfo, tree, data, SSTP_LOOK_ANY_PORT) != 0;
}

/* After the first pass. */
static void finish(void)
{
    grvsstp_held_finish();
    grvhenc_arrive_finish();
    grvsstp_tcp_finish();
    grvsstp_settle_all();
    grvsstp_journeys_finish();
    grvsstp_statistics_finish();
}

void proto_register_grvsstp(void)
{
    proto_grvsstp = proto_register_protocol(GRVSSTP_LONG_NAME, "GRVSSTP", "grvsstp");
    proto_grvsstp_sstp =
        proto_register_protocol_in_name_only("Groove SSTP, found by the filter of its acronym",
                                             "GSSTP", "sstp", proto_grvsstp, FT_PROTOCOL);
    grvsstp_fields_register();
    grvsstp_taps_register();
    grvsstp_payload_register();
    grvsstp_statistics_register();
    grvsstp_handle = register_dissector("grvsstp", dissect_grvsstp, proto_grvsstp);
    module_t *module = prefs_register_protocol(proto_grvsstp, NULL);
    grvsstp_states_register_preferences(module);
    grvsstp_journeys_register_preferences(module);
    grvsstp_message_register_preferences(module);
    register_init_routine(grvsstp_again_reset);
    register_init_routine(grvsstp_source_reset);
    register_init_routine(grvsstp_connections_reset);
    register_init_routine(grvsstp_states_reset);
    register_init_routine(grvsstp_journeys_reset);
    register_init_routine(grvsstp_settle_reset);
    register_postseq_cleanup_routine(finish);
    register_init_routine(grvsstp_tcp_reset);
    register_init_routine(grvsstp_held_reset);
    register_init_routine(grvsstp_transport_reset);
}

void proto_reg_handoff_grvsstp(void)
{
    grvsstp_transport_init();
    grvsstp_display_init();
    grvsstp_payload_handoff();
    grvsstp_statistics_handoff();
    grvsstp_ports_handoff(dissect_grvsstp);
    heur_dissector_add("tcp", dissect_grvsstp_heuristic, "Groove SSTP over TCP", GRVSSTP_HEURISTIC,
                       proto_grvsstp, HEURISTIC_ENABLE);
    grvsstp_shim_handoff();
}
