/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole records and nothing else, whatever the disk and the readers do; and nobody waits. */
#include "record/recording_file.h"

#include "recorded.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD "head\n"

static struct recording_file *open_lines(const char *path, bool waits)
{
    struct recording_file *file = recording_file_open(&(struct recording_file_config){
        .path = path, .name = "truth file", .records = "lines", .waits = waits});
    g_assert_nonnull(file);
    const struct sstp_span head = sstp_span_of_string(HEAD);
    g_assert_true(recording_file_put(file, RECORDING_FILE_HEAD, &head, 1));
    return file;
}

/* A line of two pieces: its number, and so many bytes. */
static bool put(struct recording_file *file, unsigned number, size_t len)
{
    char *begin = g_strdup_printf("%u ", number);
    char *rest = g_strnfill(len, 'x');
    rest[len - 1] = '\n';
    const struct sstp_span pieces[] = {sstp_span_of_string(begin), sstp_span(rest, len)};
    const bool is_put =
        recording_file_put(file, RECORDING_FILE_RECORD, pieces, G_N_ELEMENTS(pieces));
    g_free(begin);
    g_free(rest);
    return is_put;
}

/* "head 0-4 head 5 ": the heads and the runs of lines, which are whole. */
static char *shape_of(const char *text)
{
    GString *shape = g_string_new(NULL);
    char **lines = g_strsplit(text, "\n", -1);
    const guint num = g_strv_length(lines) - 1;
    unsigned first = 0, next = 0;
    g_assert_cmpstr(lines[num], ==, ""); /* after the last end of a line */
    for (guint i = 0; i <= num; i++) {
        const bool is_line = i < num && strcmp(lines[i], "head") != 0;
        const unsigned number = is_line ? (unsigned)g_ascii_strtoull(lines[i], NULL, 10) : 0;
        if (is_line && first < next && number == next) {
            next++;
            continue;
        }
        if (first < next)
            g_string_append_printf(shape, "%u-%u ", first, next - 1);
        first = next = 0;
        if (is_line) {
            first = number;
            next = number + 1;
        } else if (i < num) {
            g_string_append(shape, "head ");
        }
    }
    g_strfreev(lines);
    return g_string_free(shape, FALSE);
}

static void assert_shape(const char *path, const char *expected)
{
    char *text;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    char *shape = shape_of(text);
    g_assert_cmpstr(shape, ==, expected);
    g_free(shape);
    g_free(text);
}

/* ------------------------------------------------------------------------
 * A file on a disk
 */

static void test_in_order(void)
{
    char *path = recorded_path();
    g_assert_true(g_file_set_contents(path, "what was there", -1, NULL));
    struct recording_file *file = open_lines(path, false);
    g_assert_true(put(file, 0, 10)); /* also what comes before */
    recording_file_begin(file);
    for (unsigned i = 1; i < 5000; i++)
        g_assert_true(put(file, i, i));
    recording_file_flush(file);
    assert_shape(path, "head 0-4999 ");
    g_assert_true(recording_file_close(file));
    assert_shape(path, "head 0-4999 ");
    g_assert_true(recording_file_close(NULL));
    recorded_remove(path);
}

static void test_not_begun(void)
{
    char *path = recorded_path();
    char *text;
    g_assert_true(g_file_set_contents(path, "what was there", -1, NULL));
    g_assert_true(recording_file_close(open_lines(path, false)));
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "what was there");
    g_free(text);

    /* What was not there is not there again. */
    g_unlink(path);
    g_assert_true(recording_file_close(open_lines(path, false)));
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    g_free(path);

    g_assert_null(recording_file_open(&(struct recording_file_config){
        .path = "/nonexistent/file", .name = "capture", .records = "packets"}));
    g_assert_cmpint(errno, ==, ENOENT);
}

static void test_reopen(void)
{
    char *path = recorded_path();
    char *moved = g_strconcat(path, ".1", NULL);
    struct recording_file *file = open_lines(path, false);
    recording_file_begin(file);
    for (unsigned i = 0; i < 100; i++)
        g_assert_true(put(file, i, 1000));
    recording_file_flush(file);
    g_assert_cmpint(g_rename(path, moved), ==, 0);
    g_assert_true(put(file, 100, 10)); /* still for the old one */
    recording_file_reopen(file);
    recording_file_reopen(file); /* whether the thread has come to the first one, or not */
    recording_file_flush(file);
    recording_file_reopen(file);
    for (unsigned i = 101; i < 200; i++)
        g_assert_true(put(file, i, 1000));
    recording_file_flush(file);
    assert_shape(moved, "head 0-100 ");
    assert_shape(path, "head 101-199 ");

    /* It is still there: nothing of it is lost. */
    recording_file_reopen(file);
    g_assert_true(put(file, 200, 10));
    g_assert_true(recording_file_close(file));
    assert_shape(path, "head 101-199 head 200-200 ");
    recorded_remove(path);
    recorded_remove(moved);
}

/* Where it can be opened no more, it goes on where it is. */
static void test_reopen_fails(void)
{
    char *folder = g_dir_make_tmp("relaysim-XXXXXX", NULL);
    char *path = g_strconcat(folder, "/file", NULL);
    char *moved = g_strconcat(folder, ".1", NULL);
    struct recording_file *file = open_lines(path, false);
    recording_file_begin(file);
    g_assert_true(put(file, 0, 10));
    recording_file_flush(file);
    g_assert_cmpint(g_rename(path, moved), ==, 0);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
    recording_file_reopen(file);
    g_assert_true(put(file, 1, 10));
    g_assert_true(recording_file_close(file));
    assert_shape(moved, "head 0-0 head 1-1 ");
    recorded_remove(moved);
    g_free(path);
    g_free(folder);
}

/* ------------------------------------------------------------------------
 * A disk that is full
 */

static void limit_files(rlim_t len)
{
    struct rlimit limit;
    g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &limit), ==, 0);
    limit.rlim_cur = len;
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
}

static void await_len(const char *path, goffset len)
{
    GStatBuf status;
    do {
        g_usleep(1000);
        g_assert_cmpint(g_stat(path, &status), ==, 0);
    } while (status.st_size != len);
}

/* The rest of a line follows when there is room again. */
static void test_full(void)
{
    char *path = recorded_path();
    struct recording_file *file = open_lines(path, false);
    limit_files(5000);
    recording_file_begin(file);
    for (unsigned i = 0; i < 10; i++)
        g_assert_true(put(file, i, 1000));
    await_len(path, 5000);
    limit_files(RLIM_INFINITY);
    recording_file_flush(file);
    assert_shape(path, "head 0-9 ");
    g_assert_true(recording_file_close(file));
    recorded_remove(path);
}

/* What cannot be finished is taken back at the end, and leaves no room for what waits: it would
 * come where others are missing. */
static void test_full_to_the_end(void)
{
    char *path = recorded_path();
    struct recording_file *file = open_lines(path, true);
    limit_files(5000);
    for (unsigned i = 0; i < 10; i++) /* all of them are written together */
        g_assert_true(put(file, i, 1000));
    recording_file_begin(file);
    await_len(path, 5000);
    g_assert_true(put(file, 10, 10));
    g_assert_false(recording_file_close(file));
    limit_files(RLIM_INFINITY);
    assert_shape(path, "head 0-3 ");
    recorded_remove(path);
}

static void test_full_from_the_start(void)
{
    if (!g_file_test("/dev/full", G_FILE_TEST_EXISTS)) {
        g_test_skip("there is no /dev/full");
        return;
    }
    struct recording_file *file = open_lines("/dev/full", false);
    recording_file_begin(file);
    g_assert_false(recording_file_close(file));
}

/* ------------------------------------------------------------------------
 * FIFOs
 */

static char *fifo_path(void)
{
    char *path = recorded_path();
    g_unlink(path);
    g_assert_cmpint(mkfifo(path, 0600), ==, 0);
    return path;
}

/* Waits for the writer, too. */
static int open_reader(const char *path)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    g_assert_cmpint(fd, >=, 0);
    return fd;
}

/* Everything up to the end, or `max` bytes. */
static void read_into(int fd, GString *text, size_t max)
{
    char buffer[65536];
    while (text->len < max) {
        const ssize_t num = read(fd, buffer, MIN(sizeof buffer, max - text->len));
        g_assert_cmpint(num, >=, 0);
        if (num == 0)
            return;
        g_string_append_len(text, buffer, num);
    }
}

/* A reader who has stopped, or not come yet: the queue fills, and whole lines are dropped,
 * until half of it is free again. */
static void test_stopped_reader(void)
{
    enum { LEN = 1 << 20, NUM = RECORDING_FILE_QUEUE_MAX / LEN };
    char *path = fifo_path();
    struct recording_file *file = open_lines(path, false);
    recording_file_begin(file);
    unsigned num_put = 0;
    while (put(file, num_put, LEN))
        num_put++;
    g_assert_cmpuint(num_put, >=, NUM - 1);
    g_assert_cmpuint(num_put, <=, NUM);
    g_assert_false(put(file, num_put, LEN));
    g_assert_false(put(file, num_put, 10)); /* as long as half of it is not free */

    const int fd = open_reader(path);
    GString *text = g_string_new(NULL);
    read_into(fd, text, 20 << 20);
    g_assert_false(put(file, num_put, 10));
    read_into(fd, text, 40 << 20);
    while (!put(file, 1000, 10)) /* the thread may be a little later than the reader */
        g_usleep(1000);
    const unsigned num_expected = num_put;
    GThread *closer =
        g_thread_new("closer", (GThreadFunc)(void (*)(void))recording_file_close, file);
    read_into(fd, text, SIZE_MAX);
    g_assert_cmpint(GPOINTER_TO_INT(g_thread_join(closer)), ==, 0);
    close(fd);

    char *shape = shape_of(text->str);
    char *expected = g_strdup_printf("head 0-%u 1000-1000 ", num_expected - 1);
    g_assert_cmpstr(shape, ==, expected);
    g_free(expected);
    g_free(shape);
    g_string_free(text, TRUE);
    recorded_remove(path);
}

/* Nobody ever reads: there is an end all the same. */
static void test_no_reader(void)
{
    char *path = fifo_path();
    struct recording_file *file = open_lines(path, false);
    recording_file_begin(file);
    g_assert_true(put(file, 0, 10));
    g_assert_false(recording_file_close(file));
    recorded_remove(path);
}

/* Whether this process has the file open. */
static bool is_open(const char *path)
{
    GDir *folder = g_dir_open("/proc/self/fd", 0, NULL);
    bool is = false;
    const char *name;
    g_assert_nonnull(folder);
    while ((name = g_dir_read_name(folder)) != NULL) {
        char *link = g_strconcat("/proc/self/fd/", name, NULL);
        char *target = g_file_read_link(link, NULL);
        is = is || g_strcmp0(target, path) == 0;
        g_free(target);
        g_free(link);
    }
    g_dir_close(folder);
    return is;
}

/* Each reader gets a head, and whole lines after it. */
static void test_next_reader(void)
{
    enum { LEN = 100000 };
    char *path = fifo_path();
    struct recording_file *file = open_lines(path, false);
    GString *text = g_string_new(NULL);
    recording_file_begin(file);
    int fd = open_reader(path);
    for (unsigned i = 0; i < 5; i++)
        g_assert_true(put(file, i, LEN));
    read_into(fd, text, 150000);
    /* In the middle of line 1 or, with what was in the pipe, of line 2. */
    close(fd);
    while (is_open(path))
        g_usleep(1000);
    fd = open_reader(path);
    g_string_truncate(text, 0);
    g_assert_true(put(file, 5, 10));
    GThread *closer =
        g_thread_new("closer", (GThreadFunc)(void (*)(void))recording_file_close, file);
    read_into(fd, text, SIZE_MAX);
    g_assert_cmpint(GPOINTER_TO_INT(g_thread_join(closer)), ==, 0);
    close(fd);
    char *shape = shape_of(text->str);
    g_assert_true(g_str_has_prefix(shape, "head "));
    g_assert_true(g_str_has_suffix(shape, "-5 "));
    g_assert_cmpint(shape[5], >=, '2');
    g_free(shape);
    g_string_free(text, TRUE);
    recorded_remove(path);
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/recording-file/in-order", test_in_order);
    g_test_add_func("/recording-file/not-begun", test_not_begun);
    g_test_add_func("/recording-file/reopen", test_reopen);
    g_test_add_func("/recording-file/reopen-fails", test_reopen_fails);
    g_test_add_func("/recording-file/full", test_full);
    g_test_add_func("/recording-file/full-to-the-end", test_full_to_the_end);
    g_test_add_func("/recording-file/full-from-the-start", test_full_from_the_start);
    g_test_add_func("/recording-file/stopped-reader", test_stopped_reader);
    g_test_add_func("/recording-file/no-reader", test_no_reader);
    g_test_add_func("/recording-file/next-reader", test_next_reader);
    return g_test_run();
}
