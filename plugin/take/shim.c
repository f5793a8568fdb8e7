/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "take/shim.h"

#include <epan/prefs.h>
#include <epan/range.h>

#include "take/direct.h"
#include "fields/henc_fields.h"
#include "henc/http.h"
#include "http/packet-grvhenc.h"

#define HTTPS_PORT 443u

/* A request line is shorter. */
#define HELD_MAX 1024u

static dissector_table_t tcp_ports;
static int proto_http, proto_socks;
static dissector_handle_t shim_handle, look_handle;
static const heur_dtbl_entry_t *heuristic;
static GHashTable *handles_behind; /* port -> the handle that the shim stands before */

/* Whether the connection is a tunnel that HTTP or SOCKS knows of: what comes out
 * of it they hand over themselves, and say that it came out of a tunnel. */
static bool is_tunnel(packet_info *pinfo)
{
    conversation_t *conversation = find_conversation_pinfo(pinfo, 0);
    if (conversation == NULL)
        return false;
    if (conversation_get_proto_data(conversation, proto_socks) != NULL)
        return true;
    const http_conv_t *http = conversation_get_proto_data(conversation, proto_http);
    return http != NULL && grvsstp_http_is_tunnel(http);
}

/* Hands the chunk to another dissector in our place: every call costs a level of
 * desegmentation, and that one gets its own back. */
static int call_in_place(dissector_handle_t handle, tvbuff_t *tvb, packet_info *pinfo,
                         proto_tree *tree, void *data)
{
    const uint16_t can_desegment = pinfo->can_desegment;
    if (can_desegment > 0)
        pinfo->can_desegment++;
    const int result = call_dissector_only(handle, tvb, pinfo, tree, data);
    pinfo->can_desegment = can_desegment;
    return result;
}

/* Takes the connection if it is ours. */
static int look(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data, int bits_wanted)
{
    if (!proto_is_protocol_enabled(find_protocol_by_id(proto_grvsstp)) || is_tunnel(pinfo))
        return 0;
    if (!grvsstp_transport_is_carried(pinfo))
        return 0;
    const struct grvsstp_transport transport = grvsstp_transport(pinfo, data);
    switch (grvsstp_recognise(&transport, tvb, pinfo, bits_wanted)) {
    case GRVSSTP_NOT_OURS:
        break;
    case GRVSSTP_WAIT_FOR_MORE:
        return grvsstp_wait_for_more(tvb, pinfo);
    case GRVSSTP_COMMANDS:
        return call_in_place(grvsstp_handle, tvb, pinfo, tree, data);
    case GRVSSTP_ENCAPSULATED:
        if (!proto_is_protocol_enabled(find_protocol_by_id(proto_grvhenc)))
            break;
        return call_in_place(grvhenc_handle, tvb, pinfo, tree, data);
    }
    return 0;
}

/* Whether somebody said whose this port is; then nobody is asked.  Our own port has an owner
 * from the beginning: whoever took it from us, a user's Lua for one, is meant to have it. */
static bool is_decided(uint32_t port)
{
    dissector_handle_t owner = dissector_get_uint_handle(tcp_ports, port);
    return owner != grvsstp_handle && owner != shim_handle &&
           (port == SSTP_PORT || dissector_is_uint_changed(tcp_ports, port));
}

/* The first bytes of a client that may go on to be a request of an encapsulation.
 * HTTP's own ports wait for the end of the line; elsewhere we look on, and leave
 * the segments to whoever wants them, until the line is whole.  File scope. */
struct held {
    uint8_t bytes[HELD_MAX];
    uint32_t len;
    uint32_t next_seq;
};

enum held_result { HELD_NOTHING, HELD_MORE, HELD_REQUEST };

static enum held_result hold(const struct grvsstp_transport *transport, tvbuff_t *tvb,
                             packet_info *pinfo, struct held **out)
{
    /* The slot of the hidden protocol: the other two hold taken connections. */
    struct held *held = conversation_get_proto_data(transport->conversation, proto_grvsstp_sstp);
    const uint32_t seq = grvsstp_transport_seq(transport);
    const unsigned len = tvb_captured_length(tvb);

    if (transport->analysis == NULL || transport->analysis->server_port == 0)
        return HELD_NOTHING;
    if (pinfo->destport != transport->analysis->server_port) /* the server has to wait */
        return held != NULL && held->len > 0 ? HELD_MORE : HELD_NOTHING;
    if (held == NULL) {
        if (!grvsstp_transport_is_at_start(transport) || len > HELD_MAX ||
            !henc_http_begins_request(sstp_span(tvb_get_ptr(tvb, 0, (int)len), len)))
            return HELD_NOTHING;
        held = wmem_new0(wmem_file_scope(), struct held);
        held->next_seq = seq;
        conversation_add_proto_data(transport->conversation, proto_grvsstp_sstp, held);
    }
    if (seq != held->next_seq || len > HELD_MAX - held->len)
        return HELD_NOTHING;
    tvb_memcpy(tvb, held->bytes + held->len, 0, len);
    *out = held;
    const struct sstp_span all = sstp_span(held->bytes, held->len + len);
    if (henc_http_is_encapsulation(all))
        return HELD_REQUEST;
    held->len += len;
    held->next_seq += len;
    return henc_http_begins_request(all) ? HELD_MORE : HELD_NOTHING;
}

/* First pass: what is to become of a connection whose chunk is not ours by itself. */
static int keep_looking(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    const struct grvsstp_transport transport = grvsstp_transport(pinfo, data);
    struct held *held = NULL;

    switch (hold(&transport, tvb, pinfo, &held)) {
    case HELD_MORE:
        return 0;
    case HELD_REQUEST:
        grvhenc_take(&transport, pinfo, sstp_span(held->bytes, held->len));
        return call_in_place(grvhenc_handle, tvb, pinfo, tree, data);
    case HELD_NOTHING:
        break;
    }
    /* Whose first bytes are not ours is not asked again. */
    if (conversation_get_dissector(transport.conversation, pinfo->num) == look_handle)
        conversation_set_dissector(transport.conversation, NULL);
    return 0;
}

/* Bound to connections on ports that nobody owns: the heuristic, asked first. */
static int dissect_look(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    if (!heuristic->enabled || !grvsstp_transport_is_carried(pinfo) || is_decided(pinfo->srcport) ||
        is_decided(pinfo->destport))
        return 0;
    const int taken = look(tvb, pinfo, tree, data, SSTP_LOOK_ANY_PORT);
    return taken == 0 && !PINFO_FD_VISITED(pinfo) ? keep_looking(tvb, pinfo, tree, data) : taken;
}

static int dissect_shim(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    dissector_handle_t behind =
        g_hash_table_lookup(handles_behind, GUINT_TO_POINTER(pinfo->match_uint));
    const int taken = look(tvb, pinfo, tree, data, SSTP_LOOK_OWN_PORT);

    return taken != 0 || behind == NULL ? taken : call_in_place(behind, tvb, pinfo, tree, data);
}

/* Stands before whoever owns the port now. */
static void arm(uint32_t port)
{
    dissector_handle_t current = dissector_get_uint_handle(tcp_ports, port);
    dissector_handle_t tls = find_dissector("tls"), http = find_dissector("http-over-tcp");

    if (current == NULL || current == shim_handle)
        return;
    /* What the user chose stays; a changed list of HTTP's ports looks changed too. */
    if (current != tls && current != http && dissector_is_uint_changed(tcp_ports, port))
        return;
    g_hash_table_insert(handles_behind, GUINT_TO_POINTER(port), current);
    dissector_add_uint("tcp.port", port, shim_handle);
}

/* At each opening of a capture, for preferences move the ports' owners. */
static void arm_ports(void)
{
    range_t *http_ports = prefs_get_range_value("http", "tcp.port");

    arm(HTTPS_PORT);
    for (unsigned i = 0; http_ports != NULL && i < http_ports->nranges; i++)
        for (uint32_t port = http_ports->ranges[i].low; port <= http_ports->ranges[i].high; port++)
            arm(port);
}

/* Behind the dissection of each frame: binds the look to connections that have
 * just begun, and notes the end of those that carry an encapsulation. */
static int dissect_frame_end(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    (void)data;
    conversation_t *conversation =
        pinfo->ptype == PT_TCP ? find_conversation_pinfo(pinfo, 0) : NULL;
    if (conversation == NULL)
        return 0;
    /* From frame 0, not from this one: whoever takes the connection later for all
     * its frames then takes our place. */
    if (!PINFO_FD_VISITED(pinfo) && conversation->setup_frame == pinfo->num &&
        conversation_get_dissector(conversation, pinfo->num) == NULL)
        conversation_set_dissector(conversation, look_handle);
    grvsstp_direct_note_end(conversation, tvb, pinfo, tree);
    grvhenc_note_end(conversation, tvb, pinfo, tree);
    return 0;
}

void grvsstp_shim_handoff(void)
{
    heuristic = find_heur_dissector_by_unique_short_name(GRVSSTP_HEURISTIC);
    tcp_ports = find_dissector_table("tcp.port");
    proto_http = proto_get_id_by_filter_name("http");
    proto_socks = proto_get_id_by_filter_name("socks");
    handles_behind = g_hash_table_new(g_direct_hash, g_direct_equal);
    /* No protocol: neither a layer in frame.protocols nor a change of the current
     * one.  The description must be there: Decode As compares it. */
    shim_handle = create_dissector_handle_with_name_and_description(
        dissect_shim, -1, "grvsstp_shim", "Groove SSTP, before the owner of the port");
    look_handle = create_dissector_handle_with_name_and_description(
        dissect_look, -1, "grvsstp_look", "Groove SSTP, if it is");
    register_postdissector(create_dissector_handle_with_name_and_description(
        dissect_frame_end, -1, "grvsstp_frame_end", "Groove SSTP, behind each frame"));
    register_init_routine(arm_ports);
}
