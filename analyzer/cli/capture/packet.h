/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packet: the little of a packet that has to be known before it is dissected: between whom it
 * went, and which bytes of which TCP direction it carries.
 *
 * Ethernet (VLAN tags included), Linux' cooked captures, loopback and bare IP are looked into, and
 * IP in IP, GRE, ERSPAN, VXLAN and Geneve: of a tunnel the packet within is looked at;
 * what is in anything else, or is no TCP, or a part of a fragmented packet, is no segment, and
 * goes to Wireshark as it comes.
 */
#ifndef ANALYZE_CAPTURE_PACKET_H
#define ANALYZE_CAPTURE_PACKET_H

#include <stdbool.h>
#include <stdint.h>

/* What lies at the beginning of the bytes. */
enum packet_link {
    PACKET_LINK_OTHER,
    PACKET_LINK_ETHERNET,
    PACKET_LINK_SLL,
    PACKET_LINK_SLL2,
    PACKET_LINK_NULL, /* four bytes of a protocol family, in somebody's byte order */
    PACKET_LINK_IP
};

/* One end of a TCP connection; an IPv4 address has the first four bytes, the rest is 0. */
struct packet_end {
    uint8_t address[16];
    uint16_t port;
    uint8_t family; /* 4 or 6 */
};

/* The order of two ends; 0 where they are the same. */
int packet_end_compare(const struct packet_end *a, const struct packet_end *b);

/* Both ends of a connection, whoever sends: the lower one first, so that they are the same of both
 * directions.  Which of both the source has become. */
unsigned packet_ends_sort(const struct packet_end *source, const struct packet_end *destination,
                          struct packet_end ends[2]);
unsigned packet_ends_hash(const struct packet_end ends[2]);
bool packet_ends_equal(const struct packet_end a[2], const struct packet_end b[2]);

/* The two addresses between which a packet goes, the lower one first; all else is 0. */
struct packet_pair {
    uint8_t addresses[2][16];
    uint8_t family; /* 4 or 6 */
};

#define PACKET_FIN 0x01u
#define PACKET_SYN 0x02u
#define PACKET_RST 0x04u
#define PACKET_ACK 0x10u

/* A TCP segment. */
struct packet_segment {
    struct packet_end source, destination;
    uint32_t sequence, acknowledgement;
    uint32_t len;     /* bytes of data, captured or not */
    uint32_t num_seq; /* sequence numbers that it takes: data, SYN and FIN */
    uint8_t flags;
    uint8_t ttl; /* or IPv6's hop limit */
    /* Of all that stays as it is on its way through switches and routers, but not when TCP sends
     * the bytes again: addresses, IP's identification, TCP's header with its options, the
     * beginning of the data. */
    uint64_t digest;
    /* The same without addresses and ports, so that address translators leave it as it is. */
    uint64_t content_digest;
};

/* False where the bytes are no segment.  `len` is what the packet had, `captured` is there. */
bool packet_look(enum packet_link link, const uint8_t *bytes, uint32_t captured, uint32_t len,
                 struct packet_segment *segment);

/* Between whom a packet of TCP's goes, a part of a fragmented one too; of an ICMP error between
 * whom what it quotes went, and of IP in IP what the inner one says.  False where that cannot be
 * told cheaply: anything else, in a tunnel or not. */
bool packet_pair(enum packet_link link, const uint8_t *bytes, uint32_t captured,
                 struct packet_pair *pair);
void packet_pair_of_segment(const struct packet_segment *segment, struct packet_pair *pair);

#endif
