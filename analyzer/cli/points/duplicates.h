/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * duplicates: packets that one capture point has twice, as a SPAN port that copies both ends of
 * a way does.
 *
 * They have the same digest (capture/packet.h) within a moment.  What TCP sends again has another
 * identification or another time stamp; where IPv6 has neither, its bytes are those of before all
 * the same, and nothing is missed.
 */
#ifndef ANALYZE_POINTS_DUPLICATES_H
#define ANALYZE_POINTS_DUPLICATES_H

#include <glib.h>

#define DUPLICATES_WITHIN_NS G_GINT64_CONSTANT(100000000)
/* Packets that are remembered: of more within that time some are not told from new ones. */
#define DUPLICATES_REMEMBERED 65536u

struct duplicates;

struct duplicates *duplicates_new(void);
void duplicates_free(struct duplicates *duplicates);

/* Whether such a packet was there a moment before; remembers this one. */
gboolean duplicates_has(struct duplicates *duplicates, guint64 digest, gint64 t_ns);

#endif
