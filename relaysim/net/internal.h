/* SPDX-License-Identifier: GPL-2.0-or-later */
/* internal: what the files of net/ share, and nobody else. */
#ifndef RELAYSIM_NET_INTERNAL_H
#define RELAYSIM_NET_INTERNAL_H

#include <glib.h>

#include "net/fault_line.h"
#include "net/net.h"
#include "net/tcp.h"
#include "net/timer.h"

#define NET_READ_SIZE (64u << 10)
#define NET_PIECES_MAX 256u /* of the output, in one call to the system */
#define NET_RESERVE 8u      /* file descriptors for callers to be refused with */

enum net_phase {
    NET_PHASE_CONNECTING,
    NET_PHASE_OPEN,
    NET_PHASE_ENDING, /* our side is closed; the peer's end is awaited */
    NET_PHASE_CLOSING /* libuv is at it */
};

/* File descriptors that are kept for when there are no others (net/listen.c). */
struct net_reserve {
    int fds[NET_RESERVE];
    unsigned num;
    GQueue spares;  /* connections that have got one: the two together are NET_RESERVE */
    bool is_made;   /* with the first listener */
    bool is_short;  /* a caller could not be accepted, of late */
    bool is_paused; /* nobody is accepted at present */
    int64_t last_short_ms;
    uv_timer_t timer; /* while is_short */
    uv_tcp_t first;   /* never used: with it libuv opens a file that it wants to have */
};

struct net {
    uv_loop_t loop; /* not used where it is simulated */
    const struct net_tcp_ops *tcp;
    struct net_config config;
    struct simulated_network *simulated; /* NULL: it is the system's */
    GHashTable *connections;             /* a set */
    GHashTable *listeners;               /* a set */
    GQueue dirty;                        /* connections that may have output */
    GQueue ending;                       /* those whose user is over, oldest first */
    struct net_reserve reserve;
    struct net_bytes bytes;
    unsigned num_ever;
    bool is_ending;
    uv_timer_t wait_timer; /* of net_run_once() */
    uint64_t num_settled;  /* calls of net_settle() */
    /* Of sockets on a simulated clock: what was done to them, and what had been when all was quiet.
     */
    uint64_t num_done, num_quiet;
    char read_buffer[NET_READ_SIZE];
};

struct net_listener;

/* One of the addresses of a listener. */
struct net_socket {
    struct net_listener *listener;
    uv_poll_t poll;
    int fd;        /* the port itself of a simulated one */
    uint16_t port; /* as the capture shows it */
};

struct net_listener {
    struct net *net;
    struct net_listen_config config;
    size_t num_open;        /* those that count against the limit */
    size_t num_connections; /* with those that libuv is still closing */
    size_t num_polls;       /* that libuv has to close */
    size_t num_sockets;
    struct net_socket sockets[];
};

struct net_connection {
    struct net *net;
    struct net_listener *listener; /* that accepted it; NULL when it was opened here */
    struct net_tcp tcp;
    struct net_timer timer;
    void (*expired)(struct net_connection *connection); /* what the timer is for */
    enum net_phase phase;
    unsigned num_handles; /* that are still to be closed: tcp and timer */
    unsigned number;
    bool is_initiator;
    bool is_reading;
    bool is_held;
    bool is_writing;
    bool is_dirty;
    bool is_reset; /* it ends by a reset */
    bool is_spare; /* accepted with a descriptor of the reserve */
    int64_t spare_since_ms;
    GList spare_link;            /* in net->reserve.spares, while is_spare */
    GList ending_link;           /* in net->ending, with data set while it is */
    const struct net_user *user; /* NULL before net_start(), and after lost() */
    void *user_cookie;
    net_connected *connected;
    void *connected_cookie;
    struct net_hosts hosts;
    struct capture_connection *capture;
    char *written;           /* while is_writing */
    struct fault_line *line; /* NULL without faults */
    GByteArray *raw;         /* of net_send_raw(), to go after raw_after bytes of output; or NULL */
    size_t raw_after;
};

/* ---- net/tcp_simulated.c ---- */

/* A connection gets its end, which has come to a listener. */
void net_simulated_take(struct net_connection *connection, struct simulated_end *end);

/* ---- net/carry.c ---- */

/* Bytes have come; negative: an error of libuv's, or UV_EOF. */
void net_on_read(struct net_connection *connection, const void *data, ssize_t num);

/* What was to be written later is. */
void net_on_written(struct net_connection *connection, int status);

/* Sends what there is to be sent, as far as the socket takes it; and ends the connection
 * where that was all. */
void net_flush(struct net_connection *connection);

/* Reads from the peer, or does not, as its user has room. */
void net_read_or_not(struct net_connection *connection);

/* The faults of a connection let bytes come in, or go out; see net/fault_line.h. */
void net_on_handed_on(void *cookie, const void *data, ssize_t num);
void net_on_go_on(void *cookie);

/* ---- net/close.c ---- */

/* The system, or what stands for it, is done with the socket or the timer of a connection. */
void net_on_closed(void *cookie);

/* Everything but libuv's own farewell. */
void net_close_connection(struct net_connection *connection);

/* The user is over and its output gone: our side of the stream ends. */
void net_end_connection(struct net_connection *connection);

/* The user is over: from here on, the peer has to take what is left. */
void net_begin_last_words(struct net_connection *connection);

/* Something is broken on purpose. */
void net_tell_broken(struct net_connection *connection, const char *kind, const char *text);

/* ---- net/open.c ---- */

/* A connection that is not open yet. */
struct net_connection *net_connection_new(struct net *net);

/* It is connected, or an error of libuv's. */
void net_on_connected(struct net_connection *connection, int status);

/* Its timer does this, after so many milliseconds, and nothing else any more. */
void net_set_timer(struct net_connection *connection,
                   void (*expired)(struct net_connection *connection), uint64_t after_ms);

/* The socket is connected, with whomever. */
void net_set_open(struct net_connection *connection);

/* ---- net/claim.c ---- */

/* "cannot listen on ADDRESS", with an error of libuv's; to be freed. */
char *net_cannot_listen(const char *address, int err);

/* ---- net/listen.c ---- */

/* A connection has been closed: its descriptor may be of use. */
void net_reserve_refill(struct net *net);

/* Lets go of the reserve. */
void net_reserve_end(struct net *net);

/* Libuv is done with a connection of the listener's. */
void net_listener_unref(struct net_listener *listener);

/* ---- net/record.c ---- */

/* A connection is there: it enters the capture, where there is one. */
void net_start_recording(struct net_connection *connection);

/* Bytes have passed: sent from here (is_ours), or come from the peer. */
void net_record_data(struct net_connection *connection, bool is_ours, const void *data, size_t len);

/* One side has closed its direction. */
void net_record_finish(struct net_connection *connection, bool is_ours);

/* The connection is over. */
void net_record_end(struct net_connection *connection);

#endif
