/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "town_capture.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/encode.h"
#include "town_people.h"

#define EPOCH_NS (INT64_C(1700000000) * SECOND) /* any day */
#define PORT 2492u
#define HEADERS_LEN 54u /* of Ethernet, IPv4 and TCP */
#define FIRST_PORT 1024u
#define NUM_PORTS 60000u

#define FIN_ACK 0x11u
#define SYN 0x02u
#define SYN_ACK 0x12u
#define PUSH_ACK 0x18u

struct flow {
    bool is_open;
    uint32_t addresses[2]; /* likewise below */
    uint32_t next[2];      /* sequence numbers, by from_initiator */
};

struct town_capture {
    struct tale_listener listener;
    FILE *packets, *truth;
    GArray *flows;         /* struct flow, by the connection's number */
    GHashTable *addresses; /* of names, from 1 */
    GByteArray *pending;   /* a Message, which goes with what follows it */
    uint16_t identification;
};

/* ------------------------------------------------------------------------
 * Packets
 */

static void put_16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put_32(uint8_t *at, uint32_t value)
{
    put_16(at, value >> 16);
    put_16(at + 2, value);
}

static void write_native_32(FILE *file, uint32_t value)
{
    fwrite(&value, sizeof value, 1, file);
}

static void write_packet(struct town_capture *capture, uint32_t number, bool from_initiator,
                         unsigned flags, const uint8_t *data, size_t len, int64_t time_ns)
{
    struct flow *flow = &g_array_index(capture->flows, struct flow, number);
    uint8_t headers[HEADERS_LEN] = {[0] = 2, [6] = 2, [12] = 8, [14] = 0x45};
    const uint32_t ports[2] = {PORT, FIRST_PORT + number % NUM_PORTS};

    put_16(headers + 16, 40 + (uint32_t)len);
    put_16(headers + 18, capture->identification++);
    headers[22] = 64;
    headers[23] = 6;
    put_32(headers + 26, flow->addresses[from_initiator]);
    put_32(headers + 30, flow->addresses[!from_initiator]);
    put_16(headers + 34, ports[from_initiator]);
    put_16(headers + 36, ports[!from_initiator]);
    put_32(headers + 38, flow->next[from_initiator]);
    put_32(headers + 42, flow->next[!from_initiator]);
    headers[46] = 0x50;
    headers[47] = (uint8_t)flags;
    put_16(headers + 48, 65535);
    flow->next[from_initiator] += (uint32_t)len + ((flags & 3) != 0);
    write_native_32(capture->packets, (uint32_t)((EPOCH_NS + time_ns) / SECOND));
    write_native_32(capture->packets, (uint32_t)((EPOCH_NS + time_ns) % SECOND));
    write_native_32(capture->packets, (uint32_t)(sizeof headers + len));
    write_native_32(capture->packets, (uint32_t)(sizeof headers + len));
    fwrite(headers, sizeof headers, 1, capture->packets);
    if (len > 0)
        fwrite(data, 1, len, capture->packets);
}

/* Everybody has one, whatever the connection. */
static uint32_t address_of(struct town_capture *capture, const char *name)
{
    guint number = GPOINTER_TO_UINT(g_hash_table_lookup(capture->addresses, name));

    if (number == 0) {
        number = g_hash_table_size(capture->addresses) + 1;
        g_hash_table_insert(capture->addresses, g_strdup(name), GUINT_TO_POINTER(number));
    }
    return 0x0a000000u + number;
}

static void on_transport(void *cookie, uint32_t number, const char *initiator, const char *acceptor)
{
    struct town_capture *capture = cookie;
    const struct flow flow = {
        .addresses = {address_of(capture, acceptor), address_of(capture, initiator)},
        .next = {number * 7919 + 1, number * 104729 + 1}};

    g_assert_cmpuint(number, ==, capture->flows->len);
    g_array_append_val(capture->flows, flow);
}

/* A connection that is seen from its first command on has a handshake. */
static void open_flow(struct town_capture *capture, uint32_t number,
                      const struct sstp_command *command, int64_t time_ns)
{
    struct flow *flow = &g_array_index(capture->flows, struct flow, number);
    const bool is_open = flow->is_open;

    flow->is_open = true;
    if (is_open || command->id != SSTP_CONNECT)
        return;
    write_packet(capture, number, true, SYN, NULL, 0, time_ns - 2);
    write_packet(capture, number, false, SYN_ACK, NULL, 0, time_ns - 1);
}

static void add(struct town_capture *capture, const struct sstp_command *command)
{
    uint8_t bytes[65535];
    const size_t len = sstp_command_encode(command, bytes, sizeof bytes);

    g_assert_cmpuint(len, >, 0);
    g_byte_array_append(capture->pending, bytes, (guint)len);
}

static void send_pending(struct town_capture *capture, uint32_t number, bool from_initiator,
                         int64_t time_ns)
{
    write_packet(capture, number, from_initiator, PUSH_ACK, capture->pending->data,
                 capture->pending->len, time_ns);
    g_byte_array_set_size(capture->pending, 0);
}

static void on_command(void *cookie, uint32_t number, bool from_initiator, int64_t time_ns,
                       const struct sstp_command *command)
{
    struct town_capture *capture = cookie;

    open_flow(capture, number, command, time_ns);
    add(capture, command);
    if (command->id != SSTP_MESSAGE)
        send_pending(capture, number, from_initiator, time_ns);
}

static void on_message(void *cookie, uint32_t number, bool from_initiator, int64_t time_ns,
                       const struct sstp_command *end, const char *payload)
{
    struct town_capture *capture = cookie;
    const struct sstp_command data = {
        .id = SSTP_DATA, .session_id = end->session_id, .data = sstp_span_of_string(payload)};

    add(capture, &data);
    add(capture, end);
    send_pending(capture, number, from_initiator, time_ns);
}

static void on_end(void *cookie, uint32_t number, int64_t time_ns)
{
    struct town_capture *capture = cookie;

    if (!g_array_index(capture->flows, struct flow, number).is_open)
        return;
    write_packet(capture, number, true, FIN_ACK, NULL, 0, time_ns + 1);
    write_packet(capture, number, false, FIN_ACK, NULL, 0, time_ns + 2);
}

/* ------------------------------------------------------------------------
 * The truth
 */

static void write_hops(struct town_capture *capture, const struct town *town)
{
    for (guint i = 0; i < town->hops->len; i++) {
        const struct true_hop *hop = &g_array_index(town->hops, struct true_hop, i);
        const struct channel *channel = hop->channel;
        fprintf(capture->truth,
                "{\"type\": \"hop\", \"hop\": %u, \"parent\": %" PRId64
                ", \"sender\": \"%s\", \"receiver\": \"%s\", \"devices\": [",
                i, hop->parent == UINT32_MAX ? INT64_C(-1) : (int64_t)hop->parent,
                channel->from->name, channel->to->name);
        for (unsigned k = 0; k < channel->num; k++)
            fprintf(capture->truth, "%s\"%s\"", k > 0 ? ", " : "", channel->recipients[k]->name);
        fputs("]}\n", capture->truth);
    }
}

static void write_time(FILE *file, const char *name, int64_t time_ns)
{
    fprintf(file, ", \"%s\": ", name);
    if (time_ns == 0)
        fputs("null", file);
    else
        fprintf(file, "%" PRId64, EPOCH_NS + time_ns);
}

void town_capture_truth(struct town_capture *capture, const struct town *town)
{
    write_hops(capture, town);
    for (guint i = 0; i < town->messages->len; i++) {
        const struct message *message = &g_array_index(town->messages, struct message, i);
        fprintf(capture->truth,
                "{\"type\": \"message\", \"message\": %u, \"repeats\": %s, \"to\": {", i,
                message->repeats ? "true" : "false");
        for (unsigned k = 0; k < message->num; k++)
            fprintf(capture->truth, "%s\"%s\": %s", k > 0 ? ", " : "", message->recipients[k]->name,
                    message->is_delivered[k] ? "true" : "false");
        fputs("}}\n", capture->truth);
    }
    for (guint i = 0; i < town->legs->len; i++) {
        const struct true_leg *leg = &g_array_index(town->legs, struct true_leg, i);
        fprintf(capture->truth, "{\"type\": \"leg\", \"message\": %u, \"hop\": %u", leg->message,
                leg->hop);
        write_time(capture->truth, "t_ns", leg->time_ns);
        write_time(capture->truth, "acked_ns", leg->acked_ns);
        fputs("}\n", capture->truth);
    }
}

/* ------------------------------------------------------------------------
 * Files
 */

static FILE *create(const char *prefix, const char *suffix)
{
    g_autofree char *name = g_strconcat(prefix, suffix, NULL);
    return fopen(name, "w");
}

struct town_capture *town_capture_open(const char *prefix)
{
    struct town_capture *capture = g_new0(struct town_capture, 1);

    capture->listener =
        (struct tale_listener){on_transport, on_command, on_message, on_end, capture};
    capture->flows = g_array_new(FALSE, TRUE, sizeof(struct flow));
    capture->addresses = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    capture->pending = g_byte_array_new();
    capture->packets = create(prefix, ".pcap");
    capture->truth = create(prefix, ".jsonl");
    if (capture->packets == NULL || capture->truth == NULL) {
        (void)town_capture_close(capture);
        return NULL;
    }
    write_native_32(capture->packets, 0xa1b23c4du); /* with nanoseconds */
    write_native_32(capture->packets, 2 | 4 << 16);
    write_native_32(capture->packets, 0);
    write_native_32(capture->packets, 0);
    write_native_32(capture->packets, 65535);
    write_native_32(capture->packets, 1);
    return capture;
}

static bool finish(FILE *file)
{
    if (file == NULL)
        return false;
    const bool is_good = ferror(file) == 0;
    return fclose(file) == 0 && is_good;
}

bool town_capture_close(struct town_capture *capture)
{
    const bool has_packets = finish(capture->packets), has_truth = finish(capture->truth);

    g_array_free(capture->flows, TRUE);
    g_hash_table_unref(capture->addresses);
    g_byte_array_free(capture->pending, TRUE);
    g_free(capture);
    return has_packets && has_truth;
}

const struct tale_listener *town_capture_listener(const struct town_capture *capture)
{
    return &capture->listener;
}
