/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "load.h"

#include "fail.h"
#include "load_options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define SENDER_TAG 0xffffffff
#define TIMER_TAG 0xfffffffe
#define EVENTS_AT_ONCE 256
#define SILENCE_MAX_MS 60000
/* No more is put into the sender's buffer while the socket does not take it: messages
 * would only wait there, and grow cold in the cache. */
#define UNWRITTEN_MAX ((size_t)256 * 1024)

int64_t load_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Messages */

static uint8_t first_byte(uint64_t number)
{
    return (uint8_t)(number * 31 + 7);
}

static uint8_t last_byte(uint64_t number)
{
    return (uint8_t)(number * 17 + 101);
}

const uint8_t *load_message(struct load *load, uint32_t number)
{
    uint64_t wide = number;
    memcpy(load->message, &wide, sizeof wide);
    load->message[sizeof wide] = first_byte(number);
    load->message[load->size - 1] = last_byte(number);
    return load->message;
}

void load_acked(struct load *load)
{
    if (load->num_acked == load->num_sent)
        fail("the server acknowledges more than the %u messages that were sent", load->num_sent);
    load->num_acked++;
}

bool load_has_all(const struct load *load, const struct receiver *receiver)
{
    return receiver->num_delivered == load->num_messages;
}

void load_delivered(struct load *load, struct receiver *receiver, const uint8_t *message,
                    size_t len)
{
    uint32_t due = receiver->num_delivered;
    if (load_has_all(load, receiver))
        fail("receiver %u gets a message more than the %u that were sent", receiver->index, due);
    if (len != load->size)
        fail("receiver %u gets %zu bytes as message %u; %u were sent", receiver->index, len, due,
             load->size);
    uint64_t number;
    memcpy(&number, message, sizeof number);
    if (number != due)
        fail("receiver %u gets message %llu where message %u is due", receiver->index,
             (unsigned long long)number, due);
    if (message[sizeof number] != first_byte(number) || message[len - 1] != last_byte(number))
        fail("receiver %u gets message %u with other contents", receiver->index, due);
    receiver->num_delivered++;
    if (load->sent_at_us != NULL)
        load->latency_us[load->num_latencies++] =
            (uint32_t)(load->arrival_us - load->sent_at_us[due]);
}

void load_confirmed(struct load *load, struct receiver *receiver)
{
    if (!load_has_all(load, receiver) || receiver->is_confirmed)
        fail("receiver %u is confirmed at the wrong time", receiver->index);
    receiver->is_confirmed = true;
    load->num_confirmed++;
}

/* The loop */

static uint32_t min(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* How many messages may be sent now. */
static uint32_t num_due(const struct load *load, int64_t now)
{
    uint32_t due = load->num_messages;
    if (load->rate > 0) {
        int64_t by_now = (now - load->start_us) * load->rate / 1000000 + 1;
        due = by_now < due ? (uint32_t)by_now : due;
    }
    return min(due, load->num_acked + load->window) - load->num_sent;
}

static void send_due(struct load *load, const struct peer *peer)
{
    if (load->num_sent == load->num_messages)
        return;
    int64_t now = load_now_us();
    while (link_num_unwritten(&load->sender) < UNWRITTEN_MAX) {
        uint32_t count = min(num_due(load, now), load->batch);
        if (count == 0)
            break;
        for (uint32_t i = 0; load->sent_at_us != NULL && i < count; i++)
            load->sent_at_us[load->num_sent + i] = now;
        peer->submit(load, load->num_sent, count);
        load->num_sent += count;
        link_flush(&load->sender);
        now = load_now_us();
    }
}

static void on_sender(struct load *load, const struct peer *peer)
{
    if (link_receive(&load->sender))
        link_consume(&load->sender, peer->read_sender(load));
}

static void on_receiver(struct load *load, const struct peer *peer, struct receiver *receiver)
{
    if (!link_receive(&receiver->link))
        return;
    load->arrival_us = load_now_us();
    link_consume(&receiver->link, peer->read_receiver(load, receiver));
    link_flush(&receiver->link);
}

static void on_timer(const struct load *load)
{
    uint64_t ticks; /* what is due is computed from the clock: missed ticks do not matter */
    if (read(load->timer, &ticks, sizeof ticks) < 0 && errno != EAGAIN)
        fail("the timer does not work: %s", strerror(errno));
}

static void turn(struct load *load, const struct peer *peer)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    int count = epoll_wait(load->epoll, events, EVENTS_AT_ONCE, SILENCE_MAX_MS);
    if (count < 0 && errno != EINTR)
        fail("epoll_wait: %s", strerror(errno));
    if (count == 0)
        fail("the server is silent for %d seconds: %u of %u messages are acknowledged, %u of %u "
             "receivers have all",
             SILENCE_MAX_MS / 1000, load->num_acked, load->num_messages, load->num_confirmed,
             load->fanout);
    for (int i = 0; i < count; i++) {
        uint32_t tag = events[i].data.u32;
        if (tag == TIMER_TAG) {
            on_timer(load);
            continue;
        }
        struct link *link = tag == SENDER_TAG ? &load->sender : &load->receivers[tag].link;
        if ((events[i].events & EPOLLOUT) != 0)
            link_flush(link);
        if ((events[i].events & ~(uint32_t)EPOLLOUT) == 0)
            continue;
        if (tag == SENDER_TAG)
            on_sender(load, peer);
        else
            on_receiver(load, peer, &load->receivers[tag]);
    }
    send_due(load, peer);
}

static void start_timer(struct load *load)
{
    load->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    long interval = 1000000000 / (long)load->rate;
    struct timespec each = {.tv_sec = interval / 1000000000, .tv_nsec = interval % 1000000000};
    struct itimerspec times = {.it_interval = each, .it_value = each};
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = TIMER_TAG};
    if (load->timer < 0 || timerfd_settime(load->timer, 0, &times, NULL) != 0 ||
        epoll_ctl(load->epoll, EPOLL_CTL_ADD, load->timer, &event) != 0)
        fail("no timer: %s", strerror(errno));
}

/* The result */

static int compare_latencies(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

/* Nearest rank, in milliseconds; the latencies are in order. */
static double percentile(const struct load *load, unsigned percent)
{
    size_t rank = (load->num_latencies * percent + 99) / 100;
    return load->latency_us[rank - 1] / 1e3;
}

static void print_latencies(struct load *load, double seconds)
{
    qsort(load->latency_us, load->num_latencies, sizeof *load->latency_us, compare_latencies);
    printf("{\"mode\":\"%s\",\"messages\":%u,\"size\":%u,\"fanout\":%u,",
           load->rate > 0 ? "rate" : "online", load->num_messages, load->size, load->fanout);
    if (load->rate > 0)
        printf("\"rate\":%u,", load->rate);
    printf("\"seconds\":%.6f,\"deliveries_per_second\":%.1f,"
           "\"latency_ms\":{\"p50\":%.3f,\"p95\":%.3f,\"p99\":%.3f,\"max\":%.3f}}\n",
           seconds, (double)load->num_latencies / seconds, percentile(load, 50),
           percentile(load, 95), percentile(load, 99), percentile(load, 100));
}

static void open_receiver(struct load *load, const struct peer *peer, struct receiver *receiver)
{
    peer->open_receiver(load, receiver);
    link_start(&receiver->link, load->epoll, receiver->index);
    link_flush(&receiver->link);
}

static void run_online(struct load *load, const struct peer *peer)
{
    size_t num_deliveries = (size_t)load->num_messages * load->fanout;
    load->sent_at_us = calloc(load->num_messages, sizeof *load->sent_at_us);
    load->latency_us = calloc(num_deliveries, sizeof *load->latency_us);
    if (load->sent_at_us == NULL || load->latency_us == NULL)
        fail("out of memory");
    for (uint32_t i = 0; i < load->fanout; i++)
        peer->introduce(load, &load->receivers[i]);
    for (uint32_t i = 0; i < load->fanout; i++)
        open_receiver(load, peer, &load->receivers[i]);
    load->start_us = load_now_us();
    if (load->rate > 0)
        start_timer(load);
    send_due(load, peer);
    while (load->num_acked < load->num_messages || load->num_confirmed < load->fanout)
        turn(load, peer);
    print_latencies(load, (double)(load_now_us() - load->start_us) / 1e6);
    free(load->sent_at_us);
    free(load->latency_us);
}

static void run_offline(struct load *load, const struct peer *peer)
{
    peer->introduce(load, &load->receivers[0]);
    load->start_us = load_now_us();
    send_due(load, peer);
    while (load->num_acked < load->num_messages)
        turn(load, peer);
    double store_seconds = (double)(load_now_us() - load->start_us) / 1e6;

    int64_t coming_us = load_now_us();
    open_receiver(load, peer, &load->receivers[0]);
    while (load->num_confirmed < load->fanout)
        turn(load, peer);
    double drain_seconds = (double)(load_now_us() - coming_us) / 1e6;
    printf("{\"mode\":\"offline\",\"messages\":%u,\"size\":%u,\"fanout\":1,\"store_per_second\":"
           "%.1f,\"drain_per_second\":%.1f}\n",
           load->num_messages, load->size, load->num_messages / store_seconds,
           load->num_messages / drain_seconds);
}

/* The program */

int load_main(int argc, char **argv, const struct peer *peer)
{
    struct load load = {
        .num_messages = 10000, .size = 1024, .fanout = 1, .window = 1024, .batch = peer->batch};
    load_read_options(&load, argc, argv);
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (load.epoll < 0)
        fail("epoll_create1: %s", strerror(errno));
    load.message = malloc(load.size);
    load.receivers = calloc(load.fanout, sizeof *load.receivers);
    if (load.message == NULL || load.receivers == NULL)
        fail("out of memory");
    memset(load.message, 'x', load.size);
    for (uint32_t i = 0; i < load.fanout; i++)
        load.receivers[i].index = i;
    peer->open_sender(&load);
    link_start(&load.sender, load.epoll, SENDER_TAG);
    if (load.is_offline)
        run_offline(&load, peer);
    else
        run_online(&load, peer);
    link_close(&load.sender);
    for (uint32_t i = 0; i < load.fanout; i++)
        link_close(&load.receivers[i].link);
    free(load.receivers);
    free(load.message);
    close(load.epoll);
    return 0;
}
