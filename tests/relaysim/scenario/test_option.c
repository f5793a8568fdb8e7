/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options after a declaration or step, in any order. */
#include "line.h"

#include <stddef.h>

struct target {
    bool on, off;
    uint32_t u32;
    uint64_t u64;
    size_t size;
    int64_t ms;
    const char *text, *url;
    unsigned num; /* of a list */
};

static bool add_one(struct parser *p, void *target, const struct parser_option *option)
{
    uint64_t value;
    ((struct target *)target)->num++;
    return parser_number(p, option->what, 0, 9, &value);
}

static const struct parser_option options[] = {
    {"on", option_true, offsetof(struct target, on), NULL, 0, 0},
    {"off", option_false, offsetof(struct target, off), NULL, 0, 0},
    {"u32", option_u32, offsetof(struct target, u32), "a number", 1, UINT32_MAX},
    {"u64", option_u64, offsetof(struct target, u64), "a number", 0, INT64_MAX},
    {"size", option_size, offsetof(struct target, size), "a size", 2, 3},
    {"ms", option_duration, offsetof(struct target, ms), "a time", 0, 0},
    {"text", option_text, offsetof(struct target, text), "a text", 0, 0},
    {"url", option_url, offsetof(struct target, url), "an address", 0, 0},
    {"item", add_one, 0, "an item", 0, PARSER_OPTION_LIST},
};

static bool read_options(struct line *line, const char *text, struct target *target)
{
    *target = (struct target){.off = true};
    return line_split(line, text) &&
           parser_options(&line->parser, options, G_N_ELEMENTS(options), target);
}

static void test_kinds(void)
{
    struct line line;
    struct target target;
    line_begin(&line);
    g_assert_true(read_options(&line, "", &target));
    g_assert_true(target.off && !target.on);
    g_assert_true(read_options(&line,
                               "url a://b text \"x y\" ms 2s size 3 u64 9223372036854775807 "
                               "u32 4294967295 off on item 1 item 2",
                               &target));
    g_assert_true(target.on && !target.off);
    g_assert_cmpuint(target.u32, ==, UINT32_MAX);
    g_assert_cmpuint(target.u64, ==, INT64_MAX);
    g_assert_cmpuint(target.size, ==, 3);
    g_assert_cmpint(target.ms, ==, 2000);
    g_assert_cmpstr(target.text, ==, "x y");
    g_assert_cmpstr(target.url, ==, "a://b");
    g_assert_cmpuint(target.num, ==, 2); /* a list may go on */
    line_end(&line);
}

/* One sentence, and the others are read all the same. */
static void test_mistakes(void)
{
    static const struct {
        const char *line, *mistake;
    } rows[] = {
        {"what on", "there is no option \"what\" here"},
        {"u32 1 u32 2 on", "\"u32\" is said twice"},
        {"u32 0 on", "a number is a number from 1 to 4294967295, not \"0\""},
        {"size 4 on", "a size is a number from 2 to 3, not \"4\""},
        {"ms 3601s on", "a time is a time such as 200ms or 2s, at most 3600s, not \"3601s\""},
        {"on text", "a text is needed at the end of the line"},
    };
    struct line line;
    line_begin(&line);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct target target;
        g_assert_false(read_options(&line, rows[i].line, &target));
        g_assert_cmpstr(line_mistake(&line), ==, rows[i].mistake);
        g_assert_true(target.on);
    }
    line_end(&line);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scenario-option/kinds", test_kinds);
    g_test_add_func("/scenario-option/mistakes", test_mistakes);
    return g_test_run();
}
