/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * listener: a capture point with an observer after it.
 *
 * It decodes what passes as an analyzer does, and compares each observation with
 * the course.  One that hears everything has to be right about everything; one
 * that comes late or misses bytes must not claim what it cannot know, and what it
 * says has to be true.
 */
#ifndef TESTS_RANDOM_LISTENER_H
#define TESTS_RANDOM_LISTENER_H

#include "play.h"
#include "random.h"
#include "state/observer.h"
#include "core/stream.h"

enum listener_kind {
    LISTENER_WHOLE,
    LISTENER_LATE,     /* begins somewhere in the middle, at any byte */
    LISTENER_GAPPY,    /* misses pieces */
    LISTENER_TRUSTING, /* begins where nothing is outstanding, and believes so */
    /* Of struct apart: */
    LISTENER_TWO_CAPTURES, /* each direction at its sender, with clocks that differ */
    LISTENER_REORDERED     /* segments overtake each other, also those of one direction */
};

/* Where the run is, whether it has failed, and what all runs so far have shown. */
struct listener_verdict {
    uint64_t seed;
    const struct play *play;
    bool has_failed;
    uint64_t num_compared; /* observations */
    uint64_t num_damaged;  /* of them by those who did not hear everything */
    uint64_t num_commands[SSTP_COMMAND_ID_MAX + 1];
    uint64_t num_linked;      /* messages whose acknowledgement was found */
    uint64_t num_late_counts; /* that crossed a ConnectClose */
    uint64_t num_reused_ids;
    uint64_t num_waited;                /* commands, for what their sender had received */
    uint64_t num_searching, num_fooled; /* searches for a command after a loss */
    uint32_t findings;                  /* SSTP_OBSERVED() bits */
};

/* A command as it was heard. */
struct heard {
    const struct course_command *command;
    bool is_certain; /* everything since the Connect was heard */
    bool is_late;    /* the other side had closed the connection */
    struct sstp_observation seen;
};

struct listener {
    enum play_point point;
    enum listener_kind kind;
    struct listener_verdict *verdict;
    const struct course *course;
    struct rng rng;
    unsigned rareness; /* of beginnings, or of gaps */

    struct sstp_observer observer;
    struct sstp_stream streams[2];
    enum sstp_version version;
    uint8_t minor_version; /* of the Connect */
    bool has_begun, is_certain, is_trusting;
    bool is_fooled;       /* by bytes that look like a command: it hears no more */
    uint64_t position[2]; /* bytes of the connection that have passed */
    guint num_unheard[2]; /* commands that ended before anybody listened */
    bool has_heard_close[2];
    size_t outstanding[2]; /* by the course, of what passed here */
    GArray *heard;         /* struct heard; its frame is the index + 1 */
    guint first_heard;     /* of this connection */
};

void listener_init(struct listener *listener, enum listener_kind kind, enum play_point point,
                   const struct course *course, struct listener_verdict *verdict, struct rng rng);
void listener_clear(struct listener *listener);

/* Bytes pass. */
void listener_hear(struct listener *listener, bool from_initiator, const uint8_t *data, size_t len,
                   int64_t time_ns);

/* A whole command passes that somebody else has framed, up to this byte of its direction. */
void listener_hear_command(struct listener *listener, bool from_initiator, struct sstp_span bytes,
                           uint64_t end, int64_t time_ns);

/* The capture goes on with another connection of the same two sides, none of whose
 * bytes it will miss. */
void listener_go_on(struct listener *listener, const struct course *course);

/* Nothing more will be heard of the connection: what can be said only then. */
void listener_end(struct listener *listener);

#endif
