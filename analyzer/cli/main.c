/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * grvsstp-analyze: what happened to the messages of Groove SSTP, in any number of captures.
 */
#include <locale.h>
#include <signal.h>
#include <stdio.h>

#include "cmd/analyze.h"
#include "cmd/scenario.h"
#include "cmd/shrink.h"
#include "cmd/split.h"
#include "cmd/version.h"
#include "dissect/start.h"

int main(int argc, char *argv[])
{
    struct options options = {.format = OPTIONS_TEXT, .share = -1};
    enum exit_code result = EXIT_USAGE;

    setlocale(LC_ALL, "");
    setlocale(LC_NUMERIC, "C");
    (void)signal(SIGPIPE, SIG_IGN); /* a write says it as well, and the report ends in order */
    if (options_read(&options, &argc, &argv) == OPTIONS_WRONG) {
        options_clear(&options);
        return EXIT_USAGE;
    }
    start_process(argv[0]);
    if (options.wants_version) {
        version_print();
        result = EXIT_DONE;
    } else {
        const struct start_options start = {
            .profile = options.profile,
            .preferences = (const char **)options.preferences,
            .decode_as = (const char **)options.decode_as,
        };
        if (start_wireshark(&start))
            result = options.shrink_text != NULL ? shrink(&options)
                     : options.has_scenario      ? scenario(&options)
                     : options.num_buckets > 0   ? split(&options)
                                                 : analyze(&options);
    }
    options_clear(&options);
    return (int)result;
}
