/* SPDX-License-Identifier: GPL-2.0-or-later */
/* say: one line, whatever somebody has put into it. */
#include "base/say.h"

#include <glib.h>

static void say_it(void)
{
    say("%s cannot be read: %d", "a\nb\x1b[31m", 7);
}

static void test_line(void)
{
    g_test_trap_subprocess("/say/subprocess/line", 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stderr("grvsstp-analyze: a\\x0ab\\x1b?31m cannot be read: 7\n");
    g_test_trap_assert_stdout_unmatched("*cannot be read*");
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/say/line", test_line);
    g_test_add_func("/say/subprocess/line", say_it);
    return g_test_run();
}
