/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pcapng: a capture file, written: packets of any link layers, each with a comment, in nanoseconds.
 *
 * By hand, as the functions of libwiretap that write take something else in each version.
 */
#ifndef ANALYZE_CAPTURE_PCAPNG_H
#define ANALYZE_CAPTURE_PCAPNG_H

#include <glib.h>

/* Bytes of a comment; what is longer is cut at a character. */
#define PCAPNG_COMMENT_MAX 65000u

struct pcapng_packet {
    guint16 link_type; /* LINKTYPE_... of the pcap formats */
    gint64 t_ns;       /* since 1970 */
    guint32 captured, len;
    const guint8 *bytes;
    const char *comment; /* NULL: none */
};

/* The head of a file, which comes first. */
void pcapng_append_head(GString *file);

/* Secrets that decrypt what follows, as Wireshark's SECRETS_TYPE_... */
void pcapng_append_secrets(GString *file, guint32 type, const guint8 *bytes, guint32 len);

/* A packet. `link_types` (guint16) has the interfaces that the file has so far; empty at first. */
void pcapng_append_packet(GString *file, GArray *link_types, const struct pcapng_packet *packet);

#endif
