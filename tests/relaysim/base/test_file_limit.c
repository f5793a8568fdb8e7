/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many files may be open: as many as the system has, whatever the shell says. */
#include "base/file_limit.h"

#include <glib.h>
#include <sys/resource.h>

static void set_limits(rlim_t soft, rlim_t hard)
{
    const struct rlimit limit = {.rlim_cur = soft, .rlim_max = hard};
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &limit), ==, 0);
}

static void check_soft(rlim_t wanted)
{
    struct rlimit limit;
    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &limit), ==, 0);
    g_assert_cmpuint(limit.rlim_cur, ==, wanted);
}

/* In this order: a hard limit does not rise again. */
static void test_raise(void)
{
    uintmax_t limit = 0;
    set_limits(50, 200);
    g_assert_true(file_limit_raise(60, &limit));
    check_soft(200);
    g_assert_true(file_limit_raise(200, &limit));
    g_assert_false(file_limit_raise(201, &limit));
    g_assert_cmpuint(limit, ==, 200);
    set_limits(50, 100);
    g_assert_false(file_limit_raise(200, &limit));
    g_assert_cmpuint(limit, ==, 100);
    check_soft(100);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/file-limit/raise", test_raise);
    return g_test_run();
}
