/* SPDX-License-Identifier: GPL-2.0-or-later */
/* record: what the capture (record/capture.h) and the truth file (record/truth.h) are told. */
#include "net/internal.h"

#include "net/address.h"

uint64_t net_recording_ns(const struct net *net)
{
    return net->config.recording != NULL ? recording_now_ns(net->config.recording) : 0;
}

static uint64_t now_ns(const struct net_connection *connection)
{
    return net_recording_ns(connection->net);
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
    const struct net *net = connection->net;
    struct tap *tap = net->config.recording != NULL ? net->config.recording->tap : NULL;
    const struct sockaddr_storage local = net_address_local(&connection->tcp);
    const struct sockaddr_storage peer = net_address_peer(&connection->tcp);

    if (tap != NULL && (connection->is_initiator || !net->config.has_both_ends)) {
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
        connection->tap = tap_connect(tap, address, now_ns(connection));
    }
    if (net_truth(net) != NULL) {
        char *here = net_address_name(&local), *there = net_address_name(&peer);
        char *name = g_strdup_printf("%s %s", connection->is_initiator ? here : there,
                                     connection->is_initiator ? there : here);
        connection->truth = truth_enter(net_truth(net), name);
        g_free(name);
        g_free(here);
        g_free(there);
    }
}

void net_record_data(struct net_connection *connection, bool is_ours, const void *data, size_t len)
{
    if (connection->tap != NULL)
        tap_data(connection->tap, is_ours == connection->is_initiator, data, len,
                 now_ns(connection));
    if (connection->truth != NULL)
        truth_passed(connection->truth);
}

void net_record_finish(struct net_connection *connection, bool is_ours)
{
    if (connection->tap != NULL)
        tap_finish(connection->tap, is_ours == connection->is_initiator, now_ns(connection));
}

void net_record_end(struct net_connection *connection)
{
    tap_disconnect(connection->tap, now_ns(connection));
    connection->tap = NULL;
}

void net_stop_recording(struct net_connection *connection)
{
    truth_leave(connection->truth);
    connection->truth = NULL;
}

void net_sent(struct net_connection *connection, const struct sstp_command *command)
{
    if (connection->truth != NULL)
        truth_command(connection->truth, connection->is_initiator, command, now_ns(connection));
}

void net_noted(struct net_connection *connection, const struct sstp_ep_note *note)
{
    if (connection->truth != NULL)
        truth_note(connection->truth, connection->is_initiator, note, now_ns(connection));
}

void net_fault(struct net_connection *connection, const char *kind, const char *text)
{
    if (connection->truth != NULL)
        truth_fault(net_truth(connection->net), connection->truth, kind, text, now_ns(connection));
}

struct truth *net_truth(const struct net *net)
{
    return net->config.recording != NULL ? net->config.recording->truth : NULL;
}

uint64_t net_truth_label(const struct net_connection *connection)
{
    return truth_label(connection->truth, connection->is_initiator);
}

unsigned net_connection_number(const struct net_connection *connection)
{
    return connection->number;
}
