/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where results go, and whether they are out.  In processes of their own, for it is kept for
 * good. */
#include "base/results.h"

#include <glib.h>
#include <unistd.h>

static void test_stdout_inner(void)
{
    g_assert_true(results_file() == stdout);
    fputs("to somebody", results_file());
    g_assert_true(results_flush());
    g_assert_cmpstr(results_name(), ==, "stdout");
}

static void test_stderr_inner(void)
{
    results_to_stderr();
    fputs("to somebody", results_file());
    g_assert_true(results_flush());
    g_assert_cmpstr(results_name(), ==, "stderr");
}

static void test_nobody_inner(void)
{
    g_assert_true(results_to_nobody());
    fputs("to somebody", results_file());
    g_assert_true(results_flush());
}

/* What cannot be written is not out, however little it is. */
static void test_closed_inner(void)
{
    close(STDOUT_FILENO);
    fputs("to nobody", results_file());
    g_assert_false(results_flush());
    g_assert_false(results_flush());
    _exit(0); /* the end of the process would try again, and complain */
}

static void test_places(void)
{
    g_test_trap_subprocess("/results/subprocess/stdout", 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stdout("*to somebody*");
    g_test_trap_subprocess("/results/subprocess/stderr", 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stderr("*to somebody*");
    g_test_trap_assert_stdout_unmatched("*to somebody*");
    g_test_trap_subprocess("/results/subprocess/nobody", 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stdout_unmatched("*to somebody*");
    g_test_trap_assert_stderr_unmatched("*to somebody*");
    g_test_trap_subprocess("/results/subprocess/closed", 0, 0);
    g_test_trap_assert_passed();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/results/places", test_places);
    g_test_add_func("/results/subprocess/stdout", test_stdout_inner);
    g_test_add_func("/results/subprocess/stderr", test_stderr_inner);
    g_test_add_func("/results/subprocess/nobody", test_nobody_inner);
    g_test_add_func("/results/subprocess/closed", test_closed_inner);
    return g_test_run();
}
