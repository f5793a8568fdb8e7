/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recorded: files of their own for the tests of what is written into recordings. */
#ifndef TESTS_RELAYSIM_RECORDED_H
#define TESTS_RELAYSIM_RECORDED_H

#include "record/recording_file.h"

#include <glib.h>

/* A new file's path, to be freed. */
char *recorded_path(void);

/* Opens it, as a capture that waits for its disk. */
struct recording_file *recorded_open(const char *path);

/* Removes it, and frees the path. */
void recorded_remove(char *path);

#endif
