/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record/capture.h"

#include "record/pcapng.h"
#include "record/recording_file.h"

#include <stdlib.h>
#include <string.h>

#define ETHERNET_LEN 14u
#define IPV4_LEN 20u
#define TCP_LEN 20u
#define SYN_OPTIONS_LEN 4u /* the maximum segment size */
#define MSS 1460u          /* of Ethernet, with headers of these lengths */
#define WINDOW 65535u
#define FRAME_MAX (ETHERNET_LEN + IPV4_LEN + TCP_LEN + MSS)
/* An acknowledgement for every other segment, as receivers do. */
#define SEGMENTS_PER_ACK 2u

#define FIN 0x01u
#define SYN 0x02u
#define RST 0x04u
#define PSH 0x08u
#define ACK 0x10u

struct capture {
    struct recording_file *file;
    struct pcapng *pcapng;
    uint64_t last_ns;
    uint32_t num_connections;
    uint16_t next_ip_id;
    struct faults *faults;
    bool has_to_reorder; /* the next segment that has another one after it */
    size_t held_len;     /* of a frame that waits for the next one */
    uint8_t held[FRAME_MAX];
};

/* One side of a connection. */
struct side {
    uint8_t address[4];
    uint8_t ethernet[6];
    uint16_t port;
    uint32_t next;  /* sequence number of its next byte */
    uint32_t acked; /* what it has acknowledged of the other's */
    bool is_finished;
};

struct capture_connection {
    struct capture *capture;
    struct side sides[2]; /* the acceptor, the initiator */
};

struct capture *capture_new(struct recording_file *file)
{
    struct capture *capture = calloc(1, sizeof *capture);
    if (capture == NULL)
        return NULL;
    capture->file = file;
    capture->pcapng = pcapng_new(file, "relaysim " RELAYSIM_VERSION);
    if (capture->pcapng == NULL) {
        free(capture);
        return NULL;
    }
    return capture;
}

void capture_set_faults(struct capture *capture, struct faults *faults)
{
    if (capture != NULL)
        capture->faults = faults;
}

void capture_begin_answers(struct capture *capture)
{
    pcapng_hold(capture->pcapng);
}

bool capture_answer(struct capture *capture, bool is_to_come, const char *line, size_t len)
{
    return pcapng_comment(capture->pcapng, is_to_come, line, len);
}

void capture_reopen(struct capture *capture)
{
    pcapng_end_section(capture->pcapng);
    recording_file_reopen(capture->file);
    capture->last_ns = 0; /* the clock has been started anew, too */
}

void capture_free(struct capture *capture)
{
    if (capture == NULL)
        return;
    pcapng_free(capture->pcapng);
    free(capture);
}

/* ------------------------------------------------------------------------
 * Frames
 */

static void put_u16(uint8_t *p, unsigned value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static void put_u32(uint8_t *p, uint32_t value)
{
    put_u16(p, value >> 16);
    put_u16(p + 2, value & 0xffff);
}

/* The Internet checksum (RFC 1071) over bytes whose sum so far is `sum`. */
static uint16_t checksum(uint32_t sum, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i + 1 < len; i += 2)
        sum += (uint32_t)data[i] << 8 | data[i + 1];
    if (len % 2 != 0)
        sum += (uint32_t)data[len - 1] << 8;
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static void put_ethernet_and_ip(uint8_t *frame, const struct side *from, const struct side *to,
                                size_t tcp_len, uint16_t ip_id)
{
    uint8_t *ip = frame + ETHERNET_LEN;
    memcpy(frame, to->ethernet, 6);
    memcpy(frame + 6, from->ethernet, 6);
    put_u16(frame + 12, 0x0800); /* IPv4 */
    ip[0] = 0x45;                /* version 4, five words */
    ip[1] = 0;
    put_u16(ip + 2, (unsigned)(IPV4_LEN + tcp_len));
    put_u16(ip + 4, ip_id);
    put_u16(ip + 6, 0x4000); /* do not fragment */
    ip[8] = 64;              /* time to live */
    ip[9] = 6;               /* TCP */
    put_u16(ip + 10, 0);
    memcpy(ip + 12, from->address, 4);
    memcpy(ip + 16, to->address, 4);
    put_u16(ip + 10, checksum(0, ip, IPV4_LEN));
}

static uint32_t pseudo_header_sum(const struct side *from, const struct side *to, size_t tcp_len)
{
    uint8_t header[12];
    memcpy(header, from->address, 4);
    memcpy(header + 4, to->address, 4);
    put_u16(header + 8, 6);
    put_u16(header + 10, (unsigned)tcp_len);
    return (uint16_t)~checksum(0, header, sizeof header);
}

/* A frame with the fault that befalls it.  `is_followed`: the same side's next segment
 * comes right after. */
static void write_or_not(struct capture *capture, const uint8_t *frame, size_t len, bool has_data,
                         bool is_followed, uint64_t time_ns)
{
    enum fault_of_segment fault =
        capture->faults != NULL && has_data ? faults_of_segment(capture->faults) : FAULT_NONE;
    /* To be out of order takes two. */
    capture->has_to_reorder = capture->has_to_reorder || fault == FAULT_REORDER;
    if (capture->held_len == 0 && capture->has_to_reorder && is_followed && fault != FAULT_LOSE) {
        capture->has_to_reorder = false;
        memcpy(capture->held, frame, len);
        capture->held_len = len;
        return;
    }
    if (fault != FAULT_LOSE)
        pcapng_packet(capture->pcapng, time_ns, frame, len);
    if (fault == FAULT_DUPLICATE)
        pcapng_packet(capture->pcapng, time_ns, frame, len);
    if (capture->held_len > 0)
        pcapng_packet(capture->pcapng, time_ns, capture->held, capture->held_len);
    capture->held_len = 0;
}

/* One segment, which moves its sender on. */
static void put_segment(struct capture_connection *connection, bool from_initiator, uint8_t flags,
                        const uint8_t *data, size_t len, bool is_followed, uint64_t time_ns)
{
    struct capture *capture = connection->capture;
    struct side *from = &connection->sides[from_initiator];
    const struct side *to = &connection->sides[!from_initiator];
    const size_t header_len = TCP_LEN + ((flags & SYN) != 0 ? SYN_OPTIONS_LEN : 0);
    uint8_t frame[FRAME_MAX + SYN_OPTIONS_LEN];
    uint8_t *tcp = frame + ETHERNET_LEN + IPV4_LEN;

    put_ethernet_and_ip(frame, from, to, header_len + len, capture->next_ip_id++);
    if ((flags & ACK) != 0)
        from->acked = to->next;
    put_u16(tcp, from->port);
    put_u16(tcp + 2, to->port);
    put_u32(tcp + 4, from->next);
    put_u32(tcp + 8, (flags & ACK) != 0 ? from->acked : 0);
    tcp[12] = (uint8_t)(header_len / 4 << 4);
    tcp[13] = flags;
    put_u16(tcp + 14, (flags & RST) != 0 ? 0 : WINDOW);
    put_u16(tcp + 16, 0);
    put_u16(tcp + 18, 0);
    if ((flags & SYN) != 0) {
        tcp[20] = 2; /* maximum segment size */
        tcp[21] = 4;
        put_u16(tcp + 22, MSS);
    }
    if (len > 0)
        memcpy(tcp + header_len, data, len);
    put_u16(tcp + 16,
            checksum(pseudo_header_sum(from, to, header_len + len), tcp, header_len + len));
    from->next += (uint32_t)len + ((flags & (SYN | FIN)) != 0 ? 1 : 0);

    /* Time in the file does not go back. */
    if (time_ns < capture->last_ns)
        time_ns = capture->last_ns;
    capture->last_ns = time_ns;
    write_or_not(capture, frame, ETHERNET_LEN + IPV4_LEN + header_len + len, len > 0, is_followed,
                 time_ns);
}

static void put_ack(struct capture_connection *connection, bool from_initiator, uint64_t time_ns)
{
    if (connection->sides[from_initiator].acked != connection->sides[!from_initiator].next)
        put_segment(connection, from_initiator, ACK, NULL, 0, false, time_ns);
}

/* ------------------------------------------------------------------------
 * Connections
 */

/* First sequence numbers that differ, as real ones do. */
static uint32_t first_sequence(uint32_t number)
{
    return (number + 1) * 0x9e3779b1u;
}

struct capture_connection *capture_connect(struct capture *capture, struct capture_address address,
                                           uint64_t time_ns)
{
    struct capture_connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL)
        return NULL;
    const uint32_t number = capture->num_connections++;
    connection->capture = capture;
    connection->sides[1] = (struct side){.address = {192, 0, 2, address.initiator_host},
                                         .ethernet = {2, 0, 192, 0, 2, address.initiator_host},
                                         .port = address.initiator_port,
                                         .next = first_sequence(2 * number)};
    connection->sides[0] = (struct side){.address = {198, 51, 100, address.acceptor_host},
                                         .ethernet = {2, 0, 198, 51, 100, address.acceptor_host},
                                         .port = address.acceptor_port,
                                         .next = first_sequence(2 * number + 1)};
    put_segment(connection, true, SYN, NULL, 0, false, time_ns);
    put_segment(connection, false, SYN | ACK, NULL, 0, false, time_ns);
    put_segment(connection, true, ACK, NULL, 0, false, time_ns);
    return connection;
}

void capture_data(struct capture_connection *connection, bool from_initiator, const void *data,
                  size_t len, uint64_t time_ns)
{
    const uint8_t *bytes = data;
    unsigned num_segments = 0;
    while (len > 0) {
        const size_t part = len < MSS ? len : MSS;
        const bool is_acked = ++num_segments % SEGMENTS_PER_ACK == 0 || part == len;
        put_segment(connection, from_initiator, part == len ? ACK | PSH : ACK, bytes, part,
                    !is_acked, time_ns);
        bytes += part;
        len -= part;
        if (is_acked)
            put_ack(connection, !from_initiator, time_ns);
    }
}

void capture_finish(struct capture_connection *connection, bool from_initiator, uint64_t time_ns)
{
    if (connection->sides[from_initiator].is_finished)
        return;
    connection->sides[from_initiator].is_finished = true;
    put_segment(connection, from_initiator, FIN | ACK, NULL, 0, false, time_ns);
    put_ack(connection, !from_initiator, time_ns);
}

void capture_disconnect(struct capture_connection *connection, uint64_t time_ns)
{
    if (connection == NULL)
        return;
    if (!connection->sides[0].is_finished || !connection->sides[1].is_finished)
        put_segment(connection, connection->sides[0].is_finished, RST | ACK, NULL, 0, false,
                    time_ns);
    free(connection);
}
