/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * connection: what the plugin knows of one SSTP connection, and how the bytes
 * that a frame brought of it divide into commands.
 *
 * The first pass runs the bytes of each direction through the engine's framing
 * (analyzer/core/stream.h) and keeps, for the frames where that is not plain
 * to see, a plan: where the pieces lie and to which command each belongs.  Every
 * later pass reads the plan, so frames may be dissected in any order.  All of it
 * lives in file scope and is released with the capture.
 */
#ifndef GRVSSTP_CONNECTION_H
#define GRVSSTP_CONNECTION_H

#include "fields/fields.h"

#include <epan/address.h>

#include "core/stream.h"
#include "follow/fragments.h"
#include "follow/memory.h"
#include "follow/message.h"
#include "follow/states.h"
#include "state/order.h"
#include "tcp/numbers.h"

/* A command that does not lie whole in one chunk. */
struct grvsstp_split {
    uint8_t command_id;
    uint16_t command_len;    /* CommandLength; 0 as long as nobody knows it */
    uint32_t captured_len;   /* bytes in `bytes`: fewer where some were not captured */
    uint32_t reassembled_in; /* the frame that completes it; 0 while there is none */
    const uint8_t *bytes;    /* NULL: they are read again, grvsstp_split_bytes() */
    struct grvsstp_contributions contributions;
};

enum grvsstp_piece_kind {
    GRVSSTP_PIECE_COMMANDS, /* whole commands, one after the other */
    GRVSSTP_PIECE_PART,     /* a part of a command, not its last */
    GRVSSTP_PIECE_LAST,     /* the last part */
    GRVSSTP_PIECE_SKIPPED,  /* belongs to no command that we know of */
    GRVSSTP_PIECE_BROKEN,   /* a header that ended the framing */
    GRVSSTP_PIECE_REPEATED, /* bytes that came before */
    GRVSSTP_PIECE_REST      /* more pieces than a plan holds */
};

struct grvsstp_piece {
    uint32_t offset, len; /* in the chunk */
    enum grvsstp_piece_kind kind;
    enum sstp_finding finding;   /* BROKEN */
    struct grvsstp_split *split; /* PART and LAST */
};

/* A command that is part of a message which lies in several chunks. */
struct grvsstp_link {
    uint32_t offset; /* in the chunk, of the command, or of its last piece there */
    struct grvsstp_message *message;
};

struct grvsstp_plan {
    bool has_gap; /* bytes were lost before this chunk */
    unsigned num_pieces, num_links;
    const struct grvsstp_piece *pieces;
    const struct grvsstp_link *links; /* by offset */
};

/* One direction, used on the first pass only. */
struct grvsstp_half {
    struct sstp_stream stream;
    struct grvsstp_split *open; /* the command under way */
    struct grvsstp_spanning messages;
    struct grvsstp_fragmented *fragmented; /* NULL until the first fragment */
};

/* The version in force from a frame on (GRVSSTP 3.1.5.2). */
struct grvsstp_version {
    uint32_t frame;
    enum sstp_version form;    /* unknown between a Connect and its answer */
    char text[sizeof "1.255"]; /* as it is shown */
};

/* The versions of one direction's commands. */
struct grvsstp_versions {
    wmem_array_t *all;  /* struct grvsstp_version, by frame; NULL until the first */
    wmem_array_t *late; /* likewise: in force in one frame alone, captured before its time */
    /* First pass: */
    uint32_t last_frame;    /* the highest that completed a command */
    uint32_t since;         /* the frame of the last of all; 0 without one */
    enum sstp_version form; /* of the direction's next command */
    bool is_due;            /* `next` is in force from the next command on */
    struct grvsstp_version next;
};

/* More frames than this are not told from those around them. */
#define GRVSSTP_VERSIONS_LATE_MAX 1000u

struct grvsstp_connection {
    uint32_t number;      /* sstp.stream */
    uint32_t first_frame; /* from which on the connection is ours */
    enum grvsstp_encapsulation encapsulation;
    struct grvsstp_half halves[2];       /* [1] from the initiator: indexed by from_initiator */
    struct grvsstp_versions versions[2]; /* likewise */
    uint8_t initiator_minor_version;     /* of the last Connect */
    bool has_initiator_version;          /* it was seen */
    struct grvsstp_states *states;       /* NULL where they are not followed */
    struct sstp_order order;             /* first pass only */
    wmem_array_t *gaps;                  /* of uint32_t: see grvsstp_connection_has_gap(); NULL */
};

/* More are not shown. */
#define GRVSSTP_GAPS_MAX 1000u

/* Forgets the numbers given so far; for an init routine. */
void grvsstp_connections_reset(void);

/* How many were given. */
uint32_t grvsstp_connections_count(void);

/* A new connection, numbered in order of first sight.  Both directions are
 * looked through for a header first; grvsstp_half_starts() says otherwise.  Its
 * states are unknown, unless grvsstp_states_start() says otherwise. */
struct grvsstp_connection *grvsstp_connection_new(enum grvsstp_encapsulation encapsulation,
                                                  uint32_t frame);

/* The same where it was seen before it could be told what it is: a number, taken then. */
uint32_t grvsstp_connection_take_number(void);
struct grvsstp_connection *grvsstp_connection_numbered(uint32_t number,
                                                       enum grvsstp_encapsulation encapsulation,
                                                       uint32_t frame);

/* The same once more, from the beginning, in the place of one that was something else. */
struct grvsstp_connection *grvsstp_connection_again(const struct grvsstp_connection *before,
                                                    enum grvsstp_encapsulation encapsulation);

/* The next byte of this direction begins a command. */
void grvsstp_half_starts(struct grvsstp_half *half);

/* Nobody knows how many bytes of this direction are missing. */
void grvsstp_half_loses_track(struct grvsstp_half *half);

/* `len` bytes of this direction were lost or, as far as they are known to have
 * been there, not captured. */
void grvsstp_half_loses(struct grvsstp_half *half, uint32_t len);

/* What a frame brought of one direction, in one piece. */
struct grvsstp_chunk {
    struct sstp_chunk bytes;
    uint32_t skip;         /* bytes that came before, of the chunk's first... */
    uint32_t tail;         /* ...and of its last */
    bool has_gap;          /* bytes were lost before it */
    uint32_t frame, key;   /* in which it is shown, and under which name there */
    uint32_t source_frame; /* that brought the bytes: this one, or an earlier one where they had
                              to wait for others */
    uint32_t offset;       /* of the bytes in that frame (source.h); 0: they cannot be read again */
    int64_t time_ns;       /* of the frame */
    struct grvsstp_stand stand;
    uint32_t num_unsure;       /* of its last bytes, that came with other segments */
    struct grvsstp_plan *plan; /* what the frame holds already; NULL where it holds none */
};

/* First pass: divides the chunk and hands its commands on.  Its plan, in file scope; NULL where
 * it is nothing but whole commands.  `pool` is that of the packet at hand. */
struct grvsstp_plan *grvsstp_plan_chunk(struct grvsstp_connection *connection, bool from_initiator,
                                        const struct grvsstp_chunk *chunk, wmem_allocator_t *pool);

/* The same, for the looks of it: what the chunk seems to be as long as bytes before it are
 * missing.  Nothing is handed on, and `half` stands for the direction's own.  Never NULL. */
struct grvsstp_plan *grvsstp_plan_for_now(struct grvsstp_connection *connection,
                                          struct grvsstp_half *half,
                                          const struct grvsstp_chunk *chunk,
                                          wmem_allocator_t *pool);

/* The bytes of a command that a chunk of the frame at hand completes, as they were captured, for as
 * long as the frame is; none where the file does not give them any more. */
struct sstp_span grvsstp_split_bytes(const struct grvsstp_split *split, const packet_info *pinfo);

/* Writes a chunk's plan, which may be NULL, in the place of another that its frame holds. */
void grvsstp_plan_replace(struct grvsstp_plan *kept, const struct grvsstp_plan *plan,
                          const struct grvsstp_chunk *chunk);

/* Keeps the plan, which may be NULL, with its frame under `key`. */
void grvsstp_plan_keep(packet_info *pinfo, uint32_t key, struct grvsstp_plan *plan);

/* First pass: divides the chunk that is all of tvb, of which nobody knows where it stands, and
 * keeps its plan. */
void grvsstp_plan_make(struct grvsstp_connection *connection, bool from_initiator, tvbuff_t *tvb,
                       bool has_gap, packet_info *pinfo, uint32_t source_frame, uint32_t key);

/* The plan of this chunk, or NULL where it is nothing but whole commands. */
const struct grvsstp_plan *grvsstp_plan_get(packet_info *pinfo, uint32_t key);

/* First pass: what a command that was completed in this frame acknowledges of the other
 * direction never came. */
void grvsstp_connection_add_gap(struct grvsstp_connection *connection, uint32_t frame);

/* Whether that was noted of the frame. */
bool grvsstp_connection_has_gap(const struct grvsstp_connection *connection, uint32_t frame);

/* First pass: notes that a version is in force, or none with NULL, from the command on that this
 * direction completed in this frame, and in the other direction from its next command on. */
void grvsstp_connection_set_version(struct grvsstp_connection *connection, bool from_initiator,
                                    uint32_t frame, const uint8_t *minor_version);

/* The same where the version changes, or the frame lies before its last change. */
void grvsstp_connection_reach_other(struct grvsstp_connection *connection, bool from_initiator,
                                    uint32_t frame);

/* First pass: the next command of the direction was completed in this frame. */
static inline void grvsstp_connection_reach(struct grvsstp_connection *connection,
                                            bool from_initiator, uint32_t frame)
{
    struct grvsstp_versions *versions = &connection->versions[from_initiator];

    if (versions->is_due || frame < versions->since)
        grvsstp_connection_reach_other(connection, from_initiator, frame);
    else if (frame > versions->last_frame)
        versions->last_frame = frame;
}

/* First pass: the form of the direction's next command. */
static inline enum sstp_version grvsstp_connection_form(const struct grvsstp_connection *connection,
                                                        bool from_initiator)
{
    return connection->versions[from_initiator].form;
}

/* The version in force in this frame of a direction, or NULL where none is known. */
const struct grvsstp_version *
grvsstp_connection_version(const struct grvsstp_connection *connection, bool from_initiator,
                           uint32_t frame);

#endif
