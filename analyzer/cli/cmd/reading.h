/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reading: the named captures, as packets in the order in which they are to be understood:
 * files sorted into points, times corrected, what a mirrored port shows twice left out.
 */
#ifndef ANALYZE_CMD_READING_H
#define ANALYZE_CMD_READING_H

#include "capture/reader.h"
#include "cmd/options.h"
#include "cmd/progress.h"
#include "points/deal.h"
#include "record/store.h"

struct reading;

struct reading_calls {
    /* A packet as it is in its file, in order of time; then nothing else is told.  NULL. */
    void (*on_read)(void *cookie, const struct packet *packet);
    /* A packet, good until it returns; its times are right to `uncertainty_ns`. */
    void (*on_packet)(void *cookie, const struct packet *packet, gint64 uncertainty_ns);
    /* One of another share, likewise, but without its bytes; NULL where there is none. */
    void (*on_other)(void *cookie, const struct packet *packet);
    gboolean (*has_enough)(void *cookie); /* asked before each packet that is read; NULL: never */
    void *cookie;
};

/* Sorts the captures of the options, and names files and points in the report, both of which have
 * to live as long.  Their packets are counted in `deal`, which may be NULL, for that all captures
 * are regular files.  NULL, with a sentence said, where one cannot be read. */
struct reading *reading_new(const struct options *options, struct report *report, struct deal *deal,
                            struct progress *progress);
/* Keeps what can be read but once, and may be read again from now on; before reading_new(), which
 * does so itself where there are several captures.  False, with a sentence said. */
gboolean reading_keep_pipes(const struct options *options);
void reading_free(struct reading *reading);

/* Whether there are points whose clocks no packet compares with those of the others. */
gboolean reading_lacks_clocks(const struct reading *reading);
/* After reading_run() of a report that tells contents: from now on everything is read for another
 * one, by the clocks that the messages of the first tell, and nothing is said again. */
void reading_begin_again(struct reading *reading, struct report *report);

/* Reads all of them, and counts in the report what it reads.  False, with a sentence said, where
 * one cannot be read any more. */
gboolean reading_run(struct reading *reading, struct progress *progress,
                     const struct reading_calls *calls);

/* From now on only the packets of one share are handed to on_packet(); `deal` has to live as
 * long.  All are counted. */
void reading_take_share(struct reading *reading, const struct deal *deal, guint share);

/* Says nothing of damaged files from now on: it was said before. */
void reading_be_silent(struct reading *reading);

/* After reading_run(): whether a file is cut short or damaged. */
gboolean reading_is_damaged(const struct reading *reading);

/* Bytes of all captures; 0 where nobody knows. */
gint64 reading_size(const struct options *options);

#endif
