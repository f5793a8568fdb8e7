/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capture: a capture of what the program's own sockets carried.
 *
 * No privilege is needed, for nothing is captured: the bytes that were written
 * to and read from a socket are put into Ethernet, IPv4 and TCP frames, with a
 * handshake in front, acknowledgements between, and the closing after.  The
 * bytes, their order and their times are real; the frames around them are made,
 * with documentation addresses (RFC 5737) and the canonical ports.
 *
 * The side that opened the connection is 192.0.2.x, the other 198.51.100.x.
 */
#ifndef RELAYSIM_RECORD_CAPTURE_H
#define RELAYSIM_RECORD_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"

struct capture;
struct capture_connection;

/* Where the two sides of a connection are shown to be. */
struct capture_address {
    uint8_t initiator_host; /* of 192.0.2.0/24 */
    uint16_t initiator_port;
    uint8_t acceptor_host; /* of 198.51.100.0/24 */
    uint16_t acceptor_port;
};

/* Into a file that has not begun, and stays the caller's.  NULL without memory. */
struct recording_file;
struct capture *capture_new(struct recording_file *file);

/* From now on the capture has the faults of a capture (base/fault.h), or none with NULL: its
 * owner frees them after this has been called again, or the capture freed. */
void capture_set_faults(struct capture *capture, struct faults *faults);

/* The capture carries its answers from now on: what capture_answer() gets is in the comments of
 * its packets.  Before the first packet. */
void capture_begin_answers(struct capture *capture);

/* What really happened, in one line: with the last packet that is in the capture, or, where it is
 * of bytes that are still to come, with the next one.  False when it has no room there. */
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
