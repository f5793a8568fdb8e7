/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * play: two relaysim endpoints in memory, whose higher layers do whatever a seed
 * makes them do, and the path between them, which cuts and delays their bytes.
 *
 *     A, the initiator  --near-->  the middle  --far-->  B, the acceptor
 *                       <--far---              <--near--
 *
 * Whoever listens at A hears what A sends at once and what B sends when A takes
 * it in; likewise at B; in the middle both have been under way.  What happened
 * is in the course, which the endpoints' callbacks and accessors wrote.
 *
 *     struct play *play = play_new(seed, &hears);
 *     play_run(play);
 *     ... play_course(play) ...
 *     play_free(play);
 */
#ifndef TESTS_RANDOM_PLAY_H
#define TESTS_RANDOM_PLAY_H

#include "course.h"

enum play_point { PLAY_AT_ACCEPTOR, PLAY_AT_INITIATOR, PLAY_IN_THE_MIDDLE, PLAY_POINT_COUNT };

/* How the transport ended, for who writes a capture of it. */
enum play_end {
    PLAY_END_CLOSED, /* at least one side sent ConnectClose */
    PLAY_END_LOST,
    PLAY_END_OPEN /* nothing more was heard of it */
};

struct play_hears {
    void (*bytes)(void *cookie, enum play_point point, bool from_initiator, const void *data,
                  size_t len, int64_t time_ns);
    void *cookie;
};

struct play;

/* A connection that has not begun. */
struct play *play_new(uint64_t seed, const struct play_hears *hears);
void play_free(struct play *play);

/* All of it, from the transport's beginning to its end. */
void play_run(struct play *play);

const struct course *play_course(const struct play *play);
enum play_end play_how_it_ended(const struct play *play);

/* The step that is under way, for messages. */
unsigned play_step(const struct play *play);

/* Messages of this side that it has no acknowledgement of. */
size_t play_num_unacknowledged(const struct play *play, bool of_initiator);

#endif
