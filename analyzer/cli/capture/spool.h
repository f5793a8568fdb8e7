/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spool: captures that can be read but once, standard input and other pipes, kept in a file
 * without a name where they have to be read again: beside others, whose points and clocks are found
 * out first.
 */
#ifndef ANALYZE_CAPTURE_SPOOL_H
#define ANALYZE_CAPTURE_SPOOL_H

#include <glib.h>

/* Keeps what comes, to its end or as long as `go_on` says, where `name` is no regular file; "-" is
 * standard input.  False, with a sentence said, where there is no room for it. */
gboolean spool_keep(const char *name, gboolean (*go_on)(void));

/* Where a capture of this name is to be read: where it was kept, or the name itself. */
const char *spool_path(const char *name);

#endif
