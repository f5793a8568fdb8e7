/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BENCHMARK_LOAD_OPTIONS_H
#define BENCHMARK_LOAD_OPTIONS_H

#include "load.h"

/*
 * The options of a load program, which are those of `relaysim bench` and two more:
 * --port, where the server listens, and --batch, the most messages that the sender puts
 * together.  What is not given stays as it is in `load`.  Wrong usage ends the program
 * with exit code 2.
 */
void load_read_options(struct load *load, int argc, char **argv);

#endif
