/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report: what `relaysim bench` prints. */
#ifndef RELAYSIM_BENCH_REPORT_H
#define RELAYSIM_BENCH_REPORT_H

#include "bench/run.h"

/* Prints it on stdout, for people or as a line of JSON.  `relay_seconds` is the processor time
 * of the relay, negative where that is not known. */
void bench_report(const struct bench_config *config, const struct bench_result *result,
                  double relay_seconds, bool is_json);

#endif
