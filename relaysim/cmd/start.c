/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/start.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

/* A socket must not take the place of a standard stream that is closed: libuv
 * aborts on it, and the results would go to the peer.  Open for reading only, so
 * that writing to it still fails. */
static bool fill_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) == -1 && open("/dev/null", O_RDONLY) != fd)
            return false;
    return true;
}

bool start(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a limit on the size of files is a full disk */
    return fill_standard_streams();
}
