/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * follow.c: `-z follow,grvsstp,ascii,N`, the application data of the connection whose
 * sstp.stream is N, and in 4.4 and later the window of that name.
 *
 * Which side sent is known from the connection: by addresses the parts of a virtual
 * connection cannot be told.
 */
#include "statistics/parts.h"
#include "show/selection.h"

#include <epan/addr_resolv.h>
#include <epan/follow.h>
#include <epan/to_str.h>

#define STREAM_FILTER "sstp.stream eq %u"

static char *filter_by_packet(epan_dissect_t *edt, packet_info *pinfo, unsigned *stream,
                              unsigned *sub_stream)
{
    const struct grvsstp_selection *selection = grvsstp_selection(pinfo);

    (void)edt;
    (void)sub_stream;
    if (selection == NULL)
        return NULL;
    *stream = selection->stream;
    return g_strdup_printf(STREAM_FILTER, selection->stream);
}

static char *filter_by_number(unsigned stream, unsigned sub_stream)
{
    (void)sub_stream;
    return g_strdup_printf(STREAM_FILTER, stream);
}

static char *filter_by_addresses(address *src, address *dst, int src_port, int dst_port)
{
    const char *name = src->type == AT_IPv6 ? "ipv6" : "ip";
    char *src_text = address_to_str(NULL, src), *dst_text = address_to_str(NULL, dst);
    char *filter = g_strdup_printf(
        "((%s.src eq %s and tcp.srcport eq %d and %s.dst eq %s and tcp.dstport eq %d) or "
        "(%s.src eq %s and tcp.srcport eq %d and %s.dst eq %s and tcp.dstport eq %d))",
        name, src_text, src_port, name, dst_text, dst_port, name, dst_text, dst_port, name,
        src_text, src_port);

    wmem_free(NULL, src_text);
    wmem_free(NULL, dst_text);
    return filter;
}

/* Whether the connection is not the one that the user named: a frame that passes
 * the filter may hold data of others too. */
static bool is_other_stream(const follow_info_t *info, uint32_t stream)
{
    unsigned wanted;

    return info->filter_out_filter != NULL &&
           sscanf(info->filter_out_filter, STREAM_FILTER, &wanted) == 1 && wanted != stream;
}

static void note_peers(follow_info_t *info, const packet_info *pinfo, bool from_initiator)
{
    const address *initiator =
        from_initiator ? grvsstp_own_source(pinfo) : grvsstp_own_target(pinfo);
    const address *acceptor =
        from_initiator ? grvsstp_own_target(pinfo) : grvsstp_own_source(pinfo);

    copy_address(&info->client_ip, initiator);
    copy_address(&info->server_ip, acceptor);
    info->client_port = from_initiator ? pinfo->srcport : pinfo->destport;
    info->server_port = from_initiator ? pinfo->destport : pinfo->srcport;
}

static tap_packet_status note_data(void *tapdata, packet_info *pinfo, epan_dissect_t *edt,
                                   const void *data, tap_flags_t flags)
{
    follow_info_t *info = tapdata;
    const struct grvsstp_followed *followed = data;
    const bool is_server = !followed->from_initiator;

    (void)edt;
    (void)flags;
    if (is_other_stream(info, followed->stream))
        return TAP_PACKET_DONT_REDRAW;
    if (info->client_port == 0)
        note_peers(info, pinfo, followed->from_initiator);

    follow_record_t *record = g_new0(follow_record_t, 1);
    record->is_server = is_server;
    record->packet_num = pinfo->num;
    record->abs_ts = pinfo->abs_ts;
    record->data = g_byte_array_sized_new((unsigned)followed->payload.len);
    g_byte_array_append(record->data, followed->payload.data, (unsigned)followed->payload.len);
    info->bytes_written[is_server] += record->data->len;
    info->payload = g_list_prepend(info->payload, record);
    return TAP_PACKET_DONT_REDRAW;
}

void grvsstp_follow_register(void)
{
    grvsstp_follow_register_stream(proto_grvsstp, "grvsstp_follow", filter_by_packet,
                                   filter_by_number, filter_by_addresses, tcp_port_to_display,
                                   note_data, grvsstp_connections_count);
}
