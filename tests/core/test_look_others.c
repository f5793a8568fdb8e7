/* SPDX-License-Identifier: GPL-2.0-or-later */
/* That nothing else is taken for SSTP: other protocols, text, and noise. */
#include <glib.h>
#include <inttypes.h>

#include "hex.h"
#include "look.h"
#include "random.h"
#include "rows.h"

/* The larger answer of the two, whether or not the segment ends here. */
static int bits_of(const uint8_t *bytes, size_t len)
{
    const int begun = sstp_look(sstp_span(bytes, len), false, NULL).bits;
    const int ended = sstp_look(sstp_span(bytes, len), true, NULL).bits;
    return MAX(begun, ended);
}

static const struct sample {
    const char *name;
    const char *hex;
} samples[] = {
    {"tls-client-hello", "16 0301 00a5 01 0000a1 0303 00112233445566778899aabbccddeeff"},
    {"tls-server-hello", "16 0303 007a 02 000076 0303 00112233445566778899aabbccddeeff"},
    {"tls-application-data", "17 0303 0030 00112233445566778899aabbccddeeff"},
    {"tls-alert", "15 0303 0002 0228"},
    {"tls-change-cipher-spec", "14 0303 0001 01 16 0303 0028 0011223344556677"},
    {"tls-heartbeat", "18 0303 0003 01 4000"},
    {"ssl-2-client-hello", "80 2e 01 0002 0015 0000 0010 070000 03000001"},
    {"http-get", "'GET / HTTP/1.1' 0d0a 'Host: example.com' 0d0a0d0a"},
    {"http-post", "'POST /x HTTP/1.0' 0d0a 'Content-Length: 7' 0d0a0d0a 10070001000000"},
    {"http-connect", "'CONNECT relay:443 HTTP/1.0' 0d0a0d0a"},
    {"http-response", "'HTTP/1.1 200 OK' 0d0a 'Content-Length: 0' 0d0a0d0a"},
    {"http-2-preface", "'PRI * HTTP/2.0' 0d0a0d0a 'SM' 0d0a0d0a 000012 04 00 00000000"},
    {"ssh", "'SSH-2.0-OpenSSH_9.2p1 Debian-2' 0d0a"},
    {"smtp", "'220 mail.example.com ESMTP' 0d0a"},
    {"blank-lines", "0d0a0d0a0d0a0d0a 'text'"},
    {"line-feeds", "0a0a0a0a0a0a0a0a 'text'"},
    {"tabs", "0909090909090909 'text'"},
    {"vertical-tab", "0b0c0b0c 'text and more text'"},
    {"mqtt-connect", "10 10 0004 'MQTT' 04 02 003c 0004 'abcd'"},
    {"mqtt-connect-shortest", "10 0c 0004 'MQTT' 04 02 0000 0000"},
    {"mqtt-3.1-connect", "10 0e 0006 'MQIsdp' 03 02 003c 0000"},
    {"mqtt-5-connect", "10 0d 0004 'MQTT' 05 02 003c 00 0000"},
    {"mqtt-connect-of-133", "10 8501 0004 'MQTT' 04 02 003c 0079 'abcdefghijkl'"},
    {"mqtt-connect-then-publish", "10 0c 0004 'MQTT' 04 02 0000 0000 30 05 0001 'a' 'xy'"},
    {"mqtt-connack", "20 02 0000"},
    {"mqtt-publish", "30 07 0003 'a/b' 'xy'"},
    {"mqtt-subscribe", "82 08 0001 0003 'a/b' 00"},
    {"mqtt-pingreq", "c000"},
    {"mqtt-pingreqs", "c000 c000 c000"},
    {"smb-1", "00000055 ff 'SMB' 72 00000000 18 53c8"},
    {"smb-2", "000000f8 fe 'SMB' 4000 0000 00000000 0000"},
    {"netbios-session-request", "81000044 20 'CKFDENECFDEFFC' 00"},
    {"rtmp-handshake", "03 00000000 00000000 0123456789abcdef0123456789abcdef"},
    {"rtmp-handshake-with-time", "03 00010203 00000000 0123456789abcdef0123456789abcdef"},
    {"rtmp-handshake-little-time", "03 10000000 00000000 0123456789abcdef0123456789abcdef"},
    {"tpkt-rdp", "03000013 0e e0 0000 0000 00 01 0008 00 03000000"},
    {"tpkt-s7", "03000016 11 e0 0000 0001 00 c0010a c1020100 c2020102"},
    {"dns-over-tcp", "001d 1234 0100 0001 0000 0000 0000 07 'example' 03 'com' 00 0001 0001"},
    {"dns-over-tcp-of-300", "012c 0001 8180 0001 0001 0000 0000 07 'example' 03 'com' 00"},
    {"modbus", "0001 0000 0006 01 03 0000 000a"},
    {"modbus-noop-like", "1007 0000 0006 01 03 0000 000a"},
    {"modbus-end-message-like", "0f07 0000 0006 01 03 0000 000a"},
    {"dnp3", "0564 05c0 0100 0004 e921"},
    {"iec-104", "68 04 07000000"},
    {"ldap-bind", "300c 020101 6007 020103 0400 8000"},
    {"socks-4", "04 01 0050 7f000001 00"},
    {"socks-5", "05 01 00"},
    {"socks-5-two-methods", "05 02 0002"},
    {"socks-5-three-methods", "05 03 000102"},
    {"tds-prelogin", "12 01 002f 0000 01 00 00001a0006 010020 0001"},
    {"tds-login", "10 01 0090 0000 01 00 88000000 04000074"},
    {"tds-query", "01 01 005c 0000 01 00 16000000 12000000"},
    {"cassandra", "04 00 0000 01 00000016 0001 000b 'CQL_VERSION'"},
    {"postgresql", "00000008 04d2162f"},
    {"mysql-query", "05000000 03 'SEL'"},
    {"mysql-greeting", "4a000000 0a '8.0.32' 00 0b000000"},
    {"bittorrent", "13 'BitTorrent protocol' 0000000000100005"},
    {"diameter", "010000a4 80000101 00000000 1e9a1b2c"},
    {"radius", "01 0c 0014 00112233445566778899aabbccddeeff"},
    {"openflow", "04 00 0008 00000001"},
    {"lpd", "02 'queue' 0a"},
    {"iscsi-login", "03 87 0000 00000000 0000000000000000"},
    {"amqp", "'AMQP' 00000901"},
    {"rfb", "'RFB 003.008' 0a"},
    {"websocket", "81 05 'hello'"},
    {"bgp", "ffffffffffffffffffffffffffffffff 001d 01 04"},
    {"secure-socket-tunneling",
     "'SSTP_DUPLEX_POST /sra_{BA195980-CD49-458b-9E23-C84EE0ADCD75}/ HTTP/1.1' 0d0a"},
    {"secure-socket-tunneling-control", "10 01 000e 0001 0001 0001 0006 0001"},
};

/* Each sample, and each of its beginnings, of which none ends a segment. */
static void test_sample(const void *data)
{
    const struct sample *sample = data;
    uint8_t bytes[128];
    const size_t len = hex_parse(sample->hex, bytes, sizeof bytes);
    for (size_t cut = 0; cut < len; cut++)
        g_assert_cmpint(sstp_look(sstp_span(bytes, cut), false, NULL).bits, <, SSTP_LOOK_OWN_PORT);
    g_assert_cmpint(bits_of(bytes, len), <, SSTP_LOOK_OWN_PORT);
}

/* One byte again and again, zeros and 0xff among them. */
static void test_repeated_bytes(void)
{
    uint8_t bytes[2100];
    for (unsigned byte = 0; byte < 256; byte++) {
        memset(bytes, (int)byte, sizeof bytes);
        for (size_t len = 0; len <= sizeof bytes; len += len < 100 ? 1 : 50)
            g_assert_cmpint(bits_of(bytes, len), <, SSTP_LOOK_OWN_PORT);
    }
}

/* Text of any sort: it cannot even begin a command, for the shortest length that
 * two characters spell is above the limit of every command whose id is one. */
static void test_text(void)
{
    struct rng random = rng(21);
    for (unsigned i = 0; i < 200000; i++) {
        uint8_t bytes[80];
        const size_t len = rng_below(&random, sizeof bytes);
        for (size_t j = 0; j < len; j++)
            bytes[j] = rng_is_one_in(&random, 8) ? (uint8_t) "\t\n\r "[rng_below(&random, 4)]
                                                 : (uint8_t)(0x20 + rng_below(&random, 0x5f));
        g_assert_cmpint(bits_of(bytes, len), <=, 0);
    }
}

/* Modbus/TCP with every transaction identifier, which stands where CommandId and
 * half of CommandLength do: a fixed or fitting length costs it 14 bits, the zeros of
 * the protocol identifier pass for the rest; never on any port. */
static void test_modbus(void)
{
    static const char *const requests[] = {"0000 0006 01 03 0000 000a", "0000 0006 01 06 0001 0003",
                                           "0000 0006 ff 05 0100 ff00",
                                           "0000 0009 01 10 0001 0001 02 0007"};
    for (size_t i = 0; i < G_N_ELEMENTS(requests); i++) {
        unsigned num_claimed = 0;
        for (unsigned transaction = 0; transaction < 65536; transaction++) {
            uint8_t bytes[32] = {(uint8_t)(transaction >> 8), (uint8_t)transaction};
            const size_t len = 2 + hex_parse(requests[i], bytes + 2, sizeof bytes - 2);
            const int bits = bits_of(bytes, len);
            g_assert_cmpint(bits, <, SSTP_LOOK_ANY_PORT);
            num_claimed += bits >= SSTP_LOOK_OWN_PORT;
        }
        g_assert_cmpuint(num_claimed, <=, 65536u >> 14);
    }
}

/* DNS over TCP with every message id: queries of up to 511 bytes, answers of any
 * length.  One of 256 to 511 bytes starts like a Connect; its id has to spell
 * MajorVersionNumber (8 bits) and a CommandLength (5), and its zeros pass for the
 * rest: once in 2^13, and never on any port. */
static void test_dns(void)
{
    static const struct {
        uint8_t length[2];
        const char *header;
    } rows[] = {
        {{0x00, 0x1d}, "0100 0001 0000 0000 0000"}, {{0x01, 0x2c}, "0100 0001 0000 0000 0000"},
        {{0x00, 0x99}, "8180 0001 0001 0000 0000"}, {{0x01, 0x2c}, "8180 0001 0001 0000 0000"},
        {{0x02, 0x00}, "8180 0001 0002 0000 0001"}, {{0x04, 0x01}, "8583 0001 0000 0001 0000"},
        {{0x05, 0x80}, "8180 0001 0009 0000 0000"}, {{0x0f, 0x07}, "8180 0001 0009 0000 0000"},
        {{0x10, 0x07}, "8180 0001 0009 0000 0000"}, {{0x12, 0x40}, "8180 0001 0009 0000 0000"},
    };
    uint8_t question[32];
    const size_t question_len =
        hex_parse("07 'example' 03 'com' 00 0001 0001", question, sizeof question);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        unsigned num_claimed = 0;
        for (unsigned id = 0; id < 65536; id++) {
            uint8_t bytes[64] = {rows[i].length[0], rows[i].length[1], (uint8_t)(id >> 8),
                                 (uint8_t)id};
            const size_t header_len = hex_parse(rows[i].header, bytes + 4, sizeof bytes - 4);
            memcpy(bytes + 4 + header_len, question, question_len);
            const int bits = bits_of(bytes, 4 + header_len + question_len);
            g_assert_cmpint(bits, <, SSTP_LOOK_ANY_PORT);
            num_claimed += bits >= SSTP_LOOK_OWN_PORT;
        }
        g_assert_cmpuint(num_claimed, <=, rows[i].length[0] == 0x01 ? 65536u >> 13 : 0);
    }
}

/* How many of n random starts may reach `wanted` bits when none of them had any:
 * each of `num_sums` observations adds its bits once in 2^bits, so no sum of them
 * is reached more often than once in 2^wanted, and there are 2^num_sums sums. */
static unsigned expected_claims(unsigned n, int wanted, int num_sums)
{
    const int excess = wanted - num_sums;
    return excess <= 0 ? n : excess > 31 ? 0 : n >> excess;
}

/* A million random segments.  Of a command's evidence, at most six observations
 * are of single values; its text is never worth more than chance. */
static void test_random(void)
{
    enum { NUM = 1000000, OBSERVATIONS = 6 };
    const uint64_t seed = 41;
    struct rng random = rng(seed);
    unsigned num_own_port = 0, num_any_port = 0;

    for (unsigned i = 0; i < NUM; i++) {
        uint8_t bytes[64];
        const size_t len = rng_below(&random, sizeof bytes + 1);
        for (size_t j = 0; j < len; j += 8) {
            const uint64_t eight = rng_next(&random);
            memcpy(bytes + j, &eight, MIN(8, len - j));
        }
        const int bits = bits_of(bytes, len);
        num_own_port += bits >= SSTP_LOOK_OWN_PORT;
        num_any_port += bits >= SSTP_LOOK_ANY_PORT;
    }
    g_test_message("seed %" PRIu64 ": own port %u, any port %u", seed, num_own_port, num_any_port);
    g_assert_cmpuint(num_own_port, <=, expected_claims(NUM, SSTP_LOOK_OWN_PORT, OBSERVATIONS));
    g_assert_cmpuint(num_any_port, <=, expected_claims(NUM, SSTP_LOOK_ANY_PORT, OBSERVATIONS));
}

/* The same with a valid header given, so that the rest of the evidence is put to
 * the proof for every command: what it lacks has to come from random bytes. */
static void test_random_behind_headers(void)
{
    enum { NUM = 50000 };
    struct rng random = rng(42);
    for (unsigned id = SSTP_COMMAND_ID_MIN; id <= SSTP_COMMAND_ID_MAX; id++) {
        const struct sstp_command_info *info = sstp_command_info((uint8_t)id);
        const bool is_fixed = info->max_length <= 12;
        const int header_bits = 3 + (is_fixed                   ? 16
                                     : info->max_length == 2055 ? 5
                                     : info->max_length == 8192 ? 3
                                                                : 0);
        const int num_observations = is_fixed ? 2 : 5;
        unsigned num_own_port = 0, num_any_port = 0;
        for (unsigned i = 0; i < NUM; i++) {
            uint8_t bytes[64];
            const size_t room = MIN(info->max_length, sizeof bytes) - info->min_length;
            const size_t steps = room / info->length_step;
            const size_t length =
                info->min_length + info->length_step * rng_below(&random, steps + 1);
            rng_fill(&random, bytes, length);
            bytes[0] = (uint8_t)id;
            bytes[1] = (uint8_t)length;
            bytes[2] = 0;
            const int bits = sstp_look(sstp_span(bytes, length), false, NULL).bits;
            num_own_port += bits >= SSTP_LOOK_OWN_PORT;
            num_any_port += bits >= SSTP_LOOK_ANY_PORT;
        }
        g_test_message("%s: own port %u, any port %u", info->name, num_own_port, num_any_port);
        g_assert_cmpuint(num_own_port, <=,
                         expected_claims(NUM, SSTP_LOOK_OWN_PORT - header_bits, num_observations));
        g_assert_cmpuint(num_any_port, <=,
                         expected_claims(NUM, SSTP_LOOK_ANY_PORT - header_bits, num_observations));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_rows("/look/sample", samples, test_sample);
    g_test_add_func("/look/repeated-bytes", test_repeated_bytes);
    g_test_add_func("/look/text", test_text);
    g_test_add_func("/look/modbus", test_modbus);
    g_test_add_func("/look/dns", test_dns);
    g_test_add_func("/look/random", test_random);
    g_test_add_func("/look/random-after-headers", test_random_behind_headers);
    return g_test_run();
}
