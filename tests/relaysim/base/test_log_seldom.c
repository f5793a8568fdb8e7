/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/log_seldom.h"

#include <glib.h>

static const struct step {
    const char *name;
    int64_t now_ms;
    unsigned num;     /* times that it happens */
    const char *line; /* the last of them; NULL for none */
} steps[] = {
    {"first", 500, 1, "caller 1"},
    {"at-once-again", 500, 1, NULL},
    {"just-before", 500 + LOG_SELDOM_MS - 1, 3, NULL},
    {"next", 500 + LOG_SELDOM_MS, 1, "caller 1 (and 4 more since the last such line)"},
    {"none-left-out", 500 + 2 * LOG_SELDOM_MS, 1, "caller 1"},
    {"long-after", 500 + 90 * LOG_SELDOM_MS, 2, NULL},
    {"the-second-of-them", 500 + 91 * LOG_SELDOM_MS, 1,
     "caller 1 (and 1 more since the last such line)"},
};

static void test_story(void)
{
    struct log_seldom seldom = {0, 0};
    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
        char *line = NULL;
        g_test_message("%s", steps[i].name);
        for (unsigned n = 1; n <= steps[i].num; n++) {
            g_free(line);
            line = log_seldom(&seldom, steps[i].now_ms, "caller %u", n);
        }
        g_assert_cmpstr(line, ==, steps[i].line);
        g_free(line);
    }
}

static void test_kinds_are_apart(void)
{
    struct log_seldom one = {0, 0}, two = {0, 0};
    for (unsigned n = 0; n < 3; n++) {
        char *line = log_seldom(&one, 0, "one");
        g_assert_cmpstr(line, ==, n == 0 ? "one" : NULL);
        g_free(line);
    }
    char *line = log_seldom(&two, 0, "two");
    g_assert_cmpstr(line, ==, "two");
    g_free(line);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/log_seldom/story", test_story);
    g_test_add_func("/log_seldom/kinds-are-apart", test_kinds_are_apart);
    return g_test_run();
}
