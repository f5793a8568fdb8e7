/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * load: scenarios from files, from standard input and from the program itself.
 *
 * A name is that of a file when it ends in .scn and there is one, so that a story under
 * work beats the one in the program; otherwise of a built-in scenario; otherwise of a file.
 * "-" is standard input.  What a file includes is looked for in its own folder, what a
 * built-in scenario includes among them.
 */
#ifndef RELAYSIM_SCENARIO_LOAD_H
#define RELAYSIM_SCENARIO_LOAD_H

#include "scenario/scenario.h"

/* The scenario of that name; NULL with *mistakes, as scenario_parse() has them, or one why
 * it cannot be read.  `paths` gets the files that were opened: char *, to be freed. */
struct scenario *scenario_load(const char *name, GPtrArray *paths, GPtrArray **mistakes);

/* The names of the built-in ones of a group, in order, to be freed by g_strfreev().  A name begins
 * with that of its group: "" for those on their own, "everyday/" for what takes minutes or hours,
 * "findings/" for one for each finding. */
char **scenario_built_in_names(const char *group);
#define SCENARIO_EVERYDAY_GROUP "everyday/"
#define SCENARIO_FINDINGS_GROUP "findings/"

#endif
