/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * journal: what the observer said of each command of one direction, packed, to
 * be asked again in any order.
 *
 * Commands are entered chunk by chunk as they come, and read by the chunk's frame
 * and key, command by command.  A command takes two bytes and, for each index or count that it
 * has, mostly one more, for it is told by what it differs from the command before; the first
 * of a chunk has all of each, so that a chunk is read without another.  A chunk takes twelve.
 *
 *     sstp_journal_begin_chunk(&journal, frame, key);
 *     sstp_journal_add(&journal, &seen);
 *     ...
 *     struct sstp_journal_cursor cursor = sstp_journal_find(&journal, frame, key);
 *     while (sstp_journal_next(&journal, &cursor, &seen)) ...
 */
#ifndef SSTP_STATE_JOURNAL_H
#define SSTP_STATE_JOURNAL_H

#include "state/observer.h"
#include "state/octets.h"

/* From what the numbers of the next command of a chunk differ.  Private. */
struct sstp_journal_numbers {
    uint32_t message, entry, outstanding, acknowledgement;
    bool has_entry; /* else an entry differs from the message */
};

/* The members are private. */
struct sstp_journal {
    const struct sstp_observer *observer;
    bool from_initiator;
    struct sstp_octets octets;
    struct sstp_array chunks;
    struct sstp_array tops; /* of the chunks from first_top on, as soon as a frame fell */
    uint32_t first_top;
    uint32_t last_found; /* a chunk's index: most are asked for one after the other */
    uint32_t depth;      /* so many places at most does a chunk stand after its frame's */
    struct sstp_journal_numbers numbers;
    bool is_full; /* without memory nothing more is entered */
};

/* Where a reader stands. */
struct sstp_journal_cursor {
    uint32_t next, end; /* octets */
    struct sstp_journal_numbers numbers;
    bool is_clean; /* no command of the chunk has a finding or a mark */
};

/* The observer, whose observations of one direction are entered, has to outlive the
 * journal, which takes its memory from the same place. */
void sstp_journal_init(struct sstp_journal *journal, const struct sstp_observer *observer,
                       bool from_initiator);
void sstp_journal_clear(struct sstp_journal *journal);

/* What is added from here on belongs to this chunk.  Frames fall seldom, and not far; keys
 * tell the chunks of a frame apart. */
void sstp_journal_begin_chunk(struct sstp_journal *journal, uint32_t frame, uint32_t key);

/* Enters the next command. */
void sstp_journal_add(struct sstp_journal *journal, const struct sstp_observation *seen);

/* Marks the chunk of the last command: there is something to tell of it beside what was
 * observed. */
void sstp_journal_mark(struct sstp_journal *journal);

/* The first command of a chunk; a cursor at its end where there is no such chunk. */
struct sstp_journal_cursor sstp_journal_find(struct sstp_journal *journal, uint32_t frame,
                                             uint32_t key);

/* Reads a command; false after the last of the chunk. */
bool sstp_journal_next(const struct sstp_journal *journal, struct sstp_journal_cursor *cursor,
                       struct sstp_observation *seen);

/* Whether one of the messages that end in what the cursor has left is outstanding. */
bool sstp_journal_has_outstanding(const struct sstp_journal *journal,
                                  struct sstp_journal_cursor cursor);

#endif
