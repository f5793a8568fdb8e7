/* SPDX-License-Identifier: GPL-2.0-or-later */
/* terminal: SIGHUP means that the terminal has hung up, or that files are to be opened anew. */
#ifndef RELAYSIM_CMD_TERMINAL_H
#define RELAYSIM_CMD_TERMINAL_H

#include <stdbool.h>

/* Whether there is a controlling terminal; also where no descriptor is left to ask with. */
bool terminal_is_there(void);

/* Whether its hanging up is to end the program: there is one, and SIGHUP is not ignored, as it is
 * for whom nohup(1) has started.  Before SIGHUP is handled. */
bool terminal_may_hang_up(void);

/* Whether SIGHUP is ignored. */
bool terminal_is_hangup_ignored(void);

#endif
