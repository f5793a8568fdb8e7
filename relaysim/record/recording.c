/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record/recording.h"

#include "base/log.h"
#include "record/file_name.h"
#include "record/recording_file.h"
#include "base/results.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static gboolean is_standard(const char *path)
{
    return path != NULL && strcmp(path, "-") == 0;
}

/* What standard output cannot be used for. */
static gboolean check_standard(const char *capture)
{
    if (is_standard(capture) && isatty(STDOUT_FILENO)) {
        log_error("-w - writes a capture, which is no text, and standard output is a terminal: "
                  "send it to a file or a program, such as | tshark -r -");
        return FALSE;
    }
    return TRUE;
}

/* Nor can one file be several. */
static gboolean check_several(const struct recording_files *files)
{
    const gboolean is_several = files->wear.has[WEAR_POINTS] || files->wear.has[WEAR_RING];
    if (files->capture != NULL && is_standard(files->capture) && is_several) {
        log_error("a capture from two points, or in a ring, is several files, and -w - is one: -w "
                  "FILE is needed");
        return FALSE;
    }
    return TRUE;
}

/* Opens one of them; FALSE with a sentence. */
static gboolean open_file(const char *path, const char *name, const char *records,
                          enum recording_care care, struct recording_file **file)
{
    const struct recording_file_config config = {.path = path,
                                                 .name = name,
                                                 .records = records,
                                                 .waits = care != RECORDING_SERVES,
                                                 .may_leave = care == RECORDING_STREAMS};
    if (path == NULL)
        return TRUE;
    *file = recording_file_open(&config);
    if (*file == NULL) {
        log_error("cannot write %s: %s", path, g_strerror(errno));
        return FALSE;
    }
    if (recording_file_is_stdout(*file))
        results_to_stderr();
    return TRUE;
}

/* Opens the files of a capture, and makes it; FALSE with a sentence. */
static gboolean open_capture(struct recording *recording, const struct recording_files *files)
{
    static const char *const suffixes[CAPTURE_POINTS_MAX] = {"-1", "-2"};
    const unsigned num = files->wear.has[WEAR_POINTS] ? CAPTURE_POINTS_MAX : 1;
    const uint64_t seconds = recording_clock_ns(&recording->clock) / 1000000000;
    struct capture_config config = {.plan = files->wear, .seed = files->seed};
    char *names[CAPTURE_POINTS_MAX] = {NULL};
    gboolean is_good = TRUE;

    for (unsigned i = 0; files->capture != NULL && is_good && i < num; i++) {
        names[i] = num > 1 ? file_name_with(files->capture, suffixes[i]) : g_strdup(files->capture);
        char *path = files->wear.has[WEAR_RING] ? file_name_of_ring(names[i], 1, seconds)
                                                : g_strdup(names[i]);
        is_good = open_file(path, "capture", "packets", files->care, &recording->capture_files[i]);
        config.files[i] = recording->capture_files[i];
        config.ring_paths[i] = names[i];
        g_free(path);
    }
    if (is_good && config.files[0] != NULL &&
        (recording->capture = capture_new_worn(&config)) == NULL) {
        log_error("memory is out");
        is_good = FALSE;
    }
    for (unsigned i = 0; i < num; i++)
        g_free(names[i]);
    return is_good;
}

/* False, with a sentence, when something was not written. */
static gboolean close_files(struct recording *recording)
{
    gboolean is_good = TRUE;
    for (unsigned i = 0; i < CAPTURE_POINTS_MAX; i++)
        is_good = recording_file_close(recording->capture_files[i]) && is_good;
    return recording_file_close(recording->truth_file) && is_good;
}

gboolean recording_open(struct recording *recording, const struct recording_files *files)
{
    *recording = (struct recording){.capture = NULL};
    if (!wear_plan_is_empty(&files->wear) && files->capture == NULL) {
        log_error(
            "--fault \"capture ...\" wears the capture, and none is written: -w FILE is needed");
        return FALSE;
    }
    if (files->has_answers && files->capture == NULL) {
        log_error("--answers are put into the capture, and none is written: -w FILE is needed");
        return FALSE;
    }
    if (!check_standard(files->capture) || !check_several(files))
        return FALSE;
    recording_clock_start(&recording->clock);
    if (files->simulated_ns != NULL)
        recording_clock_simulate(&recording->clock, files->simulated_ns);
    if (!open_capture(recording, files) ||
        !open_file(files->truth, "truth file", "lines", files->care, &recording->truth_file)) {
        capture_free(recording->capture);
        (void)close_files(recording);
        return FALSE;
    }
    if (files->has_answers)
        capture_begin_answers(recording->capture);
    if (recording->truth_file != NULL || files->has_answers)
        recording->truth =
            truth_new(recording->truth_file, files->has_answers ? recording->capture : NULL);
    return TRUE;
}

void recording_begin(struct recording *recording)
{
    struct recording_file *const files[] = {recording->capture_files[0],
                                            recording->capture_files[1], recording->truth_file};
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
        if (files[i] != NULL)
            recording_file_begin(files[i]);
}

void recording_reopen(struct recording *recording)
{
    recording_clock_start(&recording->clock);
    if (recording->capture != NULL)
        capture_reopen(recording->capture);
    if (recording->truth != NULL)
        truth_reopen(recording->truth);
}

gboolean recording_has_files(const struct recording *recording)
{
    return recording->capture != NULL || recording->truth != NULL;
}

uint64_t recording_now_ns(const struct recording *recording)
{
    return recording != NULL && recording_has_files(recording)
               ? recording_clock_ns(&recording->clock)
               : 0;
}

struct truth *recording_truth(const struct recording *recording)
{
    return recording != NULL ? recording->truth : NULL;
}

gboolean recording_close(struct recording *recording)
{
    truth_free(recording->truth);
    capture_free(recording->capture);
    const gboolean is_good = close_files(recording);
    *recording = (struct recording){.capture = NULL};
    return is_good;
}
