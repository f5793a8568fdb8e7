/* SPDX-License-Identifier: GPL-2.0-or-later */
/* address: the addresses of sockets, for this room; net_parse_address() of net/net.h is here, too.
 */
#ifndef RELAYSIM_NET_ADDRESS_H
#define RELAYSIM_NET_ADDRESS_H

#include <uv.h>

/* "127.0.0.1:2492" or "[::1]:2492"; to be freed. */
char *net_address_name(const struct sockaddr_storage *address);

/* Zeroed when there is none. */
struct sockaddr_storage net_address_local(const uv_tcp_t *tcp);
struct sockaddr_storage net_address_peer(const uv_tcp_t *tcp);

uint16_t net_address_port(const struct sockaddr_storage *address);

#endif
