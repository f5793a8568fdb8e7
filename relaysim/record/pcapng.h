/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pcapng: writes a capture file of one Ethernet interface.
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

#include <stddef.h>
#include <stdint.h>

struct pcapng;
struct recording_file;

/* Into a file that has not begun, and stays the caller's; it gets its head.  `application`
 * goes into that.  NULL without memory. */
struct pcapng *pcapng_new(struct recording_file *file, const char *application);

/* A frame that passed at `time_ns` since the epoch. */
void pcapng_packet(struct pcapng *pcapng, uint64_t time_ns, const void *frame, size_t len);

/* What is after goes into another file: this one gets its statistics, and counts begin
 * anew. */
void pcapng_end_section(struct pcapng *pcapng);

/* Ends the section.  NULL is fine. */
void pcapng_free(struct pcapng *pcapng);

#endif
