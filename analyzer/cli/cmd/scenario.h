/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scenario: --scenario: captures in, a scenario out that tells one connection without anybody's
 * data. */
#ifndef ANALYZE_CMD_SCENARIO_H
#define ANALYZE_CMD_SCENARIO_H

#include "base/say.h"
#include "cmd/options.h"

/* After start_wireshark(). */
enum exit_code scenario(const struct options *options);

#endif
