/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench/tally.h"

#include <glib.h>
#include <inttypes.h>
#include <string.h>

void bench_tally_init(struct bench_tally *tally, unsigned num_senders, unsigned num_receivers,
                      unsigned num_messages, size_t size)
{
    g_assert(size >= BENCH_SIZE_MIN && num_messages >= num_senders);
    *tally = (struct bench_tally){.num_senders = num_senders,
                                  .num_receivers = num_receivers,
                                  .num_messages = num_messages,
                                  .size = size};
    tally->senders = g_new0(struct bench_sender, num_senders);
    tally->num_received = g_new0(unsigned, (size_t)num_senders *num_receivers);
    tally->sent_ns = g_new0(uint64_t, num_messages);
    tally->content = g_malloc(size);
    uint64_t *sent_ns = tally->sent_ns;
    for (unsigned i = 0; i < num_senders; i++) {
        tally->senders[i].num_messages = bench_tally_share(tally, i, num_messages);
        tally->senders[i].sent_ns = sent_ns;
        sent_ns += tally->senders[i].num_messages;
    }
    for (size_t i = 0; i < size; i++)
        tally->content[i] = (uint8_t)('a' + i % 26);
}

void bench_tally_clear(struct bench_tally *tally)
{
    g_free(tally->senders);
    g_free(tally->num_received);
    g_free(tally->sent_ns);
    g_free(tally->content);
}

unsigned bench_tally_share(const struct bench_tally *tally, unsigned sender, uint64_t num)
{
    num = MIN(num, tally->num_messages);
    return (unsigned)((num + tally->num_senders - 1 - sender) / tally->num_senders);
}

struct sstp_span bench_tally_next(struct bench_tally *tally, unsigned sender, uint64_t now_ns)
{
    const unsigned number = tally->senders[sender].num_sent;
    const uint64_t head = (uint64_t)sender << 32 | number;
    tally->senders[sender].sent_ns[number] = now_ns;
    memcpy(tally->content, &head, sizeof head);
    return sstp_span(tally->content, tally->size);
}

void bench_tally_sent(struct bench_tally *tally, unsigned sender)
{
    tally->senders[sender].num_sent++;
    tally->num_sent++;
}

void bench_tally_acknowledged(struct bench_tally *tally, unsigned sender, uint64_t now_ns)
{
    tally->senders[sender].num_acknowledged++;
    tally->senders[sender].acknowledged_ns = now_ns;
    tally->num_acknowledged++;
}

/* With one sender only, its number is all that there is to say. */
static char *describe(const struct bench_tally *tally, uint64_t head)
{
    if (tally->num_senders == 1)
        return g_strdup_printf("message %" PRIu64, head);
    return g_strdup_printf("message %" PRIu64 " of sender %" PRIu64, head & UINT32_MAX,
                           (head >> 32) + 1);
}

static char *complain(const struct bench_tally *tally, unsigned receiver, uint64_t head)
{
    const uint64_t sender = head >> 32;
    char *message = describe(tally, head), *sentence;
    if (sender >= tally->num_senders && tally->num_senders > 1)
        sentence = g_strdup_printf("%s came to receiver %u, and there is no such sender", message,
                                   receiver + 1);
    else
        sentence =
            g_strdup_printf("%s came to receiver %u where %u was expected", message, receiver + 1,
                            tally->num_received[(size_t)receiver * tally->num_senders +
                                                MIN(sender, tally->num_senders - 1)]);
    g_free(message);
    return sentence;
}

static bool is_due(const struct bench_tally *tally, unsigned receiver, uint64_t head)
{
    const uint64_t number = head & UINT32_MAX, sender = head >> 32;
    return sender < tally->num_senders &&
           number == tally->num_received[(size_t)receiver * tally->num_senders + sender] &&
           number < tally->senders[sender].num_sent;
}

char *bench_tally_delivered(struct bench_tally *tally, unsigned receiver, struct sstp_span data,
                            uint64_t now_ns, uint64_t *latency_us)
{
    uint64_t head;
    if (data.len != tally->size)
        return g_strdup_printf("a message came with %zu bytes instead of %zu", data.len,
                               tally->size);
    memcpy(&head, data.data, sizeof head);
    if (!is_due(tally, receiver, head))
        return complain(tally, receiver, head);
    if (memcmp(data.data + sizeof head, tally->content + sizeof head, data.len - sizeof head) !=
        0) {
        char *message = describe(tally, head);
        char *sentence = g_strdup_printf("%s came with other contents than it was sent", message);
        g_free(message);
        return sentence;
    }
    const unsigned index = (unsigned)(head >> 32);
    struct bench_sender *sender = &tally->senders[index];
    *latency_us = (now_ns - sender->sent_ns[head & UINT32_MAX]) / 1000;
    sender->latency_us += *latency_us;
    sender->num_delivered++;
    sender->delivered_ns = now_ns;
    tally->num_received[(size_t)receiver * tally->num_senders + index]++;
    tally->num_delivered++;
    return NULL;
}

bool bench_tally_is_acknowledged(const struct bench_tally *tally)
{
    return tally->num_acknowledged == tally->num_messages;
}

bool bench_tally_is_delivered(const struct bench_tally *tally)
{
    return tally->num_delivered == (uint64_t)tally->num_messages * tally->num_receivers;
}
