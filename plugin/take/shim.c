/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "take/shim.h"

#include "follow/again.h"
#include "http/packet-grvhenc.h"
#include "take/frame_end.h"
#include "take/ports.h"
#include "take/rest.h"
#include "take/tunnel.h"
#include "take/watch.h"
#include "tcp/kept.h"

static int look(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data, int bits_wanted)
{
    const struct grvsstp_transport transport = grvsstp_transport(pinfo, tvb, data);
    return grvsstp_watch_look(&transport, tvb, pinfo, tree, data, bits_wanted);
}

static int dissect_shim(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    dissector_handle_t behind = grvsstp_port_owner_behind(pinfo->match_uint);
    int taken = 0;

    if (!grvsstp_transport_is_carried(pinfo)) {
        if (grvsstp_tunnel_is_http(behind))
            taken = grvsstp_transport_refuse(tvb, pinfo, tree);
    } else {
        grvsstp_again_note(pinfo);
        taken = grvsstp_kept_dissect(look, tvb, pinfo, tree, data, SSTP_LOOK_OWN_PORT);
    }
    if (taken != 0 || behind == NULL)
        return taken;
    return grvsstp_watch_hand_on(behind, tvb, pinfo, tree, data);
}

/* After the dissection of each frame: watches connections that have just begun, and notes
 * the end of those that are ours. */
static int dissect_frame_end(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    (void)data;
    conversation_t *conversation =
        pinfo->ptype == PT_TCP ? grvsstp_transport_conversation(pinfo) : NULL;
    if (conversation == NULL)
        return 0;
    if (!PINFO_FD_VISITED(pinfo)) {
        grvsstp_rest_note_frame(conversation, pinfo);
        grvsstp_watch_note_frame(conversation, pinfo);
    }
    grvsstp_frame_end(conversation, tvb, pinfo, tree);
    grvhenc_frame_end(conversation, tvb, pinfo, tree);
    return 0;
}

void grvsstp_shim_handoff(void)
{
    /* No protocol, as for the handles that watch connections (watch.c). */
    grvsstp_shim_handle = create_dissector_handle_with_name_and_description(
        dissect_shim, -1, "grvsstp_shim", "Groove SSTP, before the owner of the port");
    register_postdissector(create_dissector_handle_with_name_and_description(
        dissect_frame_end, -1, "grvsstp_frame_end", "Groove SSTP, after each frame"));
    grvsstp_tunnel_init();
    grvsstp_watch_handoff();
    register_init_routine(grvsstp_ports_arm);
}
