/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "simulated/simulation.h"

#include "base/random.h"

/* What passed before it began: no time is 0, which some take for none. */
#define BEFORE_NS UINT64_C(1000000000)

#define FIRST_PORT 49152u /* of those that nobody is assigned (RFC 6335) */

struct simulation {
    uint64_t now_ns, start_ns, num_planned, seed;
    struct random_seeded random;
    uint16_t port;     /* the last one */
    GSequence *events; /* struct simulation_event, the next one first */
};

struct simulation *simulation_new(uint64_t seed, uint64_t start_ns)
{
    struct simulation *simulation = g_new0(struct simulation, 1);
    simulation->now_ns = simulation->start_ns = start_ns;
    simulation->seed = simulation->random.state = seed;
    simulation->port = FIRST_PORT - 1;
    simulation->events = g_sequence_new(NULL);
    return simulation;
}

void simulation_free(struct simulation *simulation)
{
    if (simulation == NULL)
        return;
    g_sequence_free(simulation->events);
    g_free(simulation);
}

/* ------------------------------------------------------------------------
 * Time
 */

uint64_t simulation_now_ns(const struct simulation *simulation)
{
    return simulation->now_ns;
}

const uint64_t *simulation_clock(const struct simulation *simulation)
{
    return &simulation->now_ns;
}

uint64_t simulation_passed_ns(const struct simulation *simulation)
{
    return simulation->now_ns - simulation->start_ns + BEFORE_NS;
}

void simulation_spend(struct simulation *simulation, uint64_t ns)
{
    simulation->now_ns += ns;
}

/* ------------------------------------------------------------------------
 * What is to happen
 */

static int compare(const void *a, const void *b, void *cookie)
{
    const struct simulation_event *one = a, *two = b;
    (void)cookie;
    if (one->due_ns != two->due_ns)
        return one->due_ns < two->due_ns ? -1 : 1;
    return one->order < two->order ? -1 : one->order > two->order;
}

void simulation_plan(struct simulation *simulation, struct simulation_event *event,
                     uint64_t after_ns)
{
    simulation_cancel(simulation, event);
    event->due_ns = simulation->now_ns + after_ns;
    event->order = simulation->num_planned++;
    event->place = g_sequence_insert_sorted(simulation->events, event, compare, NULL);
}

void simulation_cancel(struct simulation *simulation, struct simulation_event *event)
{
    (void)simulation;
    if (event->place != NULL)
        g_sequence_remove(event->place);
    event->place = NULL;
}

bool simulation_step(struct simulation *simulation, uint64_t within_ns)
{
    GSequenceIter *first = g_sequence_get_begin_iter(simulation->events);
    const uint64_t end_ns = simulation->now_ns + within_ns;
    struct simulation_event *event = g_sequence_iter_is_end(first) ? NULL : g_sequence_get(first);
    if (event == NULL || event->due_ns > end_ns) {
        simulation->now_ns = end_ns;
        return false;
    }
    /* What has taken longer than until then makes it late. */
    simulation->now_ns = MAX(simulation->now_ns, event->due_ns);
    simulation_cancel(simulation, event);
    event->happen(event->cookie);
    return true;
}

bool simulation_has_plans(const struct simulation *simulation)
{
    return !g_sequence_is_empty(simulation->events);
}

/* ------------------------------------------------------------------------
 * Chance
 */

static uint64_t next(struct random_seeded *random, uint64_t end)
{
    uint64_t number;
    random_seeded_fill(random, &number, sizeof number);
    return number % end;
}

uint64_t simulation_chance(struct simulation *simulation, uint64_t end)
{
    return next(&simulation->random, end);
}

uint64_t simulation_fixed_chance(const struct simulation *simulation, uint64_t what, uint64_t end)
{
    struct random_seeded random = {simulation->seed ^ (what + 1) * UINT64_C(0xd1342543de82ef95)};
    return next(&random, end);
}

/* They come around again: by then the first ones have long gone. */
uint16_t simulation_port(struct simulation *simulation)
{
    simulation->port =
        simulation->port == UINT16_MAX ? FIRST_PORT : (uint16_t)(simulation->port + 1);
    return simulation->port;
}

void simulation_fill(void *cookie, void *bytes, size_t len)
{
    struct simulation *simulation = cookie;
    random_seeded_fill(&simulation->random, bytes, len);
}
