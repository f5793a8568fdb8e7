/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/shares.h"

#include <string.h>
#include <sys/resource.h>

#include "cmd/reading.h"
#include "cmd/workers.h"
#include "follow/journeys.h"

/* Bytes of captures for which another process is worth its beginning. */
#define WORTH_A_PROCESS (4 << 20)

/* What a process takes of memory beside what the others have, too; for each packet that it
 * dissects; and for each byte of those, as far as commands wait for others. */
#define PROCESS_COST (96u << 20)
#define PACKET_COST 1200u
#define BYTE_COST 0.25
/* No share is made smaller than this, whatever --memory says. */
#define SHARE_MIN (64u << 10)

static guint jobs_of(const struct options *options)
{
    return options->jobs > 0 ? options->jobs : g_get_num_processors();
}

/* Whether a display filter may ask for what Wireshark or the story counts over all packets: numbers
 * of streams, journeys.  A macro may stand for anything. */
static gboolean asks_for_whole(const char *filter)
{
    return filter != NULL &&
           (strstr(filter, ".stream") != NULL || strstr(filter, "sstp.journey") != NULL ||
            strchr(filter, '$') != NULL);
}

/* A capture that can be read but once; NULL. */
static const char *find_pipe(const struct options *options)
{
    for (guint i = 0; i < options->num_captures; i++) {
        const char *name = options->names[i];
        if (strcmp(name, "-") == 0 ||
            (g_file_test(name, G_FILE_TEST_EXISTS) && !g_file_test(name, G_FILE_TEST_IS_DIR) &&
             !g_file_test(name, G_FILE_TEST_IS_REGULAR)))
            return name;
    }
    return NULL;
}

gboolean shares_can_be_read(const struct options *options)
{
    const char *name = find_pipe(options);

    if (asks_for_whole(options->filter)) {
        say("-Y %s: numbers of streams and journeys, and macros, are those of all packets, and no "
            "share has them",
            options->filter);
        return FALSE;
    }
    if (name == NULL)
        return TRUE;
    say("%s can be read but once, and shares are counted before they are dealt out: name a file",
        name);
    return FALSE;
}

gboolean shares_are_wanted(const struct options *options)
{
    /* What all shares together judge goes the way of what the story is told. */
    if (options->share < 0 && !grvsstp_journeys_are_followed())
        return FALSE;
    if (find_pipe(options) != NULL || (options->share < 0 && asks_for_whole(options->filter)))
        return FALSE;
    if (options->share >= 0 || options->memory > 0)
        return TRUE;
    return jobs_of(options) > 1 &&
           (options->jobs > 0 || reading_size(options) >= 2 * WORTH_A_PROCESS);
}

static guint64 needed_by_memory(const struct options *options, const struct deal *deal)
{
    const struct deal_load load = deal_load(deal);
    const double need = (double)load.packets * PACKET_COST + (double)load.bytes * BYTE_COST;
    const double each = (double)options->memory / jobs_of(options) - PROCESS_COST;

    return (guint64)(need / MAX(each, (double)SHARE_MIN)) + 1;
}

guint shares_count(const struct options *options, const struct deal *deal)
{
    guint64 num = jobs_of(options);

    if (options->jobs == 0) /* nobody has asked for so many */
        num = MIN(num, (guint64)(deal_load(deal).bytes / WORTH_A_PROCESS) + 1);
    if (options->memory > 0)
        num = MAX(num, needed_by_memory(options, deal));
    return (guint)CLAMP(num, 1, MIN(SHARES_MAX, deal_num_pairs(deal) + 1));
}

/* ------------------------------------------------------------------------
 * Processes
 */

struct sharing {
    shares_dissect dissect;
    void *cookie;
    struct carry **carries;
};

static enum exit_code work(void *cookie, guint task)
{
    const struct sharing *sharing = cookie;

    return sharing->dissect(sharing->cookie, task, sharing->carries[task]);
}

void shares_raise_file_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

enum exit_code shares_run(const struct options *options, guint num, struct progress *progress,
                          shares_dissect dissect, void *cookie, struct carry **carries)
{
    struct sharing sharing = {dissect, cookie, carries};
    const struct workers_calls calls = {work, &sharing};
    guint num_begun = 0;

    shares_raise_file_limit();
    for (guint i = 0; i < num; i++)
        if ((carries[i] = carry_new()) == NULL)
            return EXIT_REPORTED;
    const enum exit_code result = workers_run(num, jobs_of(options), progress, &calls, &num_begun);
    for (guint i = num_begun; i < num; i++) {
        carry_free(carries[i]);
        carries[i] = NULL;
    }
    return result;
}
