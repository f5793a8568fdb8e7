/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * source: where bytes stand in the capture file, and reading them again from there.
 *
 * What frames brought of a command or of a message is shown in another frame, on any later pass.
 * Where the program keeps its frames in a file and finds them by their numbers, as tshark does with
 * -2, and as the window and sharkd do, the bytes need not be kept for that.  A window that writes
 * its capture anew tells its list of frames where they stand then, and that list is asked.
 *
 *     uint32_t offset = grvsstp_source_offset(tvb, pinfo);  // first pass; 0: they have to be kept
 *     grvsstp_source_read(pinfo, frame, offset, len, to);   // any later frame
 */
#ifndef GRVSSTP_FOLLOW_SOURCE_H
#define GRVSSTP_FOLLOW_SOURCE_H

#include "fields/fields.h"

/* First pass: where the bytes of tvb stand in their frame, which is the one at hand; 0 where they
 * cannot be read again: they were put together, decoded or decrypted of others, or the file cannot
 * be read at another place, or nothing is shown again. */
uint32_t grvsstp_source_offset(tvbuff_t *tvb, const packet_info *pinfo);

/* Reads bytes of a frame, which may be the one at hand, from such an offset; false where the file
 * does not give them. */
bool grvsstp_source_read(const packet_info *pinfo, uint32_t frame, uint32_t offset, size_t len,
                         uint8_t *to);

/* Later passes: a frame after the one at hand may ask for its bytes.  A compressed file is read
 * anew from far before them, so a few frames of one are remembered, as long as those that go
 * through it one after the other want them. */
void grvsstp_source_remember(const packet_info *pinfo);

/* The memory of bytes until then. */
wmem_allocator_t *grvsstp_source_scope(void);

/* First pass: the bytes at *block, of that memory, are wanted by nobody but frames that can read
 * them again.  They are freed, and *block, which is of file scope, becomes NULL, as soon as the
 * program has taken the frame at hand among its own; if it never does, they stay. */
void grvsstp_source_release(const uint8_t **block);

/* Forgets the capture before; for an init routine. */
void grvsstp_source_reset(void);

#endif
