/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "take/tunnel.h"

#include <epan/prefs.h>
#include <epan/range.h>
#include <stdlib.h>

static int proto_http, proto_socks;

void grvsstp_tunnel_init(void)
{
    proto_http = proto_get_id_by_filter_name("http");
    proto_socks = proto_get_id_by_filter_name("socks");
}

/* Where the last request wants to go, if it is a CONNECT; else NULL. */
static const char *find_target(conversation_t *conversation, unsigned *status)
{
    const http_conv_t *http = conversation_get_proto_data(conversation, proto_http);
    return http != NULL ? grvsstp_http_tunnel_target(http, status) : NULL;
}

bool grvsstp_tunnel_is_asked_for(conversation_t *conversation)
{
    unsigned status;
    return find_target(conversation, &status) != NULL;
}

bool grvsstp_tunnel_is_socks(conversation_t *conversation)
{
    return conversation_get_proto_data(conversation, proto_socks) != NULL;
}

bool grvsstp_tunnel_is_socks_itself(dissector_handle_t handle)
{
    return handle != NULL && dissector_handle_get_protocol_index(handle) == proto_socks;
}

bool grvsstp_tunnel_is_http(dissector_handle_t handle)
{
    return handle != NULL &&
           (handle == find_dissector("http") || handle == find_dissector("http-over-tcp") ||
            handle == find_dissector("http-over-tls"));
}

/* HTTP shows as data what goes to a port of its own, or what it has taken for its own before,
 * lest it be asked again.  Which of the ports it puts the tunnel's in the place of, it tells by
 * the first frame that it took for the tunnel's. */
static bool is_shown_as_data(const struct grvsstp_transport *transport, const packet_info *pinfo,
                             const http_conv_t *http, uint32_t port)
{
    const bool from_server =
        transport->srcport == http->server_port && addresses_equal(&http->server_addr, &pinfo->src);
    conversation_t *inner = find_conversation(
        pinfo->num, &pinfo->src, &pinfo->dst, CONVERSATION_TCP,
        from_server ? port : transport->srcport, from_server ? transport->destport : port, 0);

    return value_is_in_range(prefs_get_range_value("http", "tcp.port"), port) ||
           inner == transport->conversation ||
           (inner != NULL && grvsstp_tunnel_is_http(conversation_get_dissector(inner, pinfo->num)));
}

struct grvsstp_tunnel grvsstp_tunnel_of(const struct grvsstp_transport *transport,
                                        const packet_info *pinfo)
{
    const http_conv_t *http = conversation_get_proto_data(transport->conversation, proto_http);
    unsigned status = 0;

    if (grvsstp_tunnel_is_socks(transport->conversation))
        return (struct grvsstp_tunnel){false, true};
    const char *target = find_target(transport->conversation, &status);
    if (target == NULL)
        return (struct grvsstp_tunnel){false, false};
    const char *port = strrchr(target, ':');
    const bool is_handed_on =
        status == 200 && port != NULL &&
        !is_shown_as_data(transport, pinfo, http, (uint32_t)strtoul(port + 1, NULL, 10));
    return (struct grvsstp_tunnel){true, is_handed_on};
}

void grvsstp_tunnel_begins(conversation_t *conversation, uint32_t frame)
{
    http_conv_t *http = conversation_get_proto_data(conversation, proto_http);
    unsigned status = 0;

    if (http != NULL && http->startframe == 0 &&
        grvsstp_http_tunnel_target(http, &status) != NULL && status == 200)
        http->startframe = frame;
}
