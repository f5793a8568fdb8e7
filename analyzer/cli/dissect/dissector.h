/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dissector: packets go in, one by one, in the order in which they are to be understood; each is
 * dissected once, and the taps are told.  Frames are not kept.
 */
#ifndef ANALYZE_DISSECT_DISSECTOR_H
#define ANALYZE_DISSECT_DISSECTOR_H

#include "capture/reader.h"

struct dissector;

/* After start_wireshark(), and after the taps have their listeners; one at a time. */
struct dissector *dissector_new(void);
void dissector_free(struct dissector *dissector);

/* The number that the next packet gets, from 1. */
guint32 dissector_next_number(const struct dissector *dissector);

void dissector_packet(struct dissector *dissector, const struct packet *packet);

/* A packet that somebody else dissects: it is counted, and its time and length are known. */
void dissector_skip(struct dissector *dissector, const struct packet *packet);

/* No packet follows: what waited for others waits no more. */
void dissector_finish(struct dissector *dissector);

#endif
