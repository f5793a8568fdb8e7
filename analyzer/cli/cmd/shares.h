/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shares: into how many shares the captures are divided, and the processes that dissect them. */
#ifndef ANALYZE_CMD_SHARES_H
#define ANALYZE_CMD_SHARES_H

#include "base/say.h"
#include "cmd/options.h"
#include "cmd/progress.h"
#include "points/deal.h"
#include "share/carry.h"

/* Shares at a time or one after the other; each has a file open. */
#define SHARES_MAX 256u

/* Of one share: false, with a sentence said, where a capture can be read but once, or a display
 * filter asks for what only all packets together tell. */
gboolean shares_can_be_read(const struct options *options);

/* Whether it is worth to count before anything is dissected, so that shares can be dealt out. */
gboolean shares_are_wanted(const struct options *options);

/* How many are dealt out, from 1 on. */
guint shares_count(const struct options *options, const struct deal *deal);

/* Each share has a file open until all are joined. */
void shares_raise_file_limit(void);

/* In a process of its own: dissects a share, and carries away what it finds. */
typedef enum exit_code (*shares_dissect)(void *cookie, guint share, struct carry *carry);

/* Runs them; those that have begun have left what they found in `carries`, NULL elsewhere, to be
 * freed by the caller. */
enum exit_code shares_run(const struct options *options, guint num, struct progress *progress,
                          shares_dissect dissect, void *cookie, struct carry **carries);

#endif
