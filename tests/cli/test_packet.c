/* SPDX-License-Identifier: GPL-2.0-or-later */
/* packet: who, and which bytes of TCP, over each link; and which packets are the same one. */
#include "capture/packet.h"

#include <glib.h>
#include <string.h>

#define DATA_LEN 5u

/* IPv4 and TCP with five bytes of data: ten bytes of options or so are nobody's here. */
static GByteArray *ipv4(void)
{
    static const guint8 bytes[] = {0x45, 0,    0,    45,   0x12, 0x34, 0x40, 0,    64,
                                   6,    0xaa, 0xbb,                            /* IPv4 */
                                   192,  0,    2,    1,    198,  51,   100,  1, /* addresses */
                                   0xc0, 0x0,  0x9,  0xbc, 0,    0,    0x3,  0xe8, 0,
                                   0,    0x13, 0x88, 0x50, 0x18, 0xff, 0xff, /* TCP */
                                   0xcc, 0xdd, 0,    0,    'h',  'e',  'l',  'l',  'o'};
    GByteArray *packet = g_byte_array_new();
    return g_byte_array_append(packet, bytes, sizeof bytes);
}

static GByteArray *framed(const void *head, guint len, GByteArray *packet)
{
    return g_byte_array_prepend(packet, head, len);
}

static gboolean look(enum packet_link link, const GByteArray *packet,
                     struct packet_segment *segment)
{
    return packet_look(link, packet->data, packet->len, packet->len, segment);
}

static void check(enum packet_link link, GByteArray *packet, guint64 digest)
{
    struct packet_segment segment;

    g_assert_true(look(link, packet, &segment));
    g_assert_cmpuint(segment.source.family, ==, 4);
    g_assert_cmpuint(segment.source.port, ==, 49152);
    g_assert_cmpuint(segment.destination.port, ==, 2492);
    g_assert_cmpuint(segment.source.address[0], ==, 192);
    g_assert_cmpuint(segment.destination.address[0], ==, 198);
    g_assert_cmpuint(segment.sequence, ==, 1000);
    g_assert_cmpuint(segment.acknowledgement, ==, 5000);
    g_assert_cmpuint(segment.len, ==, DATA_LEN);
    g_assert_cmpuint(segment.num_seq, ==, DATA_LEN);
    if (digest != 0)
        g_assert_cmpuint(segment.digest, ==, digest);
    /* Cut anywhere, it is a segment as long as its headers are there, of the same length. */
    for (guint len = 0; len < packet->len; len++) {
        GByteArray *cut = g_byte_array_append(g_byte_array_new(), packet->data, len);
        if (packet_look(link, cut->data, cut->len, packet->len, &segment))
            g_assert_cmpuint(segment.len, ==, DATA_LEN);
        else
            g_assert_cmpuint(len, <, packet->len - DATA_LEN);
        g_byte_array_free(cut, TRUE);
    }
    g_byte_array_free(packet, TRUE);
}

static guint64 digest_of(GByteArray *packet)
{
    struct packet_segment segment;

    g_assert_true(look(PACKET_LINK_IP, packet, &segment));
    g_byte_array_free(packet, TRUE);
    return segment.digest;
}

static void test_links(void)
{
    static const guint8 ethernet[] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0};
    static const guint8 vlan[] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x81, 0, 0, 7, 8, 0};
    static const guint8 two[] = {2, 0,    0,    0, 0, 1,    2, 0, 0, 0, 0,
                                 2, 0x88, 0xa8, 0, 7, 0x81, 0, 0, 8, 8, 0};
    static const guint8 sll[] = {0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0};
    static const guint8 sll2[] = {8, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0};
    static const guint8 loopback[] = {2, 0, 0, 0};
    const guint64 digest = digest_of(ipv4());

    check(PACKET_LINK_IP, ipv4(), digest);
    check(PACKET_LINK_ETHERNET, framed(ethernet, sizeof ethernet, ipv4()), digest);
    check(PACKET_LINK_ETHERNET, framed(vlan, sizeof vlan, ipv4()), digest);
    check(PACKET_LINK_ETHERNET, framed(two, sizeof two, ipv4()), digest);
    check(PACKET_LINK_SLL, framed(sll, sizeof sll, ipv4()), digest);
    check(PACKET_LINK_SLL2, framed(sll2, sizeof sll2, ipv4()), digest);
    check(PACKET_LINK_NULL, framed(loopback, sizeof loopback, ipv4()), digest);
}

/* Within tunnels it is the same packet. */
static void test_tunnels(void)
{
    static const guint8 ethernet[] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0};
    static const struct {
        const char *name;
        guint8 protocol, head[24];
        guint len;
        gboolean is_bridged, is_none;
    } rows[] = {
        {"IP in IP", 4, {0}, 0, FALSE, FALSE},
        {"GRE", 47, {0, 0, 8, 0}, 4, FALSE, FALSE},
        {"GRE, checksum and key", 47, {0xa0, 0, 8, 0}, 12, FALSE, FALSE},
        {"GRE, bridged", 47, {0, 0, 0x65, 0x58}, 4, TRUE, FALSE},
        {"GRE, routed", 47, {0x40, 0, 8, 0}, 8, FALSE, TRUE},
        {"PPTP", 47, {0x20, 1, 8, 0}, 8, FALSE, TRUE},
        {"GRE of something", 47, {0, 0, 0x88, 0x0b}, 4, FALSE, TRUE},
        {"ERSPAN I", 47, {0, 0, 0x88, 0xbe}, 4, TRUE, FALSE},
        {"ERSPAN II", 47, {0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 7}, 16, TRUE, FALSE},
        {"ERSPAN III", 47, {0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 7}, 20, TRUE, FALSE},
        {"VXLAN", 17, {0xc0, 0, 0x12, 0xb5, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 7}, 16, TRUE, FALSE},
        {"VXLAN, no network", 17, {0xc0, 0, 0x12, 0xb5}, 16, TRUE, TRUE},
        {"Geneve", 17, {0xc0, 0, 0x17, 0xc1, 0, 0, 0, 0, 1, 0, 0x65, 0x58}, 20, TRUE, FALSE},
        {"any UDP", 17, {0xc0, 0, 0x17, 0xc2, 0, 0, 0, 0, 8}, 16, TRUE, TRUE},
    };
    const guint64 digest = digest_of(ipv4());

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        guint8 outer[20] = {0x45, [8] = 9, [12] = 10, [15] = 1, [16] = 10, [19] = 2};
        GByteArray *packet = ipv4();
        struct packet_segment segment;
        struct packet_pair pair;
        outer[9] = rows[i].protocol;
        if (rows[i].is_bridged)
            packet = framed(ethernet, sizeof ethernet, packet);
        packet = framed(outer, sizeof outer, framed(rows[i].head, rows[i].len, packet));
        g_test_message("%s", rows[i].name);
        if (rows[i].is_none) {
            g_assert_false(look(PACKET_LINK_IP, packet, &segment));
            g_assert_false(packet_pair(PACKET_LINK_IP, packet->data, packet->len, &pair));
            g_byte_array_free(packet, TRUE);
            continue;
        }
        g_assert_true(packet_pair(PACKET_LINK_IP, packet->data, packet->len, &pair));
        g_assert_cmpuint(pair.addresses[0][0], ==, 192);
        g_assert_cmpuint(pair.addresses[1][0], ==, 198);
        packet->data[6] = 0x20; /* the first part of it */
        g_assert_false(look(PACKET_LINK_IP, packet, &segment));
        packet->data[6] = 0;
        check(PACKET_LINK_IP, packet, digest);
    }
}

/* The same packet on another way, and TCP's own repetition of it. */
static void test_sameness(void)
{
    static const guint same[] = {1 /* DSCP */,           8 /* TTL */, 10,
                                 11 /* IP's checksum */, 36,          37 /* TCP's */};
    static const guint other[] = {4 /* identification */, 15 /* address */, 23 /* port */,
                                  27 /* sequence */,      33 /* flags */,   44 /* data */};
    const guint64 digest = digest_of(ipv4());

    for (gsize i = 0; i < G_N_ELEMENTS(same); i++) {
        GByteArray *packet = ipv4();
        packet->data[same[i]] ^= 1;
        g_assert_cmpuint(digest_of(packet), ==, digest);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(other); i++) {
        GByteArray *packet = ipv4();
        packet->data[other[i]] ^= 1;
        g_assert_cmpuint(digest_of(packet), !=, digest);
    }
}

static void test_padding(void)
{
    static const guint8 ethernet[] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0}, padding[6] = {0};
    GByteArray *packet = framed(ethernet, sizeof ethernet, ipv4());
    struct packet_segment segment;

    g_byte_array_append(packet, padding, sizeof padding);
    g_assert_true(look(PACKET_LINK_ETHERNET, packet, &segment));
    g_assert_cmpuint(segment.len, ==, DATA_LEN);
    g_byte_array_free(packet, TRUE);
}

static void test_no_segments(void)
{
    static const struct {
        guint at;
        guint8 value;
    } changes[] = {{9, 17}, {6, 0x20}, {7, 1}, {0, 0x43}, {32, 0x40}, {0, 0x25}};
    struct packet_segment segment;

    for (gsize i = 0; i < G_N_ELEMENTS(changes); i++) {
        GByteArray *packet = ipv4();
        packet->data[changes[i].at] = changes[i].value;
        g_assert_false(look(PACKET_LINK_IP, packet, &segment));
        g_byte_array_free(packet, TRUE);
    }
    GByteArray *packet = ipv4();
    g_assert_false(look(PACKET_LINK_OTHER, packet, &segment));
    g_byte_array_free(packet, TRUE);
}

static void test_ipv6(void)
{
    GByteArray *packet = ipv4();
    guint8 head[48] = {0x60, 0, 0, 0, 0, 33, 0, 64, 0x20, 0x01, 0x0d, 0xb8};
    struct packet_segment segment;

    head[23] = 1;
    head[24] = 0x20, head[25] = 0x01, head[39] = 2;
    head[40] = 6; /* hop-by-hop options of eight bytes, then TCP */
    g_byte_array_remove_range(packet, 0, 20);
    g_byte_array_prepend(packet, head, sizeof head);
    g_assert_true(look(PACKET_LINK_IP, packet, &segment));
    g_assert_cmpuint(segment.source.family, ==, 6);
    g_assert_cmpuint(segment.source.address[15], ==, 1);
    g_assert_cmpuint(segment.destination.address[15], ==, 2);
    g_assert_cmpuint(segment.destination.port, ==, 2492);
    g_assert_cmpuint(segment.len, ==, DATA_LEN);
    packet->data[6] = 44; /* a fragment */
    g_assert_false(look(PACKET_LINK_IP, packet, &segment));
    g_byte_array_free(packet, TRUE);
}

/* SYN and FIN take a number each. */
static void test_flags(void)
{
    GByteArray *packet = ipv4();
    struct packet_segment segment;

    packet->data[33] = PACKET_SYN | PACKET_FIN;
    g_assert_true(look(PACKET_LINK_IP, packet, &segment));
    g_assert_cmpuint(segment.num_seq, ==, DATA_LEN + 2);
    g_byte_array_free(packet, TRUE);
}

#define assert_same(a, b, len) g_assert_cmpint(memcmp(a, b, len), ==, 0)

static gboolean has_pair(const GByteArray *packet, struct packet_pair *pair)
{
    return packet_pair(PACKET_LINK_IP, packet->data, packet->len, pair);
}

static void check_pair(GByteArray *packet)
{
    static const guint8 lower[16] = {192, 0, 2, 1}, upper[16] = {198, 51, 100, 1};
    struct packet_pair pair;

    g_assert_true(has_pair(packet, &pair));
    g_assert_cmpuint(pair.family, ==, 4);
    assert_same(pair.addresses[0], lower, 16);
    assert_same(pair.addresses[1], upper, 16);
    g_byte_array_free(packet, TRUE);
}

/* Both directions, parts of a fragmented packet, what ICMP quotes, and IP in IP. */
static void test_pairs(void)
{
    static const guint8 icmp[] = {0x45, 0, 0,   73, 0, 0, 0, 0, 64, 1, 0, 0, 10, 0,
                                  0,    1, 192, 0,  2, 1, 3, 1, 0,  0, 0, 0, 0,  0};
    static const guint8 tunnel[] = {0x45, 0, 0,  65, 0, 0, 0,  0, 64, 4,
                                    0,    0, 10, 0,  0, 1, 10, 0, 0,  2};
    struct packet_segment segment;
    struct packet_pair pair, of_segment;

    check_pair(ipv4());
    GByteArray *packet = ipv4();
    g_assert_true(look(PACKET_LINK_IP, packet, &segment));
    packet_pair_of_segment(&segment, &of_segment);
    g_assert_true(has_pair(packet, &pair));
    assert_same(&pair, &of_segment, sizeof pair);
    for (guint i = 0; i < 4; i++) {
        const guint8 kept = packet->data[12 + i];
        packet->data[12 + i] = packet->data[16 + i];
        packet->data[16 + i] = kept;
    }
    check_pair(packet);
    packet = ipv4();
    packet->data[6] = 0x20; /* the first part of a fragmented packet */
    check_pair(packet);
    packet = ipv4();
    packet->data[7] = 1; /* a later one */
    check_pair(packet);
    check_pair(framed(icmp, sizeof icmp, ipv4()));
    check_pair(framed(tunnel, sizeof tunnel, ipv4()));
}

static void test_no_pairs(void)
{
    static const struct {
        guint at;
        guint8 value;
    } changes[] = {{9, 17}, {9, 47}, {9, 1}, {0, 0x43}, {0, 0x25}};
    struct packet_pair pair;

    for (gsize i = 0; i < G_N_ELEMENTS(changes); i++) {
        GByteArray *packet = ipv4();
        packet->data[changes[i].at] = changes[i].value;
        g_assert_false(has_pair(packet, &pair));
        g_byte_array_free(packet, TRUE);
    }
    GByteArray *packet = ipv4();
    for (guint len = 0; len < 20; len++)
        g_assert_false(packet_pair(PACKET_LINK_IP, packet->data, len, &pair));
    g_assert_false(packet_pair(PACKET_LINK_OTHER, packet->data, packet->len, &pair));
    g_byte_array_free(packet, TRUE);
}

static void test_ipv6_pairs(void)
{
    GByteArray *packet = ipv4();
    guint8 head[48] = {0x60, 0, 0, 0, 0, 33, 44, 64, 0x20, 0x01, 0x0d, 0xb8};
    struct packet_pair pair;

    head[23] = 1;
    head[24] = 0x20, head[25] = 0x01, head[39] = 2;
    head[40] = 6; /* a part of a fragmented packet of TCP */
    head[43] = 8;
    g_byte_array_remove_range(packet, 0, 20);
    g_byte_array_prepend(packet, head, sizeof head);
    g_assert_true(has_pair(packet, &pair));
    g_assert_cmpuint(pair.family, ==, 6);
    assert_same(pair.addresses[0], head + 24, 16);
    assert_same(pair.addresses[1], head + 8, 16);
    packet->data[40] = 17;
    g_assert_false(has_pair(packet, &pair));
    g_byte_array_free(packet, TRUE);
}

/* The same of both directions, and another one for each thing that differs. */
static void test_ends(void)
{
    const struct packet_end low = {{10, 0, 0, 1}, 2492, 4}, high = {{10, 0, 0, 2}, 2492, 4};
    struct packet_end port = low, family = low, ends[2], others[2];

    port.port++;
    family.family = 6;
    g_assert_cmpint(packet_end_compare(&low, &low), ==, 0);
    g_assert_cmpint(packet_end_compare(&low, &high), <, 0);
    g_assert_cmpint(packet_end_compare(&port, &low), >, 0);
    g_assert_cmpint(packet_end_compare(&low, &family), <, 0);
    g_assert_cmpuint(packet_ends_sort(&low, &high, ends), ==, 0);
    g_assert_cmpuint(packet_ends_sort(&high, &low, others), ==, 1);
    g_assert_true(packet_ends_equal(ends, others));
    g_assert_cmpuint(packet_ends_hash(ends), ==, packet_ends_hash(others));
    (void)packet_ends_sort(&port, &high, others);
    g_assert_false(packet_ends_equal(ends, others));
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/packet/links", test_links);
    g_test_add_func("/packet/tunnels", test_tunnels);
    g_test_add_func("/packet/sameness", test_sameness);
    g_test_add_func("/packet/padding", test_padding);
    g_test_add_func("/packet/no-segments", test_no_segments);
    g_test_add_func("/packet/ipv6", test_ipv6);
    g_test_add_func("/packet/flags", test_flags);
    g_test_add_func("/packet/pairs", test_pairs);
    g_test_add_func("/packet/no-pairs", test_no_pairs);
    g_test_add_func("/packet/ipv6-pairs", test_ipv6_pairs);
    g_test_add_func("/packet/ends", test_ends);
    return g_test_run();
}
