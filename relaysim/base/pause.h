/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pause: how long to wait before another attempt. */
#ifndef RELAYSIM_BASE_PAUSE_H
#define RELAYSIM_BASE_PAUSE_H

#include <stdint.h>

/* At least half of `pause_ms`, at most all of it; where `asked_ms`, what the other side wants
 * to be left alone for, is longer, at least that, and at most five quarters of it.  Which of
 * these, `chance` says, a random number: those who have lost the same relay at the same moment
 * do not all come back at the same moment. */
int64_t pause_spread_ms(int64_t pause_ms, int64_t asked_ms, uint32_t chance);

#endif
