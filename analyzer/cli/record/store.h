/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store: what was found in the captures, as the report tells it: tables, and no Wireshark.
 *
 * Frames are named by their number in the order in which they were dissected; report_frame() says
 * in which file such a frame is, and where there.  Directions are indexed by from_initiator, as
 * everywhere.  Strings are those of the wire, of any bytes but 0, and live as long as the store.
 */
#ifndef ANALYZE_RECORD_STORE_H
#define ANALYZE_RECORD_STORE_H

#include <glib.h>

#include "capture/packet.h"
#include "core/findings.h"
#include "story/story.h"

/* More of them are counted, and not kept.  What several processes have found is joined and sorted
 * before it is cut, each having kept as many. */
#define REPORT_FRAMES_MAX 100000000u
#define REPORT_CONNECTIONS_MAX 4000000u
#define REPORT_SESSIONS_MAX 8000000u
#define REPORT_MESSAGES_MAX 40000000u
#define REPORT_FINDINGS_MAX 1000000u
#define REPORT_HOPS_MAX 40000000u
#define REPORT_BRANCHES_MAX 80000000u
#define REPORT_RECIPIENTS_MAX 80000000u
/* Bytes of all strings. */
#define REPORT_STRINGS_MAX (512u << 20)

#define REPORT_NONE G_MAXUINT32
#define REPORT_MADE_LATE (G_GUINT64_CONSTANT(1) << 32)

/* A capture file. */
struct report_file {
    char *name;
    guint32 point;
    guint64 num_packets;
    gint64 first_ns, last_ns; /* as captured */
    gboolean is_damaged;
};

/* Where packets were captured: one interface, or one set of them. */
struct report_point {
    char *name;
    guint64 num_packets, num_duplicates;
    guint64 num_used;         /* that were dissected: all of a sole point but duplicates */
    gint64 first_ns, last_ns; /* as captured */
    /* Its clock against that of the first point, at the middle of what both saw: positive where
     * it is ahead.  Without has_clock nothing is known of it. */
    gboolean has_clock;
    gint64 offset_ns, offset_low_ns,
        offset_high_ns; /* guaranteed; G_MININT64, G_MAXINT64: no bound */
    double drift_ppm, drift_low_ppm, drift_high_ppm;
    guint32 num_anchors; /* packets that both saw */
    guint32 num_relayed; /* without them: messages of which one saw the way to a relay, and one the
                            way on */
    guint32 num_steps;   /* how often it was set meanwhile */
};

/* A frame that brought something. */
struct report_frame {
    guint32 number;
    guint32 file;
    guint64 in_file;
    gint64 captured_ns, t_ns; /* since 1970; t_ns by the clock of the first point */
};

struct report_connection {
    guint32 number; /* in the report, from 0 */
    guint32 stream; /* sstp.stream */
    guint32 first_frame, last_frame;
    gint64 first_ns, last_ns;
    struct packet_end ends[2];                   /* family 0: not known; port 0: it changes */
    const char *address_texts[2], *community_id; /* see report_name_ends() */
    const char *encapsulation;                   /* "TCP", ... */
    char version[8];                             /* "1.6"; empty: not known */
    const char *state;                           /* after the last command; NULL: not known */
    const char *devices[2]; /* URLs, from Connect and ConnectResponse; NULL: not known */
    guint32 num_sessions, num_findings;
    guint64 num_commands[2], num_messages[2], num_unacknowledged[2], payload[2];
};

struct report_session {
    guint64 made;       /* see report_message */
    guint32 connection; /* index */
    guint32 id;
    const char *kind;         /* "messages", "fanout", "attach", "register"; NULL: not known */
    gint8 originator;         /* a direction; -1: not known */
    const char *resource_url; /* NULL: not known; likewise below */
    const char *identity_url, *target_device_url;
    const char *state, *end;
    guint32 open_frame; /* 0: it was not seen */
    guint32 first_frame, last_frame;
    guint32 num_commands, num_messages, num_blocked;
    guint64 payload;
    guint32 num_destinations, num_active; /* REPORT_NONE: not known */
};

enum report_message_state {
    REPORT_MESSAGE_ACKNOWLEDGED,
    REPORT_MESSAGE_OUTSTANDING, /* at the end of what was captured, or of the connection */
    REPORT_MESSAGE_INCOMPLETE,  /* its EndMessage was not seen */
    REPORT_MESSAGE_UNKNOWN      /* nobody can say: bytes are missing */
};

/* A message on one connection. */
struct report_message {
    guint32 connection;                          /* index */
    guint32 session;                             /* index; REPORT_NONE: not known */
    guint32 number;                              /* sstp.message.number; 0: not known */
    guint32 ordinal;                             /* of its Message or, without, of its EndMessage */
    guint32 begin_frame, end_frame, acked_frame; /* 0: not seen */
    gint64 begin_ns, end_ns, acked_ns;
    guint64 length;
    const char *user_ref; /* NULL: none */
    gboolean from_initiator, has_ended;
    enum report_message_state state;
    guint32 hop;      /* index; REPORT_NONE: of no journey */
    guint32 leg;      /* of the story that the journeys come from; REPORT_NONE */
    guint64 made;     /* of which frame; those that are made at the end come after all others */
    guint32 observed; /* its number in the observer of its connection's direction */
    /* Digest of what every hop has to repeat, in hexadecimal; NULL: not known, or not asked for. */
    const char *contents;
    guint32 first_recipient, num_recipients; /* indexes; messages of one session share them */
};

/* Whom a message is for, by its session, seen from the one who received it. */
enum report_recipient_state {
    REPORT_RECIPIENT_THERE,  /* it is that one */
    REPORT_RECIPIENT_BEYOND, /* the message has to go on to it */
    REPORT_RECIPIENT_REFUSED /* who received the message has said that it does not get it */
};

struct report_recipient {
    const char *identity_url, *device_url, *relay_url; /* NULL: not named */
    enum report_recipient_state state;
};

/* One message on its way: see analyzer/story. */
struct report_journey {
    guint32 first_hop, num_hops;        /* indexes, attempts and sights among them, by time */
    guint32 first_branch, num_branches; /* recipients */
    guint32 outcomes;                   /* bits of 1 << enum sstp_story_outcome */
    gint64 last_ns;                     /* of its last event */
};

/* A message on one connection, as a part of a journey. */
struct report_hop {
    guint32 journey, connection;  /* indexes */
    guint32 message;              /* index; REPORT_NONE: not known */
    guint32 number;               /* 0 is the first that was seen */
    guint32 frame, acked_frame;   /* 0: not seen */
    gint64 t_ns, acked_ns;        /* of its EndMessage, and of its acknowledgement */
    guint32 from;                 /* index of the hop before; REPORT_NONE */
    guint32 attempt_of, sight_of; /* index: itself, mostly */
    enum sstp_story_passage passage;
    enum sstp_story_certainty certainty;
    gboolean from_initiator;
    const char *sender, *receiver; /* NULL: not known */
};

/* One recipient of a journey. */
struct report_branch {
    const char *identity_url, *device_url, *relay_url; /* NULL: not known */
    enum sstp_story_outcome outcome;
    const char *reason; /* "SessionStatus LockedOut"; NULL: not refused */
    enum sstp_story_certainty certainty;
    guint32 hop;        /* index of the last one; REPORT_NONE */
    const char *holder; /* who has it; NULL: not known */
    gint64 since_ns;    /* 0: not known */
};

/* Of a share: whether a finding is one may be for all shares to say. */
enum report_finding_state { REPORT_FINDING_TRUE, REPORT_FINDING_OPEN, REPORT_FINDING_UNTRUE };

/* A rule that was broken, or what is worth knowing. */
struct report_finding {
    const struct sstp_finding_info *info;
    guint32 connection; /* index */
    guint32 frame, ordinal;
    guint32 session_id;
    gboolean has_session;
    gint8 from_initiator; /* -1: not known */
    enum report_finding_state state;
    const char *command; /* NULL: not about a command */
};

/* A command on its way out. */
struct report_command {
    const struct report_connection *connection;
    const struct report_frame *frame;
    gboolean from_initiator;
    guint32 ordinal; /* among the commands of its frame */
    const char *name;
    const char *detail; /* as the Info column has it; may be empty */
    guint16 length;     /* CommandLength */
    /* Of the wire, as far as it was captured; none of a command that another process has found. */
    struct sstp_span bytes;
    gboolean has_session, has_outstanding, has_covered;
    guint32 session_id, outstanding, covered;
    guint32 message_number;                       /* 0: not known, or not of a message */
    const char *connection_state, *session_state; /* NULL: not known */
    const char *const *findings;                  /* filters, ended by NULL */
};

/* Called for each command in the order of the packets; what it points to is good until it
 * returns. */
typedef void (*report_on_command)(void *cookie, const struct report_command *command);

struct report {
    GArray *files, *points, *frames, *connections, *sessions, *messages, *findings;
    GArray *journeys, *hops, *branches, *recipients;
    gint32 share; /* that it is of; -1: it is of everything */
    GStringChunk *strings;
    gsize strings_len;
    guint64 num_packets, num_commands, num_left_out;
    gboolean has_too_much; /* all shares together have more than one process can keep */
    gint64 first_ns, last_ns; /* of all packets, by the clock of the first point */
    gboolean is_interrupted;
};

#define REPORT_AT(array, type, index) (&g_array_index((array), type, (index)))

struct report *report_new(void);
void report_free(struct report *report);

/* Gives the ends of a connection their texts, where they have any: there may be a million
 * commands of it. */
void report_name_ends(struct report *report, struct report_connection *connection);

/* A copy, the same for the same bytes; NULL for no bytes.  Bytes of 0 end it. */
const char *report_string(struct report *report, const void *bytes, gsize len);

/* The frame of a number; NULL where it brought nothing.  Numbers were added rising. */
const struct report_frame *report_frame(const struct report *report, guint32 number);

/* The frame that a message is told by: of its Message, else of its EndMessage; of which neither could
 * be told, that which brought something of it first. */
guint32 report_message_frame(const struct report_message *message);

/* A new item of a table, all bytes zero; NULL, and counted, where the table is full. */
void *report_add(struct report *report, GArray *table, guint max);
/* Keeps no more than the first rows. */
void report_cut(struct report *report, GArray *table, guint max);

const char *report_message_state_name(enum report_message_state state);
const char *report_recipient_state_name(enum report_recipient_state state);
const char *report_severity_name(enum sstp_severity severity);
const char *report_passage_name(enum sstp_story_passage passage);
/* "certain", "likely"; NULL for what begins a journey. */
const char *report_certainty_name(enum sstp_story_certainty certainty);

/* Whether somebody has not got the message of a journey, as far as is known. */
gboolean report_is_undelivered(const struct report_journey *journey);

/* Whether it is open if a message that waits has gone on unseen. */
gboolean report_may_have_gone_on(const struct report_branch *branch);

#endif
