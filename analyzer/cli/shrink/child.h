/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * child: work in a process of its own, which begins with all that this one has and ends without
 * a trace but its answer: Wireshark has one session a process, and forgets nothing of it.
 */
#ifndef ANALYZE_SHRINK_CHILD_H
#define ANALYZE_SHRINK_CHILD_H

#include <glib.h>

/* What `work` has appended to its answer; NULL where the process died on its way, or there could
 * be none.  For one thread. */
GByteArray *child_ask(void (*work)(void *cookie, GByteArray *answer), void *cookie);

#endif
