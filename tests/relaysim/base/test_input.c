/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is read of files, pipes and devices, at the limit, below and above. */
#include "base/input.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static void assert_len(GBytes *bytes, gsize len)
{
    g_assert_nonnull(bytes);
    g_assert_cmpuint(g_bytes_get_size(bytes), ==, len);
    g_bytes_unref(bytes);
}

static void test_limit(void)
{
    static const gsize sizes[] = {0, 1, 65535, 65536, 65537, 200000};
    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        char *path, *text = g_strnfill(sizes[i], 'x');
        const int fd = g_file_open_tmp("input-XXXXXX", &path, NULL);
        g_assert_cmpint(write(fd, text, sizes[i]), ==, (gssize)sizes[i]);
        close(fd);
        assert_len(input_read(path, sizes[i]), sizes[i]);
        assert_len(input_read(path, sizes[i] + 1), sizes[i]);
        if (sizes[i] > 0)
            assert_len(input_read(path, sizes[i] - 1), sizes[i]);
        if (sizes[i] > 1)
            assert_len(input_read(path, sizes[i] - 2), sizes[i] - 1);
        g_unlink(path);
        g_free(path);
        g_free(text);
    }
    assert_len(input_read("/dev/zero", 1000000), 1000001);
    assert_len(input_read("/dev/null", 10), 0);
}

static void test_pieces(void)
{
    int ends[2];
    g_assert_cmpint(pipe(ends), ==, 0);
    g_assert_cmpint(write(ends[1], "ab\0c", 4), ==, 4);
    close(ends[1]);
    GBytes *bytes = input_read_fd(ends[0], 100);
    gsize len;
    const void *data = g_bytes_get_data(bytes, &len);
    g_assert_cmpuint(len, ==, 4);
    g_assert_cmpint(memcmp(data, "ab\0c", 4), ==, 0);
    g_bytes_unref(bytes);
    close(ends[0]);
}

static void *write_late(void *cookie)
{
    const int *fd = cookie;
    g_usleep(50000);
    g_assert_cmpint(write(*fd, "abc", 3), ==, 3);
    g_usleep(50000);
    close(*fd);
    return NULL;
}

/* As who shares a pipe with us may have made it: read() waits for nobody. */
static void test_nonblocking(void)
{
    int ends[2];
    g_assert_cmpint(pipe(ends), ==, 0);
    g_assert_cmpint(fcntl(ends[0], F_SETFL, O_NONBLOCK), ==, 0);
    GThread *writer = g_thread_new("writer", write_late, &ends[1]);
    assert_len(input_read_fd(ends[0], 100), 3);
    g_thread_join(writer);
    close(ends[0]);
}

static void test_standard(void)
{
    const int saved = dup(STDIN_FILENO), zero = open("/dev/zero", O_RDONLY);
    g_assert_cmpint(dup2(zero, STDIN_FILENO), ==, STDIN_FILENO);
    assert_len(input_read("-", 5), 6);
    g_assert_cmpint(dup2(saved, STDIN_FILENO), ==, STDIN_FILENO);
    close(saved);
    close(zero);
}

static void test_errors(void)
{
    errno = 0;
    g_assert_null(input_read("/nonexistent/x", 10));
    g_assert_cmpint(errno, ==, ENOENT);
    g_assert_null(input_read("/", 10));
    g_assert_cmpint(errno, ==, EISDIR);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/input/limit", test_limit);
    g_test_add_func("/input/pieces", test_pieces);
    g_test_add_func("/input/nonblocking", test_nonblocking);
    g_test_add_func("/input/standard", test_standard);
    g_test_add_func("/input/errors", test_errors);
    return g_test_run();
}
