/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options: what the subcommands' command lines have in common.
 *
 * Each subcommand describes its options as GOptionEntry rows.  Options that are
 * fixed in the interface but not in this version yet are rows, too, made with
 * OPTION_LATER(), and answered with one sentence.
 */
#ifndef RELAYSIM_OPTIONS_H
#define RELAYSIM_OPTIONS_H

#include <glib.h>

#include "net.h"

/* An option of the interface that this version does not have: `strings` is a
 * char ** that collects what was said. */
#define OPTION_LATER(name, strings)                                                                \
    {                                                                                              \
        name, 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_STRING_ARRAY, strings, NULL, NULL              \
    }

/* Parses the options of a subcommand, whose name is argv[0].  Returns -1 to go
 * on, or the exit code: 0 when --help or --version was answered, 2 with a
 * sentence on stderr.  `summary` stands above the options in --help. */
int options_parse(const char *summary, GOptionEntry *entries, int argc, char **argv);

/* The same for one that takes arguments besides: `parameters` names them in --help,
 * *arguments is NULL or theirs, to be freed by g_strfreev(). */
int options_parse_arguments(const char *summary, const char *parameters, GOptionEntry *entries,
                            int argc, char **argv, char ***arguments);

/* A timer among the options: a number of seconds, and where it goes as milliseconds. */
struct options_timer {
    const char *name;
    double seconds; /* unless told otherwise */
    bool is_any;    /* whether it may be 0: never */
    size_t member;  /* offset of an int64_t */
    const char *help;
};

/* Writes `num` rows from `entry` on, which set `seconds`; returns the next row. */
GOptionEntry *options_timer_rows(GOptionEntry *entry, const struct options_timer *timers,
                                 size_t num, double *seconds);

/* Sets the members of `config`; FALSE with a sentence. */
gboolean options_timers_apply(const struct options_timer *timers, size_t num, const double *seconds,
                              void *config);

/* What --help and the like have printed is out; EXIT_REPORTED with a sentence if not. */
int options_end_output(void);

/* The same sentence for every option of OPTION_LATER() that was given; returns
 * whether it was. */
gboolean options_is_later(const char *name, char *const *strings);

/* "1.5" or "1.6" to the minor version; FALSE with a sentence for another. */
gboolean options_version(const char *text, uint8_t *minor_version);

/* Random numbers: the system's, or a row of them that is always the same. */
void random_system(void *cookie, void *bytes, size_t len);
struct random_seeded {
    uint64_t state;
};
void random_seeded_fill(void *cookie, void *bytes, size_t len); /* cookie: struct random_seeded */

/* The subcommands; argv[0] is the subcommand's name.  They return exit codes. */
int cmd_relay(int argc, char **argv);
int cmd_client(int argc, char **argv);
int cmd_demo(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_scenario(int argc, char **argv);

#endif
