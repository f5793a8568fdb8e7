/* SPDX-License-Identifier: GPL-2.0-or-later */
/* claim: ports that are somebody's before there is anybody. */
#include "net/internal.h"

#include "net/address.h"
#include "simulated/network.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 128

static bool bind_socket(int fd, const struct sockaddr_storage *storage)
{
    const void *address = storage;
    const int yes = 1;
    const bool is_ip6 = storage->ss_family == AF_INET6;
    const socklen_t len =
        is_ip6 ? (socklen_t)sizeof(struct sockaddr_in6) : (socklen_t)sizeof(struct sockaddr_in);
    /* One that this program had before is free again at once; [::] is not 0.0.0.0, too,
     * which somebody may want beside it. */
    return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
           (!is_ip6 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes) == 0) &&
           bind(fd, address, len) == 0;
}

char *net_cannot_listen(const char *address, int err)
{
    return g_strdup_printf("cannot listen on %s: %s", address, uv_strerror(err));
}

int net_claim(const char *address, char **error)
{
    struct sockaddr_storage storage;
    if (!net_parse_address(address, &storage)) {
        *error =
            g_strdup_printf("%s is not an address and a port, such as 127.0.0.1:2492", address);
        return -1;
    }
    const int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind_socket(fd, &storage) && listen(fd, BACKLOG) == 0)
        return fd;
    *error = net_cannot_listen(address, uv_translate_sys_error(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Of a simulated network it is the port itself. */
int net_claim_in(struct net *net, const char *address, char **error)
{
    struct sockaddr_storage storage;
    if (net->simulated == NULL || !net_parse_address(address, &storage))
        return net_claim(address, error);
    const uint16_t port = net_address_port(&storage);
    return port != 0 ? port : simulated_port(net->simulated);
}

/* A socket that does not listen. */
int net_keep_port(struct net *net, uint16_t *port, char **error)
{
    if (net->simulated != NULL)
        return *port = simulated_port(net->simulated);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    void *any = &address;
    socklen_t len = sizeof address;
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
        bind(fd, any, len) == 0 && getsockname(fd, any, &len) == 0) {
        *port = ntohs(address.sin_port);
        return fd;
    }
    *error = g_strdup_printf("there is no port to be had: %s", g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

void net_release_port(struct net *net, int kept)
{
    if (net->simulated == NULL)
        close(kept);
}
