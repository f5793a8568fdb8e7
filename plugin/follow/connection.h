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

/* A command that does not lie whole in one chunk. */
struct grvsstp_split {
    uint8_t command_id;
    uint16_t command_len;    /* CommandLength; 0 as long as nobody knows it */
    uint32_t captured_len;   /* bytes in `bytes`: fewer where some were not captured */
    uint32_t reassembled_in; /* the frame that completes it; 0 while there is none */
    const uint8_t *bytes;
    struct grvsstp_contributions contributions;
};

enum grvsstp_piece_kind {
    GRVSSTP_PIECE_COMMANDS, /* whole commands, one behind the other */
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

struct grvsstp_connection {
    uint32_t number;      /* sstp.stream */
    uint32_t first_frame; /* from which on the connection is ours */
    enum grvsstp_encapsulation encapsulation;
    struct grvsstp_half halves[2];   /* [1] from the initiator: indexed by from_initiator */
    wmem_array_t *versions;          /* struct grvsstp_version; NULL until the first */
    uint8_t initiator_minor_version; /* of the last Connect */
    bool has_initiator_version;      /* it was seen */
    struct grvsstp_states *states;   /* NULL where they are not followed */
};

/* Forgets the numbers given so far; for an init routine. */
void grvsstp_connections_reset(void);

/* How many were given. */
uint32_t grvsstp_connections_count(void);

/* A new connection, numbered in order of first sight.  Both directions are
 * looked through for a header first; grvsstp_half_starts() says otherwise.  Its
 * states are unknown, unless grvsstp_states_start() says otherwise. */
struct grvsstp_connection *grvsstp_connection_new(enum grvsstp_encapsulation encapsulation,
                                                  uint32_t frame);

/* The next byte of this direction begins a command. */
void grvsstp_half_starts(struct grvsstp_half *half);

/* Nobody knows how many bytes of this direction are missing. */
void grvsstp_half_loses_track(struct grvsstp_half *half);

/* `len` bytes of this direction were lost or, as far as they are known to have
 * been there, not captured. */
void grvsstp_half_loses(struct grvsstp_half *half, uint32_t len);

/* First pass: divides the chunk, which is all of tvb behind the first `skip`
 * bytes, and keeps the plan in the frame under `key` where it is not plain.
 * `source_frame` is the frame that brought the bytes: this one, or an earlier one
 * where they had to wait for others. */
void grvsstp_plan_make(struct grvsstp_connection *connection, bool from_initiator, tvbuff_t *tvb,
                       uint32_t skip, bool has_gap, packet_info *pinfo, uint32_t source_frame,
                       uint32_t key);

/* The plan of this chunk, or NULL where it is nothing but whole commands. */
const struct grvsstp_plan *grvsstp_plan_get(packet_info *pinfo, uint32_t key);

/* Notes that a version is in force from this frame on, or none with NULL. */
void grvsstp_connection_set_version(struct grvsstp_connection *connection, uint32_t frame,
                                    const uint8_t *minor_version);

/* The version in force in this frame, or NULL where none is known. */
const struct grvsstp_version *
grvsstp_connection_version(const struct grvsstp_connection *connection, uint32_t frame);

#endif
