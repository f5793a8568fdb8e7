/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "recording.h"

#include "log.h"

#include <errno.h>
#include <sys/stat.h>

/* Whether two names are of the same file on a disk; of a device both may be. */
static gboolean are_same_file(const char *one, const char *two)
{
    struct stat one_stat, two_stat;
    return stat(one, &one_stat) == 0 && stat(two, &two_stat) == 0 && S_ISREG(one_stat.st_mode) &&
           one_stat.st_dev == two_stat.st_dev && one_stat.st_ino == two_stat.st_ino;
}

gboolean recording_open(struct recording *recording, const char *capture, const char *truth)
{
    *recording = (struct recording){NULL, NULL};
    if (capture != NULL && (recording->tap = tap_open(capture)) == NULL) {
        log_error("cannot write %s: %s", capture, g_strerror(errno));
        return FALSE;
    }
    if (capture != NULL && truth != NULL && are_same_file(capture, truth)) {
        log_error("-w and --truth are the same file, %s", truth);
        tap_close(recording->tap);
        return FALSE;
    }
    if (truth != NULL && (recording->truth = truth_open(truth)) == NULL) {
        log_error("cannot write %s: %s", truth, g_strerror(errno));
        tap_close(recording->tap);
        return FALSE;
    }
    return TRUE;
}

gboolean recording_close(struct recording *recording)
{
    const gboolean has_tap = tap_close(recording->tap);
    const gboolean has_truth = truth_close(recording->truth);
    if (!has_tap)
        log_error("the capture could not be written to its end");
    if (!has_truth)
        log_error("the truth file could not be written to its end");
    return has_tap && has_truth;
}
