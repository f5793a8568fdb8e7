/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record/recording_output.h"

#include "base/log.h"
#include "base/named_files.h"

#include <glib.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOOK_MS 100  /* in which a reader is looked for, and whether it is given up */
#define RETRY_MS 250 /* in which a disk that has failed is tried again */
/* Never to wait: for the reader of a FIFO, to open it or to read from it. */
#define OPEN_FLAGS (O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)

static bool is_same(const struct stat *one, const struct stat *two)
{
    return one->st_dev == two->st_dev && one->st_ino == two->st_ino;
}

/* Whether the path is that of a FIFO. */
static bool is_path_of_fifo(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISFIFO(status.st_mode);
}

/* Opens the path: *fd is -1 for a FIFO without a reader.  False with errno set. */
static bool open_path(const char *path, int *fd, bool *is_created)
{
    struct stat status;
    *fd = -1;
    /* Also through a link to what is not there yet, which O_EXCL would not follow. */
    if (stat(path, &status) != 0 && errno == ENOENT) {
        char *end = named_files_end_of_links(path);
        *fd = open(end, OPEN_FLAGS | O_CREAT | O_EXCL, 0666);
        g_free(end);
    }
    *is_created = *fd != -1;
    if (*fd == -1)
        *fd = open(path, OPEN_FLAGS | O_CREAT, 0666);
    if (*fd != -1)
        return true;
    const int why = errno;
    if (why == ENXIO && is_path_of_fifo(path))
        return true;
    errno = why;
    return false;
}

static void look_at(struct recording_output *output)
{
    struct stat status, standard;
    output->is_fifo = output->fd == -1;
    output->is_regular = false;
    if (output->fd == -1 || fstat(output->fd, &status) != 0)
        return;
    output->is_fifo = S_ISFIFO(status.st_mode);
    output->is_regular = S_ISREG(status.st_mode) && !output->is_stdout;
    /* "/dev/stdout", or the file that standard output goes to. */
    if (!S_ISCHR(status.st_mode) && fstat(STDOUT_FILENO, &standard) == 0 &&
        is_same(&status, &standard))
        output->is_stdout = true;
    output->is_fifo = output->is_fifo && !output->is_stdout;
}

bool recording_output_open(struct recording_output *output)
{
    output->is_stdout = strcmp(output->path, "-") == 0;
    output->has_to_begin = true;
    if (output->is_stdout)
        output->fd = STDOUT_FILENO;
    else if (!open_path(output->path, &output->fd, &output->is_created))
        return false;
    look_at(output);
    return true;
}

void recording_output_empty(struct recording_output *output)
{
    /* Where it fails, so does writing, and that is told. */
    if (output->is_regular)
        (void)!ftruncate(output->fd, 0);
}

/* ------------------------------------------------------------------------
 * Writing
 */

/* A FIFO that had no reader: false when there is still none. */
static bool find_reader(struct recording_output *output)
{
    output->fd = open(output->path, OPEN_FLAGS);
    if (output->fd != -1)
        look_at(output);
    return output->fd != -1;
}

/* As write(2), but with EAGAIN after a while when there is no room.  What is not a file on a
 * disk is asked first; standard output, whose way of blocking belongs to others, too, then has
 * room for this much. */
static ssize_t write_some(const struct recording_output *output, const uint8_t *data, size_t len)
{
    struct pollfd room = {.fd = output->fd, .events = POLLOUT};
    if (output->is_regular)
        return write(output->fd, data, len);
    if (poll(&room, 1, LOOK_MS) == 0) {
        errno = EAGAIN;
        return -1;
    }
    return write(output->fd, data, output->is_stdout && len > PIPE_BUF ? PIPE_BUF : len);
}

static void set_failing(struct recording_output *output, bool is_failing)
{
    output->is_failing = is_failing;
    output->owner.failing(output->owner.cookie, is_failing);
}

/* The reader of a pipe has gone. */
static enum recording_output_end lose_reader(struct recording_output *output)
{
    if (!output->is_fifo || output->may_leave) {
        if (!output->may_leave)
            log_error("the reader of the %s has gone away", output->name);
        output->is_over = true;
        return RECORDING_OUTPUT_OVER;
    }
    log_error("the reader of the %s has gone away; it begins anew for the next one", output->name);
    (void)close(output->fd);
    output->fd = -1;
    output->has_to_begin = true;
    return RECORDING_OUTPUT_ANOTHER_READER;
}

/* A write has failed: what becomes of the rest.  RECORDING_OUTPUT_WRITTEN: it is tried again. */
static enum recording_output_end take_error(struct recording_output *output, int error)
{
    if (error == EPIPE || error == ECONNRESET)
        return lose_reader(output);
    if (error == EINTR)
        return RECORDING_OUTPUT_WRITTEN;
    if (error == EAGAIN)
        return output->owner.is_given_up(output->owner.cookie) ? RECORDING_OUTPUT_OVER
                                                               : RECORDING_OUTPUT_WRITTEN;
    if (!output->is_failing) {
        log_error("the %s cannot be written: %s; it goes on when it can", output->name,
                  strerror(error));
        set_failing(output, true);
    }
    return output->owner.pause(output->owner.cookie, RETRY_MS) ? RECORDING_OUTPUT_WRITTEN
                                                               : RECORDING_OUTPUT_OVER;
}

enum recording_output_end recording_output_write(struct recording_output *output,
                                                 const uint8_t *data, size_t len, size_t *at)
{
    enum recording_output_end end = RECORDING_OUTPUT_WRITTEN;

    if (output->is_over)
        return RECORDING_OUTPUT_OVER;
    while (output->fd == -1 && !find_reader(output))
        if (!output->owner.pause(output->owner.cookie, LOOK_MS)) {
            output->is_over = true;
            return RECORDING_OUTPUT_OVER;
        }
    while (*at < len && end == RECORDING_OUTPUT_WRITTEN) {
        const ssize_t num = write_some(output, data + *at, len - *at);
        if (num < 0) {
            end = take_error(output, errno);
            continue;
        }
        *at += (size_t)num;
        output->owner.moved(output->owner.cookie, (size_t)num);
    }
    /* Also when it was given up: what is taken back leaves room for a little of what waits, and
     * that would come where other records are missing. */
    output->is_over = end == RECORDING_OUTPUT_OVER;
    /* Not for a part, which there may have been a little room for. */
    if (end == RECORDING_OUTPUT_WRITTEN && output->is_failing) {
        log_error("the %s is written again", output->name);
        set_failing(output, false);
    }
    return end;
}

/* Whether what is before this place in a file was written here: of the one that standard output
 * goes to, others may write more. */
static bool is_ours(const struct recording_output *output, off_t at)
{
    struct stat status, sentences;
    if (output->is_regular)
        return true;
    return fstat(output->fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size == at &&
           !(fstat(STDERR_FILENO, &sentences) == 0 && is_same(&status, &sentences));
}

void recording_output_take_back(struct recording_output *output, size_t num)
{
    const off_t at = output->fd != -1 ? lseek(output->fd, 0, SEEK_CUR) : -1;
    if (at >= (off_t)num && is_ours(output, at) && ftruncate(output->fd, at - (off_t)num) == 0)
        (void)lseek(output->fd, at - (off_t)num, SEEK_SET);
}

/* ------------------------------------------------------------------------
 * Opening anew, and the end
 */

/* Some file systems say only now that there was no room. */
static bool close_fd(const struct recording_output *output, int fd)
{
    if (fd == -1 || close(fd) == 0 || errno == EINTR)
        return true;
    log_error("the %s could not be written to its end: %s", output->name, strerror(errno));
    return false;
}

void recording_output_reopen(struct recording_output *output)
{
    struct stat old, anew;
    bool is_created;
    int fd;

    if (output->is_stdout || output->is_over)
        return;
    output->has_to_begin = output->has_to_begin || output->has_begun;
    if (!open_path(output->path, &fd, &is_created)) {
        log_error("the %s cannot be opened anew: %s; it goes on in the file of before",
                  output->name, strerror(errno));
        return;
    }
    if (fd != -1 && output->fd != -1 && fstat(fd, &anew) == 0 && fstat(output->fd, &old) == 0 &&
        is_same(&old, &anew)) {
        (void)close(fd); /* it has not been moved away */
        return;
    }
    (void)close_fd(output, output->fd);
    output->fd = fd;
    output->has_to_begin = true;
    look_at(output);
    recording_output_empty(output);
}

bool recording_output_close(struct recording_output *output)
{
    const bool is_good = output->fd == STDOUT_FILENO || close_fd(output, output->fd);
    output->fd = -1;
    return is_good;
}

void recording_output_discard(struct recording_output *output)
{
    if (output->fd != -1 && output->fd != STDOUT_FILENO)
        (void)close(output->fd);
    if (output->is_created) {
        char *end = named_files_end_of_links(output->path);
        (void)unlink(end);
        g_free(end);
    }
}
