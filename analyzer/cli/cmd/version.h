/* SPDX-License-Identifier: GPL-2.0-or-later */
/* version: what --version says: whose libraries and plugins are at work. */
#ifndef ANALYZE_CMD_VERSION_H
#define ANALYZE_CMD_VERSION_H

/* After start_process(). */
void version_print(void);

#endif
