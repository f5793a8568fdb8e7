/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/timer.h"

#include "net/net.h"

#define MS_NS UINT64_C(1000000)

/* How late a system's clock tells that it is time, at most. */
#define LATE_NS 150000u

static void on_system_expired(uv_timer_t *system)
{
    const struct net_timer *timer = system->data;
    timer->expired(timer->cookie);
}

void net_timer_init(struct net_timer *timer, struct net *net, void (*expired)(void *cookie),
                    void *cookie)
{
    *timer = (struct net_timer){.net = net, .expired = expired, .cookie = cookie};
    timer->simulated = (struct simulation_event){.happen = expired, .cookie = cookie};
    if (net_simulation(net) != NULL)
        return;
    uv_timer_init(net_loop(net), &timer->system);
    timer->system.data = timer;
}

/* As milliseconds are counted, which have begun already. */
static void start_simulated(struct net_timer *timer, uint64_t after_ms)
{
    struct simulation *simulation = net_simulation(timer->net);
    const uint64_t begun_ns = simulation_passed_ns(simulation) % MS_NS;
    const uint64_t after_ns = after_ms * MS_NS > begun_ns ? after_ms * MS_NS - begun_ns : 0;
    simulation_plan(simulation, &timer->simulated,
                    after_ns + simulation_chance(simulation, LATE_NS));
}

void net_timer_start(struct net_timer *timer, uint64_t after_ms)
{
    if (net_simulation(timer->net) != NULL)
        start_simulated(timer, after_ms);
    else
        uv_timer_start(&timer->system, on_system_expired, after_ms, 0);
}

void net_timer_stop(struct net_timer *timer)
{
    if (net_simulation(timer->net) != NULL)
        simulation_cancel(net_simulation(timer->net), &timer->simulated);
    else
        uv_timer_stop(&timer->system);
}

static void on_system_closed(uv_handle_t *handle)
{
    const struct net_timer *timer = handle->data;
    timer->closed(timer->closed_cookie);
}

void net_timer_close(struct net_timer *timer, void (*closed)(void *cookie), void *cookie)
{
    struct simulation *simulation = net_simulation(timer->net);
    timer->closed = closed;
    timer->closed_cookie = cookie;
    if (simulation == NULL) {
        uv_close((uv_handle_t *)&timer->system, closed != NULL ? on_system_closed : NULL);
        return;
    }
    simulation_cancel(simulation, &timer->simulated);
    timer->simulated.happen = closed;
    timer->simulated.cookie = cookie;
    if (closed != NULL)
        simulation_plan(simulation, &timer->simulated, 0);
}
