/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * segment: a TCP segment on its way into the capture, before it is a frame (record/frame.h).
 *
 * record/capture.c makes them, what wears the capture (record/wear.h) drops them, keeps them back
 * and makes others.  One that is handed on is lent for the call: whoever keeps it takes a copy.
 */
#ifndef RELAYSIM_RECORD_SEGMENT_H
#define RELAYSIM_RECORD_SEGMENT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define SEGMENT_FIN 0x01u
#define SEGMENT_SYN 0x02u
#define SEGMENT_RST 0x04u
#define SEGMENT_PSH 0x08u
#define SEGMENT_ACK 0x10u

struct segment {
    uint64_t time_ns;
    uint32_t connection; /* its number in the capture */
    bool from_initiator;
    bool is_turn;     /* the other side had the word before */
    bool is_followed; /* the same side's next segment comes right after */
    uint8_t initiator_host, acceptor_host;
    uint16_t initiator_port, acceptor_port;
    uint32_t sequence, acknowledged;
    uint8_t flags;
    uint16_t ip_id;
    uint16_t mss;  /* that a SYN offers */
    uint16_t vlan; /* 0: none */
    uint8_t num_hops;
    const uint8_t *data;
    size_t len;
    GByteArray *comments; /* options of a pcapng packet; NULL: none */
};

/* Whether it is another part of what the same side sends over the same connection. */
bool segment_is_beside(const struct segment *segment, const struct segment *other);

/* Nothing but an acknowledgement. */
bool segment_is_ack(const struct segment *segment);

/* With data and comments of its own. */
struct segment *segment_copy(const struct segment *segment);
void segment_free(void *segment); /* of a copy; NULL is fine */

/* Adds comments to those of a copy; NULL is fine. */
void segment_add_comments(struct segment *segment, const GByteArray *comments);

#endif
