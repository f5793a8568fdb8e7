/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture/packet.h"

#include <string.h>

#define ETHERNET_LEN 14u
#define SLL_LEN 16u
#define SLL2_LEN 20u
#define VLAN_TAGS_MAX 4u
#define TYPE_IPV4 0x0800u
#define TYPE_IPV6 0x86ddu
#define PROTOCOL_ICMP 1u
#define PROTOCOL_IPV4 4u
#define PROTOCOL_TCP 6u
#define PROTOCOL_UDP 17u
#define PROTOCOL_IPV6 41u
#define PROTOCOL_FRAGMENT 44u
#define PROTOCOL_GRE 47u
#define PROTOCOL_ICMPV6 58u
/* Tunnels in tunnels, and IP in what ICMP quotes. */
#define NESTED_MAX 4u
#define PORT_VXLAN 4789u
#define PORT_GENEVE 6081u
#define UDP_LEN 8u
#define VXLAN_LEN 8u
#define GENEVE_LEN 8u
/* What follows GRE's header. */
#define TYPE_BRIDGED 0x6558u
#define TYPE_ERSPAN_1_2 0x88beu
#define TYPE_ERSPAN_3 0x22ebu
#define ERSPAN_2_LEN 8u
#define ERSPAN_3_LEN 12u
#define IPV6_HEADERS_MAX 8u
#define TCP_LEN 20u
/* Bytes of data that are part of the digest. */
#define DIGESTED 128u

/* ------------------------------------------------------------------------
 * Ends
 */

int packet_end_compare(const struct packet_end *a, const struct packet_end *b)
{
    const int order = memcmp(a->address, b->address, sizeof a->address);

    if (order != 0)
        return order;
    return a->port != b->port ? (int)a->port - (int)b->port : (int)a->family - (int)b->family;
}

unsigned packet_ends_sort(const struct packet_end *source, const struct packet_end *destination,
                          struct packet_end ends[2])
{
    const unsigned direction = packet_end_compare(source, destination) > 0;

    ends[direction] = *source;
    ends[!direction] = *destination;
    return direction;
}

unsigned packet_ends_hash(const struct packet_end ends[2])
{
    unsigned hash = 2166136261u;

    for (unsigned i = 0; i < 2; i++) {
        for (unsigned k = 0; k < sizeof ends[i].address; k++)
            hash = (hash ^ ends[i].address[k]) * 16777619u;
        hash = (hash ^ ends[i].port) * 16777619u;
    }
    return hash;
}

bool packet_ends_equal(const struct packet_end a[2], const struct packet_end b[2])
{
    return packet_end_compare(&a[0], &b[0]) == 0 && packet_end_compare(&a[1], &b[1]) == 0;
}

/* ------------------------------------------------------------------------
 * Looking
 */

/* What is left to look at. */
struct view {
    const uint8_t *at;
    uint32_t captured, len;
};

static bool skip(struct view *view, uint32_t count)
{
    if (view->captured < count || view->len < count)
        return false;
    view->at += count;
    view->captured -= count;
    view->len -= count;
    return true;
}

static uint32_t big16(const uint8_t *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t big32(const uint8_t *p)
{
    return big16(p) << 16 | big16(p + 2);
}

/* ------------------------------------------------------------------------
 * A digest: SipHash's rounds with a fixed key, over eight bytes at a time.
 */

struct digest {
    uint64_t v[4];
};

static uint64_t rotate(uint64_t x, unsigned by)
{
    return x << by | x >> (64 - by);
}

static void digest_round(uint64_t v[4])
{
    v[0] += v[1], v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0], v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32);
    v[2] += v[1], v[0] += v[3];
    v[1] = rotate(v[1], 17) ^ v[2], v[3] = rotate(v[3], 21) ^ v[0];
    v[2] = rotate(v[2], 32);
}

static void digest_add(struct digest *digest, const void *data, uint32_t len)
{
    const uint8_t *at = data;

    while (len > 0) {
        const uint32_t step = len < 8 ? len : 8;
        uint64_t word = 0;
        memcpy(&word, at, step);
        digest->v[3] ^= word;
        digest_round(digest->v);
        digest->v[0] ^= word;
        at += step;
        len -= step;
    }
}

static uint64_t digest_end(struct digest *digest)
{
    digest->v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        digest_round(digest->v);
    return digest->v[0] ^ digest->v[1] ^ digest->v[2] ^ digest->v[3];
}

/* ------------------------------------------------------------------------
 * Layers
 */

/* After the link layer; false where no IP is in it. */
static bool look_at_link(enum packet_link link, struct view *view, uint32_t *type)
{
    switch (link) {
    case PACKET_LINK_OTHER:
        return false;
    case PACKET_LINK_ETHERNET:
        if (!skip(view, ETHERNET_LEN))
            return false;
        *type = big16(view->at - 2);
        break;
    case PACKET_LINK_SLL:
        if (!skip(view, SLL_LEN))
            return false;
        *type = big16(view->at - 2);
        break;
    case PACKET_LINK_SLL2:
        if (!skip(view, SLL2_LEN))
            return false;
        *type = big16(view->at - SLL2_LEN);
        break;
    case PACKET_LINK_NULL:
        if (!skip(view, 4))
            return false;
        *type = 0;
        break;
    case PACKET_LINK_IP:
        *type = 0;
        break;
    }
    for (unsigned tags = 0;
         tags < VLAN_TAGS_MAX && (*type == 0x8100 || *type == 0x88a8 || *type == 0x9100); tags++) {
        if (!skip(view, 4))
            return false;
        *type = big16(view->at - 2);
    }
    if (*type == 0 && view->captured > 0)
        *type = view->at[0] >> 4 == 4 ? TYPE_IPV4 : view->at[0] >> 4 == 6 ? TYPE_IPV6 : 0;
    return *type == TYPE_IPV4 || *type == TYPE_IPV6;
}

/* ------------------------------------------------------------------------
 * Tunnels
 */

/* After the header of a whole IP packet; what is in it, 0 where that is not known. */
static uint32_t enter_ip(struct view *view, uint32_t type)
{
    const uint8_t *ip = view->at;

    if (type == TYPE_IPV6)
        return view->captured >= 40 && skip(view, 40) ? ip[6] : 0;
    if (view->captured < 20 || (ip[0] & 15) < 5 || (big16(ip + 6) & 0x3fff) != 0 ||
        !skip(view, (uint32_t)(ip[0] & 15) * 4))
        return 0;
    return ip[9];
}

static bool enter_gre(struct view *view, uint32_t *type)
{
    if (view->captured < 4)
        return false;
    const uint32_t flags = big16(view->at), carried = big16(view->at + 2);
    const bool has_sequence = (flags & 0x1000) != 0;
    const uint32_t optional =
        (flags & 0x8000 ? 4u : 0) + (flags & 0x2000 ? 4u : 0) + (has_sequence ? 4u : 0);

    if ((flags & 0x4007) != 0 || !skip(view, 4 + optional)) /* routing, or another version */
        return false;
    *type = carried;
    if (carried == TYPE_IPV4 || carried == TYPE_IPV6)
        return true;
    if (carried == TYPE_ERSPAN_1_2 && has_sequence && !skip(view, ERSPAN_2_LEN))
        return false;
    if (carried == TYPE_ERSPAN_3 &&
        (view->captured < ERSPAN_3_LEN ||
         !skip(view, ERSPAN_3_LEN + ((view->at[ERSPAN_3_LEN - 1] & 1) != 0 ? 8u : 0))))
        return false;
    return (carried == TYPE_BRIDGED || carried == TYPE_ERSPAN_1_2 || carried == TYPE_ERSPAN_3) &&
           look_at_link(PACKET_LINK_ETHERNET, view, type);
}

static bool enter_udp(struct view *view, uint32_t *type)
{
    if (view->captured < UDP_LEN + VXLAN_LEN)
        return false;
    const uint32_t port = big16(view->at + 2);
    (void)skip(view, UDP_LEN);
    if (port == PORT_VXLAN)
        return (view->at[0] & 8) != 0 && skip(view, VXLAN_LEN) &&
               look_at_link(PACKET_LINK_ETHERNET, view, type);
    return port == PORT_GENEVE && big16(view->at + 2) == TYPE_BRIDGED &&
           skip(view, GENEVE_LEN + (view->at[0] & 0x3fu) * 4) &&
           look_at_link(PACKET_LINK_ETHERNET, view, type);
}

/* To the IP packet in an IP packet, through GRE, ERSPAN, VXLAN or Geneve; false where there is
 * none, and all is as before. */
static bool enter_tunnel(struct view *view, uint32_t *type)
{
    struct view inner = *view;
    uint32_t inner_type = 0;
    bool is_tunnel = false;

    switch (enter_ip(&inner, *type)) {
    case PROTOCOL_IPV4:
        inner_type = TYPE_IPV4;
        is_tunnel = true;
        break;
    case PROTOCOL_IPV6:
        inner_type = TYPE_IPV6;
        is_tunnel = true;
        break;
    case PROTOCOL_GRE:
        is_tunnel = enter_gre(&inner, &inner_type);
        break;
    case PROTOCOL_UDP:
        is_tunnel = enter_udp(&inner, &inner_type);
        break;
    default:
        break;
    }
    if (is_tunnel) {
        *view = inner;
        *type = inner_type;
    }
    return is_tunnel;
}

/* ------------------------------------------------------------------------
 * IP and TCP
 */

static bool look_at_ipv4(struct view *view, struct packet_segment *segment, struct digest *digest)
{
    const uint8_t *ip = view->at;

    if (view->captured < 20 || ip[0] >> 4 != 4)
        return false;
    const uint32_t header = (uint32_t)(ip[0] & 15) * 4, total = big16(ip + 2);
    /* A fragment has no ports, or not all of the data. */
    if (header < 20 || ip[9] != PROTOCOL_TCP || (big16(ip + 6) & 0x3fff) != 0)
        return false;
    /* A length of 0 is that of a segment which the network card was to cut. */
    if (total >= header && total < view->len) {
        view->len = total;
        if (view->captured > total)
            view->captured = total;
    }
    segment->source.family = segment->destination.family = 4;
    segment->ttl = ip[8];
    memcpy(segment->source.address, ip + 12, 4);
    memcpy(segment->destination.address, ip + 16, 4);
    digest_add(digest, ip + 4, 2);
    return skip(view, header);
}

static bool look_at_ipv6(struct view *view, struct packet_segment *segment)
{
    const uint8_t *ip = view->at;

    if (view->captured < 40 || ip[0] >> 4 != 6)
        return false;
    const uint32_t total = 40 + big16(ip + 4);
    uint8_t next = ip[6];
    if (total > 40 && total < view->len) {
        view->len = total;
        if (view->captured > total)
            view->captured = total;
    }
    segment->source.family = segment->destination.family = 6;
    segment->ttl = ip[7];
    memcpy(segment->source.address, ip + 8, 16);
    memcpy(segment->destination.address, ip + 24, 16);
    (void)skip(view, 40);
    for (unsigned headers = 0; next != PROTOCOL_TCP; headers++) {
        /* Hop-by-hop, routing and destination options have a length; anything else is no way. */
        if ((next != 0 && next != 43 && next != 60) || headers == IPV6_HEADERS_MAX ||
            view->captured < 8)
            return false;
        next = view->at[0];
        if (!skip(view, 8 + (uint32_t)view->at[1] * 8))
            return false;
    }
    return true;
}

static bool look_at_tcp(struct view *view, struct packet_segment *segment, struct digest *digest)
{
    const uint8_t *tcp = view->at;

    if (view->captured < TCP_LEN)
        return false;
    const uint32_t header = (uint32_t)(tcp[12] >> 4) * 4;
    if (header < TCP_LEN || header > view->len)
        return false;
    const uint32_t there = header < view->captured ? header : view->captured;
    segment->source.port = (uint16_t)big16(tcp);
    segment->destination.port = (uint16_t)big16(tcp + 2);
    segment->sequence = big32(tcp + 4);
    segment->acknowledgement = big32(tcp + 8);
    segment->flags = tcp[13];
    segment->len = view->len - header;
    segment->num_seq =
        segment->len + ((segment->flags & PACKET_SYN) != 0) + ((segment->flags & PACKET_FIN) != 0);
    /* All but the ports, and the checksum, which the network card may have had to fill in. */
    digest_add(digest, tcp + 4, 12);
    digest_add(digest, tcp + 18, there - 18);
    digest_add(digest, &segment->len, sizeof segment->len);
    view->at += there;
    view->captured -= there;
    digest_add(digest, view->at, view->captured < DIGESTED ? view->captured : DIGESTED);
    return true;
}

bool packet_look(enum packet_link link, const uint8_t *bytes, uint32_t captured, uint32_t len,
                 struct packet_segment *segment)
{
    struct view view = {bytes, captured, len < captured ? captured : len};
    struct digest digest = {{UINT64_C(0x736f6d6570736575), UINT64_C(0x646f72616e646f6d),
                             UINT64_C(0x6c7967656e657261), UINT64_C(0x7465646279746573)}};
    uint32_t type = 0;

    memset(segment, 0, sizeof *segment);
    if (!look_at_link(link, &view, &type))
        return false;
    for (unsigned nested = 0; nested < NESTED_MAX && enter_tunnel(&view, &type); nested++) {
    }
    const bool is_ip =
        type == TYPE_IPV4 ? look_at_ipv4(&view, segment, &digest) : look_at_ipv6(&view, segment);
    if (!is_ip || !look_at_tcp(&view, segment, &digest))
        return false;
    struct digest content = digest;
    segment->content_digest = digest_end(&content);
    digest_add(&digest, &segment->source, sizeof segment->source);
    digest_add(&digest, &segment->destination, sizeof segment->destination);
    segment->digest = digest_end(&digest);
    return true;
}

/* ------------------------------------------------------------------------
 * Pairs
 */

static void set_pair(struct packet_pair *pair, uint8_t family, const uint8_t *source,
                     const uint8_t *destination)
{
    const size_t len = family == 4 ? 4 : 16;
    const int is_first_lower = memcmp(source, destination, len) <= 0;

    memset(pair, 0, sizeof *pair);
    pair->family = family;
    memcpy(pair->addresses[!is_first_lower], source, len);
    memcpy(pair->addresses[is_first_lower], destination, len);
}

void packet_pair_of_segment(const struct packet_segment *segment, struct packet_pair *pair)
{
    set_pair(pair, segment->source.family, segment->source.address, segment->destination.address);
}

/* After IPv6's header and those that follow it, as far as they say what is in the packet. */
static bool skip_ipv6(struct view *view, uint32_t *protocol, bool *is_later_part)
{
    *protocol = view->at[6];
    (void)skip(view, 40);
    for (unsigned headers = 0; headers < IPV6_HEADERS_MAX; headers++) {
        const bool is_part = *protocol == PROTOCOL_FRAGMENT;
        if (*protocol != 0 && *protocol != 43 && *protocol != 60 && !is_part)
            return true;
        if (view->captured < 8)
            return false;
        *protocol = view->at[0];
        *is_later_part = *is_later_part || (is_part && (big16(view->at + 2) & 0xfff8) != 0);
        if (!skip(view, is_part ? 8 : 8 + (uint32_t)view->at[1] * 8))
            return false;
    }
    return false;
}

/* Whether it is an error, so that a packet follows its eight bytes. */
static bool quotes_packet(uint32_t protocol, uint8_t type)
{
    return protocol == PROTOCOL_ICMP
               ? type == 3 || type == 4 || type == 5 || type == 11 || type == 12
               : type >= 1 && type <= 4;
}

/* One header of IP.  False: nothing more is to be had, and *is_found says whether the pair is. */
static bool look_for_pair(struct view *view, struct packet_pair *pair, bool *is_found)
{
    const uint8_t *ip = view->at;
    const uint32_t version = view->captured > 0 ? ip[0] >> 4 : 0;
    uint32_t protocol;
    bool is_later_part = false;

    if (version == 4 && view->captured >= 20 && (ip[0] & 15) >= 5) {
        protocol = ip[9];
        is_later_part = (big16(ip + 6) & 0x1fff) != 0;
        set_pair(pair, 4, ip + 12, ip + 16);
        (void)skip(view, (uint32_t)(ip[0] & 15) * 4);
    } else if (version == 6 && view->captured >= 40) {
        set_pair(pair, 6, ip + 8, ip + 24);
        if (!skip_ipv6(view, &protocol, &is_later_part))
            return false;
    } else {
        return false;
    }
    *is_found = protocol == PROTOCOL_TCP;
    if (*is_found || is_later_part)
        return false;
    if (protocol == PROTOCOL_ICMP || protocol == PROTOCOL_ICMPV6)
        return view->captured > 8 && quotes_packet(protocol, view->at[0]) && skip(view, 8);
    return protocol == PROTOCOL_IPV4 || protocol == PROTOCOL_IPV6;
}

bool packet_pair(enum packet_link link, const uint8_t *bytes, uint32_t captured,
                 struct packet_pair *pair)
{
    struct view view = {bytes, captured, captured};
    uint32_t type = 0;
    bool is_found = false;

    if (!look_at_link(link, &view, &type))
        return false;
    for (unsigned nested = 0; nested < NESTED_MAX && enter_tunnel(&view, &type); nested++) {
    }
    for (unsigned nested = 0; nested < NESTED_MAX && look_for_pair(&view, pair, &is_found);
         nested++) {
    }
    return is_found;
}
