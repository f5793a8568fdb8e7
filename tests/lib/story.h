/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * story: a conversation told in words, and what the observer makes of it.
 *
 *     struct story story;
 *     story_begin(&story, SSTP_OBSERVER_FROM_START);
 *     story_tell_all(&story, "I Connect; A ConnectResponse Ok");
 *     g_assert_cmpstr(story_tell(&story, "I Open s=1"), ==, "opening/-@3 asks");
 *     story_end(&story);
 *
 * A line is a side, a command in the words of GRVSSTP 2.2, and what it carries:
 *
 *     I Open s=1 url=a        I is who opened the connection, A who accepted it
 *     I FanoutOpen/1.5 s=1 to=i,d,r to=i,,r
 *                             the form, 1.6 without; identity, device, relay
 *     A SessionStatus s=1 at=0,2        by index
 *     A SessionStatus s=1 identity=i device=d
 *     A OpenResponse s=1 OkStopSending  a number where it has no name
 *     A Noop n=2              MessageCount; ConnectClose and Message likewise
 *     Attach e=1              EventId
 *     I Connect target=a      and A ConnectResponse Ok has=a has=b
 *     I Message s=1 size=5 stream=9 left=7 fragment=1/2 at-once
 *                             MessageSize, ByteStreamSize, SessionSize, which of how many
 *                             fragments, AcknowledgeImmediately
 *     I Data s=1 size=5       so many octets; none without
 *     gap                     bytes were lost
 *     end                     the transport is gone
 *     6 s                     time passes
 *
 * The lines are numbered from 1, which is the frame of a command and its time in
 * microseconds.
 *
 * What came of a command, in this order, each only where there is something:
 *
 *     established             the state of the connection, where it changed
 *     ready/waiting@3         of the session, its MessageReceiver, frame of the Open;
 *                             ? and - are unknown; "event" for an attach or
 *                             register session
 *     asks                    it wants an answer
 *     re=3                    it is the answer to frame 3
 *     #2                      the number of the message, #? for none
 *     +1                      it entered the ledger at position 1
 *     out=2                   sstp.ack.outstanding
 *     acks=6,9 rem=1          the frames that it acknowledges, "none" for no frame
 *     active=3                destinations of the fanout
 *     !wrong_role             a finding, with ~ for a note
 */
#ifndef TESTS_LIB_STORY_H
#define TESTS_LIB_STORY_H

#include <glib.h>

#include "counting_mem.h"
#include "state/observer.h"

struct story {
    struct sstp_observer observer;
    struct counting_mem memory;
    struct sstp_observation seen; /* of the last command */
    enum sstp_connection_state state;
    uint32_t frame; /* the last one */
    int64_t waited_ns;
    GString *outcome;
};

/* A line and what has to come of it. */
struct story_line {
    const char *line, *outcome;
};

/* The struct must not move while it is in use. */
void story_begin(struct story *story, enum sstp_observer_begin begin);

/* Asserts that no memory is left. */
void story_end(struct story *story);

/* Tells one line; returns what came of it, until the next one. */
const char *story_tell(struct story *story, const char *line);

/* Tells lines with ';' between them. */
void story_tell_all(struct story *story, const char *lines);

/* Tells all of them; each that does not come out as it has to is printed, and
 * fails the test. */
void story_check(struct story *story, const struct story_line *lines, size_t num);

/* What became of the messages of a side, 'I' or 'A': "6@9 8@-" for one that ended
 * in frame 6 and was acknowledged in 9, and one that ended in 8 and was not. */
const char *story_messages(struct story *story, char side);

/* A whole story: what is before, for story_tell_all(), and the lines, for
 * story_check(); then the messages of both sides have to be these, as
 * story_messages() has them, NULL for none. */
void story_run(enum sstp_observer_begin begin, const char *before, const struct story_line *lines,
               size_t num, const char *of_initiator, const char *of_acceptor);

/* The same from the beginning of a connection, for an array of lines. */
#define STORY_FROM_START(before, lines, of_initiator, of_acceptor)                                 \
    story_run(SSTP_OBSERVER_FROM_START, before, lines, G_N_ELEMENTS(lines), of_initiator,          \
              of_acceptor)

/* What many begin with. */
#define STORY_CONNECTED "I Connect; A ConnectResponse Ok;"
#define STORY_TWO_SESSIONS                                                                         \
    STORY_CONNECTED "I Open s=1; A OpenResponse s=1 Ok; I Open s=2; A OpenResponse s=2 Ok;"

/* Whether a finding of the last command is more than a note. */
bool story_is_accusing(const struct story *story);

/* A conversation without fault, of every kind of session and most commands: lines
 * for story_tell(). */
extern const char *const story_clean[];
extern const size_t story_clean_len;

/* A command in words, as above without its side.  Its spans are in *store, which
 * the caller frees. */
void story_command(const char *words, struct sstp_command *command, GByteArray **store);

#endif
