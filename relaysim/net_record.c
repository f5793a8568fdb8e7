/* SPDX-License-Identifier: GPL-2.0-or-later */
/* net_record: what the capture (tap.h) and the truth file (truth.h) are told. */
#include "net_internal.h"

#include "net_address.h"

#include <time.h>

uint64_t net_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}
/* Where an accepted connection is shown to come from: each from another address
 * or port, so that the capture never has two of the same four numbers. */
static void set_initiator(struct net_connection *connection, struct tap_address *address)
{
    enum { HOSTS = 200, FIRST_HOST = 10, FIRST_PORT = 49152, PORTS = 16384 };
    const unsigned n = connection->number - 1;
    address->initiator_host = (uint8_t)(FIRST_HOST + n % HOSTS);
    address->initiator_port = (uint16_t)(FIRST_PORT + n / HOSTS % PORTS);
}

void net_start_recording(struct net_connection *connection)
{
    struct net *net = connection->net;
    const struct sockaddr_storage local = net_address_local(&connection->tcp);
    const struct sockaddr_storage peer = net_address_peer(&connection->tcp);

    if (net->config.tap != NULL && (connection->is_initiator || !net->config.has_both_ends)) {
        struct tap_address address = {.initiator_host = connection->hosts.initiator_host,
                                      .initiator_port = net_address_port(&local),
                                      .acceptor_host = connection->hosts.acceptor_host,
                                      .acceptor_port = 2492};
        if (!connection->is_initiator)
            set_initiator(connection, &address);
        if (address.initiator_host == 0)
            address.initiator_host = 10;
        if (address.acceptor_host == 0)
            address.acceptor_host = 1;
        connection->tap = tap_connect(net->config.tap, address, net_now_ns());
    }
    if (net->config.truth != NULL) {
        char *here = net_address_name(&local), *there = net_address_name(&peer);
        char *name = g_strdup_printf("%s %s", connection->is_initiator ? here : there,
                                     connection->is_initiator ? there : here);
        connection->truth = truth_enter(net->config.truth, name);
        g_free(name);
        g_free(here);
        g_free(there);
    }
}

void net_sent(struct net_connection *connection, const struct sstp_command *command)
{
    if (connection->truth != NULL)
        truth_command(connection->truth, connection->is_initiator, command, net_now_ns());
}

void net_noted(struct net_connection *connection, const struct sstp_ep_note *note)
{
    if (connection->truth != NULL)
        truth_note(connection->truth, connection->is_initiator, note, net_now_ns());
}

void net_fault(struct net_connection *connection, const char *kind, const char *text)
{
    if (connection->truth != NULL)
        truth_fault(connection->net->config.truth, connection->truth, kind, text, net_now_ns());
}

struct truth *net_truth(const struct net *net)
{
    return net->config.truth;
}

uint64_t net_wall_ns(void)
{
    return net_now_ns();
}

uint64_t net_truth_label(const struct net_connection *connection)
{
    return truth_label(connection->truth, connection->is_initiator);
}

unsigned net_connection_number(const struct net_connection *connection)
{
    return connection->number;
}
