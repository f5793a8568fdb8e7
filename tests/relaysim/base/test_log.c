/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines on stderr and in a file. */
#include "base/log.h"

#include <glib-unix.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

struct fixture {
    char *folder, *path, *moved;
};

static void set_up(struct fixture *f, gconstpointer unused)
{
    (void)unused;
    f->folder = g_dir_make_tmp("relaysim-XXXXXX", NULL);
    f->path = g_build_filename(f->folder, "log", NULL);
    f->moved = g_build_filename(f->folder, "moved", NULL);
    log_set_verbose(1);
}

static void tear_down(struct fixture *f, gconstpointer unused)
{
    (void)unused;
    log_close();
    (void)g_unlink(f->path);
    (void)g_unlink(f->moved);
    g_assert_cmpint(g_rmdir(f->folder), ==, 0);
    g_free(f->folder);
    g_free(f->path);
    g_free(f->moved);
}

/* The text of a file's lines without their times, which have a form. */
static char *read_texts(const char *path)
{
    char *text;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    GRegex *time = g_regex_new("^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d{3} ",
                               G_REGEX_MULTILINE, 0, NULL);
    char *texts = g_regex_replace_literal(time, text, -1, 0, "", 0, NULL);
    g_regex_unref(time);
    g_free(text);
    return texts;
}

static void check_texts(const char *path, const char *expected)
{
    char *texts = read_texts(path);
    g_assert_cmpstr(texts, ==, expected);
    g_free(texts);
}

/* One call, one line, whatever is in it; the course only when it is asked for. */
static void test_lines(struct fixture *f, gconstpointer unused)
{
    (void)unused;
    g_assert_false(log_has_file());
    g_assert_true(log_open(f->path));
    g_assert_true(log_has_file());
    log_info("one %d", 1);
    log_error("two\n\033[31m");
    log_set_verbose(0);
    log_info("three");
    log_error("four");
    char *texts = read_texts(f->path);
    char **lines = g_strsplit(texts, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, 4);
    g_assert_cmpstr(lines[0], ==, "one 1");
    g_assert_null(strpbrk(lines[1], "\033\r"));
    g_assert_true(g_str_has_prefix(lines[1], "two"));
    g_assert_cmpstr(lines[2], ==, "four");
    g_assert_cmpstr(lines[3], ==, "");
    g_strfreev(lines);
    g_free(texts);
}

static void test_longest(struct fixture *f, gconstpointer unused)
{
    char *text = g_strnfill(3 * LOG_LINE_MAX, 'x'), *line;
    gsize len;
    (void)unused;
    g_assert_true(log_open(f->path));
    log_info("%s", text);
    log_info("after");
    g_assert_true(g_file_get_contents(f->path, &line, &len, NULL));
    const char *end = strchr(line, '\n');
    g_assert_cmpint(end + 1 - line, <=, LOG_LINE_MAX);
    g_assert_cmpint(end + 1 - line, >, LOG_LINE_MAX / 2);
    g_assert_true(g_str_has_suffix(line, " after\n"));
    g_free(line);
    g_free(text);
}

/* A file that has been moved away: the next lines are in a new one, and what is in the old one
 * stays.  Where there can be none, it goes on in the old one. */
static void test_reopen(struct fixture *f, gconstpointer unused)
{
    (void)unused;
    g_assert_true(log_open(f->path));
    log_info("one");
    g_assert_cmpint(g_rename(f->path, f->moved), ==, 0);
    log_info("two");
    log_reopen();
    log_info("three");
    check_texts(f->moved, "one\ntwo\n");
    check_texts(f->path, "three\n");
    g_assert_cmpint(g_unlink(f->path), ==, 0);
    g_assert_cmpint(g_mkdir(f->path, 0700), ==, 0);
    log_reopen();
    log_close();
    g_assert_cmpint(g_rmdir(f->path), ==, 0);
    g_assert_false(log_open(f->folder));
    g_assert_false(log_has_file());
}

/* Nobody reads, and nobody is waited for: what is missing is told when there is room again. */
static void test_missing(struct fixture *f, gconstpointer unused)
{
    int pipe_ends[2];
    char bytes[4096];
    (void)unused;
    g_assert_cmpint(pipe(pipe_ends), ==, 0);
    const int old = dup(STDERR_FILENO);
    g_assert_cmpint(dup2(pipe_ends[1], STDERR_FILENO), >=, 0);
    log_never_wait();
    char *text = g_strnfill(1000, 'x');
    for (unsigned i = 0; i < 100; i++)
        log_error("%s", text);
    g_free(text);
    GString *all = g_string_new("");
    g_assert_true(g_unix_set_fd_nonblocking(pipe_ends[0], TRUE, NULL));
    for (ssize_t num; (num = read(pipe_ends[0], bytes, sizeof bytes)) > 0;)
        g_string_append_len(all, bytes, num);
    g_assert_null(strstr(all->str, "missing"));
    log_error("after");
    log_error("and so on");
    const ssize_t num = read(pipe_ends[0], bytes, sizeof bytes - 1);
    g_assert_cmpint(dup2(old, STDERR_FILENO), >=, 0);
    g_assert_cmpint(num, >, 0);
    bytes[num] = '\0';
    unsigned whole = 0;
    for (const char *c = all->str; *c != '\0'; c++)
        whole += *c == '\n';
    char *expected = g_strdup_printf("relaysim: %u lines are missing here, which could not be "
                                     "written: nobody read\nrelaysim: after\nrelaysim: and so on\n",
                                     100 - whole);
    g_assert_cmpstr(bytes, ==, expected);
    g_free(expected);
    g_string_free(all, TRUE);
    close(old);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    (void)f;
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/log/lines", struct fixture, NULL, set_up, test_lines, tear_down);
    g_test_add("/log/longest", struct fixture, NULL, set_up, test_longest, tear_down);
    g_test_add("/log/reopen", struct fixture, NULL, set_up, test_reopen, tear_down);
    g_test_add("/log/missing", struct fixture, NULL, set_up, test_missing, tear_down);
    return g_test_run();
}
