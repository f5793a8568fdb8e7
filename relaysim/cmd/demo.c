/* SPDX-License-Identifier: GPL-2.0-or-later */
/* demo: `relaysim demo`, its command line. */
#include "demo/demo.h"

#include "base/log.h"
#include "base/plain_text.h"
#include "base/results.h"
#include "cmd/options.h"
#include "cmd/simulated.h"
#include "record/recording.h"

#include <stdio.h>
#include <string.h>

static void print_capture(const char *name)
{
    char *plain = plain_text(name);
    fprintf(results_file(), "The capture is %s\n", plain);
    g_free(plain);
}

int cmd_demo(int argc, char **argv)
{
    char *capture = NULL, *truth = NULL, **faults = NULL;
    struct wear_plan wear;
    uint64_t seed = 1;
    int64_t num_scenes = DEMO_SCENES;
    bool has_answers = false;
    struct simulated_options simulated = {.is_wanted = false};
    struct recording recording;
    struct option_row rows[] = {OPTION_FILE("write", &capture, NAMED_FILE_OUTPUT, "FILE",
                                            "Write a capture (pcapng)", .letter = 'w'),
                                OPTION_FLAG("answers", &has_answers, OPTIONS_ANSWERS_HELP),
                                OPTION_TEXTS("fault", &faults, "FAULT", OPTIONS_WEAR_HELP),
                                OPTION_UNSIGNED("seed", &seed, "N", OPTIONS_WEAR_SEED_HELP),
                                OPTION_FILE("truth", &truth, NAMED_FILE_OUTPUT, "FILE",
                                            "Write what happened, as JSON lines"),
                                OPTION_NUMBER("scenes", &num_scenes, 1, DEMO_SCENES, "N",
                                              "Play only the first so many scenes"),
                                SIMULATED_ROWS(&simulated),
                                OPTION_END};

    int result = options_parse("The tour: every SSTP command on live loopback sockets, in a few "
                               "seconds.\nThe content is the same every time; the times are real, "
                               "unless --simulated.",
                               rows, argc, argv);
    if (result == -1 &&
        (!simulated_check(&simulated) || !options_read_wear(faults, &wear) ||
         !recording_open(&recording, &(struct recording_files){
                                         .capture = capture,
                                         .truth = truth,
                                         .simulated_ns = simulated_begin(&simulated, seed),
                                         .has_answers = has_answers,
                                         .wear = wear,
                                         .seed = seed,
                                         .care = RECORDING_WAITS}))) {
        result = EXIT_USAGE;
    } else if (result == -1) {
        recording_begin(&recording);
        result = demo_play(&recording, NULL, simulated.simulation, (size_t)num_scenes);
        if (!recording_close(&recording))
            result = EXIT_REPORTED;
        else if (result == EXIT_DONE && capture != NULL && strcmp(capture, "-") != 0)
            print_capture(capture);
    }
    simulated_end(&simulated);
    option_rows_clear(rows);
    return result;
}
