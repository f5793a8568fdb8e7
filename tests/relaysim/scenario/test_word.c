/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words of a line, and the values that they stand for. */
#include "line.h"

#include <string.h>

/* Words with a bar between them, quoted ones in angles; or what is wrong. */
static void test_split(void)
{
    static const struct {
        const char *line, *words;
    } rows[] = {
        {"", ""},
        {"  \t one\ttwo  three \r", "one|two|three"},
        {"one # two", "one"},
        {"# one", ""},
        {"one#two", "one#two"},
        {"say \"a b\"", "say|<a b>"},
        {"\"\"", "<>"},
        {"\"a\\n\\r\\t\\{\\\"\\\\b\"", "<a\n\r\t{\"\\b>"},
        {"\"# no end\" # but this", "<# no end>"},
        {"one{two}", "one{two}"}, /* no repetition is around it */
        {"\"one", "!a quoted text has no end"},
        {"\"one\\x\"", "!in a quoted text, a backslash stands before n, r, t, {, \" or \\"},
        {"\"one\"two", "!a blank is needed after a quoted text"},
    };
    struct line line;
    line_begin(&line);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        GString *words = g_string_new("");
        if (line_split(&line, rows[i].line))
            for (unsigned w = 0; w < line.parser.num_words; w++)
                g_string_append_printf(words, line.parser.is_quoted[w] ? "%s<%s>" : "%s%s",
                                       w > 0 ? "|" : "", line.parser.words[w]);
        else
            g_string_append_printf(words, "!%s", line_mistake(&line));
        g_assert_cmpstr(words->str, ==, rows[i].words);
        g_string_free(words, TRUE);
    }
    /* As many words as there may be, and one more. */
    GString *text = g_string_new("");
    for (unsigned i = 0; i < SCENARIO_WORDS_MAX; i++)
        g_string_append(text, "w ");
    g_assert_true(line_split(&line, text->str));
    g_string_append(text, "w");
    g_assert_false(line_split(&line, text->str));
    g_assert_cmpstr(line_mistake(&line), ==, "a line has at most 8192 words");
    g_string_free(text, TRUE);
    line_end(&line);
}

/* Counters of the repetitions around a line. */
static void test_counters(void)
{
    static const struct {
        const char *line, *word;
    } rows[] = {
        {"m{i}", "m7"},
        {"m{i}x{j}", "m7x200"},
        {"{i+5}", "12"},
        {"{i-7}", "0"},
        {"{i*100}", "700"},
        {"\"{i} \\{i}\"", "7 {i}"},
        {"{k}", "!\"{k}\" names no counter of a repetition around this line; in a quoted text, \\{ "
                "stands for a brace (where i is 7, j is 200)"},
        {"{i-8}", "!\"{i-8}\" is less than 0 (where i is 7, j is 200)"},
        {"{i+x}",
         "!in \"{i+x}\", a number of at most 4294967295 is needed after the + (where i is 7, "
         "j is 200)"},
        {"{i", "!a brace begins a counter, such as {i}; in a quoted text, \\{ stands for a brace "
               "(where i is 7, j is 200)"},
    };
    struct line line;
    line_begin(&line);
    line.parser.num_counters = 3;
    line.parser.counters[0] = (struct counter){"i", 7};
    line.parser.counters[1] = (struct counter){NULL, 9}; /* one without a name */
    line.parser.counters[2] = (struct counter){"j", 200};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const bool is_good = line_split(&line, rows[i].line);
        g_assert_cmpstr(is_good ? line.parser.words[0] : line_mistake(&line), ==,
                        rows[i].word + (is_good ? 0 : 1));
        g_assert_cmpint(is_good, ==, rows[i].word[0] != '!');
    }
    /* Shown to people as counted. */
    g_assert_true(line_split(&line, "A sends \"m {i}\"  on s{j}"));
    g_assert_cmpstr(line.parser.line_text, ==, "A sends \"m 7\" on s200");
    line_end(&line);
}

static void test_words(void)
{
    struct line line;
    struct parser *p = &line.parser;
    line_begin(&line);
    g_assert_true(line_split(&line, "one \"two\" three"));
    g_assert_false(parser_accept(p, "two"));
    g_assert_true(parser_accept(p, "one"));
    g_assert_false(parser_accept(p, "two")); /* quoted, it is a text and no word */
    g_assert_false(parser_need_end(p));
    g_assert_cmpstr(line_mistake(&line), ==,
                    "the line goes on with \"two\", which says nothing here");
    g_assert_cmpstr(parser_next(p), ==, "two");
    g_assert_true(parser_need(p, "three"));
    g_assert_false(parser_has_more(p));
    g_assert_null(parser_next(p));
    g_assert_true(parser_need_end(p));
    (void)line_split(&line, "one");
    g_assert_false(parser_need(p, "two"));
    g_assert_cmpstr(line_mistake(&line), ==, "\"two\" is needed here, not \"one\"");
    (void)line_split(&line, "");
    g_assert_false(parser_need(p, "two"));
    g_assert_cmpstr(line_mistake(&line), ==, "\"two\" is needed at the end of the line");
    line_end(&line);
}

/* Bounds, both included; and times, in ms or s. */
static void test_values(void)
{
    static const struct {
        const char *line;
        bool is_time;
        int64_t value; /* -1: no good */
    } rows[] = {
        {"2", false, 2},    {"10", false, 10},      {"1", false, -1},   {"11", false, -1},
        {"+3", false, -1},  {"3x", false, -1},      {"", false, -1},    {"1ms", true, 1},
        {"2s", true, 2000}, {"5000ms", true, 5000}, {"5s", true, 5000}, {"5001ms", true, -1},
        {"6s", true, -1},   {"0s", true, -1},       {"3", true, -1},    {"s", true, -1},
        {"ms", true, -1},   {"", true, -1},
    };
    struct line line;
    line_begin(&line);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint64_t value = UINT64_MAX;
        (void)line_split(&line, rows[i].line);
        const bool is_good = rows[i].is_time ? parser_duration(&line.parser, "it", 5000, &value)
                                             : parser_number(&line.parser, "it", 2, 10, &value);
        g_test_message("\"%s\": %s", rows[i].line, line_mistake(&line));
        g_assert_cmpint(is_good, ==, rows[i].value >= 0);
        g_assert_cmpint((int64_t)value, ==, rows[i].value);
        g_assert_cmpint(*line_mistake(&line) == '\0', ==, is_good);
    }
    line_end(&line);
}

static void test_url(void)
{
    char *longest = g_strdup_printf("a://%0496d", 0), *longer = g_strconcat(longest, "0", NULL);
    const struct {
        const char *line;
        bool is_good;
    } rows[] = {{"a://b", true},
                {"ab", false},
                {"\"a:// b\"", false},
                {"a://\xc3\xa4", false},
                {longest, true},
                {longer, false},
                {"", false}};
    struct line line;
    line_begin(&line);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const char *url = NULL;
        (void)line_split(&line, rows[i].line);
        g_assert_cmpint(parser_url(&line.parser, "it", &url), ==, rows[i].is_good);
        g_assert_cmpstr(url, ==, rows[i].is_good ? rows[i].line : NULL);
    }
    line_end(&line);
    g_free(longest);
    g_free(longer);
}

static const char *name_of(uint8_t value)
{
    return value == 3 ? "Three" : value == 255 ? "Last" : NULL;
}

static void test_mnemonic(void)
{
    struct line line;
    uint8_t id = 9;
    line_begin(&line);
    (void)line_split(&line, "Last");
    g_assert_true(parser_mnemonic(&line.parser, "it", name_of, &id));
    g_assert_cmpuint(id, ==, 255);
    (void)line_split(&line, "three");
    g_assert_false(parser_mnemonic(&line.parser, "it", name_of, &id));
    g_assert_cmpstr(line_mistake(&line), ==, "it is one of Three, Last, not \"three\"");
    /* Only after its word. */
    (void)line_split(&line, "reason Three Last");
    g_assert_true(parser_reason(&line.parser, name_of, &id));
    g_assert_cmpuint(id, ==, 3);
    g_assert_true(parser_reason(&line.parser, name_of, &id));
    g_assert_cmpuint(id, ==, 3);
    g_assert_cmpstr(parser_next(&line.parser), ==, "Last");
    line_end(&line);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scenario-word/split", test_split);
    g_test_add_func("/scenario-word/counters", test_counters);
    g_test_add_func("/scenario-word/words", test_words);
    g_test_add_func("/scenario-word/values", test_values);
    g_test_add_func("/scenario-word/url", test_url);
    g_test_add_func("/scenario-word/mnemonic", test_mnemonic);
    return g_test_run();
}
