/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * open: findings that no share can judge alone: whether a device comes back before the time that it
 * was asked to stay away (analyzer/state/returns.h), for it may come from another address.
 *
 * Each Connect has such a finding, which is open, and its command names it.  All is asked and
 * judged in the order in which it was told; at the end only those are left that are true.
 */
#ifndef ANALYZE_SHARE_OPEN_H
#define ANALYZE_SHARE_OPEN_H

#include "share/carry.h"

struct open_findings;

/* After the findings of the report are in their order, the first of the calls below. */
struct open_findings *open_new(struct report *report);
void open_free(struct open_findings *open);

/* Somebody is asked to stay away. */
void open_ask(struct open_findings *open, const struct carried *asked);

/* A Connect, of a connection of the report. */
void open_judge(struct open_findings *open, guint32 connection, const struct carried *event);

/* Takes out what a command names and is not true. */
void open_settle_command(struct open_findings *open, guint32 connection, struct carried *command);

/* All is told. */
void open_settle(struct open_findings *open);

#endif
