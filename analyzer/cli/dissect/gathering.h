/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gathering: what the files of gather.h share: gather.c has the taps, gather_states.c what an
 * observer said of a command, gather_end.c what is asked for at the end.
 */
#ifndef ANALYZE_DISSECT_GATHERING_H
#define ANALYZE_DISSECT_GATHERING_H

#include "record/store.h"
#include "share/carry.h"

#include "show/states.h"
#include "show/tap.h"

#include "base/say.h"

struct gathered_connection {
    const struct grvsstp_connection *connection; /* NULL: not seen */
    const struct grvhenc_virtual *virtual_connection;
    guint32 index; /* in the report */
};

/* Whose a command is, and where it was. */
struct gathered {
    const struct grvsstp_connection *connection;
    struct report_connection *row;
    guint32 index; /* of the row */
    bool from_initiator;
    guint32 frame, key, ordinal;
    gint64 t_ns;
    guint32 session_id;
};

/* A command whose observation was not there yet. */
struct gathered_waiting {
    struct gathered gathered; /* without row */
    guint32 ordinal;          /* in its chunk, for the journal */
    guint32 payload_len;
    GBytes *bytes; /* encoded again, without the data */
    enum sstp_version form;
};

/* A message in the ledger of its direction. */
struct gathered_entry {
    struct gathered gathered; /* of its EndMessage, without row */
    guint32 message;          /* row of the report */
    guint32 entry;            /* position in the ledger */
};

struct gather {
    struct report *report;
    guint num_taps; /* that listen */
    report_on_command on_command;
    void *cookie;
    gboolean tells_contents;
    struct carry *carry; /* NULL: the story is here */
    struct report_frame frame;
    guint32 num_in_frame; /* commands of it so far */
    guint64 made_late;    /* REPORT_MADE_LATE, once frames come no more */
    GArray *connections;  /* struct gathered_connection, by sstp.stream */
    GArray *claims;       /* indexes of findings that rest on silence */
    GArray *waiting;      /* struct gathered_waiting */
    GPtrArray *rows;      /* const struct grvsstp_connection, by index in the report */
    GArray *entries;      /* struct gathered_entry */
    /* Indexes in the report + 1, by connection and index in its observer. */
    GHashTable *sessions, *messages;
};

/* The connection of a row. */
const struct grvsstp_connection *gather_connection(const struct gather *gather, guint32 index);

/* What an observer said of a command. */
void gather_observed(struct gather *gather, const struct gathered *gathered,
                     const struct sstp_command *command, guint32 payload_len,
                     const struct sstp_observation *seen);
void gather_state_findings(struct gather *gather, const struct gathered *gathered, uint32_t set,
                           const struct sstp_command *command);
/* Of a share: that a Connect may have come too early, which all shares together say. */
void gather_open_finding(struct gather *gather, const struct gathered *gathered,
                         const struct sstp_command *command);
void gather_unacknowledged(struct gather *gather, const struct gathered *gathered);

/* At the end: whether the other half of a virtual connection was never seen. */
void gather_missing_half(struct gather *gather, guint32 connection,
                         const struct grvhenc_virtual *virtual_connection);

/* At the end: which leg of the story each message is, while the tables are in their first order;
 * and what the story tells; whom messages are for. */
void gather_legs(struct gather *gather);
void gather_journeys(struct gather *gather);

/* Keeps a command for gather_finish(). */
void gather_wait(struct gather *gather, const struct gathered *gathered,
                 const struct grvsstp_tapped_command *tapped);

#endif
