/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reader: the packets of many files, merged by time.
 *
 * A file is opened when its first packet is the next one, and closed after its last: of a
 * thousand ring files, one after the other, one is open.
 */
#ifndef ANALYZE_CAPTURE_READER_H
#define ANALYZE_CAPTURE_READER_H

#include "capture/packet.h"
#include "capture/source.h"

/* A packet, good until the next one is read. */
struct packet {
    guint file, point; /* indexes */
    guint64 frame;     /* in its file */
    gint64 captured_ns, t_ns;
    wtap_rec *rec;
    const guint8 *bytes;
    int type;
    gboolean is_segment;
    struct packet_segment segment; /* where it is one */
    gboolean is_wanted;            /* whoever keeps it says so */
};

/* What is known of a file before it is read. */
struct reader_file {
    const char *name;
    guint point;
    gint64 first_ns; /* captured time of its first packet; G_MININT64: not known, read it first */
    /* Called for what has to be added to captured times of its point; NULL: nothing. */
    gint64 (*correct)(const void *clock, gint64 captured_ns);
    const void *clock;
};

/* A packet of its own, good until it is freed; without `has_bytes` all but its bytes. */
struct packet *packet_keep(const struct packet *packet, gboolean has_bytes);
void packet_free(struct packet *packet);
/* Bytes that it takes. */
gsize packet_size(const struct packet *packet);

struct reader;

/* `files` are copied.  Files of equal times are read in their order. */
struct reader *reader_new(const struct reader_file *files, guint num);
void reader_free(struct reader *reader);

/* False after the last packet, and where a file cannot be opened any more: reader_has_failed(). */
gboolean reader_next(struct reader *reader, struct packet *packet);

gboolean reader_has_failed(const struct reader *reader); /* with a sentence said */
gboolean reader_is_damaged(const struct reader *reader, guint file);
/* Nothing is said of damage from now on. */
void reader_be_silent(struct reader *reader);

/* Bytes read of all files so far, of those whose size is known. */
gint64 reader_bytes_read(const struct reader *reader);

/* The number that pcapng has for the link layer of a packet; -1 for those that seldom carry IP. */
int packet_link_type(const struct packet *packet);

/* Looks at a packet's headers. */
void packet_look_at(struct packet *packet);

/* After that: between whom it goes; false where that cannot be told cheaply. */
gboolean packet_find_pair(const struct packet *packet, struct packet_pair *pair);

#endif
