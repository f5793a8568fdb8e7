/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * carry: what a process has found in its share, on its way to the one that joins all shares: a
 * file without a name, which is gone with the last of them.
 *
 * First what came frame by frame, in order: what the story is told, and commands for the report;
 * then the tables.  Both processes are the same program, forked, so that what the program has
 * itself (names of states, findings) goes as an address; what is of the wire goes as bytes.
 *
 *     carry_frame(carry, number); carry_begin(...); carry_event(...); carry_command(...);
 *     carry_end_frames(carry);
 *     if (!carry_finish(carry, report)) ...
 *
 *     if (!carry_read(carry, &into)) ...
 *     while (carry_next(carry, &item)) ...
 */
#ifndef ANALYZE_SHARE_CARRY_H
#define ANALYZE_SHARE_CARRY_H

#include "core/command.h"
#include "record/store.h"

#define CARRY_CONTENTS_LEN 16u

struct carry;

/* NULL, with a sentence said, where there is no room for temporary files. */
struct carry *carry_new(void);
void carry_free(struct carry *carry); /* NULL is fine */

/* ------------------------------------------------------------------------
 * The process that has the share; failures are told at the end
 */

/* What follows comes of this frame, or is told when there are no frames any more. */
void carry_frame(struct carry *carry, guint32 number);
void carry_end_frames(struct carry *carry);

/* What the story is told, see plugin/follow/journeys.h. */
void carry_begin(struct carry *carry, guint32 number, guint32 point, gint64 uncertainty_ns);
void carry_event(struct carry *carry, const struct sstp_story_event *event, struct sstp_span bytes,
                 const guint8 *contents);
/* Likewise what is judged over all connections, see analyzer/state/returns.h; the Connect that is
 * looked up is the next event. */
void carry_asked(struct carry *carry, struct sstp_span who, struct sstp_span target, gint64 now_ns,
                 guint32 seconds);
void carry_looked(struct carry *carry);
void carry_gap(struct carry *carry, guint32 number);
void carry_end(struct carry *carry, guint32 number);

/* A command of the report. */
void carry_command(struct carry *carry, const struct report_command *command);

/* All of the tables, but for journeys; nothing follows.  False, with a sentence said, where
 * anything could not be written. */
gboolean carry_finish(struct carry *carry, const struct report *report);

/* ------------------------------------------------------------------------
 * The process that joins, after the other has ended
 */

/* Adds the tables to those of another report, whose files and points are the same; rows name the
 * rows of other tables as they did in the share.  `has_counts`: what was read is told by this
 * share.  False where the file is not whole. */
gboolean carry_read(struct carry *carry, struct report *report, gboolean has_counts);

enum carry_kind {
    CARRY_BEGIN,
    CARRY_EVENT,
    CARRY_ASKED,
    CARRY_GAP,
    CARRY_END,
    CARRY_COMMAND,
    CARRY_LAST
};

struct carried {
    enum carry_kind kind;
    guint64 order; /* in which the items of all shares are to be taken */
    guint32 number, point;
    gint64 uncertainty_ns;
    struct sstp_story_event event; /* with its command; likewise below, good until the next one */
    const guint8 *contents;        /* NULL: not known */
    gboolean is_looked_up;         /* the event */
    struct sstp_span who, target;  /* of what is asked */
    gint64 now_ns;
    guint32 seconds;
    struct report_command row;
    guint32 row_connection;    /* its number in the share: report_connection.stream */
    struct report_frame frame; /* of the row */
    const char **findings;     /* the row's own */
};

/* From the first one; CARRY_LAST comes again and again.  False where the file is not whole. */
gboolean carry_next(struct carry *carry, struct carried *item);

#endif
