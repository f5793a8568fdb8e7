/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * timer: a timer of a loop (net/net.h), on the clock that it has.
 *
 *     net_timer_init(&timer, net, expired, cookie);
 *     net_timer_start(&timer, 250);
 *     net_timer_close(&timer, closed, other);     it stays there until closed(other)
 */
#ifndef RELAYSIM_NET_TIMER_H
#define RELAYSIM_NET_TIMER_H

#include <uv.h>

#include "simulated/simulation.h"

struct net;

struct net_timer {
    struct net *net;
    void (*expired)(void *cookie);
    void *cookie;
    void (*closed)(void *cookie);
    void *closed_cookie;
    uv_timer_t system;
    struct simulation_event simulated; /* instead, where the loop's clock is */
};

/* `expired` ends with net_settle(), as every callback of the loop's does. */
void net_timer_init(struct net_timer *timer, struct net *net, void (*expired)(void *cookie),
                    void *cookie);

/* It expires once, so many milliseconds from now; and not when it would have before. */
void net_timer_start(struct net_timer *timer, uint64_t after_ms);
void net_timer_stop(struct net_timer *timer);

/* The last call.  `closed` comes later, and NULL is fine. */
void net_timer_close(struct net_timer *timer, void (*closed)(void *cookie), void *cookie);

#endif
