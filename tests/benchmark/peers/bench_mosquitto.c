/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench_mosquitto: loads an MQTT 3.1.1 broker.  QoS 1 both ways: the broker acknowledges
 * every message to the sender, and every receiver acknowledges it to the broker.
 *
 * The few packets that this takes are written and read by hand.  libmosquitto 2.0 makes
 * six system calls of each message that is sent and acknowledged, and no fewer of each
 * that is received (counted with strace): the load would be measured, not the broker.
 * Here a system call carries as many packets as there are.
 */
#include "load.h"

#include "fail.h"

#include <stdio.h>
#include <string.h>

/* Packet types, with the flags that QoS 1 gives them. */
enum {
    CONNECT = 0x10,
    CONNACK = 0x20,
    PUBLISH = 0x32,
    PUBACK = 0x40,
    SUBSCRIBE = 0x82,
    SUBACK = 0x90,
    PINGREQ = 0xc0,
    PINGRESP = 0xd0,
    DISCONNECT = 0xe0,
};

#define TOPIC "bench"
#define TOPIC_LEN 5
#define HEADER_MAX 5 /* type, and a length of one to four bytes */

/* Remaining length, seven bits a byte; returns how many bytes it takes. */
static size_t put_length(uint8_t *out, size_t len)
{
    size_t used = 0;
    do {
        out[used] = (uint8_t)(len & 0x7f);
        len >>= 7;
        if (len > 0)
            out[used] |= 0x80;
        used++;
    } while (len > 0);
    return used;
}

/* Looks at a packet's header: 0 where it is not complete, else its length, and in `len`
 * that of the rest. */
static size_t get_header(const uint8_t *in, size_t available, size_t *len)
{
    *len = 0;
    for (size_t used = 1; used < available && used < HEADER_MAX; used++) {
        *len |= (size_t)(in[used] & 0x7f) << (7 * (used - 1));
        if ((in[used] & 0x80) == 0)
            return used + 1;
    }
    return 0;
}

static void connect_as(struct link *link, const struct load *load, const char *id,
                       bool is_clean_session)
{
    uint8_t packet[64] = {CONNECT, 0, 0, 4, 'M', 'Q', 'T', 'T', 4};
    size_t len = 9;
    packet[len++] = is_clean_session ? 0x02 : 0;
    packet[len++] = 0; /* keep alive: off */
    packet[len++] = 0;
    size_t id_len = strlen(id);
    packet[len++] = 0;
    packet[len++] = (uint8_t)id_len;
    memcpy(packet + len, id, id_len);
    len += id_len;
    packet[1] = (uint8_t)(len - 2);
    uint8_t answer[4];
    link_open(link, load->port);
    link_write_now(link, packet, len);
    link_read_exactly(link, answer, sizeof answer);
    if (answer[0] != CONNACK || answer[3] != 0)
        fail("the broker refuses the connection with code %u", answer[3]);
}

static void connect_receiver(struct load *load, struct receiver *receiver)
{
    char id[32];
    snprintf(id, sizeof id, "receiver-%u", receiver->index);
    connect_as(&receiver->link, load, id, false);
}

static void open_sender(struct load *load)
{
    connect_as(&load->sender, load, "sender", true);
}

static void introduce(struct load *load, struct receiver *receiver)
{
    static const uint8_t subscribe[] = {SUBSCRIBE, 10,  0,   1,   0,   TOPIC_LEN,
                                        'b',       'e', 'n', 'c', 'h', 1};
    static const uint8_t disconnect[] = {DISCONNECT, 0};
    uint8_t answer[5];
    connect_receiver(load, receiver);
    link_write_now(&receiver->link, subscribe, sizeof subscribe);
    link_read_exactly(&receiver->link, answer, sizeof answer);
    if (answer[0] != SUBACK || answer[4] != 1)
        fail("the broker refuses the subscription with code %u", answer[4]);
    link_write_now(&receiver->link, disconnect, sizeof disconnect);
    /* Nothing else answers a DISCONNECT.  What is sent to the broker on another connection can
     * overtake it, and would be for a receiver that is still there. */
    link_await_end(&receiver->link);
    link_close(&receiver->link);
}

static void submit(struct load *load, uint32_t first, uint32_t count)
{
    for (uint32_t i = first; i < first + count; i++) {
        size_t len = 2 + TOPIC_LEN + 2 + load->size;
        uint8_t *out = link_room(&load->sender, HEADER_MAX + len);
        size_t used = 0;
        out[used++] = PUBLISH;
        used += put_length(out + used, len);
        out[used++] = 0;
        out[used++] = TOPIC_LEN;
        memcpy(out + used, TOPIC, TOPIC_LEN);
        used += TOPIC_LEN;
        uint32_t id = i % 0xffff + 1; /* 0 is none */
        out[used++] = (uint8_t)(id >> 8);
        out[used++] = (uint8_t)id;
        memcpy(out + used, load_message(load, i), load->size);
        load->sender.out_len += used + load->size;
    }
}

static size_t read_sender(struct load *load)
{
    const uint8_t *in = load->sender.in;
    size_t used = 0;
    for (; load->sender.in_len - used >= 4; used += 4) {
        uint32_t id = (uint32_t)in[used + 2] << 8 | in[used + 3];
        if (in[used] != PUBACK || in[used + 1] != 2)
            fail("the broker sends a packet 0x%02x where a PUBACK is due", in[used]);
        if (id != load->num_acked % 0xffff + 1)
            fail("the broker acknowledges packet %u, and not message %u", id, load->num_acked);
        load_acked(load);
    }
    return used;
}

/* One PUBLISH: checks the message and appends the PUBACK. */
static void on_publish(struct load *load, struct receiver *receiver, const uint8_t *rest,
                       size_t len)
{
    if (len < 2 + TOPIC_LEN + 2 || rest[1] != TOPIC_LEN)
        fail("the broker sends a message of another topic");
    const uint8_t *id = rest + 2 + TOPIC_LEN;
    load_delivered(load, receiver, id + 2, len - 2 - TOPIC_LEN - 2);
    const uint8_t puback[] = {PUBACK, 2, id[0], id[1]};
    link_append(&receiver->link, puback, sizeof puback);
    /* Nothing answers a PUBACK.  A ping after the last one is answered when all of them
     * are processed. */
    if (load_has_all(load, receiver)) {
        static const uint8_t ping[] = {PINGREQ, 0};
        link_append(&receiver->link, ping, sizeof ping);
    }
}

static size_t read_receiver(struct load *load, struct receiver *receiver)
{
    const uint8_t *in = receiver->link.in;
    size_t available = receiver->link.in_len, used = 0;
    receiver->link.lacks = 0;
    for (;;) {
        size_t len, header = get_header(in + used, available - used, &len);
        if (header == 0)
            return used;
        if (header + len > available - used) {
            receiver->link.lacks = header + len - (available - used);
            return used;
        }
        if (in[used] == PUBLISH)
            on_publish(load, receiver, in + used + header, len);
        else if (in[used] == PINGRESP)
            load_confirmed(load, receiver);
        else
            fail("the broker sends a packet 0x%02x where a message is due", in[used]);
        used += header + len;
    }
}

static const struct peer mosquitto = {
    .batch = 64,
    .open_sender = open_sender,
    .introduce = introduce,
    .open_receiver = connect_receiver,
    .submit = submit,
    .read_sender = read_sender,
    .read_receiver = read_receiver,
};

int main(int argc, char **argv)
{
    return load_main(argc, argv, &mosquitto);
}
