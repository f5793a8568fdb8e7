/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/results.h"

static bool is_stderr;
static FILE *nobody;

FILE *results_file(void)
{
    return nobody != NULL ? nobody : is_stderr ? stderr : stdout;
}

bool results_to_nobody(void)
{
    nobody = fopen("/dev/null", "w");
    return nobody != NULL;
}

void results_to_stderr(void)
{
    is_stderr = true;
}

bool results_flush(void)
{
    return fflush(results_file()) == 0 && !ferror(results_file());
}

const char *results_name(void)
{
    return is_stderr ? "stderr" : "stdout";
}
