/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * again: what has to be kept of a frame that is dissected once, and never again.
 *
 * A program that reads its capture but once, as tshark does without -2, opens it so that it cannot
 * go back, and the tvb of a frame tells: it does not have itself cloned, which is reading the frame
 * again when somebody wants its bytes.  Then a plan serves its own frame alone, and a message goes
 * with the frame of its EndMessage.  A program that says nothing, because it holds its packets in
 * memory, may show any frame at any time.
 */
#ifndef GRVSSTP_FOLLOW_AGAIN_H
#define GRVSSTP_FOLLOW_AGAIN_H

#include "fields/fields.h"

/* First pass, before anything is kept of a frame: asks it, if it is the first of the capture.
 * Whatever was kept before a frame was asked is kept as though it were shown again, and so is the
 * rest of the capture. */
void grvsstp_again_note(const packet_info *pinfo);

/* Frames are not shown again, whatever the program's tvbs say; until the capture is closed. */
void grvsstp_again_never(void);

/* Whether a frame may be shown again after the first pass. */
bool grvsstp_is_shown_again(void);

/* The memory of what only the frame at hand needs, and who shows it again; `pool` is that of the
 * packet at hand. */
wmem_allocator_t *grvsstp_again_scope(wmem_allocator_t *pool);

/* First pass: keeps a plan with the frame, for as long as it may be shown, and finds it again;
 * `proto` and `key` are its name. */
void grvsstp_again_keep(packet_info *pinfo, int proto, uint32_t key, void *plan);
void *grvsstp_again_kept(packet_info *pinfo, int proto, uint32_t key);

/* The memory of what several frames need, one of them the last: file scope, or, where no frame is
 * shown again, one of its own, for what passes leaves holes that what stays would not fill. */
wmem_allocator_t *grvsstp_passing_scope(void);

/* A block of that memory, which may be NULL, serves no later frame: it is freed with the pool of
 * the packet at hand where no frame is shown again. */
void grvsstp_passing_drop(wmem_allocator_t *pool, const void *block);

/* Forgets the capture before; for an init routine. */
void grvsstp_again_reset(void);

#endif
