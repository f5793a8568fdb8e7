/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pcapng: writes a capture file of one interface.
 *
 * Section Header, Interface Description, Enhanced Packet and Interface Statistics blocks of
 * the pcapng format, little-endian, times in nanoseconds; nothing else of it.  The file is
 * written on a thread of its own (record/recording_file.h), some milliseconds after the call, so a
 * growing capture can be read.
 *
 * Packets for which there was no room are counted in the next one that is there (its
 * epb_dropcount, and a comment), and with all others in the statistics at the end.
 */
#ifndef RELAYSIM_RECORD_PCAPNG_H
#define RELAYSIM_RECORD_PCAPNG_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCAPNG_COMMENT_MAX 65535u      /* what the length of an option can tell */
#define PCAPNG_COMMENTS_MAX (1u << 20) /* of a packet: a block has to be read in one piece */

#define PCAPNG_PACKET_OVERHEAD 32u /* bytes around one, at least */

struct pcapng;
struct recording_file;

/* A frame that passed at `time_ns` since the epoch: its first `len` bytes were captured of the
 * `wire_len` that it had.  `comments` are what pcapng_add_comment() has made; NULL: none. */
struct pcapng_packet {
    uint64_t time_ns;
    const void *frame;
    size_t len, wire_len;
    const GByteArray *comments;
};

/* Into a file that has not begun, and stays the caller's; it gets its head.  `application`
 * goes into that, and the type of the link (LINKTYPE_).  NULL without memory. */
struct pcapng *pcapng_new(struct recording_file *file, const char *application, uint16_t link_type);

void pcapng_put(struct pcapng *pcapng, const struct pcapng_packet *packet);

/* Adds a comment to those of a packet, in UTF-8.  False, and it is not there, when that is too much
 * for the packet, or too long. */
bool pcapng_add_comment(GByteArray *comments, const char *text, size_t len);

/* What is after goes into another file: this one gets its statistics, and counts begin
 * anew. */
void pcapng_end_section(struct pcapng *pcapng);

/* Ends the section.  NULL is fine. */
void pcapng_free(struct pcapng *pcapng);

#endif
