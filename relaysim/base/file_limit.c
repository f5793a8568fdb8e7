/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/file_limit.h"

#include <sys/resource.h>

bool file_limit_raise(uintmax_t needed, uintmax_t *limit)
{
    struct rlimit now;
    if (getrlimit(RLIMIT_NOFILE, &now) != 0)
        return true;
    const rlim_t before = now.rlim_cur;
    now.rlim_cur = now.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &now) != 0)
        now.rlim_cur = before;
    *limit = now.rlim_cur;
    return now.rlim_cur == RLIM_INFINITY || now.rlim_cur >= needed;
}
