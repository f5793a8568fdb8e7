/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which names are of one file, by all ways of spelling; and which uses of one do harm. */
#include "base/named_files.h"

#include <stdbool.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder with
 *     file, hard (a hard link), soft (a link to it), far -> folder/back, folder/back -> ../file,
 *     nothing -> nobody, nowhere -> nothing, folder/, door -> folder, fifo, loop -> loop */
static char *folder;

static char *path(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

static void set_up(void)
{
    static const char *const links[][2] = {
        {"file", "soft"},      {"folder/back", "far"}, {"../file", "folder/back"},
        {"nobody", "nothing"}, {"nothing", "nowhere"}, {"folder", "door"},
        {"loop", "loop"}};
    folder = g_dir_make_tmp("named-XXXXXX", NULL);
    g_assert_nonnull(folder);
    g_assert_cmpint(chdir(folder), ==, 0);
    g_assert_true(g_file_set_contents("file", "x", 1, NULL));
    g_assert_cmpint(link("file", "hard"), ==, 0);
    g_assert_cmpint(g_mkdir("folder", 0700), ==, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(links); i++)
        g_assert_cmpint(symlink(links[i][0], links[i][1]), ==, 0);
    g_assert_cmpint(mkfifo("fifo", 0600), ==, 0);
}

static void tear_down(void)
{
    static const char *const names[] = {"file",    "hard", "soft", "far",  "folder/back", "nothing",
                                        "nowhere", "door", "fifo", "loop", "folder"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        g_assert_cmpint(g_remove(names[i]), ==, 0);
    g_assert_cmpint(chdir("/"), ==, 0);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
    g_free(folder);
}

/* Whether the two can be used. */
static bool is_good(const char *one, enum named_file_use one_use, const char *two,
                    enum named_file_use two_use)
{
    const struct named_file files[] = {{"--one", one, one_use}, {"--two", two, two_use}};
    const struct named_file reversed[] = {files[1], files[0]};
    char *why = named_files_check(files, 2), *other = named_files_check(reversed, 2);
    const bool is = why == NULL;
    g_assert_cmpint(is, ==, other == NULL);
    g_free(why);
    g_free(other);
    return is;
}

static void test_spellings(void)
{
    /* Rows of names of one file. */
    static const char *const groups[][10] = {
        {"file", "./file", "folder/../file", "door/../file", "hard", "soft", "far", "door/back"},
        {"nobody", ".//nobody", "folder/../nobody", "nothing", "nowhere", "door/../nothing"},
        {"folder/new", "door/new", "./folder/./new"},
        {"fifo", "./fifo"},
        {"File"}, /* another one, whatever its folder takes it for */
    };
    for (size_t a = 0; a < G_N_ELEMENTS(groups); a++)
        for (size_t b = 0; b < G_N_ELEMENTS(groups); b++)
            for (size_t i = 0; groups[a][i] != NULL; i++)
                for (size_t j = 0; groups[b][j] != NULL; j++) {
                    char *full = path(groups[b][j]);
                    g_assert_cmpint(
                        is_good(groups[a][i], NAMED_FILE_INPUT, groups[b][j], NAMED_FILE_OUTPUT),
                        ==, a != b);
                    g_assert_cmpint(
                        is_good(groups[a][i], NAMED_FILE_OUTPUT, full, NAMED_FILE_OUTPUT), ==,
                        a != b);
                    g_free(full);
                }
}

static void test_uses(void)
{
    static const enum named_file_use uses[] = {NAMED_FILE_INPUT, NAMED_FILE_OUTPUT,
                                               NAMED_FILE_STORE};
    for (size_t i = 0; i < G_N_ELEMENTS(uses); i++)
        for (size_t j = 0; j < G_N_ELEMENTS(uses); j++) {
            const bool only_read = uses[i] == NAMED_FILE_INPUT && uses[j] == NAMED_FILE_INPUT;
            g_assert_cmpint(is_good("file", uses[i], "soft", uses[j]), ==, only_read);
            g_assert_cmpint(is_good("fifo", uses[i], "fifo", uses[j]), ==, only_read);
            if (uses[i] == NAMED_FILE_STORE)
                continue;
            g_assert_true(is_good("/dev/null", uses[i], "/dev/null", uses[j]));
            /* What cannot be looked at: whoever opens it says why. */
            g_assert_true(is_good("loop", uses[i], "loop", uses[j]));
            g_assert_true(is_good("nodir/x", uses[i], "nodir/x", uses[j]));
            g_assert_true(is_good("file/x", uses[i], "file/x", uses[j]));
        }
}

static void test_store(void)
{
    static const char *const suffixes[] = {"-wal", "-shm", "-journal"};
    for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        char *beside = g_strconcat("folder/../file", suffixes[i], NULL);
        char *beside_new = g_strconcat("nobody", suffixes[i], NULL);
        char *beside_link = g_strconcat("soft", suffixes[i], NULL);
        g_assert_false(is_good("file", NAMED_FILE_STORE, beside, NAMED_FILE_OUTPUT));
        g_assert_false(is_good("file", NAMED_FILE_STORE, beside, NAMED_FILE_INPUT));
        /* SQLite follows the link first. */
        g_assert_false(is_good("soft", NAMED_FILE_STORE, beside, NAMED_FILE_OUTPUT));
        g_assert_true(is_good("soft", NAMED_FILE_STORE, beside_link, NAMED_FILE_OUTPUT));
        g_assert_false(is_good("nowhere", NAMED_FILE_STORE, beside_new, NAMED_FILE_OUTPUT));
        g_assert_true(is_good("file", NAMED_FILE_OUTPUT, beside, NAMED_FILE_OUTPUT));
        g_free(beside);
        g_free(beside_new);
        g_free(beside_link);
    }
}

/* Puts `fd` in the place of a standard stream while names are compared. */
static bool is_good_with(int standard, int fd, const char *one, enum named_file_use one_use,
                         const char *two, enum named_file_use two_use)
{
    const int saved = dup(standard);
    g_assert_cmpint(saved, >=, 0);
    g_assert_cmpint(dup2(fd, standard), ==, standard);
    const bool is = is_good(one, one_use, two, two_use);
    g_assert_cmpint(dup2(saved, standard), ==, standard);
    close(saved);
    return is;
}

static void test_standard(void)
{
    const int file = open("file", O_RDWR);
    const int null = open("/dev/null", O_RDWR);
    int ends[2];
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), ==, 0);

    g_assert_false(
        is_good_with(STDOUT_FILENO, file, "-", NAMED_FILE_OUTPUT, "soft", NAMED_FILE_INPUT));
    g_assert_false(is_good_with(STDOUT_FILENO, file, "/dev/stdout", NAMED_FILE_OUTPUT, "hard",
                                NAMED_FILE_STORE));
    g_assert_false(is_good_with(STDOUT_FILENO, file, "-", NAMED_FILE_OUTPUT, "/dev/stdout",
                                NAMED_FILE_OUTPUT));
    g_assert_false(
        is_good_with(STDIN_FILENO, file, "-", NAMED_FILE_INPUT, "file", NAMED_FILE_OUTPUT));
    g_assert_false(
        is_good_with(STDIN_FILENO, file, "/dev/fd/0", NAMED_FILE_INPUT, "file", NAMED_FILE_OUTPUT));
    g_assert_true(
        is_good_with(STDOUT_FILENO, file, "-", NAMED_FILE_OUTPUT, "fifo", NAMED_FILE_OUTPUT));
    /* As an input, it is another stream. */
    g_assert_true(
        is_good_with(STDIN_FILENO, null, "-", NAMED_FILE_INPUT, "file", NAMED_FILE_OUTPUT));
    g_assert_true(
        is_good_with(STDOUT_FILENO, null, "-", NAMED_FILE_OUTPUT, "/dev/null", NAMED_FILE_OUTPUT));
    g_assert_true(is_good_with(STDOUT_FILENO, ends[0], "-", NAMED_FILE_OUTPUT, "/dev/stdout",
                               NAMED_FILE_INPUT));
    g_assert_false(is_good_with(STDOUT_FILENO, ends[0], "-", NAMED_FILE_OUTPUT, "/dev/stdout",
                                NAMED_FILE_OUTPUT));
    close(file);
    close(null);
    close(ends[0]);
    close(ends[1]);
}

static void test_sentences(void)
{
    const struct named_file files[] = {{"--file", "soft", NAMED_FILE_INPUT},
                                       {"--write", "other", NAMED_FILE_OUTPUT},
                                       {"--store", "nobody", NAMED_FILE_STORE},
                                       {"--truth", "./file", NAMED_FILE_OUTPUT},
                                       {"--write", "nothing-wal", NAMED_FILE_OUTPUT}};
    char *why = named_files_check(files, G_N_ELEMENTS(files));
    g_assert_cmpstr(why, ==,
                    "--file soft and --truth ./file are the same file: one would destroy the "
                    "other");
    g_free(why);
    const struct named_file beside[] = {{"--store", "nothing", NAMED_FILE_STORE},
                                        {"--write", "nobody-wal", NAMED_FILE_OUTPUT}};
    why = named_files_check(beside, G_N_ELEMENTS(beside));
    g_assert_cmpstr(why, ==, "--write nobody-wal would destroy the wal of --store nothing");
    g_free(why);
    g_assert_null(named_files_check(NULL, 0));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    set_up();
    g_test_add_func("/named_files/spellings", test_spellings);
    g_test_add_func("/named_files/uses", test_uses);
    g_test_add_func("/named_files/store", test_store);
    g_test_add_func("/named_files/standard", test_standard);
    g_test_add_func("/named_files/sentences", test_sentences);
    const int result = g_test_run();
    tear_down();
    return result;
}
