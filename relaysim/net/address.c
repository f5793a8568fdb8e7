/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/address.h"

#include "net/net.h"

#include <glib.h>
#include <string.h>

bool net_parse_address(const char *text, struct sockaddr_storage *address)
{
    const char *colon = strrchr(text, ':');
    guint64 port;

    if (colon == NULL || !g_ascii_string_to_unsigned(colon + 1, 10, 0, 65535, &port, NULL))
        return false;
    const bool is_bracketed = text[0] == '[' && colon > text + 1 && colon[-1] == ']';
    char *host = is_bracketed ? g_strndup(text + 1, (size_t)(colon - text) - 2)
                              : g_strndup(text, (size_t)(colon - text));
    memset(address, 0, sizeof *address);
    const char *name = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
    void *storage = address;
    const bool is_good = is_bracketed ? uv_ip6_addr(host, (int)port, storage) == 0
                                      : uv_ip4_addr(name, (int)port, storage) == 0;
    g_free(host);
    return is_good;
}

char *net_address_name(const struct sockaddr_storage *address)
{
    char host[INET6_ADDRSTRLEN] = "";
    const void *storage = address;
    if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = storage;
        uv_ip6_name(in6, host, sizeof host);
        return g_strdup_printf("[%s]:%u", host, ntohs(in6->sin6_port));
    }
    const struct sockaddr_in *in = storage;
    uv_ip4_name(in, host, sizeof host);
    return g_strdup_printf("%s:%u", host, ntohs(in->sin_port));
}

struct sockaddr_storage net_address_local(const uv_tcp_t *tcp)
{
    struct sockaddr_storage address;
    int len = sizeof address;
    memset(&address, 0, sizeof address);
    (void)uv_tcp_getsockname(tcp, (struct sockaddr *)(void *)&address, &len);
    return address;
}

struct sockaddr_storage net_address_peer(const uv_tcp_t *tcp)
{
    struct sockaddr_storage address;
    int len = sizeof address;
    memset(&address, 0, sizeof address);
    (void)uv_tcp_getpeername(tcp, (struct sockaddr *)(void *)&address, &len);
    return address;
}

uint16_t net_address_port(const struct sockaddr_storage *address)
{
    const void *storage = address;
    return ntohs(address->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)storage)->sin6_port
                                                : ((const struct sockaddr_in *)storage)->sin_port);
}
