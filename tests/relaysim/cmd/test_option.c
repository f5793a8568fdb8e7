/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of options: what each kind takes, what it says of the rest, and the nearest name. */
#include "cmd/option.h"

#include <string.h>

static bool flag;
static int64_t number, size, duration, timer;
static uint64_t seed;
static unsigned choice;
static char *text, **texts, *file;
static const char *const colours[] = {"red", "green", "blue", NULL};
static const char *const one_colour[] = {"red", NULL};

static const struct option_row rows[] = {
    OPTION_FLAG("verbose", &flag, "Help", .letter = 'v'),
    OPTION_NUMBER("number", &number, 1, 100, "N", "Help"),
    OPTION_UNSIGNED("seed", &seed, "N", "Help"),
    OPTION_SIZE("size", &size, 8, 1 << 20, "Help"),
    OPTION_TIME("time", &duration, 1, 60000, "Help"),
    OPTION_TIMER("timer", &timer, "Help"),
    OPTION_CHOICE("choice", &choice, colours, "COLOUR", "Help"),
    OPTION_CHOICE("only", &choice, one_colour, "COLOUR", "Help"),
    OPTION_TEXT("text", &text, "TEXT", "Help"),
    OPTION_TEXTS("texts", &texts, "TEXT", "Help"),
    OPTION_FILE("file", &file, NAMED_FILE_INPUT, "FILE", "Help", .letter = 'f'),
    OPTION_LATER("later"),
    OPTION_END};

static const struct option_row *find(const char *name)
{
    return option_row_find(rows, name, strlen(name));
}

static void test_find(void)
{
    g_assert_true(find("verbose") == &rows[0]);
    g_assert_true(find("texts") == &rows[9]);
    g_assert_null(find("verb"));
    g_assert_null(find("verbosely"));
    g_assert_null(find(""));
    g_assert_true(option_row_find_letter(rows, 'f') == &rows[10]);
    g_assert_null(option_row_find_letter(rows, 'x'));
    g_assert_null(option_row_find_letter(rows, '\0'));
}

static void test_nearest(void)
{
    static const struct {
        const char *name, *nearest;
    } cases[] = {{"verbos", "verbose"}, {"vrebose", "verbose"},
                 {"numbers", "number"}, {"sise", "size"},
                 {"latter", NULL}, /* of a later version */
                 {"nonsense", NULL},    {"", NULL},
                 {"v", NULL},           {"verbosely", "verbose"}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpstr(option_row_nearest(rows, cases[i].name, strlen(cases[i].name)), ==,
                        cases[i].nearest);
    char *name = g_strnfill(100000, 'v');
    g_assert_null(option_row_nearest(rows, name, strlen(name)));
    g_free(name);
}

/* What was said, and the sentence, or NULL for what is taken. */
static void test_sentences(void)
{
    static const struct {
        const char *name, *value, *sentence;
    } cases[] = {
        {"number", "1", NULL},
        {"number", "100", NULL},
        {"number", "0", "--number is a number from 1 to 100, not 0"},
        {"number", "101", "--number is a number from 1 to 100, not 101"},
        {"number", "-1", "--number is a number from 1 to 100, not -1"},
        {"number", "99999999999999999999",
         "--number is a number from 1 to 100, not 99999999999999999999"},
        {"number", "", "--number is a number from 1 to 100, not nothing"},
        {"seed", "18446744073709551615", NULL},
        {"seed", "-1", "--seed is a number from 0 to 18446744073709551615, not -1"},
        {"size", "1MiB", NULL},
        {"size", "7", "--size is a number of bytes from 8 to 1MiB, not 7"},
        {"size", "1MiBs", "--size is a number of bytes from 8 to 1MiB, not 1MiBs"},
        {"time", "1m", NULL},
        {"time", "60.001", "--time is a number of seconds from 0.001 to 60, not 60.001"},
        {"time", "0", "--time is a number of seconds from 0.001 to 60, not 0"},
        {"timer", "1000000000", NULL},
        {"timer", "x", "--timer is a number of seconds from 0 to 1000000000 (0: never), not x"},
        {"timer", "1000000001",
         "--timer is a number of seconds from 0 to 1000000000 (0: never), not 1000000001"},
        {"choice", "blue", NULL},
        {"choice", "blu", "--choice is red, green or blue, not blu"},
        {"only", "blue", "--only is red, not blue"},
        {"text", "", NULL},
        {"file", "-", NULL},
        {"file", "", "--file is the name of a file, not nothing"},
        {"later", "x", "--later is not in this version"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char *sentence = option_row_set(find(cases[i].name), cases[i].value);
        g_assert_cmpstr(sentence, ==, cases[i].sentence);
        g_free(sentence);
    }
    option_rows_clear(rows);
}

static void set(const char *name, const char *value)
{
    g_assert_null(option_row_set(find(name), value));
}

static void test_values(void)
{
    flag = false;
    set("verbose", NULL);
    g_assert_true(flag);
    set("number", "010");
    g_assert_cmpint(number, ==, 10);
    set("seed", "9");
    g_assert_cmpuint(seed, ==, 9);
    set("size", "1k");
    g_assert_cmpint(size, ==, 1000);
    set("time", "0.5");
    g_assert_cmpint(duration, ==, 500);
    set("timer", "2m");
    g_assert_cmpint(timer, ==, 120000);
    set("timer", "0");
    g_assert_cmpint(timer, ==, OPTION_NEVER_MS);
    set("choice", "green");
    g_assert_cmpuint(choice, ==, 1);
    set("text", "\xff\n");
    g_assert_cmpstr(text, ==, "\xff\n");
    set("texts", "a");
    set("texts", "");
    g_assert_cmpuint(g_strv_length(texts), ==, 2);
    g_assert_cmpstr(texts[0], ==, "a");
    g_assert_cmpstr(texts[1], ==, "");
    set("file", "name");
    g_assert_cmpstr(file, ==, "name");
    option_rows_clear(rows);
    g_assert_null(text);
    g_assert_null(texts);
    g_assert_null(file);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/option/find", test_find);
    g_test_add_func("/option/nearest", test_nearest);
    g_test_add_func("/option/sentences", test_sentences);
    g_test_add_func("/option/values", test_values);
    return g_test_run();
}
