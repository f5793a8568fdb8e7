/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * net: sockets and clock, on libuv; or, all the same for who is on them, a network in memory and a
 * simulated clock (simulated/simulation.h), where what happens depends on its seed alone; or
 * sockets on such a clock, which leaps to what is due next when nothing is under way on them.
 *
 * It listens and connects, carries bytes between a socket and whoever is on it (struct
 * net_user), wakes that one when it wants to be, and ends the socket when its user is
 * over and its output gone.  It also feeds the capture (record/capture.h).  What the
 * bytes mean it does not know.  Everything runs in one thread.
 *
 *     struct net *net = net_new(&config);
 *     net_listen(net, "127.0.0.1:2492", 1000, on_accept, cookie, &listener, &error);
 *     net_run(net);
 */
#ifndef RELAYSIM_NET_NET_H
#define RELAYSIM_NET_NET_H

#include <uv.h>

#include "core/wire.h"
#include "simulated/simulation.h"

struct faults;
struct net;
struct net_listener;
struct net_connection;

struct recording_clock;
struct capture;

struct net_config {
    struct capture *capture;             /* NULL for none; freed by its owner */
    const struct recording_clock *clock; /* its time */
    struct simulation *simulation;       /* NULL: the system's; outlives the net */
    bool has_sockets; /* with a simulation: its clock alone is, and the sockets are the system's */
    struct faults *faults; /* base/fault.h; NULL for none; freed by its owner */
    /* Both ends of every connection are in this process: it is captured once, at
     * the end that opened it. */
    bool has_both_ends;
    /* Called when something has happened, before the loop waits again; NULL. */
    void (*settled)(void *cookie);
    void *cookie;
};

/* NULL without memory. */
struct net *net_new(const struct net_config *config);

/* Closes what is open, without a word to the peers, and frees everything. */
void net_free(struct net *net);

/* Whether that is what is happening: nothing can be opened any more. */
bool net_is_ending(const struct net *net);

/* NULL: all is the system's. */
struct simulation *net_simulation(const struct net *net);

/* Only of the system's. */
uv_loop_t *net_loop(struct net *net);

/* Milliseconds from some moment on; all deadlines are counted so. */
int64_t net_now_ms(struct net *net);

/* The time of day, in milliseconds since 1970. */
int64_t net_wall_ms(struct net *net);

/* The clocks at this moment: the loop's, the one that does not stand still while the machine
 * sleeps, and the time of day. */
struct net_clocks {
    int64_t now_ms, elapsed_ms, wall_ms;
};
struct net_clocks net_clocks(struct net *net);

/* Random bytes that nobody can guess; or those of the simulation, which come again. */
void net_random(void *net, void *bytes, size_t len);

/* Something to be done beside the loop: on another thread, where there are some. */
struct net_work {
    void (*work)(void *cookie); /* which may take its time */
    void (*done)(void *cookie); /* in the loop again, which is settled afterwards */
    void *cookie;
    /* of net/ */
    struct net *net;
    uv_work_t system;
    struct simulation_event simulated;
};

/* Its owner keeps it until `done`. */
void net_begin_work(struct net *net, struct net_work *work);

/* Sends what the users have put out.  It is done whenever something came or a
 * connection's time has come; the caller's own callbacks of libuv end with it. */
void net_settle(struct net *net);

/* Runs until net_stop(); only with the system's clock. */
void net_run(struct net *net);
void net_stop(struct net *net);

/* Waits for one thing to happen, at most `timeout_ms`. */
void net_run_once(struct net *net, int64_t timeout_ms);

#define NET_NEVER INT64_MAX

/* Who is on a socket.  All but `passed` and `broken` have to be there; none may free the loop. */
struct net_user {
    /* It is so late now: comes before receive(), and when a deadline has come. */
    void (*tick)(void *cookie, int64_t now_ms);
    int64_t (*deadline)(void *cookie); /* when it wants to be ticked; NET_NEVER */

    /* Bytes have come, or gone: before the capture has them, and anybody else.  It may do nothing
     * to the connection. */
    void (*passed)(void *cookie);

    /* Bytes have come; all of them are taken. */
    void (*receive)(void *cookie, const void *data, size_t len);
    /* Whether it wants more; while not, TCP holds the rest back. */
    bool (*has_room)(void *cookie);

    /* How many bytes there are to send; and the oldest of them, at most `max` rows, of
     * which it returns how many there are.  They stay where they are until they have been
     * taken, from the first byte on. */
    size_t (*output_len)(void *cookie);
    size_t (*output)(void *cookie, struct sstp_span *pieces, size_t max);
    void (*taken)(void *cookie, size_t len);

    /* There will be no more output: when what there is has gone, the socket ends. */
    bool (*is_over)(void *cookie);
    /* The socket is gone, and with it this connection.  The last call. */
    void (*lost)(void *cookie);
    /* Something was broken on purpose: its kind in a word, and what in a sentence. */
    void (*broken)(void *cookie, const char *kind, const char *text);
};

/* A peer has connected.  The callback calls net_start(), or the connection is
 * closed after it. */
typedef void net_accepted(void *cookie, struct net_connection *connection);

/* Listens on "ADDRESS:PORT" ("[ADDRESS]:PORT" for IPv6 and nothing else), for at most
 * `max_connections` at a time.  False with *error, a sentence to be freed. */
bool net_listen(struct net *net, const char *address, size_t max_connections,
                net_accepted *accepted, void *cookie, struct net_listener **listener, char **error);

/* Claims such an address: a socket that listens there.  Whoever calls waits until
 * net_listen_on() has got it.  -1 with *error, a sentence to be freed. */
int net_claim(const char *address, char **error);

/* The same for this net alone, which may be a simulated one. */
int net_claim_in(struct net *net, const char *address, char **error);

/* A port of loopback that nobody else gets, and where whoever connects is refused, unless somebody
 * listens there.  Returns what net_release_port() is to be called with; -1 with *error. */
int net_keep_port(struct net *net, uint16_t *port, char **error);
void net_release_port(struct net *net, int kept);

/* What a listener has to tell. */
enum net_listener_news {
    NET_LISTENER_SHORT, /* a caller cannot be accepted as others are; the system says why */
    NET_LISTENER_AGAIN, /* for some time, all could be again */
    NET_LISTENER_FULL   /* a caller was closed, for there are max_connections */
};

struct net_listen_config {
    const int *sockets; /* of net_claim(); taken over, whatever comes of it */
    size_t num_sockets;
    /* The port of each socket, as the capture shows it and net_connection_port() tells it,
     * whatever it really is; NULL: 2492. */
    const uint16_t *ports;
    size_t max_connections; /* at a time, over all the sockets */
    net_accepted *accepted;
    /* A caller who has one of a few file descriptors that are kept for this, as there are
     * no others: to be told so, and soon closed.  NULL: closed at once. */
    net_accepted *accepted_spare;
    void (*tell)(void *cookie, enum net_listener_news news, const char *why); /* or NULL */
    void *cookie;
};

/* The same for several addresses, and for who wants to know more. */
bool net_listen_on(struct net *net, const struct net_listen_config *config,
                   struct net_listener **listener, char **error);

/* "127.0.0.1:2492", with the port that it really is; of several, all with a space between;
 * to be freed. */
char *net_listener_address(const struct net_listener *listener);

#define NET_PORT_SSTP 2492u /* the usual port, GRVSSTP 2.1 */
#define NET_PORT_HTTP 80u   /* GRVHENC 3.2.3.2 */

/* Where the two ends are shown in the capture; 0 for the usual. */
struct net_hosts {
    uint8_t initiator_host, acceptor_host;
    uint16_t acceptor_port;
};

/* Connects; then calls `connected` with the connection, or with NULL and why
 * not; but not once net_drop() has been called with what is returned.  After `timeout_ms` it
 * is given up; 0: when the system does.  NULL with *error, a sentence to be freed, when the
 * address is none. */
typedef void net_connected(void *cookie, struct net_connection *connection, const char *why);
struct net_connection *net_connect(struct net *net, const char *address, struct net_hosts hosts,
                                   int64_t timeout_ms, net_connected *connected, void *cookie,
                                   char **error);

/* Somebody is on the socket from now on; or, later, somebody else is. */
void net_start(struct net_connection *connection, const struct net_user *user, void *cookie);

/* Nothing is read from the peer until it is let go: what came has to be dealt with
 * first, and TCP holds the rest back. */
void net_hold(struct net_connection *connection, bool is_held);

/* Whether bytes of the peer's, or its end, have come and not been read yet. */
bool net_has_unread(const struct net_connection *connection);

/* The user may have output, or another deadline. */
void net_wake(struct net_connection *connection);

/* Sends bytes that the user knows nothing of, after what it has put out so far: for
 * illegal acts. */
void net_send_raw(struct net_connection *connection, struct sstp_span bytes);

/* With faults: the connection is reset at some moment within the next `num` bytes. */
void net_drop_within(struct net_connection *connection, uint64_t num);

/* Closes the socket at once, without a word to the peer; or does not open it any more. */
void net_drop(struct net_connection *connection);

/* The same by a reset, which overtakes what is under way. */
void net_reset(struct net_connection *connection);

/* Bytes that all sockets have carried. */
struct net_bytes {
    uint64_t in, out;
};
struct net_bytes net_bytes(const struct net *net);

struct net *net_of(const struct net_connection *connection);

/* A number that tells connections apart, from 1. */
unsigned net_connection_number(const struct net_connection *connection);

/* The port that it leads to as the capture shows it: which of a listener's doors it is. */
uint16_t net_connection_port(const struct net_connection *connection);

/* The address of the other end, of IPv4 with zeros after it. */
void net_connection_peer(const struct net_connection *connection, uint8_t address[16]);

/* "127.0.0.1:49152 127.0.0.1:2492", who opened it first: both ends call it so.  To be
 * freed. */
char *net_connection_name(const struct net_connection *connection);

/* The listener takes nobody any more. */
void net_listener_close(struct net_listener *listener);

/* Connections that are open. */
size_t net_num_connections(const struct net *net);

/* Whether "ADDRESS:PORT" is one; *address is set. */
bool net_parse_address(const char *text, struct sockaddr_storage *address);

#endif
