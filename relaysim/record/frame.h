/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frame: the bytes of a segment on the wire, in the headers of a link and of IP.
 *
 * The side that opened the connection is 192.0.2.x, the other 198.51.100.x (RFC 5737); over IPv6
 * 2001:db8:2::x and 2001:db8:100::x (RFC 3849).  Outside of a NAT all initiators are 203.0.113.1,
 * or 2001:db8:113::1, with a port for each connection.
 */
#ifndef RELAYSIM_RECORD_FRAME_H
#define RELAYSIM_RECORD_FRAME_H

#include <stddef.h>

#include "base/wear_plan.h"
#include "record/segment.h"

struct frame_style {
    enum wear_link link;
    bool has_ipv6;
    bool is_outside; /* of a NAT */
    uint16_t vlan;   /* of all frames that have none of their own; 0: none */
};

/* Of pcapng's interfaces. */
uint16_t frame_link_type(enum wear_link link);

#define FRAME_DATA_MAX 65495u /* what IPv4 has room for */
#define FRAME_MAX (FRAME_DATA_MAX + 128u)

/* Writes it into `frame`, which has room for FRAME_MAX; its length. */
size_t frame_write(uint8_t *frame, const struct frame_style *style, const struct segment *segment);

#endif
