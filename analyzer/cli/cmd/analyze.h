/* SPDX-License-Identifier: GPL-2.0-or-later */
/* analyze: captures in, report out. */
#ifndef ANALYZE_CMD_ANALYZE_H
#define ANALYZE_CMD_ANALYZE_H

#include "base/say.h"
#include "cmd/options.h"

/* After start_wireshark(). */
enum exit_code analyze(const struct options *options);

#endif
