/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * simulation: a clock that nobody waits for, what is to happen at which time, and chance.
 *
 * The clock stands still while something happens, but for what simulation_spend() says that it
 * takes; and then it is as late as the next thing that is due.  What is due at the same time
 * happens in the order in which it was planned.
 *
 *     struct simulation *simulation = simulation_new(seed, SIMULATION_START_NS);
 *     simulation_plan(simulation, &event, 1000000);
 *     simulation_step(simulation, end_ns)             event.happen(event.cookie)
 */
#ifndef RELAYSIM_SIMULATED_SIMULATION_H
#define RELAYSIM_SIMULATED_SIMULATION_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* 12 May 2010, 10:00 UTC: the day on which SharePoint Workspace 2010 could be had. */
#define SIMULATION_START_NS (UINT64_C(1273658400) * 1000000000)

struct simulation;

/* Its owner fills in the first two, and keeps it while it is planned. */
struct simulation_event {
    void (*happen)(void *cookie);
    void *cookie;
    /* of the simulation */
    uint64_t due_ns, order;
    GSequenceIter *place; /* NULL: it is not planned */
};

/* A clock that says `start_ns`, nanoseconds since 1970. */
struct simulation *simulation_new(uint64_t seed, uint64_t start_ns);

/* Whatever is still planned does not happen.  NULL is fine. */
void simulation_free(struct simulation *simulation);

/* Nanoseconds since 1970; the pointer is good as long as the simulation. */
uint64_t simulation_now_ns(const struct simulation *simulation);
const uint64_t *simulation_clock(const struct simulation *simulation);

/* Nanoseconds since some moment before it began, and never 0. */
uint64_t simulation_passed_ns(const struct simulation *simulation);

/* Makes it happen `after_ns` from now, and at no other time. */
void simulation_plan(struct simulation *simulation, struct simulation_event *event,
                     uint64_t after_ns);

/* It does not happen.  Harmless where it was not planned. */
void simulation_cancel(struct simulation *simulation, struct simulation_event *event);

/* What happens next, if that is due within `within_ns`; otherwise it is so much later.  Whether
 * anything has happened. */
bool simulation_step(struct simulation *simulation, uint64_t within_ns);

/* Whether anything is planned. */
bool simulation_has_plans(const struct simulation *simulation);

/* What is being done takes so long. */
void simulation_spend(struct simulation *simulation, uint64_t ns);

/* The next random number, less than `end`, which is not 0. */
uint64_t simulation_chance(struct simulation *simulation, uint64_t end);

/* One that belongs to `what`, and is the same each time it is asked for. */
uint64_t simulation_fixed_chance(const struct simulation *simulation, uint64_t what, uint64_t end);

/* The next port, of all networks on this clock: as with a system, none comes again soon. */
uint16_t simulation_port(struct simulation *simulation);

/* `len` random bytes, as struct sstp_sec_random has it; the cookie is a simulation. */
void simulation_fill(void *cookie, void *bytes, size_t len);

#endif
