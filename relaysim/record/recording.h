/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recording: the files that a run can leave, a capture (-w) and the truth about it
 * (--truth); "-" is standard output.  Both have the times of one clock.
 *
 *     recording_open(&recording, &files)
 *     recording_begin(&recording)       when nothing is refused any more
 *     recording_close(&recording)
 */
#ifndef RELAYSIM_RECORD_RECORDING_H
#define RELAYSIM_RECORD_RECORDING_H

#include <glib.h>

#include "record/recording_clock.h"
#include "record/capture.h"
#include "record/truth.h"

struct recording {
    struct capture *capture; /* NULL where it was not asked for */
    struct truth *truth;     /* likewise */
    struct recording_clock clock;
    struct recording_file *capture_files[CAPTURE_POINTS_MAX], *truth_file;
};

/* Who comes first where a file takes no more for now: those who are served, so that packets
 * and lines are dropped; or the record, which is waited for; or the record's reader, who is
 * waited for, too, and may leave at any time.  See record/recording_file.h. */
enum recording_care { RECORDING_SERVES, RECORDING_WAITS, RECORDING_STREAMS };

/* The names of the files; NULL for those not asked for. */
struct recording_files {
    const char *capture, *truth;
    const uint64_t *simulated_ns; /* the time of a simulated clock; NULL: the system's */
    bool has_answers;             /* the capture carries the truth in the comments of its packets */
    /* How it is worn.  With two points it is two files, "FILE-1" and "FILE-2" before the ending;
     * with a ring they are called as record/file_name.h says. */
    struct wear_plan wear;
    uint64_t seed;
    enum recording_care care;
};

/* Opens the files, and leaves them as they are; with one on standard output, results go to stderr
 * from here on (base/results.h).  FALSE with a sentence. */
gboolean recording_open(struct recording *recording, const struct recording_files *files);

/* Empties the files, and starts to write. */
void recording_begin(struct recording *recording);

/* Opens all anew, as after somebody has moved them away, and starts the clock anew. */
void recording_reopen(struct recording *recording);

/* Whether anything is recorded. */
gboolean recording_has_files(const struct recording *recording);

/* The time of an event; 0 where nothing is recorded, or with NULL. */
uint64_t recording_now_ns(const struct recording *recording);

/* The truth file; NULL without one, or with NULL. */
struct truth *recording_truth(const struct recording *recording);

/* FALSE, with a sentence, when something was not written.  Without recording_begin() the
 * files are as they were. */
gboolean recording_close(struct recording *recording);

#endif
