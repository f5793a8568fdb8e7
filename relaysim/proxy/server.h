/* SPDX-License-Identifier: GPL-2.0-or-later */
/* server: a proxy that listens: visits (proxy/visit.h) on sockets (net/net.h). */
#ifndef RELAYSIM_PROXY_SERVER_H
#define RELAYSIM_PROXY_SERVER_H

#include "net/net.h"
#include "proxy/visit.h"

struct proxy_server;

/* Where a server is that a client has asked for. */
struct proxy_place {
    char *address;          /* "ADDRESS:PORT", to be freed */
    struct net_hosts hosts; /* of the two ends, in the capture */
};

struct proxy_server_config {
    const char *address; /* to listen at */
    size_t max_clients;  /* at a time; others are closed */
    struct proxy_visit_config visit;
    /* Finds "HOST:PORT", instead of the system; false where nobody knows it.  Or NULL. */
    bool (*find)(void *cookie, const char *wanted, struct proxy_place *place);
    void *cookie;
};

/* NULL with *error, a sentence to be freed, where it cannot listen. */
struct proxy_server *proxy_server_new(struct net *net, const struct proxy_server_config *config,
                                      char **error);

/* Closes all that it has; while the loop is there. */
void proxy_server_free(struct proxy_server *server);

/* Where it listens; to be freed. */
char *proxy_server_address(const struct proxy_server *server);

#endif
