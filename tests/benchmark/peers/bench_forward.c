/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench_forward: the floor of what any relay can reach: a process of its own that hands
 * on what comes, and says so, and does nothing else.  It knows no recipients, keeps
 * nothing, and is not told what has arrived; two loopback connections and three wakings
 * of a process are what is left.
 *
 * It starts that process itself: --port does not matter.
 */
#include "load.h"

#include "fail.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SENDER = 'S', RECEIVER = 'R', CHUNK = 64 * 1024 };

/* ---- The process in the middle ---- */

static void write_all(int fd, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        const ssize_t num = write(fd, bytes, len);
        if (num <= 0)
            _exit(0); /* the load is over */
        bytes += num;
        len -= (size_t)num;
    }
}

/* What comes goes on at once; a byte goes back for each whole message. */
static void forward(int sender, int receiver, size_t size)
{
    static uint8_t bytes[CHUNK], acks[CHUNK];
    size_t part = 0; /* of the message that is under way */
    for (;;) {
        const ssize_t num = read(sender, bytes, sizeof bytes);
        if (num <= 0)
            _exit(0);
        write_all(receiver, bytes, (size_t)num);
        part += (size_t)num;
        write_all(sender, acks, part / size);
        part %= size;
    }
}

static void serve(int listener, size_t size)
{
    int sender = -1, receiver = -1;
    while (sender < 0 || receiver < 0) {
        const int on = 1, fd = accept(listener, NULL, NULL);
        uint8_t who;
        if (fd < 0 || read(fd, &who, 1) != 1)
            _exit(1);
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        *(who == SENDER ? &sender : &receiver) = fd;
    }
    forward(sender, receiver, size);
}

/* ---- The load ---- */

static void open_as(struct load *load, struct link *link, uint8_t who)
{
    static int listener = -1;
    static uint16_t port;
    if (listener < 0) {
        listener = link_listen(&port);
        const pid_t pid = fork();
        if (pid < 0)
            fail("no process can be had");
        if (pid == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
            serve(listener, load->size);
        }
    }
    link_open(link, port);
    link_write_now(link, &who, 1);
}

static void open_sender(struct load *load)
{
    if (load->fanout != 1 || load->is_offline)
        refuse("there is one receiver, and it is there: no --fanout, no --offline");
    open_as(load, &load->sender, SENDER);
}

static void introduce(struct load *load, struct receiver *receiver)
{
    (void)load;
    (void)receiver;
}

static void open_receiver(struct load *load, struct receiver *receiver)
{
    open_as(load, &receiver->link, RECEIVER);
}

static void submit(struct load *load, uint32_t first, uint32_t count)
{
    for (uint32_t i = first; i < first + count; i++)
        link_append(&load->sender, load_message(load, i), load->size);
}

static size_t read_sender(struct load *load)
{
    for (size_t i = 0; i < load->sender.in_len; i++)
        load_acked(load);
    return load->sender.in_len;
}

static size_t read_receiver(struct load *load, struct receiver *receiver)
{
    const struct link *link = &receiver->link;
    size_t used = 0;
    for (; link->in_len - used >= load->size; used += load->size)
        load_delivered(load, receiver, link->in + used, load->size);
    if (load_has_all(load, receiver))
        load_confirmed(load, receiver);
    return used;
}

static const struct peer forwarder = {
    .batch = 64,
    .open_sender = open_sender,
    .introduce = introduce,
    .open_receiver = open_receiver,
    .submit = submit,
    .read_sender = read_sender,
    .read_receiver = read_receiver,
};

int main(int argc, char **argv)
{
    return load_main(argc, argv, &forwarder);
}
