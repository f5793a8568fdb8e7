/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capture: a capture of what the program's own sockets carried.
 *
 * No privilege is needed, for nothing is captured: the bytes that were written
 * to and read from a socket are put into TCP segments, with a handshake in front,
 * acknowledgements between, and the closing after.  The bytes, their order and their times are
 * real; the segments and the frames around them (record/frame.h) are made, with documentation
 * addresses and the canonical ports.
 *
 * On their way into the file they may be worn, see base/wear_plan.h and record/wear.h: segments are
 * lost, twice, out of order, sent again, seen at two points.
 */
#ifndef RELAYSIM_RECORD_CAPTURE_H
#define RELAYSIM_RECORD_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/wear_plan.h"

#define CAPTURE_POINTS_MAX 2u

struct capture;
struct capture_connection;

/* Where the two sides of a connection are shown to be. */
struct capture_address {
    uint8_t initiator_host; /* the last part of its address */
    uint16_t initiator_port;
    uint8_t acceptor_host; /* likewise */
    uint16_t acceptor_port;
};

/* Into files that have not begun, and stay the caller's: one, or two with the plan's two points.
 * What the plan says of files holds to the end; the rest as long as capture_set_wear() says nothing
 * else.  `ring_paths` are the names that rings of files are made from, where the plan has one. */
struct recording_file;
struct capture_config {
    struct recording_file *files[CAPTURE_POINTS_MAX]; /* the second: NULL with one point */
    const char *ring_paths[CAPTURE_POINTS_MAX];
    struct wear_plan plan;
    uint64_t seed;
};

/* NULL without memory. */
struct capture *capture_new_worn(const struct capture_config *config);

/* Into one file, as it is. */
struct capture *capture_new(struct recording_file *file);

/* From now on the capture is worn by another plan and seed, or by none with NULL; but for what
 * holds for its files. */
void capture_set_wear(struct capture *capture, const struct wear_plan *plan, uint64_t seed);

/* The capture carries its answers from now on: what capture_answer() gets is in the comments of
 * its packets.  Before the first packet. */
void capture_begin_answers(struct capture *capture);

/* What really happened, in one line: with the last segment, or, where it is of bytes that are still
 * to come, with the next one; of one that is not in the capture, with the next that is.  False when
 * it has no room there. */
bool capture_answer(struct capture *capture, bool is_to_come, const char *line, size_t len);

/* The file is opened anew: what passes from now on goes into another one, in which the
 * connections go on where they are. */
void capture_reopen(struct capture *capture);

/* Ends the capture, before the file is closed.  NULL is fine. */
void capture_free(struct capture *capture);

/* A TCP connection has been established at `time_ns` since the epoch. */
struct capture_connection *capture_connect(struct capture *capture, struct capture_address address,
                                           uint64_t time_ns);

/* Bytes went from one side to the other. */
void capture_data(struct capture_connection *connection, bool from_initiator, const void *data,
                  size_t len, uint64_t time_ns);

/* One side has closed its direction. */
void capture_finish(struct capture_connection *connection, bool from_initiator, uint64_t time_ns);

/* The connection is over: reset, unless both sides have finished.  Frees it;
 * NULL is fine. */
void capture_disconnect(struct capture_connection *connection, uint64_t time_ns);

#endif
