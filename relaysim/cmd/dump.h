/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dump: `relaysimdump`, relaysim as one of Wireshark's interfaces (extcap).
 *
 * Wireshark runs it to be told which interfaces there are (cmd/dump_describe.c), and then to
 * capture: stories are played, one after the other, and their packets go into a FIFO until
 * somebody stops it (cmd/dump_capture.c).
 */
#ifndef RELAYSIM_CMD_DUMP_H
#define RELAYSIM_CMD_DUMP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"

#define DUMP_INTERFACE "sstp-relaysim"
#define DUMP_INTERFACE_NAME "SSTP demo traffic (relaysim)"
#define DUMP_TOUR "demo" /* among the stories: relaysim demo */

#define DUMP_RATE_DEFAULT 12 /* plays a minute */
#define DUMP_RATE_MAX 6000
#define DUMP_DURATION_MAX_S (100 * 365 * 86400LL)

/* What somebody chose in the dialog of the interface. */
struct dump_config {
    char *story;  /* DUMP_TOUR, the name of a built-in scenario, or a file */
    unsigned via; /* a row of carrier_ways */
    struct fault_plan faults;
    uint64_t seed;       /* of the first play; each later one has the next */
    int64_t rate;        /* plays a minute at most; 0: one right after the other */
    int64_t duration_ms; /* in which plays begin, and are broken off; 0: until it is stopped */
    bool skips_waits;    /* of scenarios: hours of a story take seconds */
    const char *fifo;
};

/* What Wireshark asks before it captures; the exit code. */
int dump_list_interfaces(void);
int dump_list_link_types(void);
int dump_list_options(void);

/* Captures into the FIFO, which may have no reader yet, until the reader leaves, a signal says so
 * or it has lasted long enough; the exit code, with a sentence where it is not 0. */
int dump_capture(const struct dump_config *config);

/* The program, as main() has its arguments. */
int cmd_dump(int argc, char **argv);

#endif
