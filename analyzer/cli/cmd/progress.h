/* SPDX-License-Identifier: GPL-2.0-or-later */
/* progress: a line on stderr, where that is a terminal; and whether the user has had enough. */
#ifndef ANALYZE_CMD_PROGRESS_H
#define ANALYZE_CMD_PROGRESS_H

#include <glib.h>

struct progress {
    gboolean is_shown;
    gint64 begun_us, next_us;
    gint64 size; /* bytes there are; 0: nobody knows */
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

#endif
