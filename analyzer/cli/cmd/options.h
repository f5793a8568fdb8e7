/* SPDX-License-Identifier: GPL-2.0-or-later */
/* options: the command line. */
#ifndef ANALYZE_CMD_OPTIONS_H
#define ANALYZE_CMD_OPTIONS_H

#include <glib.h>

#include "core/findings.h"
#include "report/pick.h"

#define OPTIONS_SHARES_MAX 4096u
#define OPTIONS_JOBS_MAX 256u
/* Each has a file open. */
#define OPTIONS_BUCKETS_MAX 500u

enum options_format { OPTIONS_TEXT, OPTIONS_JSON, OPTIONS_CSV, OPTIONS_HTML };

struct options {
    enum options_format format;
    const char *table; /* NULL: all, or the overview */
    char *output;      /* NULL: standard output */
    char *filter;
    char **preferences, **decode_as, **points;
    char *profile;
    struct pick pick;
    gboolean corrects_clocks;
    gboolean fails;
    enum sstp_severity fails_on;
    /* --share: one of num_shares, counted from 0; without it share is -1. */
    gint share;
    guint num_shares;
    guint num_buckets;          /* of --split; 0: not asked for.  `write` is their folder then */
    guint jobs;                 /* processes at a time; 0: as many as there are processors */
    guint64 memory;             /* bytes; 0: as many as it takes */
    const char *shrink_finding; /* of --shrink; NULL: not asked for */
    guint64 shrink_number;      /* from 1 */
    gboolean has_scenario;      /* --scenario: of this connection */
    guint32 scenario;
    guint64 seed;
    char *write; /* the capture that --shrink writes */
    gboolean wants_version;
    char **captures;
    /* All captures, those of --point first, and the points that these name, or NULL. */
    guint num_captures;
    const char **names, **given;

    /* As they were written. */
    char *format_text, *table_text, *fail_text, *journey_text, *user_ref, *identity, *shrink_text,
        *shrink_name, *share_text, *jobs_text, *memory_text, *split_text, *scenario_text,
        *seed_text;
    gboolean no_clock_correction;
};

enum options_result { OPTIONS_GOOD, OPTIONS_DONE, OPTIONS_WRONG };

/* Reads the command line.  DONE: --help was asked for, and given.  WRONG: a sentence was said. */
enum options_result options_read(struct options *options, int *argc, char ***argv);
void options_clear(struct options *options);

#endif
