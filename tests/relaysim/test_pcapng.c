/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The structure of the file, block by block, while it grows. */
#include "pcapng.h"

#include "wire.h"

#include <glib.h>
#include <glib/gstdio.h>

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

static void test_blocks(void)
{
    static const uint8_t frame[] = {1, 2, 3, 4, 5};
    char *path;
    uint64_t time_ns = 0;
    const int fd = g_file_open_tmp("relaysim-XXXXXX.pcapng", &path, NULL);
    g_assert_cmpint(fd, >=, 0);
    g_close(fd, NULL);

    struct pcapng *pcapng = pcapng_open(path, "relaysim 1");
    g_assert_nonnull(pcapng);
    char *blocks = blocks_of(path, &time_ns);
    g_assert_cmpstr(blocks, ==, "a0d0d0a 48, 1 44, ");
    g_free(blocks);

    /* Padded to four bytes, and there at once. */
    for (size_t len = 0; len <= sizeof frame; len++)
        g_assert_true(pcapng_packet(pcapng, UINT64_C(0x1122334455667788) + len, frame, len));
    blocks = blocks_of(path, &time_ns);
    g_assert_cmpstr(blocks, ==, "a0d0d0a 48, 1 44, 6 32, 6 36, 6 36, 6 36, 6 36, 6 40, ");
    g_assert_cmphex(time_ns, ==, UINT64_C(0x1122334455667788) + sizeof frame);
    g_free(blocks);
    g_assert_true(pcapng_close(pcapng));
    g_assert_true(pcapng_close(NULL));
    g_unlink(path);
    g_free(path);
}

static void test_cannot_write(void)
{
    g_assert_null(pcapng_open("/nonexistent/directory/file", "x"));
    if (!g_file_test("/dev/full", G_FILE_TEST_EXISTS)) {
        g_test_skip("there is no /dev/full");
        return;
    }
    g_assert_null(pcapng_open("/dev/full", "x"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pcapng/blocks", test_blocks);
    g_test_add_func("/pcapng/cannot-write", test_cannot_write);
    return g_test_run();
}
