/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pass: the functions of struct carrier_ops for a transport whose bytes are the endpoint's,
 * as they are.
 *
 * The carrier is ready, with its endpoint, where they are called.
 */
#ifndef RELAYSIM_CARRIER_PASS_H
#define RELAYSIM_CARRIER_PASS_H

#include "carrier/carrier.h"

void carrier_pass_receive(struct carrier_transport *transport, const void *data, size_t len);
bool carrier_pass_has_room(const struct carrier_transport *transport);
size_t carrier_pass_output_len(const struct carrier_transport *transport);
size_t carrier_pass_output(const struct carrier_transport *transport, struct sstp_span *pieces,
                           size_t max);
/* The same for the first `len` bytes of the output. */
size_t carrier_pass_output_cut(const struct carrier_transport *transport, struct sstp_span *pieces,
                               size_t max, size_t len);
void carrier_pass_taken(struct carrier_transport *transport, size_t len);

/* Copies the first bytes of the endpoint's output, at most `room`, of which it is rid then; returns
 * how many. */
size_t carrier_pass_move(const struct carrier *carrier, uint8_t *data, size_t room);

/* The connection is closed: there will be no more. */
bool carrier_pass_is_over(const struct carrier_transport *transport);

#endif
