/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clock_shim: sets the clock of one process while it runs.
 *
 *     LD_PRELOAD=.../libclock_shim.so CLOCK_SHIM_FILE=offset relaysim relay ...
 *
 * What the file says, a number of seconds that may have a sign and a fraction, is added to
 * the time since 1970, whichever function asks for it; without a file it is 0.  The file is
 * read each time: who writes a new one renames it into place (tests/lib/clock_shim.py).
 * Clocks that nobody can set go on as they are.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000
#define EXPORT __attribute__((visibility("default")))

/* Neither allocates nor asks for the time, which may be under way already. */
static long long offset_ns(void)
{
    const char *path = getenv("CLOCK_SHIM_FILE");
    char text[64];
    const int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return 0;
    const ssize_t len = read(fd, text, sizeof text - 1);
    close(fd);
    text[len > 0 ? len : 0] = '\0';
    return (long long)(strtod(text, NULL) * 1000) * (NS_PER_S / 1000);
}

EXPORT int clock_gettime(clockid_t clock, struct timespec *time)
{
    const int result = (int)syscall(SYS_clock_gettime, clock, time);
    if (result != 0 || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE))
        return result;
    const long long ns = (long long)time->tv_sec * NS_PER_S + time->tv_nsec + offset_ns();
    time->tv_sec = (time_t)(ns / NS_PER_S);
    time->tv_nsec = (long)(ns % NS_PER_S);
    return 0;
}

EXPORT int gettimeofday(struct timeval *restrict time, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return -1;
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}

EXPORT time_t time(time_t *out)
{
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return -1;
    if (out != NULL)
        *out = now.tv_sec;
    return now.tv_sec;
}
