/* SPDX-License-Identifier: GPL-2.0-or-later */
/* line: a command as a step of a scenario has it (relaysim-scenario(5)), with everything replaced
 * that is somebody's. */
#ifndef ANALYZE_SCENARIO_LINE_H
#define ANALYZE_SCENARIO_LINE_H

#include <glib.h>

#include "core/wire.h"
#include "scenario/replace.h"

/* Learns the strings of a command. */
void line_learn(struct replace *replace, struct sstp_span bytes);

/* What became of a command. */
enum line_result {
    LINE_WHOLE,     /* it is said field by field */
    LINE_MALFORMED, /* bytes that are no command as it should be: as bytes */
    LINE_CUT        /* not all of its `length` bytes are there: the rest is made up */
};

/* Appends "NAME says ..." with its end of line. */
enum line_result line_append(GString *text, const char *name, struct sstp_span bytes,
                             guint16 length, struct replace *replace);

#endif
