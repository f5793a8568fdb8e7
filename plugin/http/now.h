/* SPDX-License-Identifier: GPL-2.0-or-later */
/* now: how far the first pass has come. */
#ifndef GRVHENC_NOW_H
#define GRVHENC_NOW_H

#include <stdint.h>

/* This frame, that was captured then, is at hand. */
void grvhenc_now_note(uint32_t frame, int64_t time_ns);

/* The last that was, and the latest time of all. */
uint32_t grvhenc_now_frame(void);
int64_t grvhenc_now_ns(void);

/* Forgets the capture before. */
void grvhenc_now_reset(void);

#endif
