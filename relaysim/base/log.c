/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/log.h"

#include "base/outlet.h"
#include "base/plain_text.h"

#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define AROUND_MAX 64 /* what a line has beside its text: the time, the mark of a cut, the end */

G_STATIC_ASSERT(LOG_LINE_MAX <= OUTLET_LINE_MAX);

static int verbose;
static bool never_waits;

/* With the lock. */
static GMutex lock;
static struct outlet stderr_outlet = {.fd = STDERR_FILENO};
static struct outlet file_outlet = {.fd = -1};
static char *file_path;

void log_set_verbose(int is_verbose)
{
    verbose = is_verbose;
}

void log_never_wait(void)
{
    never_waits = true;
}

/* ------------------------------------------------------------------------
 * Lines
 */

/* The time, as lines have it in front: on stderr that of the day. */
static void write_time(char *text, size_t size, bool has_date)
{
    struct timespec now;
    struct tm tm;
    char clock[32];
    clock_gettime(CLOCK_REALTIME, &now);
    strftime(clock, sizeof clock, has_date ? "%Y-%m-%d %H:%M:%S" : "%H:%M:%S",
             localtime_r(&now.tv_sec, &tm));
    g_snprintf(text, size, "%s.%03d ", clock, (int)(now.tv_nsec / 1000000));
}

static bool put(struct outlet *outlet, const char *head, const char *text)
{
    char *line = g_strconcat(head, text, "\n", NULL);
    const bool is_put = outlet_put(outlet, line, strlen(line), never_waits ? 0 : -1);
    g_free(line);
    return is_put;
}

/* With how many lines were left out before it, once there is room again. */
static bool put_after_dropped(struct outlet *outlet, const char *head, const char *text)
{
    const uint64_t num = outlet->num_dropped;
    if (num > 0) {
        char *gap = g_strdup_printf(
            "%" PRIu64 " lines are missing here, which could not be "
            "written: %s",
            num, outlet->error == EAGAIN ? "nobody read" : g_strerror(outlet->error));
        const bool is_put = put(outlet, head, gap);
        g_free(gap);
        if (!is_put)
            return false; /* it has counted for the line */
        outlet->num_dropped = 0;
    }
    return put(outlet, head, text);
}

static void put_in_file(const char *text)
{
    char head[32];
    const bool was_good = file_outlet.num_dropped == 0;
    write_time(head, sizeof head, true);
    if (put_after_dropped(&file_outlet, head, text) || !was_good)
        return;
    char *sentence = g_strdup_printf("the log cannot be written: %s",
                                     file_outlet.error == EAGAIN ? "nobody reads it"
                                                                 : g_strerror(file_outlet.error));
    (void)put_after_dropped(&stderr_outlet, "relaysim: ", sentence);
    g_free(sentence);
}

/* `head` is what a line on stderr has in front; one of the program's course is there only
 * without a file. */
static void G_GNUC_PRINTF(3, 0)
    write_line(const char *head, bool is_error, const char *format, va_list args)
{
    char *text = g_strdup_vprintf(format, args);
    char *plain = plain_text_cut(text, strlen(text), LOG_LINE_MAX - AROUND_MAX);
    g_mutex_lock(&lock);
    if (file_outlet.fd >= 0)
        put_in_file(plain);
    if (file_outlet.fd < 0 || is_error)
        (void)put_after_dropped(&stderr_outlet, head, plain);
    g_mutex_unlock(&lock);
    g_free(plain);
    g_free(text);
}

void log_info(const char *format, ...)
{
    char head[32];
    va_list args;
    if (!verbose)
        return;
    write_time(head, sizeof head, false);
    va_start(args, format);
    write_line(head, false, format, args);
    va_end(args);
}

void log_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line("relaysim: ", true, format, args);
    va_end(args);
}

/* ------------------------------------------------------------------------
 * The file
 */

static bool is_same_file(int one, int two)
{
    struct stat one_stat, two_stat;
    return fstat(one, &one_stat) == 0 && fstat(two, &two_stat) == 0 &&
           one_stat.st_dev == two_stat.st_dev && one_stat.st_ino == two_stat.st_ino;
}

/* What was left out is still to be told, in the new one. */
static bool open_file(const char *path)
{
    const int fd = outlet_open(path);
    if (fd < 0)
        return false;
    g_mutex_lock(&lock);
    if (!is_same_file(fd, file_outlet.fd))
        file_outlet.is_torn = false;
    if (file_outlet.fd >= 0)
        close(file_outlet.fd);
    file_outlet.fd = fd;
    g_mutex_unlock(&lock);
    return true;
}

bool log_open(const char *path)
{
    if (!open_file(path))
        return false;
    file_path = g_strdup(path);
    return true;
}

void log_reopen(void)
{
    if (file_path != NULL && !open_file(file_path))
        log_error("the log %s cannot be opened anew, and goes on where it was: %s", file_path,
                  g_strerror(errno));
}

bool log_has_file(void)
{
    return file_path != NULL;
}

void log_close(void)
{
    g_mutex_lock(&lock);
    if (file_outlet.fd >= 0)
        close(file_outlet.fd);
    file_outlet.fd = -1;
    g_clear_pointer(&file_path, g_free);
    g_mutex_unlock(&lock);
}
