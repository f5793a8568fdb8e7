/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/outlet.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A descriptor that others have, too, such as stderr, is not for us to make O_NONBLOCK: it
 * is asked first.  Where there is room at all, a pipe takes PIPE_BUF bytes. */
static bool takes_line(int fd, int patience_ms)
{
    struct pollfd wanted = {.fd = fd, .events = POLLOUT};
    int num;
    do
        num = poll(&wanted, 1, patience_ms);
    while (num < 0 && errno == EINTR);
    if (num == 0)
        errno = EAGAIN;
    return num > 0;
}

/* All of it, or with errno set what there was room for. */
static size_t write_all(int fd, const char *bytes, size_t len)
{
    size_t done = 0;
    while (done < len) {
        const ssize_t num = write(fd, bytes + done, len - done);
        if (num < 0 && errno != EINTR)
            break;
        done += num > 0 ? (size_t)num : 0;
    }
    return done;
}

static bool put(struct outlet *outlet, const char *line, size_t len, int patience_ms)
{
    char whole[1 + OUTLET_LINE_MAX];
    assert(len > 0 && len <= OUTLET_LINE_MAX);
    if (!takes_line(outlet->fd, patience_ms))
        return false;
    whole[0] = '\n';
    memcpy(whole + 1, line, len);
    const char *begin = outlet->is_torn ? whole : whole + 1;
    const size_t begin_len = outlet->is_torn ? len + 1 : len;
    const size_t num = write_all(outlet->fd, begin, begin_len);
    if (num > 0)
        outlet->is_torn = begin[num - 1] != '\n';
    return num == begin_len;
}

bool outlet_put(struct outlet *outlet, const char *line, size_t len, int patience_ms)
{
    if (put(outlet, line, len, patience_ms))
        return true;
    outlet->error = errno;
    outlet->num_dropped++;
    return false;
}

int outlet_open(const char *path)
{
    const int flags = O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    const int fd = open(path, O_WRONLY | flags, 0666);
    struct stat status;
    /* Open for reading, too, a FIFO has a reader for ever: its lines wait for the real one,
     * who may come and go. */
    if (fd < 0 && errno == ENXIO && stat(path, &status) == 0 && S_ISFIFO(status.st_mode))
        return open(path, O_RDWR | flags, 0666);
    return fd;
}
