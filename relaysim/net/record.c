/* SPDX-License-Identifier: GPL-2.0-or-later */
/* record: what the capture (record/capture.h) is told. */
#include "net/internal.h"

#include "net/address.h"
#include "record/capture.h"
#include "record/recording_clock.h"

static uint64_t now_ns(const struct net_connection *connection)
{
    return recording_clock_ns(connection->net->config.clock);
}

/* A number for the address of the peer, by which those of one can be told together. */
static unsigned peer_number(const struct net_connection *connection)
{
    uint8_t address[16];
    unsigned number = 0;
    net_connection_peer(connection, address);
    for (size_t i = 0; i < sizeof address; i++)
        number = 31 * number + address[i];
    return number;
}

/* Where an accepted connection is shown to come from: each from another address
 * or port, so that the capture never has two of the same four numbers.  Over HTTP several are one,
 * and those of one peer are shown to be so. */
static void set_initiator(struct net_connection *connection, struct capture_address *address)
{
    enum { HOSTS = 200, FIRST_HOST = 10, FIRST_PORT = 49152, PORTS = 16384 };
    const unsigned n = connection->number - 1;
    const bool is_http = net_connection_port(connection) == NET_PORT_HTTP;
    const unsigned host = is_http ? peer_number(connection) : n;
    const unsigned port = is_http ? n : n / HOSTS;
    address->initiator_host = (uint8_t)(FIRST_HOST + host % HOSTS);
    address->initiator_port = (uint16_t)(FIRST_PORT + port % PORTS);
}

void net_start_recording(struct net_connection *connection)
{
    const struct net_config *config = &connection->net->config;
    if (config->capture == NULL || (!connection->is_initiator && config->has_both_ends))
        return;
    const struct sockaddr_storage local = connection->net->tcp->local(connection);
    struct capture_address address = {.initiator_host = connection->hosts.initiator_host,
                                      .initiator_port = net_address_port(&local),
                                      .acceptor_host = connection->hosts.acceptor_host,
                                      .acceptor_port = net_connection_port(connection)};
    if (!connection->is_initiator)
        set_initiator(connection, &address);
    if (address.initiator_host == 0)
        address.initiator_host = 10;
    if (address.acceptor_host == 0)
        address.acceptor_host = 1;
    connection->capture = capture_connect(config->capture, address, now_ns(connection));
}

void net_record_data(struct net_connection *connection, bool is_ours, const void *data, size_t len)
{
    if (connection->capture != NULL)
        capture_data(connection->capture, is_ours == connection->is_initiator, data, len,
                     now_ns(connection));
}

void net_record_finish(struct net_connection *connection, bool is_ours)
{
    if (connection->capture != NULL)
        capture_finish(connection->capture, is_ours == connection->is_initiator,
                       now_ns(connection));
}

void net_record_end(struct net_connection *connection)
{
    if (connection->capture != NULL)
        capture_disconnect(connection->capture, now_ns(connection));
    connection->capture = NULL;
}
