/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * network: TCP in memory, between the ports of one host, on a simulated clock.
 *
 * A port that somebody has listens or refuses.  What one end of a connection sends is under way for
 * a while, which depends on whose connection it is (`route`), and arrives in its order.  No more of
 * it than SIMULATED_WINDOW is sent and not read: who sends more waits, as TCP has it.
 *
 *     simulated_connect(network, port, route, &handler, cookie)
 *         accepted(cookie, end)       at the listener: simulated_use(end, &handler, cookie)
 *         handler.connected(cookie, true)
 *     simulated_send(end, data, len)
 *         handler.received(cookie, data, len)     at the other end, while it reads
 */
#ifndef RELAYSIM_SIMULATED_NETWORK_H
#define RELAYSIM_SIMULATED_NETWORK_H

#include <stddef.h>
#include <sys/types.h>

#include "simulated/simulation.h"

#define SIMULATED_WINDOW ((size_t)256 << 10) /* bytes */

struct simulated_network;
struct simulated_end;

/* How the bytes of a connection end, and what becomes of a wish. */
enum simulated_end_kind { SIMULATED_FINISHED, SIMULATED_RESET };

/* Who has an end.  None is called within a call. */
struct simulated_handler {
    void (*connected)(void *cookie, bool is_there); /* or it was refused; of who connects */
    void (*received)(void *cookie, const void *data, size_t len);
    void (*ended)(void *cookie, enum simulated_end_kind kind);
    /* There is room again, after simulated_send() has not taken everything. */
    void (*has_room)(void *cookie);
    void (*closed)(void *cookie); /* the last one */
};

/* Nothing is listened to or open when it is freed. */
struct simulated_network *simulated_network_new(struct simulation *simulation);
void simulated_network_free(struct simulated_network *network);
struct simulation *simulated_network_simulation(struct simulated_network *network);

/* A port that nobody had before; whoever connects to it is refused. */
uint16_t simulated_port(struct simulated_network *network);

/* It listens; or does not any more, with NULL. */
typedef void simulated_accepted(void *cookie, struct simulated_end *end);
void simulated_listen(struct simulated_network *network, uint16_t port,
                      simulated_accepted *accepted, void *cookie);

/* Connects to a port; the end is there at once, and connected later. */
struct simulated_end *simulated_connect(struct simulated_network *network, uint16_t port,
                                        uint64_t route, const struct simulated_handler *handler,
                                        void *cookie);

/* Somebody has the end that was accepted; within simulated_accepted. */
void simulated_use(struct simulated_end *end, const struct simulated_handler *handler,
                   void *cookie);

uint16_t simulated_local_port(const struct simulated_end *end);
uint16_t simulated_peer_port(const struct simulated_end *end);

/* Whether it reads: while not, what comes waits.  It begins so. */
void simulated_read(struct simulated_end *end, bool reads);
bool simulated_has_unread(const struct simulated_end *end);

/* Sends as much as there is room for, and returns that; -1 where the other side has gone. */
ssize_t simulated_send(struct simulated_end *end, const void *data, size_t len);

/* Nothing follows what was sent. */
void simulated_finish(struct simulated_end *end);

/* It is used no more, but for `closed`.  With bytes unread, or a reset, what is under way to the
 * other side is all that it gets. */
void simulated_close(struct simulated_end *end, bool is_reset);

#endif
