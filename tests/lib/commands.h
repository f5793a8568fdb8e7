/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * commands: comparing commands member by member.
 */
#ifndef TESTS_LIB_COMMANDS_H
#define TESTS_LIB_COMMANDS_H

#include "command.h"

/* The name of the first member in which two commands differ, or NULL.  `length`
 * is left out: encode ignores it. */
const char *commands_difference(const struct sstp_command *a, const struct sstp_command *b);

#endif
