/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capture: a capture of what the program's own sockets carried.
 *
 * No privilege is needed, for nothing is captured: the bytes that were written
 * to and read from a socket are put into Ethernet, IPv4 and TCP frames, with a
 * handshake in front, acknowledgements between, and the closing behind.  The
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

struct tap;
struct tap_connection;

/* Where the two sides of a connection are shown to be. */
struct tap_address {
    uint8_t initiator_host; /* of 192.0.2.0/24 */
    uint16_t initiator_port;
    uint8_t acceptor_host; /* of 198.51.100.0/24 */
    uint16_t acceptor_port;
};

/* Into a file that has not begun, and stays the caller's.  NULL without memory. */
struct recording_file;
struct tap *tap_new(struct recording_file *file);

/* From now on the capture has the faults of a capture (base/fault.h), or none with NULL: its
 * owner frees them after this has been called again, or the tap freed. */
void tap_set_faults(struct tap *tap, struct faults *faults);

/* The file is opened anew: what passes from now on goes into another one, in which the
 * connections go on where they are. */
void tap_reopen(struct tap *tap);

/* Ends the capture, before the file is closed.  NULL is fine. */
void tap_free(struct tap *tap);

/* A TCP connection has been established at `time_ns` since the epoch. */
struct tap_connection *tap_connect(struct tap *tap, struct tap_address address, uint64_t time_ns);

/* Bytes went from one side to the other. */
void tap_data(struct tap_connection *connection, bool from_initiator, const void *data, size_t len,
              uint64_t time_ns);

/* One side has closed its direction. */
void tap_finish(struct tap_connection *connection, bool from_initiator, uint64_t time_ns);

/* The connection is over: reset, unless both sides have finished.  Frees it;
 * NULL is fine. */
void tap_disconnect(struct tap_connection *connection, uint64_t time_ns);

#endif
