/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * source: one capture file, read packet by packet.
 *
 * Nothing but its name is kept open before the first packet is asked for: an open file costs a
 * quarter of a megabyte, and there may be a thousand.
 */
#ifndef ANALYZE_CAPTURE_SOURCE_H
#define ANALYZE_CAPTURE_SOURCE_H

#include <glib.h>
#include <wiretap/wtap.h>

/* A packet, good until the next one of its file is read. */
struct source_packet {
    guint64 frame;       /* in its file, from 1: all records count, as Wireshark counts them */
    gint64 captured_ns;  /* since 1970 */
    wtap_rec *rec;       /* of the packet */
    const guint8 *bytes; /* rec->rec_header.packet_header.caplen of them */
    int type;            /* of the file: see wtap_file_type_subtype() */
};

struct source;

/* "-" is standard input. */
struct source *source_new(const char *name);
void source_free(struct source *source); /* closes it; NULL is fine */

const char *source_name(const struct source *source);

/* From now on the secrets that files have for decryption are told to this, too; NULL: to Wireshark
 * alone. */
void source_tell_secrets(void (*told)(guint32 type, const void *bytes, guint len));

/* Opens it.  False, with a sentence said, where it cannot be read at all, is a folder, is empty
 * or is no capture. */
gboolean source_open(struct source *source);

/* Reads the next packet.  False at the end of the file, and where it is damaged; the latter is
 * said once, and remembered: source_is_damaged(). */
gboolean source_next(struct source *source, struct source_packet *packet);
gboolean source_is_damaged(const struct source *source);
/* Nothing is said of damage from now on. */
void source_be_silent(struct source *source);

/* At the end: whether not a byte was there, as of a pipe that nobody has written to; with a
 * sentence said. */
gboolean source_is_empty(const struct source *source);

void source_close(struct source *source);

/* Bytes read so far, and of the whole file; 0 where nobody knows. */
gint64 source_bytes_read(const struct source *source);
gint64 source_size(const struct source *source);

/* What the file says of where it was captured, in one line: host, application, interfaces.  Of
 * an open source, after its last packet. */
char *source_signature(struct source *source);

#endif
