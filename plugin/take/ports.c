/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "take/ports.h"

#include <epan/prefs.h>
#include <epan/range.h>

#include "fields/fields.h"

dissector_handle_t grvsstp_shim_handle;

static dissector_table_t tcp_ports;
static dissector_handle_t own_port_handle;
static GHashTable *handles_behind; /* port -> the handle that the shim stands before */

static bool is_ours(dissector_handle_t owner)
{
    return owner == grvsstp_handle || owner == own_port_handle;
}

bool grvsstp_port_is_decided(uint32_t port)
{
    dissector_handle_t owner = dissector_get_uint_handle(tcp_ports, port);
    /* Our own port has an owner from the beginning: whoever took it from us, a user's Lua for
     * one, is meant to have it. */
    return !is_ours(owner) && owner != grvsstp_shim_handle &&
           (port == SSTP_PORT || dissector_is_uint_changed(tcp_ports, port));
}

static bool is_others(uint32_t port)
{
    dissector_handle_t owner = dissector_get_uint_handle(tcp_ports, port);
    return owner != NULL && !is_ours(owner) && owner != grvsstp_shim_handle;
}

bool grvsstp_port_is_others(const struct grvsstp_transport *transport)
{
    if (grvsstp_transport_has_start(transport))
        return is_others(transport->analysis->server_port);
    return is_others(transport->srcport) || is_others(transport->destport);
}

bool grvsstp_port_is_chosen(const packet_info *pinfo)
{
    dissector_handle_t owner = dissector_get_uint_handle(tcp_ports, pinfo->match_uint);
    if (!is_ours(owner))
        return owner != grvsstp_shim_handle;
    return owner == grvsstp_handle || pinfo->match_uint != SSTP_PORT;
}

/* Two handles, for Decode As to the one that a port already has cannot be seen.  The list of
 * Decode As names but one of them: with two of the same protocol tshark would warn.  The preference
 * is that one's, too: since 4.4 it has the name, and finds by the description, of its handle. */
void grvsstp_ports_handoff(dissector_t dissect)
{
    tcp_ports = find_dissector_table("tcp.port");
    handles_behind = g_hash_table_new(g_direct_hash, g_direct_equal);
    own_port_handle = create_dissector_handle_with_name_and_description(
        dissect, proto_grvsstp, "grvsstp_own_port", "Groove SSTP, on its own port");
    dissector_add_uint_with_preference("tcp.port", SSTP_PORT, grvsstp_handle);
    dissector_add_uint("tcp.port", SSTP_PORT, own_port_handle);
    grvsstp_unlist_for_decode_as(tcp_ports, own_port_handle);
}

dissector_handle_t grvsstp_port_owner_behind(uint32_t port)
{
    return g_hash_table_lookup(handles_behind, GUINT_TO_POINTER(port));
}

static void arm(uint32_t port)
{
    dissector_handle_t current = dissector_get_uint_handle(tcp_ports, port);
    dissector_handle_t tls = find_dissector("tls"), http = find_dissector("http-over-tcp");

    if (current == NULL || current == grvsstp_shim_handle)
        return;
    /* What the user chose stays; a changed list of HTTP's ports looks changed too. */
    if (current != tls && current != http && dissector_is_uint_changed(tcp_ports, port))
        return;
    g_hash_table_insert(handles_behind, GUINT_TO_POINTER(port), current);
    dissector_add_uint("tcp.port", port, grvsstp_shim_handle);
}

void grvsstp_ports_arm(void)
{
    range_t *http_ports = prefs_get_range_value("http", "tcp.port");

    arm(GRVSSTP_TLS_PORT);
    for (unsigned i = 0; http_ports != NULL && i < http_ports->nranges; i++)
        for (uint32_t port = http_ports->ranges[i].low; port <= http_ports->ranges[i].high; port++)
            arm(port);
}
