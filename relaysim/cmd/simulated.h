/* SPDX-License-Identifier: GPL-2.0-or-later */
/* simulated: --simulated, --start-time and --skip-waits, of whoever plays on a simulated clock. */
#ifndef RELAYSIM_CMD_SIMULATED_H
#define RELAYSIM_CMD_SIMULATED_H

#include "cmd/option.h"
#include "simulated/simulation.h"

struct simulated_options {
    bool is_wanted;
    bool has_sockets;              /* --skip-waits: on them, by such a clock */
    char *start_time;              /* NULL: SIMULATION_START_NS */
    struct simulation *simulation; /* from simulated_begin() on; NULL where none is wanted */
};

/* clang-format off */
#define SIMULATED_ROWS(options)                                                                    \
    OPTION_FLAG("simulated", &(options)->is_wanted,                                                \
                "Play in memory, on a simulated clock: the same each time, and as fast as can be"), \
    OPTION_TEXT("start-time", &(options)->start_time, "TIME",                                      \
                "What that clock says first (2010-05-12T10:00:00Z)", .check = simulated_check_time)
/* clang-format on */

/* For the row: NULL, or what is wrong with it, to be freed. */
char *simulated_check_time(const char *text);

/* Whether they go together; false with a sentence. */
bool simulated_check(const struct simulated_options *options);

/* Makes the simulation that is wanted.  Returns the time for the recording's clock; NULL: the
 * system's. */
const uint64_t *simulated_begin(struct simulated_options *options, uint64_t seed);

/* Frees what it has made. */
void simulated_end(struct simulated_options *options);

#endif
