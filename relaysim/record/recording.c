/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record/recording.h"

#include "base/log.h"
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

gboolean recording_open(struct recording *recording, const struct recording_files *files)
{
    *recording = (struct recording){.capture = NULL};
    if (files->has_answers && files->capture == NULL) {
        log_error("--answers are put into the capture, and none is written: -w FILE is needed");
        return FALSE;
    }
    if (!check_standard(files->capture))
        return FALSE;
    gboolean is_good =
        open_file(files->capture, "capture", "packets", files->care, &recording->capture_file) &&
        open_file(files->truth, "truth file", "lines", files->care, &recording->truth_file);
    if (is_good && recording->capture_file != NULL &&
        (recording->capture = capture_new(recording->capture_file)) == NULL) {
        log_error("memory is out");
        is_good = FALSE;
    }
    if (!is_good) {
        (void)recording_file_close(recording->capture_file);
        (void)recording_file_close(recording->truth_file);
        return FALSE;
    }
    if (files->has_answers)
        capture_begin_answers(recording->capture);
    if (recording->truth_file != NULL || files->has_answers)
        recording->truth =
            truth_new(recording->truth_file, files->has_answers ? recording->capture : NULL);
    recording_clock_start(&recording->clock);
    return TRUE;
}

void recording_begin(struct recording *recording)
{
    struct recording_file *const files[] = {recording->capture_file, recording->truth_file};
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
    const gboolean has_capture = recording_file_close(recording->capture_file);
    const gboolean has_truth = recording_file_close(recording->truth_file);
    *recording = (struct recording){.capture = NULL};
    return has_capture && has_truth;
}
