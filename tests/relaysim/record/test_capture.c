/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The frames around the bytes: checksums, sequence numbers, both streams whole. */
#include "record/capture.h"

#include "recorded.h"
#include "core/wire.h"

#include <glib.h>

#define ENHANCED_PACKET 6u
#define FIN 0x01u
#define SYN 0x02u
#define RST 0x04u
#define ACK 0x10u

struct stream {
    GByteArray *bytes;
    bool has_syn, has_fin;
    uint32_t next;
    uint32_t acked; /* by the other side */
};

/* What was found in a file. */
struct found {
    struct stream streams[2]; /* of the acceptor, of the initiator */
    unsigned num_frames, num_resets;
    uint64_t last_ns;
};

static unsigned big_u16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

static uint32_t big_u32(const uint8_t *p)
{
    return (uint32_t)big_u16(p) << 16 | big_u16(p + 2);
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

static void check_frame(struct found *found, const uint8_t *frame, size_t len)
{
    const uint8_t *ip = frame + 14, *tcp = ip + 20;
    g_assert_cmpuint(len, >=, 54);
    g_assert_cmphex(big_u16(frame + 12), ==, 0x0800);
    g_assert_cmpuint(big_u16(ip + 2), ==, len - 14);
    g_assert_cmphex(sum(ip, 20, 0), ==, 0xffff);
    g_assert_cmphex(sum(tcp, len - 34, sum(ip + 12, 8, 6 + (unsigned)(len - 34))), ==, 0xffff);

    const bool from_initiator = ip[12] == 192;
    struct stream *stream = &found->streams[from_initiator];
    struct stream *other = &found->streams[!from_initiator];
    const size_t header_len = (size_t)(tcp[12] >> 4) * 4;
    const unsigned flags = tcp[13];
    const size_t data_len = len - 34 - header_len;
    g_assert_cmpuint(data_len, <=, 1460);
    if ((flags & SYN) != 0) {
        g_assert_false(stream->has_syn);
        stream->has_syn = true;
        stream->next = big_u32(tcp + 4);
    }
    g_assert_true(stream->has_syn);
    g_assert_false(stream->has_fin && data_len > 0);
    g_assert_cmphex(big_u32(tcp + 4), ==, stream->next);
    stream->next += (uint32_t)data_len + ((flags & (SYN | FIN)) != 0 ? 1 : 0);
    if ((flags & ACK) != 0) {
        /* Never beyond what was sent, never back. */
        g_assert_cmpint((int32_t)(other->next - big_u32(tcp + 8)), >=, 0);
        if (other->acked != 0)
            g_assert_cmpint((int32_t)(big_u32(tcp + 8) - other->acked), >=, 0);
        other->acked = big_u32(tcp + 8);
    }
    stream->has_fin = stream->has_fin || (flags & FIN) != 0;
    found->num_resets += (flags & RST) != 0;
    found->num_frames++;
    g_byte_array_append(stream->bytes, tcp + header_len, (guint)data_len);
}

static void read_file(const char *path, struct found *found)
{
    char *data;
    gsize len, pos = 0;
    memset(found, 0, sizeof *found);
    found->streams[0].bytes = g_byte_array_new();
    found->streams[1].bytes = g_byte_array_new();
    g_assert_true(g_file_get_contents(path, &data, &len, NULL));
    const uint8_t *bytes = (const uint8_t *)data;
    while (pos < len) {
        const uint8_t *block = bytes + pos;
        if (sstp_get_u32(block) == ENHANCED_PACKET) {
            const uint64_t time_ns =
                (uint64_t)sstp_get_u32(block + 12) << 32 | sstp_get_u32(block + 16);
            g_assert_cmpuint(time_ns, >=, found->last_ns);
            found->last_ns = time_ns;
            check_frame(found, block + 28, sstp_get_u32(block + 20));
        }
        pos += sstp_get_u32(block + 4);
    }
    g_free(data);
}

static void clear(struct found *found)
{
    g_byte_array_free(found->streams[0].bytes, TRUE);
    g_byte_array_free(found->streams[1].bytes, TRUE);
}

static const struct capture_address address = {10, 50000, 1, 2492};

static void test_conversation(void)
{
    char *path = recorded_path();
    struct found found;
    uint8_t large[10001];
    for (size_t i = 0; i < sizeof large; i++)
        large[i] = (uint8_t)(i * 31);

    struct recording_file *file = recorded_open(path);
    struct capture *capture = capture_new(file);
    recording_file_begin(file);
    struct capture_connection *connection = capture_connect(capture, address, 1000);
    capture_data(connection, true, "hello", 5, 2000);
    capture_data(connection, false, large, sizeof large, 1500); /* the clock was set back */
    capture_data(connection, true, large, 1460, 3000);
    capture_data(connection, true, large, 1, 3000);
    capture_finish(connection, true, 4000);
    capture_finish(connection, true, 4000); /* once is enough */
    capture_data(connection, false, "bye", 3, 5000);
    capture_finish(connection, false, 6000);
    capture_disconnect(connection, 7000);
    capture_disconnect(NULL, 0);
    capture_free(capture);
    g_assert_true(recording_file_close(file));

    read_file(path, &found);
    g_assert_cmpuint(found.num_resets, ==, 0);
    g_assert_true(found.streams[0].has_fin && found.streams[1].has_fin);
    g_assert_cmpuint(found.streams[1].bytes->len, ==, 5 + 1460 + 1);
    g_assert_cmpuint(found.streams[0].bytes->len, ==, sizeof large + 3);
    g_assert_cmpint(memcmp(found.streams[0].bytes->data, large, sizeof large), ==, 0);
    /* Everything has been acknowledged. */
    g_assert_cmphex(found.streams[0].acked, ==, found.streams[0].next);
    g_assert_cmphex(found.streams[1].acked, ==, found.streams[1].next);
    clear(&found);
    recorded_remove(path);
}

static void test_reset(void)
{
    char *path = recorded_path();
    struct found found;
    struct recording_file *file = recorded_open(path);
    struct capture *capture = capture_new(file);
    recording_file_begin(file);
    capture_disconnect(capture_connect(capture, address, 1000), 2000);
    capture_free(capture);
    g_assert_true(recording_file_close(file));
    read_file(path, &found);
    g_assert_cmpuint(found.num_frames, ==, 4);
    g_assert_cmpuint(found.num_resets, ==, 1);
    clear(&found);
    recorded_remove(path);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/capture/conversation", test_conversation);
    g_test_add_func("/capture/reset", test_reset);
    return g_test_run();
}
