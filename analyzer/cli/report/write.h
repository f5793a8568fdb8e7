/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * write: the report in the format that was asked for.  Commands go out as they come, everything
 * else at the end.
 */
#ifndef ANALYZE_REPORT_WRITE_H
#define ANALYZE_REPORT_WRITE_H

#include "base/output.h"
#include "record/store.h"
#include "report/pick.h"

enum write_format { WRITE_TEXT, WRITE_JSON, WRITE_CSV, WRITE_HTML };

struct writing {
    struct output *output;
    const struct report *report;
    enum write_format format;
    const char *table; /* NULL: all, or the overview */
    struct pick pick;
    gboolean has_head; /* of the CSV table */
};

/* Whether commands are to be told to write_command(). */
gboolean write_wants_commands(const struct writing *writing);

/* Whether messages are written with all that is known of them. */
gboolean write_wants_contents(const struct writing *writing);

void write_command(struct writing *writing, const struct report_command *command);

/* All the rest. */
void write_report(struct writing *writing);

#endif
