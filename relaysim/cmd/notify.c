/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/notify.h"

#include <errno.h>
#include <glib.h>
#include <stddef.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define PATIENCE_US 50000 /* for a manager that does not read */

/* Half of what the manager waits for, so that one that is late does no harm. */
static int64_t watchdog_ms(void)
{
    const char *usec = g_getenv("WATCHDOG_USEC"), *pid = g_getenv("WATCHDOG_PID");
    guint64 number;
    if (pid != NULL && (!g_ascii_string_to_unsigned(pid, 10, 1, G_MAXINT32, &number, NULL) ||
                        number != (guint64)getpid()))
        return 0; /* it is meant for another process */
    if (usec == NULL || !g_ascii_string_to_unsigned(usec, 10, 1, G_MAXINT64, &number, NULL))
        return 0;
    return (int64_t)MAX(number / 2000, 1);
}

/* "/run/..." is a file; "@..." a name in the abstract namespace, whose first byte is 0. */
static bool set_address(struct notify *notify, const char *path)
{
    const size_t len = strlen(path);
    if (len < 2 || len >= sizeof notify->address.sun_path || (path[0] != '/' && path[0] != '@')) {
        errno = EINVAL;
        return false;
    }
    notify->address.sun_family = AF_UNIX;
    memcpy(notify->address.sun_path, path, len);
    if (path[0] == '@')
        notify->address.sun_path[0] = '\0';
    notify->address_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    return true;
}

bool notify_open(struct notify *notify)
{
    const char *path = g_getenv("NOTIFY_SOCKET");
    const struct timeval patience = {.tv_usec = PATIENCE_US};
    *notify = (struct notify){.fd = -1};
    if (path == NULL || *path == '\0')
        return true;
    if (!set_address(notify, path))
        return false;
    notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (notify->fd < 0)
        return false;
    (void)setsockopt(notify->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    notify->watchdog_ms = watchdog_ms();
    return true;
}

bool notify_tell(const struct notify *notify, const char *lines)
{
    const void *address = &notify->address;
    return notify->fd < 0 || sendto(notify->fd, lines, strlen(lines), MSG_NOSIGNAL, address,
                                    notify->address_len) >= 0;
}

void notify_close(struct notify *notify)
{
    if (notify->fd >= 0)
        close(notify->fd);
    notify->fd = -1;
}
