/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/progress.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "report/moment.h"

#define SHOW_EVERY_US 500000

static volatile sig_atomic_t is_interrupted;
static const volatile gboolean *is_stopped; /* by another process; NULL */

static void note_interrupt(int number)
{
    (void)number;
    is_interrupted = 1;
}

void progress_begin(struct progress *progress, gint64 size)
{
    struct sigaction action = {.sa_handler = note_interrupt};

    /* A second one ends the program. */
    action.sa_flags = (int)SA_RESETHAND;
    sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    progress->is_shown = isatty(STDERR_FILENO) != 0;
    progress->size = size;
    progress->begun_us = g_get_monotonic_time();
    progress->next_us = progress->begun_us + SHOW_EVERY_US;
}

gboolean progress_go_on(void)
{
    return !is_interrupted && (is_stopped == NULL || !*is_stopped);
}

/* Whether the line is to be written anew. */
static gboolean is_time(struct progress *progress)
{
    if (!progress->is_shown)
        return FALSE;
    const gint64 now = g_get_monotonic_time();
    if (now < progress->next_us)
        return FALSE;
    progress->next_us = now + SHOW_EVERY_US;
    return TRUE;
}

void progress_show(struct progress *progress, gint64 bytes, guint64 packets)
{
    if (progress->slot != NULL) {
        progress->slot->bytes = bytes;
        progress->slot->packets = packets;
        return;
    }
    if (!is_time(progress))
        return;
    const gint64 now = g_get_monotonic_time();
    GString *line = g_string_new("\r");
    moment_append_things(line, packets, "packet");
    if (progress->size > 0 && bytes > 0) {
        const double share = MIN((double)bytes / (double)progress->size, 1.0);
        g_string_append_printf(line, ", %.0f %%, ", share * 100);
        moment_append_span(
            line, (gint64)((double)(now - progress->begun_us) * 1000 * (1 - share) / share));
        g_string_append(line, " to go");
    }
    g_string_append(line, "\033[K");
    fputs(line->str, stderr);
    g_string_free(line, TRUE);
}

void progress_line(struct progress *progress, const char *text)
{
    if (is_time(progress))
        fprintf(stderr, "\r%s\033[K", text);
}

void progress_end(struct progress *progress)
{
    if (progress->is_shown && progress->slot == NULL)
        fputs("\r\033[K", stderr);
}

gsize progress_shared_size(guint num)
{
    return sizeof(struct progress_shared) + num * sizeof(struct progress_slot);
}

void progress_share(struct progress *progress, struct progress_shared *shared, guint index)
{
    progress->slot = &shared->each[index];
    is_stopped = &shared->is_stopped;
}

void progress_show_shared(struct progress *progress, const struct progress_shared *shared,
                          guint num)
{
    gint64 bytes = 0;
    guint64 packets = 0;

    for (guint i = 0; i < num; i++) {
        bytes += shared->each[i].bytes;
        packets += shared->each[i].packets;
    }
    progress_show(progress, bytes / num, packets / num);
}
