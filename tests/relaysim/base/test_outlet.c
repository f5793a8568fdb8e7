/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static bool put(struct outlet *outlet, const char *line)
{
    return outlet_put(outlet, line, strlen(line), 0);
}

static void set_file_limit(rlim_t max)
{
    struct rlimit limit;
    g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &limit), ==, 0);
    limit.rlim_cur = max;
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
}

/* What a disk has taken of a line is not the beginning of the next. */
static void test_torn(void)
{
    char *path = g_build_filename(g_get_tmp_dir(), "test-outlet-XXXXXX", NULL), *text;
    close(g_mkstemp(path));
    struct outlet outlet = {.fd = outlet_open(path)};
    g_assert_cmpint(outlet.fd, >=, 0);
    g_assert_true(put(&outlet, "whole\n"));
    set_file_limit(10);
    g_assert_false(put(&outlet, "cut here\n"));
    g_assert_cmpuint(outlet.num_dropped, ==, 1);
    g_assert_cmpint(outlet.error, ==, EFBIG);
    g_assert_false(put(&outlet, "not at all\n"));
    g_assert_cmpuint(outlet.num_dropped, ==, 2);
    set_file_limit(RLIM_INFINITY);
    g_assert_true(put(&outlet, "again\n"));
    g_assert_true(put(&outlet, "and again\n"));
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "whole\ncut \nagain\nand again\n");
    close(outlet.fd);
    g_unlink(path);
    g_free(text);
    g_free(path);
}

static void test_full_disk(void)
{
    struct outlet outlet = {.fd = outlet_open("/dev/full")};
    g_assert_false(put(&outlet, "x\n"));
    g_assert_cmpint(outlet.error, ==, ENOSPC);
    g_assert_false(outlet.is_torn);
    close(outlet.fd);
}

/* Whole lines go in until one does not; with room again, the next does. */
static void test_reader_stops(void)
{
    char line[OUTLET_LINE_MAX + 1], buffer[OUTLET_LINE_MAX];
    int fds[2];
    unsigned num = 0;
    g_assert_cmpint(pipe(fds), ==, 0);
    struct outlet outlet = {.fd = fds[1]};
    memset(line, 'x', OUTLET_LINE_MAX);
    line[OUTLET_LINE_MAX - 1] = '\n';
    line[OUTLET_LINE_MAX] = '\0';
    while (put(&outlet, line))
        num++;
    g_assert_cmpuint(num, >, 0);
    g_assert_cmpint(outlet.error, ==, EAGAIN);
    for (unsigned n = 0; n < num; n++)
        g_assert_cmpint(read(fds[0], buffer, sizeof buffer), ==, OUTLET_LINE_MAX);
    g_assert_true(put(&outlet, "short\n"));
    close(fds[0]);
    g_assert_false(put(&outlet, "nobody\n"));
    g_assert_cmpint(outlet.error, ==, EPIPE);
    close(fds[1]);
}

/* A FIFO keeps lines for its reader, who may go and come again. */
static void test_fifo(void)
{
    char *folder = g_dir_make_tmp("test-outlet-XXXXXX", NULL);
    char *path = g_build_filename(folder, "fifo", NULL), buffer[100];
    g_assert_cmpint(mkfifo(path, 0600), ==, 0);
    struct outlet outlet = {.fd = outlet_open(path)};
    g_assert_cmpint(outlet.fd, >=, 0);
    for (int round = 0; round < 2; round++) {
        g_assert_true(put(&outlet, "line\n"));
        const int reader = open(path, O_RDONLY | O_NONBLOCK);
        g_assert_cmpint(read(reader, buffer, sizeof buffer), ==, 5);
        close(reader);
    }
    close(outlet.fd);
    g_unlink(path);
    g_rmdir(folder);
    g_free(path);
    g_free(folder);
}

static void test_closed(void)
{
    struct outlet outlet = {.fd = open("/dev/null", O_RDONLY)};
    g_assert_false(put(&outlet, "x\n"));
    g_assert_cmpint(outlet.error, ==, EBADF);
    close(outlet.fd);
    g_assert_cmpint(outlet_open("/"), ==, -1);
    g_assert_cmpint(errno, ==, EISDIR);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    g_test_add_func("/outlet/torn", test_torn);
    g_test_add_func("/outlet/full-disk", test_full_disk);
    g_test_add_func("/outlet/reader-stops", test_reader_stops);
    g_test_add_func("/outlet/fifo", test_fifo);
    g_test_add_func("/outlet/closed", test_closed);
    return g_test_run();
}
