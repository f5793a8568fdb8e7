/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * relay: the relay that `relaysim bench` starts for itself: this program again,
 * as a process of its own, so that it has a processor of its own, too.
 */
#ifndef RELAYSIM_BENCH_RELAY_H
#define RELAYSIM_BENCH_RELAY_H

#include <glib.h>
#include <sys/resource.h>

struct bench_relay {
    GPid pid;
    int out;       /* its stdout */
    char *address; /* "ADDRESS:PORT", where it listens */
};

/* Starts `relaysim relay` on a free port of 127.0.0.1, with a store and a mode as its
 * --store and --auth mean them, for so many connections, which come to where `listen`, the name
 * of an option, has it listen; who polls is told to do so at once.  EXIT_DONE when it listens, or
 * what the bench is to end with, with a sentence on stderr. */
int bench_relay_start(struct bench_relay *relay, const char *url, const char *store,
                      const char *auth, const char *listen, unsigned num_connections);

/* The processor time of a process, its own and the system's for it, in seconds. */
double bench_cpu_seconds(const struct rusage *usage);

/* Ends it.  Returns the processor time that it took, in seconds; negative, with a
 * sentence on stderr, where it did not end well. */
double bench_relay_end(struct bench_relay *relay);

#endif
