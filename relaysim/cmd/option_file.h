/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * option_file: a file of options, lines of `name = value`.
 *
 *     # a comment
 *     url = grooveDNS://relay1.example
 *     listen = 127.0.0.1:2492
 *     no-single-hop = yes
 *
 * The names are those of the rows (cmd/option.h), without their dashes.  What can be repeated on
 * the command line can be here; a flag is `yes` or `no`, or stands alone.  Values go to the end of
 * the line and are not quoted.  What was given on the command line counts there alone; it has to
 * be right in the file all the same.
 */
#ifndef RELAYSIM_CMD_OPTION_FILE_H
#define RELAYSIM_CMD_OPTION_FILE_H

#include "cmd/option.h"

#define OPTION_FILE_MAX ((size_t)1 << 20) /* bytes */
#define OPTION_FILE_MISTAKES_MAX 50u      /* that are told */

/* The name of the option that names the file, which cannot stand in one. */
#define OPTION_FILE_NAME "config"

/* Sets what the text says, after options_parse().  All mistakes are appended to `mistakes`
 * (strings of g_malloc()), each a sentence with file and line; returns whether there are none. */
bool option_file_set(struct option_row *rows, const char *name, const char *text, size_t len,
                     GPtrArray *mistakes);

/* The same for a file. */
bool option_file_read(struct option_row *rows, const char *path, GPtrArray *mistakes);

#endif
