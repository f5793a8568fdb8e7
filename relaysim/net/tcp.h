/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tcp: one end of a TCP connection as net/ needs it: the system's, by libuv (tcp_system.c), or a
 * simulated one (tcp_simulated.c, simulated/network.h).  What becomes of a call is told by the
 * functions of net/internal.h whose names begin with net_on_, never within it.
 */
#ifndef RELAYSIM_NET_TCP_H
#define RELAYSIM_NET_TCP_H

#include <uv.h>

#include "core/wire.h"

struct net_connection;
struct simulated_end;

struct net_tcp {
    union {
        uv_stream_t stream;
        uv_tcp_t tcp;
    } system;
    uv_connect_t connect;
    uv_write_t write;
    uv_shutdown_t shutdown;
    /* of a simulated one */
    struct simulated_end *end;
    struct sstp_span waiting; /* of write_later */
};

/* Error numbers are libuv's. */
struct net_tcp_ops {
    void (*init)(struct net_connection *connection);
    /* 0, and net_on_connected() follows. */
    int (*connect)(struct net_connection *connection, const struct sockaddr_storage *address);
    void (*opened)(struct net_connection *connection);           /* as it came to be, by whomever */
    void (*read)(struct net_connection *connection, bool reads); /* net_on_read() */
    bool (*has_unread)(const struct net_connection *connection);
    /* How many bytes went; UV_EAGAIN: there is no room now. */
    ssize_t (*write)(struct net_connection *connection, const struct sstp_span *pieces, size_t num);
    /* When there is room again.  They stay until net_on_written(). */
    int (*write_later)(struct net_connection *connection, struct sstp_span bytes);
    int (*finish)(struct net_connection *connection);
    void (*close)(struct net_connection *connection, bool is_reset); /* net_on_closed() */
    struct sockaddr_storage (*local)(const struct net_connection *connection);
    struct sockaddr_storage (*peer)(const struct net_connection *connection);
};

/* Whether the peer's system has not taken all that was written, of one of the system's. */
bool net_system_is_under_way(const struct net_connection *connection);

extern const struct net_tcp_ops net_tcp_system, net_tcp_simulated;

#endif
