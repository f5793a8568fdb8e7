/* SPDX-License-Identifier: GPL-2.0-or-later */
/* net_internal: what the net*.c files share, and nobody else. */
#ifndef RELAYSIM_NET_INTERNAL_H
#define RELAYSIM_NET_INTERNAL_H

#include <glib.h>

#include "fault_line.h"
#include "net.h"

#define NET_READ_SIZE (64u << 10)

enum net_phase {
    NET_PHASE_CONNECTING,
    NET_PHASE_OPEN,
    NET_PHASE_ENDING, /* our side is closed; the peer's end is awaited */
    NET_PHASE_CLOSING /* libuv is at it */
};

struct net {
    uv_loop_t loop;
    struct net_config config;
    GHashTable *connections; /* a set */
    GHashTable *listeners;   /* a set */
    GQueue dirty;            /* connections that may have output */
    GQueue ending;           /* those whose endpoint is closed, oldest first */
    struct net_bytes bytes;
    unsigned num_ever;
    uv_timer_t wait_timer; /* of net_run_once() */
    char read_buffer[NET_READ_SIZE];
};

struct net_listener {
    struct net *net;
    uv_tcp_t tcp;
    size_t max_connections;
    size_t num_open;        /* those that count against the limit */
    size_t num_connections; /* with those that libuv is still closing */
    bool is_closed;         /* libuv is done with it */
    net_accepted *accepted;
    void *cookie;
};

struct net_connection {
    struct net *net;
    struct net_listener *listener; /* that accepted it; NULL when it was opened here */
    uv_tcp_t tcp;
    uv_timer_t timer;
    uv_connect_t connect;
    uv_write_t write;
    uv_shutdown_t shutdown;
    enum net_phase phase;
    unsigned num_handles; /* that libuv has to close */
    unsigned number;
    bool is_initiator;
    bool is_reading;
    bool is_held;
    bool is_writing;
    bool is_dirty;
    bool is_reset;     /* it ends by a reset */
    GList ending_link; /* in net->ending, with data set while it is */
    struct sstp_ep *ep;
    struct net_handler handler;
    net_connected *connected;
    void *connected_cookie;
    struct net_hosts hosts;
    struct tap_connection *tap;
    struct truth_stream *truth;
    char *written;           /* while is_writing */
    struct fault_line *line; /* NULL without faults */
    GByteArray *raw; /* of net_send_raw(), to go behind raw_behind bytes of output; or NULL */
    size_t raw_behind;
};

/* ---- net.c ---- */

/* Everything but libuv's own farewell. */
void net_close_connection(struct net_connection *connection);

/* The faults of a connection let bytes come in, or go out; see fault_line.h. */
void net_on_handed_on(void *cookie, const void *data, ssize_t num);
void net_on_go_on(void *cookie);

/* ---- net_record.c ---- */

/* Nanoseconds since 1970. */
uint64_t net_now_ns(void);

/* A connection is there: it enters the capture and the truth, where there are any. */
void net_start_recording(struct net_connection *connection);

#endif
