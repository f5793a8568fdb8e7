/* SPDX-License-Identifier: GPL-2.0-or-later */
/* output: what is written is there, and the first failure is said, once, at the end. */
#include "base/output.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <unistd.h>

static void test_written(void)
{
    char *path, *text;
    const int fd = g_file_open_tmp("output-XXXXXX", &path, NULL);
    char *large = g_strnfill(100000, 'x');
    g_assert_cmpint(close(fd), ==, 0);
    struct output *output = output_open(path, "--output", "the report");
    g_string_append(output_text(output), "one\n");
    output_flush(output);
    g_string_append(output_text(output), large);
    output_flush(output); /* now it is much */
    g_assert_cmpuint(output_text(output)->len, ==, 0);
    g_string_append(output_text(output), "two\n");
    g_assert_false(output_has_failed(output));
    g_assert_true(output_close(output));
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    char *expected = g_strconcat("one\n", large, "two\n", NULL);
    g_assert_cmpstr(text, ==, expected);
    g_assert_cmpint(g_unlink(path), ==, 0);
    g_free(expected);
    g_free(text);
    g_free(large);
    g_free(path);
}

static void open_nothing(void)
{
    g_assert_null(output_open("/nonexistent/x", "--output", "the report"));
}

/* A disk that is full: nothing more is tried, and it is said with what and where. */
static void fill_disk(void)
{
    struct output *output = output_open("/dev/full", "--output", "the report");
    char *large = g_strnfill(100000, 'x');
    for (int i = 0; i < 3; i++) {
        g_string_append(output_text(output), large);
        output_flush(output);
        g_assert_true(output_has_failed(output));
        g_assert_cmpuint(output_text(output)->len, ==, 0);
    }
    g_free(large);
    g_assert_false(output_close(output));
}

/* More than a pipe takes at a time comes through; and who cannot be written to is told. */
static gpointer read_to_end(gpointer fd)
{
    char bytes[1000];
    gsize sum = 0;
    gssize len;
    while ((len = read(GPOINTER_TO_INT(fd), bytes, sizeof bytes)) > 0)
        sum += (gsize)len;
    return GSIZE_TO_POINTER(sum);
}

static void test_write(void)
{
    const gsize len = 300000;
    char *bytes = g_malloc0(len);
    int ends[2];
    g_assert_cmpint(pipe(ends), ==, 0);
    GThread *reader = g_thread_new("reader", read_to_end, GINT_TO_POINTER(ends[0]));
    g_assert_true(output_write(ends[1], bytes, len));
    g_assert_true(output_write(ends[1], bytes, 0));
    close(ends[1]);
    g_assert_cmpuint(GPOINTER_TO_SIZE(g_thread_join(reader)), ==, len);
    g_assert_false(output_write(ends[0], bytes, 1)); /* the end to read from */
    g_assert_cmpint(errno, ==, EBADF);
    close(ends[0]);
    g_free(bytes);
}

static void test_failures(void)
{
    static const struct {
        const char *path, *words;
    } rows[] = {
        {"/output/subprocess/nothing",
         "grvsstp-analyze: --output /nonexistent/x cannot be written: No such file*\n"},
        {"/output/subprocess/full",
         "grvsstp-analyze: the report could not be written to /dev/full: No space left*\n"}};
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_trap_subprocess(rows[i].path, 0, 0);
        g_test_trap_assert_passed();
        g_test_trap_assert_stderr(rows[i].words);
    }
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/output/written", test_written);
    g_test_add_func("/output/write", test_write);
    g_test_add_func("/output/failures", test_failures);
    g_test_add_func("/output/subprocess/nothing", open_nothing);
    g_test_add_func("/output/subprocess/full", fill_disk);
    return g_test_run();
}
