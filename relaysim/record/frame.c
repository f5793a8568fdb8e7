/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record/frame.h"

#include <string.h>

#define IPV4_LEN 20u
#define IPV6_LEN 40u
#define TCP_LEN 20u
#define SYN_OPTIONS_LEN 4u /* the maximum segment size */
#define WINDOW 65535u
#define HOPS_MAX 64u
#define PROTOCOL_TCP 6u
#define ETHERTYPE_IPV4 0x0800u
#define ETHERTYPE_VLAN 0x8100u
#define ETHERTYPE_IPV6 0x86ddu
#define NAT_PORT_FIRST 20000u
#define NAT_PORTS 45000u

/* One end, as it is shown. */
struct end {
    uint8_t ethernet[6];
    uint8_t address[16];
    uint16_t port;
};

static void put_u16(uint8_t *p, unsigned value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static void put_u32(uint8_t *p, uint32_t value)
{
    put_u16(p, value >> 16);
    put_u16(p + 2, value & 0xffff);
}

/* The sum of 16-bit words (RFC 1071), to go on with. */
static uint32_t sum(uint32_t start, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i + 1 < len; i += 2)
        start += (uint32_t)data[i] << 8 | data[i + 1];
    if (len % 2 != 0)
        start += (uint32_t)data[len - 1] << 8;
    while (start >> 16 != 0)
        start = (start & 0xffff) + (start >> 16);
    return start;
}

static size_t address_len(const struct frame_style *style)
{
    return style->has_ipv6 ? 16 : 4;
}

/* ------------------------------------------------------------------------
 * Ends
 */

static void set_address(struct end *end, const struct frame_style *style, const uint8_t network[3],
                        uint8_t host)
{
    static const uint8_t documentation[4] = {0x20, 0x01, 0x0d, 0xb8};
    const uint8_t ethernet[] = {2, 0, network[0], network[1], network[2], host};
    memcpy(end->ethernet, ethernet, sizeof ethernet);
    memset(end->address, 0, sizeof end->address);
    if (style->has_ipv6) {
        memcpy(end->address, documentation, sizeof documentation);
        put_u16(end->address + 4, network[2] == 113   ? 0x113
                                  : network[2] == 100 ? 0x100
                                                      : network[2]);
        end->address[15] = host;
    } else {
        memcpy(end->address, network, 3);
        end->address[3] = host;
    }
}

static struct end initiator_of(const struct frame_style *style, const struct segment *segment)
{
    static const uint8_t inside[] = {192, 0, 2}, outside[] = {203, 0, 113};
    struct end end = {.port = segment->initiator_port};
    if (style->is_outside)
        end.port = (uint16_t)(NAT_PORT_FIRST + segment->connection % NAT_PORTS);
    set_address(&end, style, style->is_outside ? outside : inside,
                style->is_outside ? 1 : segment->initiator_host);
    return end;
}

static struct end acceptor_of(const struct frame_style *style, const struct segment *segment)
{
    static const uint8_t network[] = {198, 51, 100};
    struct end end = {.port = segment->acceptor_port};
    set_address(&end, style, network, segment->acceptor_host);
    return end;
}

/* ------------------------------------------------------------------------
 * Links
 */

uint16_t frame_link_type(enum wear_link link)
{
    switch (link) {
    case WEAR_LINK_ETHERNET:
        return 1;
    case WEAR_LINK_COOKED:
        return 113;
    case WEAR_LINK_COOKED2:
        return 276;
    case WEAR_LINK_LOOPBACK:
        return 0;
    case WEAR_LINK_RAW:
        return 101;
    }
    return 1;
}

static size_t put_ethernet(uint8_t *p, const struct end *from, const struct end *to, unsigned vlan,
                           unsigned protocol)
{
    memcpy(p, to->ethernet, 6);
    memcpy(p + 6, from->ethernet, 6);
    if (vlan != 0) {
        put_u16(p + 12, ETHERTYPE_VLAN);
        put_u16(p + 14, vlan);
        put_u16(p + 16, protocol);
        return 18;
    }
    put_u16(p + 12, protocol);
    return 14;
}

/* As Linux writes them on "any": what the initiator sends goes out. */
static size_t put_cooked(uint8_t *p, const struct end *from, bool is_outgoing, unsigned protocol)
{
    put_u16(p, is_outgoing ? 4 : 0);
    put_u16(p + 2, 1); /* ARPHRD_ETHER */
    put_u16(p + 4, 6);
    memcpy(p + 6, from->ethernet, 6);
    put_u16(p + 12, 0);
    put_u16(p + 14, protocol);
    return 16;
}

static size_t put_cooked2(uint8_t *p, const struct end *from, bool is_outgoing, unsigned protocol)
{
    put_u16(p, protocol);
    put_u16(p + 2, 0);
    put_u32(p + 4, 2); /* the index of an interface */
    put_u16(p + 8, 1);
    p[10] = is_outgoing ? 4 : 0;
    p[11] = 6;
    memcpy(p + 12, from->ethernet, 6);
    put_u16(p + 18, 0);
    return 20;
}

/* BSD's, in the byte order of who captured: little-endian. */
static size_t put_loopback(uint8_t *p, bool has_ipv6)
{
    enum { BSD_AF_INET = 2, BSD_AF_INET6 = 30 };
    p[0] = has_ipv6 ? BSD_AF_INET6 : BSD_AF_INET;
    p[1] = p[2] = p[3] = 0;
    return 4;
}

static size_t put_link(uint8_t *p, const struct frame_style *style, const struct segment *segment,
                       const struct end *from, const struct end *to)
{
    const unsigned protocol = style->has_ipv6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4;
    switch (style->link) {
    case WEAR_LINK_ETHERNET:
        return put_ethernet(p, from, to, segment->vlan != 0 ? segment->vlan : style->vlan,
                            protocol);
    case WEAR_LINK_COOKED:
        return put_cooked(p, from, segment->from_initiator, protocol);
    case WEAR_LINK_COOKED2:
        return put_cooked2(p, from, segment->from_initiator, protocol);
    case WEAR_LINK_LOOPBACK:
        return put_loopback(p, style->has_ipv6);
    case WEAR_LINK_RAW:
        return 0;
    }
    return 0;
}

/* ------------------------------------------------------------------------
 * IP and TCP
 */

static size_t put_ipv4(uint8_t *ip, const struct segment *segment, const struct end *from,
                       const struct end *to, size_t tcp_len)
{
    ip[0] = 0x45; /* version 4, five words */
    ip[1] = 0;
    put_u16(ip + 2, (unsigned)(IPV4_LEN + tcp_len));
    put_u16(ip + 4, segment->ip_id);
    put_u16(ip + 6, 0x4000); /* do not fragment */
    ip[8] = (uint8_t)(HOPS_MAX - segment->num_hops);
    ip[9] = PROTOCOL_TCP;
    put_u16(ip + 10, 0);
    memcpy(ip + 12, from->address, 4);
    memcpy(ip + 16, to->address, 4);
    put_u16(ip + 10, (uint16_t)~sum(0, ip, IPV4_LEN));
    return IPV4_LEN;
}

static size_t put_ipv6(uint8_t *ip, const struct segment *segment, const struct end *from,
                       const struct end *to, size_t tcp_len)
{
    put_u32(ip, 0x60000000); /* version 6 */
    put_u16(ip + 4, (unsigned)tcp_len);
    ip[6] = PROTOCOL_TCP;
    ip[7] = (uint8_t)(HOPS_MAX - segment->num_hops);
    memcpy(ip + 8, from->address, 16);
    memcpy(ip + 24, to->address, 16);
    return IPV6_LEN;
}

static uint32_t pseudo_header_sum(const struct frame_style *style, const struct end *from,
                                  const struct end *to, size_t tcp_len)
{
    const size_t len = address_len(style);
    return sum(sum(PROTOCOL_TCP + (uint32_t)tcp_len, from->address, len), to->address, len);
}

static size_t put_tcp(uint8_t *tcp, const struct segment *segment, const struct end *from,
                      const struct end *to)
{
    const bool is_syn = (segment->flags & SEGMENT_SYN) != 0;
    const size_t header_len = TCP_LEN + (is_syn ? SYN_OPTIONS_LEN : 0);
    put_u16(tcp, from->port);
    put_u16(tcp + 2, to->port);
    put_u32(tcp + 4, segment->sequence);
    put_u32(tcp + 8, segment->acknowledged);
    tcp[12] = (uint8_t)(header_len / 4 << 4);
    tcp[13] = segment->flags;
    put_u16(tcp + 14, (segment->flags & SEGMENT_RST) != 0 ? 0 : WINDOW);
    put_u16(tcp + 16, 0);
    put_u16(tcp + 18, 0);
    if (is_syn) {
        tcp[20] = 2; /* maximum segment size */
        tcp[21] = 4;
        put_u16(tcp + 22, segment->mss);
    }
    if (segment->len > 0)
        memcpy(tcp + header_len, segment->data, segment->len);
    return header_len + segment->len;
}

size_t frame_write(uint8_t *frame, const struct frame_style *style, const struct segment *segment)
{
    const struct end initiator = initiator_of(style, segment);
    const struct end acceptor = acceptor_of(style, segment);
    const struct end *from = segment->from_initiator ? &initiator : &acceptor;
    const struct end *to = segment->from_initiator ? &acceptor : &initiator;
    const size_t link_len = put_link(frame, style, segment, from, to);
    uint8_t *ip = frame + link_len;
    uint8_t *tcp = ip + (style->has_ipv6 ? IPV6_LEN : IPV4_LEN);
    const size_t tcp_len = put_tcp(tcp, segment, from, to);
    const size_t ip_len = style->has_ipv6 ? put_ipv6(ip, segment, from, to, tcp_len)
                                          : put_ipv4(ip, segment, from, to, tcp_len);
    put_u16(tcp + 16, (uint16_t)~sum(pseudo_header_sum(style, from, to, tcp_len), tcp, tcp_len));
    return link_len + ip_len + tcp_len;
}
