/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * settle: the commands of a connection on their way to the observer, in an order that what
 * each side can have known allows (analyzer/state/order.h).  First pass only.
 *
 * What is ready is observed at once.  What has to wait is observed when the other direction
 * has come as far, and shown with what was observed on a later pass; at the end of the first
 * pass nothing waits any more.
 */
#ifndef GRVSSTP_FOLLOW_SETTLE_H
#define GRVSSTP_FOLLOW_SETTLE_H

#include "follow/connection.h"
#include "tcp/numbers.h"

/* At each new connection. */
void grvsstp_settle_init(struct grvsstp_connection *connection);

/* Its directions have no common numbers: there is only time. */
void grvsstp_settle_by_time(struct grvsstp_connection *connection);

/* The position of the first byte of a direction. */
void grvsstp_settle_start(struct grvsstp_connection *connection, bool from_initiator,
                          uint64_t position);

/* The commands that follow are those of this chunk. */
void grvsstp_settle_begin_chunk(struct grvsstp_connection *connection, bool from_initiator,
                                int64_t time_ns, uint32_t frame, uint32_t key);

/* A command, of which `bytes` were captured; `stand` is after it. */
void grvsstp_settle_command(struct grvsstp_connection *connection, bool from_initiator,
                            struct sstp_span bytes, int64_t time_ns, uint32_t frame,
                            const struct grvsstp_stand *stand);

/* Bytes of the direction that end no command, up to this position. */
void grvsstp_settle_passed(struct grvsstp_connection *connection, bool from_initiator,
                           int64_t time_ns, uint64_t position);

/* Bytes of the direction, up to this position or nobody knows to which (0), were lost or not
 * captured, or say nothing. */
void grvsstp_settle_gap(struct grvsstp_connection *connection, bool from_initiator, int64_t time_ns,
                        uint64_t position);

/* The same on one of several TCP connections: what was lost may have come at any
 * time since `since`, the frame that was the last there, and until `frame`. */
void grvsstp_settle_late_gap(struct grvsstp_connection *connection, bool from_initiator,
                             uint32_t since, uint32_t frame, int64_t time_ns);

/* The first pass is over: nothing waits any more. */
void grvsstp_settle_all(void);

/* Forgets the capture before; for an init routine. */
void grvsstp_settle_reset(void);

#endif
