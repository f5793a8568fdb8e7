/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conversations.c: `-z conv,grvsstp` and `-z endpoints,grvsstp`.
 *
 * A conversation is an SSTP connection, by its number, whatever carries it.  One
 * that is in TCP connections of its own choice has no port at its client.  Counted
 * are the frames that brought commands.
 */
#include "statistics/parts.h"

#include <epan/conversation_table.h>
#include <epan/proto_data.h>

/* Per-packet data of proto_grvsstp: what has been counted of the frame. */
enum { COUNTED_KEY = 2 };

struct counted {
    const struct counted *next;
    const void *listener;
    uint32_t stream;
};

/* A frame may bring several chunks of one connection, and counts once for each
 * listener. */
static bool is_counted(packet_info *pinfo, const void *listener, uint32_t stream)
{
    const struct counted *first = p_get_proto_data(pinfo->pool, pinfo, proto_grvsstp, COUNTED_KEY);

    for (const struct counted *counted = first; counted != NULL; counted = counted->next)
        if (counted->listener == listener && counted->stream == stream)
            return true;
    struct counted *counted = wmem_new(pinfo->pool, struct counted);
    *counted = (struct counted){first, listener, stream};
    if (first != NULL)
        p_remove_proto_data(pinfo->pool, pinfo, proto_grvsstp, COUNTED_KEY);
    p_add_proto_data(pinfo->pool, pinfo, proto_grvsstp, COUNTED_KEY, counted);
    return false;
}

/* The port of the frame's sender or receiver as far as it is one of the connection's. */
static uint32_t port_of(const struct grvsstp_tap *tap, bool is_initiator, uint32_t port)
{
    return is_initiator && grvsstp_is_virtual(tap->connection) ? 0 : port;
}

/* ------------------------------------------------------------------------
 * Names for filters
 */

static const char *address_filter(address_type type, conv_filter_type_e filter)
{
    if (type == AT_IPv4)
        switch (filter) {
        case CONV_FT_SRC_ADDRESS:
            return "ip.src";
        case CONV_FT_DST_ADDRESS:
            return "ip.dst";
        case CONV_FT_ANY_ADDRESS:
            return "ip.addr";
        case CONV_FT_SRC_PORT:
        case CONV_FT_DST_PORT:
        case CONV_FT_ANY_PORT:
            break;
        }
    else if (type == AT_IPv6)
        switch (filter) {
        case CONV_FT_SRC_ADDRESS:
            return "ipv6.src";
        case CONV_FT_DST_ADDRESS:
            return "ipv6.dst";
        case CONV_FT_ANY_ADDRESS:
            return "ipv6.addr";
        case CONV_FT_SRC_PORT:
        case CONV_FT_DST_PORT:
        case CONV_FT_ANY_PORT:
            break;
        }
    return NULL;
}

/* NULL where there is none. */
static const char *filter_name(const address *peer, conv_filter_type_e filter)
{
    switch (filter) {
    case CONV_FT_SRC_PORT:
        return "tcp.srcport";
    case CONV_FT_DST_PORT:
        return "tcp.dstport";
    case CONV_FT_ANY_PORT:
        return "tcp.port";
    case CONV_FT_SRC_ADDRESS:
    case CONV_FT_DST_ADDRESS:
    case CONV_FT_ANY_ADDRESS:
        break;
    }
    return address_filter((address_type)peer->type, filter);
}

/* The connection's number goes with the address: there can be many between two hosts. */
static const char *conversation_filter_name(conv_item_t *item, conv_filter_type_e filter)
{
    static char names[CONV_FT_ANY_PORT + 1][48]; /* several are asked for at a time */
    const char *name = filter_name(&item->src_address, filter);

    if (name == NULL)
        return CONV_FILTER_INVALID;
    snprintf(names[filter], sizeof names[filter], "sstp.stream == %u && %s",
             (unsigned)item->conv_id, name);
    return names[filter];
}

static const char *endpoint_filter_name(endpoint_item_t *item, conv_filter_type_e filter)
{
    const char *name = filter_name(&item->myaddress, filter);

    return name != NULL ? name : CONV_FILTER_INVALID;
}

static ct_dissector_info_t conversation_info = {conversation_filter_name};
static et_dissector_info_t endpoint_info = {endpoint_filter_name};

/* ------------------------------------------------------------------------
 * Counting
 */

static tap_packet_status count_conversation(void *tapdata, packet_info *pinfo, epan_dissect_t *edt,
                                            const void *data, tap_flags_t flags)
{
    conv_hash_t *table = tapdata;
    const struct grvsstp_tap *tap = data;

    (void)edt;
    table->flags = flags;
    if (is_counted(pinfo, table, tap->connection->number))
        return TAP_PACKET_DONT_REDRAW;
    add_conversation_table_data_with_conv_id(
        table, grvsstp_own_source(pinfo), grvsstp_own_target(pinfo),
        port_of(tap, tap->from_initiator, pinfo->srcport),
        port_of(tap, !tap->from_initiator, pinfo->destport), (conv_id_t)tap->connection->number, 1,
        (int)pinfo->fd->pkt_len, &pinfo->rel_ts, &pinfo->abs_ts, &conversation_info,
        CONVERSATION_NONE); /* of TCP it would be followed by tcp.stream */
    return TAP_PACKET_REDRAW;
}

static tap_packet_status count_endpoints(void *tapdata, packet_info *pinfo, epan_dissect_t *edt,
                                         const void *data, tap_flags_t flags)
{
    conv_hash_t *table = tapdata;
    const struct grvsstp_tap *tap = data;
    const endpoint_type type = grvsstp_is_virtual(tap->connection) ? ENDPOINT_NONE : ENDPOINT_TCP;
    const int len = (int)pinfo->fd->pkt_len;

    (void)edt;
    table->flags = flags;
    if (is_counted(pinfo, table, tap->connection->number))
        return TAP_PACKET_DONT_REDRAW;
    add_endpoint_table_data(table, grvsstp_own_source(pinfo),
                            port_of(tap, tap->from_initiator, pinfo->srcport), true, 1, len,
                            &endpoint_info, type);
    add_endpoint_table_data(table, grvsstp_own_target(pinfo),
                            port_of(tap, !tap->from_initiator, pinfo->destport), false, 1, len,
                            &endpoint_info, type);
    return TAP_PACKET_REDRAW;
}

void grvsstp_conversations_register(void)
{
    register_conversation_table(proto_grvsstp, false, count_conversation, count_endpoints);
}
