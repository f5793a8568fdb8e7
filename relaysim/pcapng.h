/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pcapng: writes a capture file of one Ethernet interface.
 *
 * Section Header, Interface Description and Enhanced Packet blocks of the
 * pcapng format, little-endian, times in nanoseconds; nothing else of it.  Each
 * packet is in the file once the call returns, so a growing capture can be read.
 */
#ifndef RELAYSIM_PCAPNG_H
#define RELAYSIM_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pcapng;

/* Creates the file, or overwrites it.  `application` goes into the header.
 * NULL with errno set when that fails. */
struct pcapng *pcapng_open(const char *path, const char *application);

/* Writes a frame that passed at `time_ns` since the epoch.  False when the disk
 * would not have it; every later call fails, too. */
bool pcapng_packet(struct pcapng *pcapng, uint64_t time_ns, const void *frame, size_t len);

/* Closes the file; false when something of it was not written. */
bool pcapng_close(struct pcapng *pcapng);

#endif
