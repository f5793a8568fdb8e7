/* SPDX-License-Identifier: GPL-2.0-or-later */
/* progress: a line on stderr, where that is a terminal; and whether the user has had enough. */
#ifndef ANALYZE_CMD_PROGRESS_H
#define ANALYZE_CMD_PROGRESS_H

#include <glib.h>

/* What several processes have read, each of the same files; in memory that all of them see. */
struct progress_shared {
    volatile gboolean is_stopped; /* the user has had enough */
    struct progress_slot {
        volatile gint64 bytes;
        volatile guint64 packets;
    } each[];
};

struct progress {
    gboolean is_shown;
    gint64 begun_us, next_us;
    gint64 size;                /* bytes there are; 0: nobody knows */
    struct progress_slot *slot; /* somebody else shows it; NULL */
};

/* From now on SIGINT is only remembered. */
void progress_begin(struct progress *progress, gint64 size);

/* False: SIGINT has come. */
gboolean progress_go_on(void);

/* Call often; it looks at the clock seldom enough. */
void progress_show(struct progress *progress, gint64 bytes, guint64 packets);
/* Likewise, with words of one's own. */
void progress_line(struct progress *progress, const char *text);

void progress_end(struct progress *progress);

gsize progress_shared_size(guint num);
/* In a process of several: from now on what is read goes there, and whether to go on is said there.
 */
void progress_share(struct progress *progress, struct progress_shared *shared, guint index);
/* In the one that shows what all of them have read. */
void progress_show_shared(struct progress *progress, const struct progress_shared *shared,
                          guint num);

#endif
