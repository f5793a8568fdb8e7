/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * workers: tasks, each in a process of its own, so many at a time.
 *
 * A process is forked when its turn comes, and has what the one that forks it has: only files that
 * are open tell of what it does.  None of them outlives the one that waits for it.
 */
#ifndef ANALYZE_CMD_WORKERS_H
#define ANALYZE_CMD_WORKERS_H

#include <glib.h>

#include "base/say.h"
#include "cmd/progress.h"

struct workers_calls {
    /* In the new process: the task, and what it exits with. EXIT_DONE; all else is a failure, of
     * which it has said a sentence. */
    enum exit_code (*work)(void *cookie, guint task);
    void *cookie;
};

/* Runs the tasks.  What they read is shown as `progress` has it, each of the same bytes; what
 * interrupts it interrupts them, and those that have not begun are left: `num_begun` says how many
 * have.  What a failed task has exited with; where one has died, EXIT_REPORTED with a sentence
 * said. Then the others are ended. */
enum exit_code workers_run(guint num_tasks, guint num_jobs, struct progress *progress,
                           const struct workers_calls *calls, guint *num_begun);

#endif
