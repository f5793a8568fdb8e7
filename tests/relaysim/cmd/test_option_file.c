/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/option_file.h"

#include "rows.h"

#include <string.h>

static const char *const colours[] = {"red", "green", NULL};

struct values {
    bool flag, other_flag;
    int64_t number, size, time, timer;
    uint64_t any;
    unsigned colour;
    char *text, *file, *config, **texts;
    struct option_row rows[14];
};

static void set_up(struct values *v)
{
    *v = (struct values){.number = -1, .size = -1, .time = -1, .timer = -1, .any = 1};
    const struct option_row rows[] = {
        OPTION_FLAG("flag", &v->flag, "a"),
        OPTION_FLAG("other-flag", &v->other_flag, "b"),
        OPTION_NUMBER("number", &v->number, 0, 100, "N", "c"),
        OPTION_SIZE("size", &v->size, 0, 1 << 30, "d"),
        OPTION_TIME("time", &v->time, 1, OPTION_TIME_MAX, "e"),
        OPTION_TIMER("timer", &v->timer, "f"),
        OPTION_UNSIGNED("any", &v->any, "N", "g"),
        OPTION_CHOICE("colour", &v->colour, colours, "COLOUR", "h"),
        OPTION_TEXT("text", &v->text, "TEXT", "i"),
        OPTION_FILE("file", &v->file, NAMED_FILE_INPUT, "FILE", "j"),
        OPTION_TEXTS("texts", &v->texts, "TEXT", "k"),
        OPTION_FILE("config", &v->config, NAMED_FILE_INPUT, "FILE", "l"),
        OPTION_LATER("later"),
        OPTION_END};
    G_STATIC_ASSERT(sizeof rows == sizeof v->rows);
    memcpy(v->rows, rows, sizeof rows);
}

static void test_all_kinds(void)
{
    static const char text[] = "\xef\xbb\xbf# a comment\n"
                               "\n"
                               "flag\r\n"
                               "  other-flag = no  \n"
                               "number=010\n"
                               "size = 1.5k\n"
                               "time = 0.25\n"
                               "timer = 0\n"
                               "any = 18446744073709551615\n"
                               "colour = green\n"
                               "text = with = and # and  two spaces\n"
                               "\tfile\t=\tf\n"
                               "texts = one\n"
                               "texts = two";
    struct values v;
    GPtrArray *mistakes = g_ptr_array_new_with_free_func(g_free);
    set_up(&v);
    g_assert_true(option_file_set(v.rows, "f", text, sizeof text - 1, mistakes));
    g_assert_cmpuint(mistakes->len, ==, 0);
    g_assert_true(v.flag);
    g_assert_false(v.other_flag);
    g_assert_cmpint(v.number, ==, 10);
    g_assert_cmpint(v.size, ==, 1500);
    g_assert_cmpint(v.time, ==, 250);
    g_assert_cmpint(v.timer, ==, OPTION_NEVER_MS);
    g_assert_cmpuint(v.any, ==, G_MAXUINT64);
    g_assert_cmpuint(v.colour, ==, 1);
    g_assert_cmpstr(v.text, ==, "with = and # and  two spaces");
    g_assert_cmpstr(v.file, ==, "f");
    g_assert_cmpstr(v.texts[0], ==, "one");
    g_assert_cmpstr(v.texts[1], ==, "two");
    g_assert_null(v.texts[2]);
    for (const struct option_row *row = v.rows; row->name != NULL; row++)
        g_assert_cmpint(row->is_given, ==,
                        strcmp(row->name, "config") != 0 && strcmp(row->name, "later") != 0);
    option_rows_clear(v.rows);
    g_ptr_array_free(mistakes, TRUE);
}

static const struct mistake {
    const char *name, *text, *sentence;
} mistake_rows[] = {
    {"unknown", "nonsense = 1", "f:1: there is no option nonsense"},
    {"nearly", "\n\nnumbr = 1", "f:3: there is no option numbr; is it number?"},
    {"dashes", "--number = 1", "f:1: there is no option --number; is it number?"},
    {"no-equals", "number 1",
     "f:1: a line is NAME = VALUE, and this one has no = after its first word"},
    {"no-name", "= 1", "f:1: a line is NAME = VALUE, and this one has no name"},
    {"no-value", "number", "f:1: number needs a value: number = N"},
    {"empty", "number =", "f:1: number is a number from 0 to 100, not nothing"},
    {"below", "number = -1", "f:1: number is a number from 0 to 100, not -1"},
    {"above", "number = 101", "f:1: number is a number from 0 to 100, not 101"},
    {"comment-after", "number = 1 # one", "f:1: number is a number from 0 to 100, not 1 # one"},
    {"choice", "colour = blue", "f:1: colour is red or green, not blue"},
    {"flag", "flag = maybe", "f:1: flag is yes or no, not maybe"},
    {"flag-empty", "flag =", "f:1: flag is yes or no, not nothing"},
    {"file-empty", "file =", "f:1: file is the name of a file, not nothing"},
    {"twice", "number = 1\nnumber = 1",
     "f:2: number stands on line 1 already, and can be given "
     "once"},
    {"flag-twice", "flag = no\nflag", "f:2: flag stands on line 1 already, and can be given once"},
    {"later", "later = 1", "f:1: later is not in this version"},
    {"config", "config = g", "f:1: a file names no other file: config is for the command line"},
};

static void test_mistake(gconstpointer data)
{
    const struct mistake *row = data;
    struct values v;
    GPtrArray *mistakes = g_ptr_array_new_with_free_func(g_free);
    set_up(&v);
    g_assert_false(option_file_set(v.rows, "f", row->text, strlen(row->text), mistakes));
    g_assert_cmpuint(mistakes->len, ==, 1);
    g_assert_cmpstr(g_ptr_array_index(mistakes, 0), ==, row->sentence);
    option_rows_clear(v.rows);
    g_ptr_array_free(mistakes, TRUE);
}

static void test_all_mistakes(void)
{
    GString *text = g_string_new("number = x\ntext = good\ncolour = y\n");
    struct values v;
    GPtrArray *mistakes = g_ptr_array_new_with_free_func(g_free);
    set_up(&v);
    g_assert_false(option_file_set(v.rows, "f", text->str, text->len, mistakes));
    g_assert_cmpuint(mistakes->len, ==, 2);
    g_assert_true(g_str_has_prefix(g_ptr_array_index(mistakes, 1), "f:3: colour"));
    g_ptr_array_set_size(mistakes, 0);
    option_rows_clear(v.rows);

    set_up(&v);
    for (unsigned i = 0; i < OPTION_FILE_MISTAKES_MAX; i++)
        g_string_append(text, "what\n");
    g_assert_false(option_file_set(v.rows, "f", text->str, text->len, mistakes));
    g_assert_cmpuint(mistakes->len, ==, OPTION_FILE_MISTAKES_MAX + 1);
    g_assert_cmpstr(g_ptr_array_index(mistakes, mistakes->len - 1), ==,
                    "f: there are 2 more mistakes");
    option_rows_clear(v.rows);
    g_string_free(text, TRUE);
    g_ptr_array_free(mistakes, TRUE);
}

static char *check_even(const char *value)
{
    return strlen(value) % 2 == 0 ? NULL : g_strdup_printf("--texts %s is odd", value);
}

/* A row's own check is made for every value of the file, also where it has no effect. */
static void test_check(void)
{
    static const char text[] = "texts = good\ntexts = bad\n";
    GPtrArray *mistakes = g_ptr_array_new_with_free_func(g_free);
    for (int is_given = 0; is_given < 2; is_given++) {
        char **texts = NULL;
        struct option_row rows[] = {
            OPTION_TEXTS("texts", &texts, "TEXT", "k", .check = check_even, .is_given = is_given),
            OPTION_END};
        g_assert_false(option_file_set(rows, "f", text, sizeof text - 1, mistakes));
        g_assert_cmpuint(mistakes->len, ==, 1);
        g_assert_cmpstr(g_ptr_array_index(mistakes, 0), ==, "f:2: texts bad is odd");
        g_assert_cmpuint(texts != NULL ? g_strv_length(texts) : 0, ==, is_given ? 0 : 1);
        option_rows_clear(rows);
        g_ptr_array_set_size(mistakes, 0);
    }
    g_ptr_array_free(mistakes, TRUE);
}

static void test_byte_0(void)
{
    static const char text[] = "text = a\0b\nnumber = 1\n";
    struct values v;
    GPtrArray *mistakes = g_ptr_array_new_with_free_func(g_free);
    set_up(&v);
    g_assert_false(option_file_set(v.rows, "f", text, sizeof text - 1, mistakes));
    g_assert_cmpuint(mistakes->len, ==, 1);
    g_assert_cmpstr(g_ptr_array_index(mistakes, 0), ==,
                    "f:1: there is a byte 0 in it: is this a file of options?");
    g_assert_cmpint(v.number, ==, 1);
    option_rows_clear(v.rows);
    g_ptr_array_free(mistakes, TRUE);
}

/* What the command line gave stays, and has to be right in the file all the same. */
static void test_command_line_wins(void)
{
    static const char text[] = "number = 5\ntexts = file\ntexts = more\nflag = no\nfile = g\n"
                               "size = 1\ntime = 1\ntimer = 1\nany = 5\ncolour = red\ntext = t\n";
    static const char wrong[] = "number = 1000\nsize = x\ncolour = blue\nany = 1\nany = 1\n";
    struct values v;
    GPtrArray *mistakes = g_ptr_array_new_with_free_func(g_free);
    set_up(&v);
    v.flag = true;
    v.number = 3;
    v.colour = 1;
    v.text = g_strdup("command line");
    v.file = g_strdup("f");
    v.texts = g_strsplit("command,line", ",", 0);
    for (struct option_row *row = v.rows; row->name != NULL; row++)
        row->is_given = true;
    g_assert_true(option_file_set(v.rows, "f", text, sizeof text - 1, mistakes));
    g_assert_true(v.flag);
    g_assert_cmpint(v.number, ==, 3);
    g_assert_cmpint(v.size, ==, -1);
    g_assert_cmpint(v.time, ==, -1);
    g_assert_cmpint(v.timer, ==, -1);
    g_assert_cmpuint(v.any, ==, 1);
    g_assert_cmpuint(v.colour, ==, 1);
    g_assert_cmpstr(v.text, ==, "command line");
    g_assert_cmpstr(v.file, ==, "f");
    g_assert_cmpuint(g_strv_length(v.texts), ==, 2);
    g_assert_cmpstr(v.texts[0], ==, "command");
    g_assert_false(option_file_set(v.rows, "f", wrong, sizeof wrong - 1, mistakes));
    g_assert_cmpuint(mistakes->len, ==, 4);
    option_rows_clear(v.rows);
    g_ptr_array_free(mistakes, TRUE);
}

static void test_read(void)
{
    struct values v;
    GPtrArray *mistakes = g_ptr_array_new_with_free_func(g_free);
    set_up(&v);
    g_assert_false(option_file_read(v.rows, "/nowhere/at-all", mistakes));
    g_assert_cmpstr(g_ptr_array_index(mistakes, 0), ==,
                    "cannot read /nowhere/at-all: No such file or directory");
    g_assert_false(option_file_read(v.rows, "/", mistakes));
    g_assert_cmpstr(g_ptr_array_index(mistakes, 1), ==, "cannot read /: Is a directory");
    g_assert_false(option_file_read(v.rows, "/dev/zero", mistakes));
    g_assert_cmpstr(g_ptr_array_index(mistakes, 2), ==,
                    "/dev/zero has more than 1 MiB: is this a file of options?");
    g_assert_true(option_file_read(v.rows, "/dev/null", mistakes));
    g_ptr_array_free(mistakes, TRUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/option_file/all-kinds", test_all_kinds);
    add_rows("/option_file/mistake", mistake_rows, test_mistake);
    g_test_add_func("/option_file/all-mistakes", test_all_mistakes);
    g_test_add_func("/option_file/check", test_check);
    g_test_add_func("/option_file/byte-0", test_byte_0);
    g_test_add_func("/option_file/command-line-wins", test_command_line_wins);
    g_test_add_func("/option_file/read", test_read);
    return g_test_run();
}
