/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * http_options: what the carriers over HTTP can be told: limits and timers, each 0 for what the
 * products do, and names.
 */
#ifndef RELAYSIM_CARRIER_HTTP_OPTIONS_H
#define RELAYSIM_CARRIER_HTTP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The ConnectionEstablishment timer (GRVHENC 3.1.2.1, 3.3.2.1; of a server 3.2.2.1, 3.4.2.1). */
#define HTTP_CLIENT_ESTABLISH_MS 30000
#define HTTP_SERVER_ESTABLISH_MS 90000

/* How long nothing may come: NetworkReceiveIO (GRVHENC 3.1.2.2, 3.3.2.2 and 3.3.2.3; of a server
 * 3.2.2.2), and a server's IdleConnection (3.4.2.2). */
#define HTTP_CLIENT_RECEIVE_MS 300000
#define HTTP_SERVER_RECEIVE_MS 90000

/* LongLived and KeepAlive: a Noop after so long (GRVHENC notes 10, 14, 15, 23). */
#define HTTP_KEEPALIVE_MS 45000

/* Where one half is lost, until the last words are said over the other: whoever has to do something
 * with what came before it is acknowledged gets that long.  And then until all is closed. */
#define HTTP_GRACE_MS 100
#define HTTP_LINGER_MS 10000

#define HTTP_VIRTUAL_MAX 4096u /* virtual connections of a server at a time */

/* A lower limit of LongLived has no room for the echo string and a few commands. */
#define HTTP_LONGLIVED_LIMIT_MIN 1024u

struct door_service;
struct polling_options;

struct http_options {
    /* A client's: the name of whom it connects to.  What is in the URI, and no address. */
    const char *server_name;
    /* A server's: its own, one of which a request has to name; 0: any will do. */
    const char *const *server_names;
    size_t num_server_names;

    /* A server's encapsulations, up to NULL: carrier/http_services.h; NULL: none. */
    const struct door_service *const *services;

    size_t max_virtual;       /* a server's; HTTP_VIRTUAL_MAX */
    uint64_t longlived_limit; /* octets of one half; HENC_LONGLIVED_LENGTH_MAX */
    /* As the products do (GRVHENC notes 13, 17): when what a server says has reached its content
     * limit, GET alone is closed, and a client does not notice. */
    bool longlived_hangs;
    int64_t establish_ms;
    int64_t receive_ms;
    int64_t keepalive_ms;
    const struct polling_options *polling; /* carrier/polling_options.h; NULL: the products' */
};

#endif
