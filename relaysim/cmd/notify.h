/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notify: what a service manager is told, by the protocol of sd_notify(3): a datagram of
 * NAME=VALUE lines to the socket that $NOTIFY_SOCKET names.
 *
 * The protocol is a stable interface of systemd, which other managers speak, too; a library
 * for it would be larger than this, and another package to need.  Without the variable
 * nothing is told; a manager that does not read is not waited for.
 */
#ifndef RELAYSIM_CMD_NOTIFY_H
#define RELAYSIM_CMD_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

struct notify {
    int fd; /* -1: there is nobody to tell */
    struct sockaddr_un address;
    socklen_t address_len;
    int64_t watchdog_ms; /* WATCHDOG=1 is to be told that often; 0: never */
};

/* Takes the environment's word for all of it.  False with errno set when that names a socket
 * that cannot be: there is nobody to tell then. */
bool notify_open(struct notify *notify);

/* Tells it these lines, with "\n" between.  False with errno set when they did not get
 * there; true when there is nobody. */
bool notify_tell(const struct notify *notify, const char *lines);

void notify_close(struct notify *notify);

#endif
