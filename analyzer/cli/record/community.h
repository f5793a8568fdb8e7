/* SPDX-License-Identifier: GPL-2.0-or-later */
/* community: the Community ID of a TCP connection, version 1, by which tools for network
 * traffic name a flow alike. */
#ifndef ANALYZE_RECORD_COMMUNITY_H
#define ANALYZE_RECORD_COMMUNITY_H

#include <stddef.h>

#include "capture/packet.h"

#define COMMUNITY_ID_SIZE 32u /* "1:", 28 characters, and the 0 */

/* The same for both directions, with the seed 0. */
void community_id(const struct packet_end *one, const struct packet_end *other, char *text);

#endif
