/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * divide: how a chunk divides into HTTP messages and pieces of bodies that do not end.  First
 * pass only; every pass shows by the plan that is made of it (packet-grvhenc.c).
 */
#ifndef GRVHENC_DIVIDE_H
#define GRVHENC_DIVIDE_H

#include "http/chunk.h"

/* Divides the chunk, from `pos` on.  Returns false where it has come upon a message that waits for
 * one on another TCP connection (waits_for): that and the rest are for later. */
bool grvhenc_divide(struct grvhenc_chunk *chunk);

#endif
