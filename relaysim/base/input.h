/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * input: what a user gives a program to read.  It may be anything that can be opened, a FIFO or
 * a device without end among it, so that there is always a limit to what is read.
 */
#ifndef RELAYSIM_BASE_INPUT_H
#define RELAYSIM_BASE_INPUT_H

#include <glib.h>

/* All of a file, or of standard input for "-"; of what is longer than `max` bytes, one byte more
 * than that.  Waits for whoever writes into a pipe.  NULL with errno set. */
GBytes *input_read(const char *path, gsize max);

/* The same for a file that is open, and stays so. */
GBytes *input_read_fd(int fd, gsize max);

#endif
