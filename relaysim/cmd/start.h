/* SPDX-License-Identifier: GPL-2.0-or-later */
/* start: what a program does before anything else. */
#ifndef RELAYSIM_CMD_START_H
#define RELAYSIM_CMD_START_H

#include <stdbool.h>

/* Broken pipes and limits on files are errors of a write from here on, and the standard streams
 * are open, or what comes would take their place.  False when the system has no file for that. */
bool start(void);

#endif
