/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames: each link, both versions of IP, tags, addresses and checksums. */
#include "record/frame.h"

#include <string.h>

static const struct segment from_initiator = {.connection = 3,
                                              .from_initiator = true,
                                              .initiator_host = 10,
                                              .acceptor_host = 1,
                                              .initiator_port = 50000,
                                              .acceptor_port = 2492,
                                              .sequence = 0x01020304,
                                              .acknowledged = 0x05060708,
                                              .flags = SEGMENT_ACK | SEGMENT_PSH,
                                              .data = (const uint8_t *)"hello",
                                              .len = 5};

static unsigned u16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

/* The sum of 16-bit words, which is 0xffff over bytes with their checksum. */
static unsigned sum(const uint8_t *p, size_t len, unsigned start)
{
    unsigned total = start;
    for (size_t i = 0; i < len; i++)
        total += i % 2 == 0 ? (unsigned)p[i] << 8 : p[i];
    while (total >> 16 != 0)
        total = (total & 0xffff) + (total >> 16);
    return total;
}

static void check_ip(const uint8_t *ip, size_t len, bool has_ipv6)
{
    const size_t header_len = has_ipv6 ? 40 : 20, addresses = has_ipv6 ? 8 : 12;
    const size_t tcp_len = len - header_len;
    g_assert_cmpuint(ip[0] >> 4, ==, has_ipv6 ? 6 : 4);
    g_assert_cmpuint(ip[has_ipv6 ? 6 : 9], ==, 6);
    if (has_ipv6) {
        g_assert_cmpuint(u16(ip + 4), ==, tcp_len);
    } else {
        g_assert_cmpuint(u16(ip + 2), ==, len);
        g_assert_cmphex(sum(ip, 20, 0), ==, 0xffff);
    }
    g_assert_cmphex(sum(ip + header_len, tcp_len,
                        sum(ip + addresses, header_len - addresses, 6 + (unsigned)tcp_len)),
                    ==, 0xffff);
    g_assert_cmpint(memcmp(ip + len - 5, "hello", 5), ==, 0);
}

static void test_links(void)
{
    static const struct {
        enum wear_link link;
        unsigned type;
        size_t len, protocol_at; /* 0: it has none */
    } rows[] = {{WEAR_LINK_ETHERNET, 1, 14, 12},
                {WEAR_LINK_COOKED, 113, 16, 14},
                {WEAR_LINK_COOKED2, 276, 20, 0},
                {WEAR_LINK_LOOPBACK, 0, 4, 0},
                {WEAR_LINK_RAW, 101, 0, 0}};
    uint8_t *frame = g_malloc(FRAME_MAX);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        for (int has_ipv6 = 0; has_ipv6 <= 1; has_ipv6++) {
            const struct frame_style style = {.link = rows[i].link, .has_ipv6 = has_ipv6 != 0};
            const size_t len = frame_write(frame, &style, &from_initiator);
            g_assert_cmpuint(frame_link_type(rows[i].link), ==, rows[i].type);
            g_assert_cmpuint(len, ==, rows[i].len + (has_ipv6 ? 40 : 20) + 20 + 5);
            check_ip(frame + rows[i].len, len - rows[i].len, has_ipv6 != 0);
            if (rows[i].protocol_at != 0 || rows[i].link == WEAR_LINK_COOKED2)
                g_assert_cmphex(u16(frame + rows[i].protocol_at), ==, has_ipv6 ? 0x86dd : 0x0800);
            if (rows[i].link == WEAR_LINK_LOOPBACK)
                g_assert_cmpuint(frame[0], ==, has_ipv6 ? 30 : 2);
        }
    g_free(frame);
}

static void test_tags(void)
{
    uint8_t *frame = g_malloc(FRAME_MAX);
    struct segment segment = from_initiator;
    size_t len = frame_write(frame, &(struct frame_style){.vlan = 5}, &segment);
    g_assert_cmphex(u16(frame + 12), ==, 0x8100);
    g_assert_cmpuint(u16(frame + 14), ==, 5);
    g_assert_cmphex(u16(frame + 16), ==, 0x0800);
    check_ip(frame + 18, len - 18, false);
    /* Its own comes before that of all. */
    segment.vlan = 7;
    segment.num_hops = 1;
    len = frame_write(frame, &(struct frame_style){.vlan = 5}, &segment);
    g_assert_cmpuint(u16(frame + 14), ==, 7);
    g_assert_cmpuint(frame[18 + 8], ==, 63);
    check_ip(frame + 18, len - 18, false);
    g_free(frame);
}

static void test_addresses(void)
{
    static const uint8_t inside[] = {192, 0, 2, 10}, outside[] = {203, 0, 113, 1},
                         acceptor[] = {198, 51, 100, 1};
    static const uint8_t inside6[16] = {0x20, 1, 0x0d, 0xb8, 0, 2, [15] = 10};
    static const uint8_t outside6[16] = {0x20, 1, 0x0d, 0xb8, 1, 0x13, [15] = 1};
    uint8_t *frame = g_malloc(FRAME_MAX);
    struct segment segment = from_initiator;
    const struct frame_style plain = {.link = WEAR_LINK_RAW},
                             nat = {.link = WEAR_LINK_RAW, .is_outside = true},
                             plain6 = {.link = WEAR_LINK_RAW, .has_ipv6 = true},
                             nat6 = {.link = WEAR_LINK_RAW, .has_ipv6 = true, .is_outside = true};
    (void)frame_write(frame, &plain, &segment);
    g_assert_cmpint(memcmp(frame + 12, inside, 4), ==, 0);
    g_assert_cmpint(memcmp(frame + 16, acceptor, 4), ==, 0);
    g_assert_cmpuint(u16(frame + 20), ==, 50000);
    (void)frame_write(frame, &nat, &segment);
    g_assert_cmpint(memcmp(frame + 12, outside, 4), ==, 0);
    g_assert_cmpuint(u16(frame + 20), ==, 20003);
    (void)frame_write(frame, &plain6, &segment);
    g_assert_cmpint(memcmp(frame + 8, inside6, 16), ==, 0);
    (void)frame_write(frame, &nat6, &segment);
    g_assert_cmpint(memcmp(frame + 8, outside6, 16), ==, 0);
    segment.from_initiator = false;
    (void)frame_write(frame, &nat, &segment);
    g_assert_cmpint(memcmp(frame + 12, acceptor, 4), ==, 0);
    g_assert_cmpint(memcmp(frame + 16, outside, 4), ==, 0);
    g_assert_cmpuint(u16(frame + 22), ==, 20003);
    g_free(frame);
}

/* A SYN offers a segment size; the largest segment has room. */
static void test_sizes(void)
{
    static uint8_t data[FRAME_DATA_MAX];
    uint8_t *frame = g_malloc(FRAME_MAX);
    struct segment segment = from_initiator;
    segment.flags = SEGMENT_SYN;
    segment.mss = 536;
    segment.len = 0;
    g_assert_cmpuint(frame_write(frame, &(struct frame_style){.vlan = 1}, &segment), ==,
                     18 + 20 + 24);
    g_assert_cmpuint(u16(frame + 18 + 20 + 22), ==, 536);
    segment = from_initiator;
    segment.data = data;
    segment.len = sizeof data;
    g_assert_cmpuint(frame_write(frame, &(struct frame_style){.vlan = 1}, &segment), ==,
                     18 + 65535);
    g_assert_cmpuint(u16(frame + 18 + 2), ==, 65535);
    g_assert_cmpuint(
        frame_write(frame, &(struct frame_style){.vlan = 1, .has_ipv6 = true}, &segment), <=,
        FRAME_MAX);
    g_free(frame);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/frame/links", test_links);
    g_test_add_func("/frame/tags", test_tags);
    g_test_add_func("/frame/addresses", test_addresses);
    g_test_add_func("/frame/sizes", test_sizes);
    return g_test_run();
}
