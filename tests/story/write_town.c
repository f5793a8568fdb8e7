/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * write_town: a random town as a capture, with the truth beside it (town_capture.h).
 *
 *     write_town PREFIX SEED JOURNEYS [lacks-connections] [begins-late] [ends-early] [long-repeats]
 *                [says-again]
 */
#include <stdio.h>

#include "town.h"
#include "town_capture.h"

static bool has_word(int argc, char **argv, const char *word)
{
    for (int i = 4; i < argc; i++)
        if (g_strcmp0(argv[i], word) == 0)
            return true;
    return false;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr,
                "usage: %s PREFIX SEED JOURNEYS [lacks-connections] [begins-late] "
                "[ends-early] [long-repeats] [says-again]\n",
                argv[0]);
        return 2;
    }
    struct town_capture *capture = town_capture_open(argv[1]);
    const struct town_config config = {
        .seed = (uint32_t)g_ascii_strtoull(argv[2], NULL, 10),
        .num_journeys = (unsigned)g_ascii_strtoull(argv[3], NULL, 10),
        .lacks_connections = has_word(argc, argv, "lacks-connections"),
        .begins_late = has_word(argc, argv, "begins-late"),
        .ends_early = has_word(argc, argv, "ends-early"),
        .has_long_repeats = has_word(argc, argv, "long-repeats"),
        .says_again = has_word(argc, argv, "says-again"),
        .num_devices = 40,
        .num_relays = 4,
        .capture = capture,
    };

    if (capture == NULL) {
        perror(argv[1]);
        return 1;
    }
    (void)town_run(&config);
    if (!town_capture_close(capture)) {
        perror(argv[1]);
        return 1;
    }
    return 0;
}
