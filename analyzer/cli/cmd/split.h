/* SPDX-License-Identifier: GPL-2.0-or-later */
/* split: --split: captures in, a capture for each bucket of pairs of addresses out. */
#ifndef ANALYZE_CMD_SPLIT_H
#define ANALYZE_CMD_SPLIT_H

#include "base/say.h"
#include "cmd/options.h"

/* After start_wireshark(). */
enum exit_code split(const struct options *options);

#endif
