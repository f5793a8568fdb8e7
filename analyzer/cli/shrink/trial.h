/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trial: Wireshark, ready, with the tables that one dissection fills; and the question whether
 * a finding is raised by some packets.
 *
 * A trial is made once and used in children (child.h) alone, each time for one dissection:
 * trial_packet() for every packet, then trial_finish().
 */
#ifndef ANALYZE_SHRINK_TRIAL_H
#define ANALYZE_SHRINK_TRIAL_H

#include "capture/reader.h"
#include "record/store.h"

/* Which finding: of all that were raised, or on one packet. */
struct trial_finding {
    const struct sstp_finding_info *info;
    const char *command; /* NULL: not about a command */
    gint8 from_initiator;
    gboolean has_session;
    guint32 session_id, ordinal;
};

/* What came of some packets. */
struct trial_seen {
    gboolean is_raised;
    /* What the observer said of the command in question; without, it could not be read. */
    gboolean has_command, has_states, has_outstanding;
    const char *connection_state, *session_state; /* of names that live for ever; NULL: not known */
    guint32 outstanding;
};

struct trial;

/* NULL, with a sentence said. `report` names files and points, and takes the tables. */
struct trial *trial_new(struct report *report);
void trial_free(struct trial *trial);

void trial_packet(struct trial *trial, const struct packet *packet, gint64 uncertainty_ns);
void trial_finish(struct trial *trial);

/* Before the first packet: whether the finding is raised on the packet of this number, from 1, is
 * what is asked; commands are told as lines, "NUMBER TEXT", to `lines` where that is not NULL. */
void trial_watch(struct trial *trial, const struct trial_finding *finding, guint32 number,
                 GString *lines);

/* After trial_finish(). */
struct trial_seen trial_seen(const struct trial *trial);

/* The finding of a row of the report. */
struct trial_finding trial_finding_of(const struct report_finding *row);

#endif
