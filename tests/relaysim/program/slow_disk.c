/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slow_disk: to be loaded before a program (LD_PRELOAD), whose disk then gets nothing to its
 * end as long as the file exists that $SLOW_DISK names. */
#include <stdlib.h>
#include <unistd.h>

static int wait_for_disk(void)
{
    const char *path = getenv("SLOW_DISK");
    while (path != NULL && access(path, F_OK) == 0)
        usleep(10000);
    return 0;
}

/* These are in the place of the system's. */
int fsync(int fd)
{
    (void)fd;
    return wait_for_disk();
}

int fdatasync(int fd)
{
    (void)fd;
    return wait_for_disk();
}
