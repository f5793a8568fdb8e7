/* SPDX-License-Identifier: GPL-2.0-or-later */
/* leaky: to be loaded before a program (LD_PRELOAD), which then loses some memory with each
 * connection that it accepts. */
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/socket.h>

#define NUM_LOST ((size_t)16 << 10)

int accept4(int listener, struct sockaddr *address, socklen_t *len, int flags);

/* So that the compiler does not leave it out. */
static void *volatile lost;

/* This is in the place of the system's. */
int accept4(int listener, struct sockaddr *address, socklen_t *len, int flags)
{
    static int (*real)(int, struct sockaddr *, socklen_t *, int);
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "accept4");
    lost = malloc(NUM_LOST);
    (void)lost;
    return real(listener, address, len, flags);
}
