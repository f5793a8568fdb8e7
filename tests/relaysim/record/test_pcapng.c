/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The structure of the file, block by block, while it grows. */
#include "record/pcapng.h"

#include "recorded.h"
#include "core/wire.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* The blocks of a file as "type length, ..."; checks both lengths of each. */
static char *blocks_of(const char *path, uint64_t *time_ns)
{
    char *data;
    gsize len, pos = 0;
    GString *text = g_string_new(NULL);
    g_assert_true(g_file_get_contents(path, &data, &len, NULL));
    const uint8_t *bytes = (const uint8_t *)data;
    while (pos < len) {
        g_assert_cmpuint(len - pos, >=, 12);
        const uint32_t type = sstp_get_u32(bytes + pos), length = sstp_get_u32(bytes + pos + 4);
        g_assert_cmpuint(length % 4, ==, 0);
        g_assert_cmpuint(length, <=, len - pos);
        g_assert_cmpuint(sstp_get_u32(bytes + pos + length - 4), ==, length);
        if (type == 6)
            *time_ns =
                (uint64_t)sstp_get_u32(bytes + pos + 12) << 32 | sstp_get_u32(bytes + pos + 16);
        g_string_append_printf(text, "%x %u, ", type, length);
        pos += length;
    }
    g_free(data);
    return g_string_free(text, FALSE);
}

static void put(struct pcapng *pcapng, uint64_t time_ns, const void *frame, size_t len)
{
    pcapng_put(pcapng, &(struct pcapng_packet){
                           .time_ns = time_ns, .frame = frame, .len = len, .wire_len = len});
}

static void put_frames(struct pcapng *pcapng)
{
    static const uint8_t frame[] = {1, 2, 3, 4, 5};
    for (size_t len = 0; len <= sizeof frame; len++)
        put(pcapng, UINT64_C(0x1122334455667788) + len, frame, len);
}

static void assert_blocks(const char *path, const char *expected)
{
    uint64_t time_ns = 0;
    char *blocks = blocks_of(path, &time_ns);
    g_assert_cmpstr(blocks, ==, expected);
    if (strstr(blocks, ", 6 ") != NULL)
        g_assert_cmphex(time_ns, ==, UINT64_C(0x1122334455667788) + 5);
    g_free(blocks);
}

#define HEAD "a0d0d0a 48, 1 44, "
#define FRAMES "6 32, 6 36, 6 36, 6 36, 6 36, 6 40, "
#define STATISTICS "5 52, "

static void test_blocks(void)
{
    char *path = recorded_path();
    struct recording_file *file = recorded_open(path);
    struct pcapng *pcapng = pcapng_new(file, "relaysim 1", 1);

    recording_file_begin(file);
    recording_file_flush(file);
    assert_blocks(path, HEAD);
    /* Padded to four bytes. */
    put_frames(pcapng);
    recording_file_flush(file);
    assert_blocks(path, HEAD FRAMES);
    pcapng_free(pcapng);
    pcapng_free(NULL);
    g_assert_true(recording_file_close(file));
    assert_blocks(path, HEAD FRAMES STATISTICS);
    recorded_remove(path);
}

/* Each file has a head and an end of its own. */
static void test_two_files(void)
{
    char *path = recorded_path();
    char *moved = g_strconcat(path, ".1", NULL);
    struct recording_file *file = recorded_open(path);
    struct pcapng *pcapng = pcapng_new(file, "relaysim 1", 1);

    recording_file_begin(file);
    put_frames(pcapng);
    recording_file_flush(file);
    g_assert_cmpint(g_rename(path, moved), ==, 0);
    pcapng_end_section(pcapng);
    recording_file_reopen(file);
    put_frames(pcapng);
    pcapng_free(pcapng);
    g_assert_true(recording_file_close(file));
    assert_blocks(moved, HEAD FRAMES STATISTICS);
    assert_blocks(path, HEAD FRAMES STATISTICS);
    recorded_remove(path);
    recorded_remove(moved);
}

/* A link of its own, a packet that is cut off, and comments. */
static void test_packet(void)
{
    enum { LINK = 276, KEPT = 5, LEN = 900 };
    char *path = recorded_path(), *data;
    gsize len;
    struct recording_file *file = recorded_open(path);
    struct pcapng *pcapng = pcapng_new(file, "relaysim 1", LINK);
    GByteArray *comments = g_byte_array_new();
    static char long_text[PCAPNG_COMMENT_MAX + 1];

    recording_file_begin(file);
    g_assert_true(pcapng_add_comment(comments, "one", 3));
    g_assert_true(pcapng_add_comment(comments, "four", 4));
    g_assert_false(pcapng_add_comment(comments, long_text, sizeof long_text));
    g_assert_cmpuint(comments->len, ==, 16);
    pcapng_put(
        pcapng,
        &(struct pcapng_packet){
            .time_ns = 1, .frame = "frame", .len = KEPT, .wire_len = LEN, .comments = comments});
    for (size_t num = 0; num < PCAPNG_COMMENTS_MAX / PCAPNG_COMMENT_MAX - 1; num++)
        g_assert_true(pcapng_add_comment(comments, long_text, PCAPNG_COMMENT_MAX));
    g_assert_true(pcapng_add_comment(comments, long_text, PCAPNG_COMMENT_MAX - 200));
    g_assert_false(pcapng_add_comment(comments, long_text, PCAPNG_COMMENT_MAX));
    pcapng_free(pcapng);
    g_assert_true(recording_file_close(file));
    g_assert_true(g_file_get_contents(path, &data, &len, NULL));
    const uint8_t *bytes = (const uint8_t *)data;
    const uint8_t *interface = bytes + sstp_get_u32(bytes + 4);
    const uint8_t *packet = interface + sstp_get_u32(interface + 4);
    g_assert_cmpuint(sstp_get_u32(interface + 8), ==, LINK);
    g_assert_cmpuint(sstp_get_u32(packet + 20), ==, KEPT);
    g_assert_cmpuint(sstp_get_u32(packet + 24), ==, LEN);
    g_assert_cmpint(memcmp(packet + 36, "\1\0\3\0one\0\1\0\4\0four", 16), ==, 0);
    g_free(data);
    g_byte_array_free(comments, TRUE);
    recorded_remove(path);
}

/* ------------------------------------------------------------------------
 * Packets for which there is no room
 */

struct counts {
    uint64_t num_packets, num_said; /* of those dropped, by packets */
    uint64_t num_received, num_dropped;
    char *comment;
};

/* The options of a block, from `at` on. */
static void count_options(const uint8_t *at, bool is_packet, struct counts *counts)
{
    for (;;) {
        const unsigned code = (unsigned)at[0] | (unsigned)at[1] << 8;
        const unsigned len = (unsigned)at[2] | (unsigned)at[3] << 8;
        const uint64_t value = len == 8 ? sstp_get_u32(at + 4) : 0;
        if (code == 0)
            return;
        if (is_packet && code == 1 && counts->comment == NULL)
            counts->comment = g_strndup((const char *)at + 4, len);
        else if (is_packet && code == 4)
            counts->num_said += value;
        else if (!is_packet && code == 4)
            counts->num_received = value;
        else if (!is_packet && code == 5)
            counts->num_dropped = value;
        at += 4 + (len + 3) / 4 * 4;
    }
}

static void count_blocks(const uint8_t *bytes, size_t len, struct counts *counts)
{
    for (size_t pos = 0; pos < len; pos += sstp_get_u32(bytes + pos + 4)) {
        const uint8_t *block = bytes + pos;
        const uint32_t type = sstp_get_u32(block), length = sstp_get_u32(block + 4);
        const size_t options = type == 6 ? 28 + (sstp_get_u32(block + 20) + 3) / 4 * 4 : 20;
        g_assert_cmpuint(length, <=, len - pos);
        counts->num_packets += type == 6;
        if ((type == 6 || type == 5) && options + 4 < length)
            count_options(block + options, type == 6, counts);
    }
}

static void *read_all(void *cookie)
{
    uint8_t buffer[65536];
    const int fd = GPOINTER_TO_INT(cookie);
    GByteArray *bytes = g_byte_array_new();
    ssize_t num;
    while ((num = read(fd, buffer, sizeof buffer)) > 0)
        g_byte_array_append(bytes, buffer, (guint)num);
    close(fd);
    return bytes;
}

static void test_dropped(void)
{
    enum { FRAMES_PUT = 90000, LEN = 1500 };
    static uint8_t frame[LEN];
    struct counts counts = {.comment = NULL};
    char *path = recorded_path();
    g_unlink(path);
    g_assert_cmpint(mkfifo(path, 0600), ==, 0);
    struct recording_file *file = recording_file_open(
        &(struct recording_file_config){.path = path, .name = "capture", .records = "packets"});
    struct pcapng *pcapng = pcapng_new(file, "relaysim 1", 1);

    /* Nobody reads at first. */
    recording_file_begin(file);
    for (unsigned i = 0; i < FRAMES_PUT / 2; i++)
        put(pcapng, i, frame, LEN);
    GThread *reader =
        g_thread_new("reader", read_all, GINT_TO_POINTER(open(path, O_RDONLY | O_CLOEXEC)));
    recording_file_flush(file);
    for (unsigned i = FRAMES_PUT / 2; i < FRAMES_PUT / 2 + 100; i++)
        put(pcapng, i, frame, LEN);
    pcapng_free(pcapng);
    g_assert_false(recording_file_close(file));

    GByteArray *bytes = g_thread_join(reader);
    count_blocks(bytes->data, bytes->len, &counts);
    g_assert_cmpuint(counts.num_received, ==, FRAMES_PUT / 2 + 100);
    g_assert_cmpuint(counts.num_packets + counts.num_dropped, ==, counts.num_received);
    g_assert_cmpuint(counts.num_dropped, >, 0);
    g_assert_cmpuint(counts.num_said, ==, counts.num_dropped);
    char *comment =
        g_strdup_printf("packets dropped before this one: %u", (unsigned)counts.num_dropped);
    g_assert_cmpstr(counts.comment, ==, comment);
    g_free(comment);
    g_free(counts.comment);
    g_byte_array_free(bytes, TRUE);
    recorded_remove(path);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pcapng/blocks", test_blocks);
    g_test_add_func("/pcapng/two-files", test_two_files);
    g_test_add_func("/pcapng/packet", test_packet);
    g_test_add_func("/pcapng/dropped", test_dropped);
    return g_test_run();
}
