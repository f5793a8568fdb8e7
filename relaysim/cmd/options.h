/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options: what the subcommands' command lines have in common.
 *
 * Each subcommand describes its options as a table of rows (cmd/option.h).
 */
#ifndef RELAYSIM_CMD_OPTIONS_H
#define RELAYSIM_CMD_OPTIONS_H

#include <glib.h>

#include "base/fault.h"
#include "net/net.h"
#include "cmd/option.h"

/* Parses the options of a subcommand, whose name is argv[0], into what `rows` point to, which
 * end with OPTION_END; the caller calls option_rows_clear() whatever came of it.  Returns -1 to
 * go on, or the exit code: 0 when --help or --version was answered, 2 with a sentence on stderr.
 * `summary` stands above the options in --help. */
int options_parse(const char *summary, struct option_row *rows, int argc, char **argv);

/* The same for one that takes arguments besides: `parameters` names them in --help,
 * *arguments is NULL or theirs, to be freed by g_strfreev(). */
int options_parse_arguments(const char *summary, const char *parameters, struct option_row *rows,
                            int argc, char **argv, char ***arguments);

/* The same for a program without subcommands, of this name. */
int options_parse_program(const char *program, const char *summary, struct option_row *rows,
                          int argc, char **argv);

/* Whether the files of all OPTION_FILE rows, and `num` more (arguments, includes), which are for
 * `use` and named `role` in the sentence, are different ones, see base/named_files.h; false with a
 * sentence.  options_parse() has done so for the rows.  Whoever knows of more files, or sets
 * options later, does it again, before anything is opened for writing. */
bool options_check_files(const struct option_row *rows, const char *role, enum named_file_use use,
                         char *const *names, size_t num);

/* --answers, of all that have -w. */
#define OPTIONS_ANSWERS_HELP "Have the capture carry the truth, as comments of its packets"

/* --fault and --seed, of all that have -w: how the capture is worn. */
#define OPTIONS_WEAR_HELP                                                                          \
    "Wear the capture, such as \"capture lose 1 of 8\"; see WORN CAPTURES in relaysim(1)"
#define OPTIONS_WEAR_SEED_HELP "Of --fault; 1 unless told otherwise"

/* Reads all --fault, which may be NULL; false with a sentence. */
bool options_read_faults(char *const *texts, struct fault_plan *plan);

/* The same for who knows none but those of the capture. */
bool options_read_wear(char *const *texts, struct wear_plan *plan);

/* A timer among the options, which a structure of configuration has. */
struct options_timer {
    const char *name;
    double seconds; /* unless told otherwise; 0 for never */
    bool is_any;    /* whether it may be 0: never */
    size_t member;  /* offset of an int64_t in milliseconds */
    const char *help;
};

/* Sets the members of `config` to their defaults and writes `num` rows from `row` on, which set
 * them; returns the next row. */
struct option_row *options_timer_rows(struct option_row *row, const struct options_timer *timers,
                                      size_t num, void *config);

/* Whether commands have room for the URL of an option; false with a sentence. */
bool options_url_has_room(const char *option, const char *url);

/* What --help and the like have printed is out; EXIT_REPORTED with a sentence if not. */
int options_end_output(void);

/* --sstp-version: the choices, and the minor version of each; the last one is the default. */
extern const char *const options_versions[];
enum { OPTIONS_VERSION_DEFAULT = 1 };
uint8_t options_minor_version(unsigned choice);

/* --auth: the choices, by enum sstp_relay_auth. */
extern const char *const options_auth_modes[];

/* What clients make their keys from, as the environment has it; "" where it does not. */
const char *options_secret(void);

/* The subcommands; argv[0] is the subcommand's name.  They return exit codes. */
int cmd_relay(int argc, char **argv);
int cmd_client(int argc, char **argv);
int cmd_demo(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_scenario(int argc, char **argv);
int cmd_store(int argc, char **argv);
int cmd_proxy(int argc, char **argv);

#endif
